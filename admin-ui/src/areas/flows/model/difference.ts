// What is different between two versions of a flow, node by node and field by field.
import type { Drawing } from './drawing';

export type Fate = 'added' | 'removed' | 'changed' | 'same';
export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
}
export interface NodeChange {
  name: string;
  type: string;
  fate: Exclude<Fate, 'same'>;
  fields: FieldChange[];
}
export interface Difference {
  nodes: NodeChange[];
  /** of the flow itself: start, onError, variables, parameters, results */
  flow: FieldChange[];
  fate(name: string): Fate;
}

/** The same however their members are ordered; what was left out is as good as undefined. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => same(left[key], right[key]));
}

const FLOW_FIELDS = ['start', 'onError', 'variables', 'parameters', 'results'] as const;

export function difference(before: Drawing, after: Drawing): Difference {
  const nodes: NodeChange[] = [];
  for (const name of new Set([...Object.keys(before.nodes), ...Object.keys(after.nodes)])) {
    const [old, now] = [before.nodes[name], after.nodes[name]];
    if (now === undefined) nodes.push({ name, type: old?.type ?? '', fate: 'removed', fields: [] });
    else if (old === undefined) nodes.push({ name, type: now.type, fate: 'added', fields: [] });
    else {
      const fields = changes(old, now);
      const [was, is] = [before.layout[name]?.title, after.layout[name]?.title];
      if (was !== is) fields.push({ field: 'title', before: was, after: is });
      if (fields.length > 0) nodes.push({ name, type: now.type, fate: 'changed', fields });
    }
  }
  const fates = new Map(nodes.map(({ name, fate }) => [name, fate]));
  const flow = FLOW_FIELDS.filter((field) => !same(before[field], after[field])).map((field) => ({
    field,
    before: before[field],
    after: after[field],
  }));
  return { nodes, flow, fate: (name) => fates.get(name) ?? 'same' };
}

/** One line a way: `choices.1` says more than that the choices are others. */
function changes(old: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): FieldChange[] {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((field) => {
    const [before, after] = [old[field], now[field]];
    if (same(before, after)) return [];
    if (field !== 'choices') return [{ field, before, after }];
    const [was, is] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .filter((key) => was[key] !== is[key])
      .map((key) => ({ field: `choices.${key}`, before: was[key], after: is[key] }));
  });
}

/** Both in one drawing: what is gone stands where it stood. */
export function union(before: Drawing, after: Drawing): Drawing {
  return {
    ...after,
    nodes: { ...before.nodes, ...after.nodes },
    layout: { ...before.layout, ...after.layout },
  };
}
