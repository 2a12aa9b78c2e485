// Files of telephones are data (firmware-config/phones): text with places for values. Every value is escaped as the form of the file
// asks; there is no place without.
//
//   {{name}}            the value                 {{name|map}}        … put through a map of the maker's
//   {{?name}}…{{/name}} when it is not empty      {{!name}}…{{/name}} when it is
//   {{#list}}…{{/list}} once for each; its own values hide those outside
export type Scalar = string | number;
export type Values = Readonly<Record<string, Scalar | readonly Readonly<Record<string, Scalar>>[]>>;
export type Maps = Readonly<Record<string, Readonly<Record<string, string>>>>;
export type FileForm = 'lines' | 'xml';

type Node =
  | { kind: 'text'; text: string }
  | { kind: 'value'; name: string; map: string | undefined }
  | { kind: 'when' | 'unless' | 'each'; name: string; nodes: Node[] };

const PLACE = /\{\{([?!#/]?)([A-Za-z0-9]+)(?:\|([A-Za-z0-9]+))?\}\}/g;
const OPENERS = { '?': 'when', '!': 'unless', '#': 'each' } as const;

export class Template {
  readonly #nodes: Node[];
  readonly #form: FileForm;
  readonly #maps: Maps;

  /** Throws when a section is not closed, or a map is not there. */
  constructor(text: string, form: FileForm, maps: Maps) {
    this.#form = form;
    this.#maps = maps;
    this.#nodes = parse(text, maps);
  }

  /** Throws when a value is missing: a template that asks for what nobody gives is a fault of ours. */
  render(values: Values): string {
    return this.#all(this.#nodes, values);
  }

  #all(nodes: readonly Node[], values: Values): string {
    let text = '';
    for (const node of nodes) text += this.#one(node, values);
    return text;
  }

  #one(node: Node, values: Values): string {
    if (node.kind === 'text') return node.text;
    const value = values[node.name];
    if (value === undefined) throw new Error(`the template asks for ${node.name}, which nobody gives`);
    switch (node.kind) {
      case 'value':
        return escaped(this.#mapped(value, node.map), this.#form);
      case 'when':
        return isEmpty(value) ? '' : this.#all(node.nodes, values);
      case 'unless':
        return isEmpty(value) ? this.#all(node.nodes, values) : '';
      case 'each':
        return Array.isArray(value)
          ? (value as Record<string, Scalar>[]).map((own) => this.#all(node.nodes, { ...values, ...own })).join('')
          : '';
    }
  }

  /** A list is put through one by one, and joined by commas. */
  #mapped(value: Values[string], name: string | undefined): string {
    if (typeof value === 'object') throw new Error('a list stands where one value should');
    const text = String(value);
    const map = name === undefined ? undefined : this.#maps[name];
    if (map === undefined) return text;
    const put = (one: string): string => {
      const found = Object.hasOwn(map, one) ? map[one] : undefined;
      if (found === undefined) throw new Error(`${name} says nothing of "${one}"`);
      return found;
    };
    return text.includes(',') ? text.split(',').map(put).join(',') : put(text);
  }
}

function parse(text: string, maps: Maps): Node[] {
  const root: Node[] = [];
  const open: { name: string; nodes: Node[] }[] = [];
  let at = 0;
  const add = (node: Node): number => (open.at(-1)?.nodes ?? root).push(node);
  for (const match of text.matchAll(PLACE)) {
    const [whole, sign = '', name = '', map] = match;
    if (match.index > at) add({ kind: 'text', text: text.slice(at, match.index) });
    at = match.index + whole.length;
    if (map !== undefined && maps[map] === undefined) throw new Error(`there is no map ${map}`);
    if (sign === '') add({ kind: 'value', name, map });
    else if (sign === '/') {
      if (open.pop()?.name !== name) throw new Error(`{{/${name}}} closes what is not open`);
    } else {
      const nodes: Node[] = [];
      add({ kind: OPENERS[sign as keyof typeof OPENERS], name, nodes });
      open.push({ name, nodes });
    }
  }
  if (open.length > 0) throw new Error(`{{/${open.at(-1)?.name}}} is missing`);
  if (at < text.length) add({ kind: 'text', text: text.slice(at) });
  return root;
}

const isEmpty = (value: Values[string]): boolean => (Array.isArray(value) ? value.length === 0 : value === '');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** No line of a name ends the line that it stands in; half a pair and what is no character spoil the whole file. */
const NO_CHARACTERS = /[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]/gu;

export function escaped(text: string, form: FileForm): string {
  const clean = text.replace(NO_CHARACTERS, ' ');
  // In a file of lines blanks around a value are cut off by the telephone.
  return form === 'lines' ? clean.trim() : clean.replace(/[&<>"']/g, (one) => ENTITIES[one] ?? '');
}
