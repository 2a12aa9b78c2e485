// A flow while it is drawn: plain data that is never changed in place, so that every step can be taken back.
import type { FlowNodeKind, FlowPlace, FlowVariable } from '@cordboard/daemon/contract';
import { isTarget, schemaOf } from './schema';

export type Field = unknown;
export interface DraftNode {
  type: string;
  [field: string]: Field;
}
export type Place = FlowPlace;

export interface Drawing {
  start: string;
  nodes: Readonly<Record<string, DraftNode>>;
  layout: Readonly<Record<string, Place>>;
  variables?: Readonly<Record<string, FlowVariable>> | undefined;
  parameters?: readonly string[] | undefined;
  results?: readonly string[] | undefined;
  onError?: string | undefined;
}

/** One way out of a node. */
export interface Exit {
  /** as the box names it: `next`, `choices.1`, `cases.0.next` */
  field: string;
  target: string | undefined;
  required: boolean;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whatever was kept as a draft; what is no flow becomes an empty one. */
export function toDrawing(definition: unknown): Drawing {
  const given = isObject(definition) ? definition : {};
  const nodes: Record<string, DraftNode> = {};
  for (const [name, node] of Object.entries(isObject(given.nodes) ? given.nodes : {}))
    if (isObject(node) && typeof node.type === 'string') nodes[name] = node as DraftNode;
  const start = typeof given.start === 'string' ? given.start : '';
  const layout = isObject(given.layout) ? (given.layout as Record<string, Place>) : {};
  return { ...(given as Partial<Drawing>), start, nodes, layout };
}

/** What is sent to the box: without places of nodes that are gone. */
export function toDefinition(drawing: Drawing): Record<string, unknown> {
  const layout = Object.fromEntries(
    Object.entries(drawing.layout).filter(([name]) => Object.hasOwn(drawing.nodes, name)),
  );
  return { ...drawing, layout };
}

export function exitsOf(node: DraftNode, kind: FlowNodeKind | undefined): Exit[] {
  if (kind === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(kind);
  const exits: Exit[] = [];
  const target = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? value : undefined;
  const choices = isObject(node.choices) ? node.choices : {};
  if (properties.choices !== undefined)
    for (const key of Object.keys(choices).sort(byKey))
      exits.push({ field: `choices.${key}`, target: target(choices[key]), required: true });
  if (properties.cases !== undefined && Array.isArray(node.cases))
    node.cases.forEach((one: unknown, i) =>
      exits.push({ field: `cases.${i}.next`, target: target(isObject(one) ? one.next : undefined), required: true }),
    );
  const plain = Object.keys(properties).filter((name) => isTarget(properties[name]));
  for (const name of [...plain.filter((one) => one !== 'error'), ...plain.filter((one) => one === 'error')])
    exits.push({ field: name, target: target(node[name]), required: required.includes(name) });
  return exits;
}

const KEYS = '1234567890*#';
export const byKey = (a: string, b: string): number => KEYS.indexOf(a) - KEYS.indexOf(b);
export const DIGITS = [...KEYS];

/** Puts a value at a path such as `cases.0.next`; undefined takes it out. */
export function withField<T extends object>(owner: T, path: readonly string[], value: Field): T {
  const [head, ...rest] = path;
  if (head === undefined) return owner;
  if (Array.isArray(owner)) {
    const copy = [...(owner as unknown[])];
    const at = Number(head);
    if (rest.length > 0) copy[at] = withField(inside(copy[at], rest), rest, value);
    else if (value === undefined) copy.splice(at, 1);
    else copy[at] = value;
    return copy as unknown as T;
  }
  const copy = { ...owner } as Record<string, unknown>;
  if (rest.length > 0) copy[head] = withField(inside(copy[head], rest), rest, value);
  else if (value === undefined) delete copy[head];
  else copy[head] = value;
  return copy as T;
}

const inside = (value: unknown, rest: readonly string[]): object =>
  typeof value === 'object' && value !== null ? value : /^\d+$/.test(rest[0] ?? '') ? [] : {};

/** An exit leads to a node, or nowhere; a key of a menu without a way stays a key. */
export function withExit(node: DraftNode, field: string, target: string | undefined): DraftNode {
  const keyed = field.startsWith('choices.') || field.startsWith('cases.');
  return withField(node, field.split('.'), target ?? (keyed ? '' : undefined));
}

export function freeName(type: string, nodes: Readonly<Record<string, unknown>>): string {
  const stem = type.replace(/[^A-Za-z0-9]/g, '');
  for (let n = 1; ; n += 1) if (!Object.hasOwn(nodes, `${stem}${n}`)) return `${stem}${n}`;
}

export function addNode(drawing: Drawing, name: string, node: DraftNode, place: Place): Drawing {
  return {
    ...drawing,
    start: Object.hasOwn(drawing.nodes, drawing.start) ? drawing.start : name,
    nodes: { ...drawing.nodes, [name]: node },
    layout: { ...drawing.layout, [name]: place },
  };
}

export function putNode(drawing: Drawing, name: string, node: DraftNode): Drawing {
  return { ...drawing, nodes: { ...drawing.nodes, [name]: node } };
}

type KindOf = (type: string) => FlowNodeKind | undefined;

/** Takes nodes away, and the ways that led to them. */
export function removeNodes(drawing: Drawing, gone: ReadonlySet<string>, kindOf: KindOf): Drawing {
  const nodes: Record<string, DraftNode> = {};
  for (const [name, node] of Object.entries(drawing.nodes)) {
    if (gone.has(name)) continue;
    let kept = node;
    for (const { field, target } of exitsOf(node, kindOf(node.type)))
      if (target !== undefined && gone.has(target)) kept = withExit(kept, field, undefined);
    nodes[name] = kept;
  }
  const layout = Object.fromEntries(Object.entries(drawing.layout).filter(([name]) => !gone.has(name)));
  const left: Drawing = { ...drawing, nodes, layout };
  if (left.onError !== undefined && gone.has(left.onError)) delete left.onError;
  if (gone.has(left.start)) left.start = Object.keys(nodes)[0] ?? '';
  return left;
}

export interface Clipping {
  nodes: Record<string, DraftNode>;
  layout: Record<string, Place>;
}

export function clip(drawing: Drawing, names: readonly string[]): Clipping {
  const own = <T>(from: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
  return { nodes: own(drawing.nodes), layout: own(drawing.layout) };
}

/** Puts copies in; ways among them lead among the copies, ways to others stay. */
export function paste(
  drawing: Drawing,
  { nodes, layout }: Clipping,
  by: { x: number; y: number },
  kindOf: KindOf,
): { drawing: Drawing; names: string[] } {
  const names = new Map<string, string>();
  const taken: Record<string, unknown> = { ...drawing.nodes };
  for (const [old, { type }] of Object.entries(nodes)) {
    const name = freeName(type, taken);
    taken[name] = true;
    names.set(old, name);
  }
  let next = drawing;
  for (const [old, node] of Object.entries(nodes)) {
    const name = names.get(old) ?? old;
    let copy = node;
    for (const { field, target } of exitsOf(node, kindOf(node.type))) {
      if (target === undefined) continue;
      const to = names.get(target) ?? (Object.hasOwn(drawing.nodes, target) ? target : undefined);
      copy = withExit(copy, field, to);
    }
    const at = layout[old] ?? { x: 0, y: 0 };
    next = addNode(next, name, copy, { ...at, x: at.x + by.x, y: at.y + by.y });
  }
  return { drawing: next, names: [...names.values()] };
}
