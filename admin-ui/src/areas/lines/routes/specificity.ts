import { parseDialPattern, type OutboundRoute, type Route } from '@cordboard/daemon/contract';

/** Beyond every set of digits: there the open end stands, and nothing. */
const OPEN = 11;
const NOTHING = 12;

function sizes(pattern: string): number[] {
  const parts = parseDialPattern(pattern);
  if (parts === undefined) return [NOTHING];
  const counts = parts.sets.map((set) => set.toString(2).replaceAll('0', '').length);
  return [...counts, parts.open ? OPEN : NOTHING];
}

/** Negative: `a` is asked first, as the box does; the empty pattern, which takes any number, last. */
export function comparePatterns(a: string, b: string): number {
  if (a === '' || b === '') return Number(a === '') - Number(b === '');
  const [one, other] = [sizes(a), sizes(b)];
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const difference = (one[at] ?? NOTHING) - (other[at] ?? NOTHING);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

const conditions = ({ callingNumber, callingList, trunk, calendar }: Route): number =>
  [callingNumber !== '', callingList !== null, trunk !== null, calendar !== null].filter(Boolean).length;

export function inOrder(routes: readonly Route[]): Route[] {
  return [...routes].sort(
    (a, b) =>
      comparePatterns(a.calledNumber, b.calledNumber) ||
      a.priority - b.priority ||
      conditions(b) - conditions(a) ||
      (a.id < b.id ? -1 : 1),
  );
}

export function outInOrder(routes: readonly OutboundRoute[]): OutboundRoute[] {
  return [...routes].sort(
    (a, b) =>
      comparePatterns(a.pattern, b.pattern) || a.priority - b.priority || a.cost - b.cost || (a.id < b.id ? -1 : 1),
  );
}

/** Moves one within its neighbours of the same pattern and says who gets a new priority. */
export function moved<R extends { id: string; priority: number }>(
  same: readonly R[],
  id: string,
  to: number,
): { id: string; priority: number }[] {
  const from = same.findIndex((route) => route.id === id);
  if (from < 0 || to < 0 || to >= same.length || from === to) return [];
  const rest = same.filter((route) => route.id !== id);
  const order = [...rest.slice(0, to), same[from] as R, ...rest.slice(to)];
  // The box takes no two alike with one priority, not even on the way from one order to the other: all new ones are free.
  const used = new Set(same.map(({ priority }) => priority));
  const free = Array.from({ length: 10 }, (_, offset) => offset).find((offset) =>
    order.every((_, at) => !used.has((at + 1) * 10 + offset)),
  );
  return order.map((route, at) => ({ id: route.id, priority: (at + 1) * 10 + (free ?? 0) }));
}
