// Where in a JSON answer a value is: $.data.items[0].name. The part of JSONPath (RFC 9535) that names one place: members and entries,
// no search, no filters.
import type { JsonValue } from '../../contract/index.js';

const STEP = /^(?:\.([A-Za-z_\p{L}][\w\p{L}-]{0,99})|\[(\d{1,5})\]|\['([^']{1,100})'\]|\["([^"]{1,100})"\])/u;
const LONGEST = 300;

/** undefined: it is no such path. */
export function parsePath(path: string): (string | number)[] | undefined {
  if (path.length > LONGEST || !path.startsWith('$')) return undefined;
  const steps: (string | number)[] = [];
  let rest = path.slice(1);
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match === null) return undefined;
    const [whole, member, index, quoted, doubleQuoted] = match;
    steps.push(index === undefined ? (member ?? quoted ?? doubleQuoted ?? '') : Number(index));
    rest = rest.slice(whole.length);
  }
  return steps;
}

/** undefined: nothing is there. */
export function atPath(value: JsonValue, steps: readonly (string | number)[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const step of steps) {
    if (typeof found !== 'object' || found === null) return undefined;
    if (Array.isArray(found)) found = typeof step === 'number' ? found[step] : undefined;
    else found = Object.hasOwn(found, String(step)) ? found[String(step)] : undefined;
    if (found === undefined) return undefined;
  }
  return found;
}
