// Where nodes stand when nobody has put them anywhere: layers from left to right by the longest way from the start that
// does not lead back, within a layer by where the ways into it come from. The same flow always looks the same.
import type { FlowNodeKind } from '@cordboard/daemon/contract';
import { exitsOf, type Drawing, type Place } from './drawing';

export const NODE_WIDTH = 248;
const GAP_X = 104;
const GAP_Y = 32;
const SWEEPS = 4;
const MOST_IN_LAYER = 14;

type KindOf = (type: string) => FlowNodeKind | undefined;

/** As it is drawn: a head, a sentence of two or three lines, and a line for each exit. */
export function heightOf(exits: number): number {
  return 32 + 52 + exits * 24 + 8;
}

export function arrange(drawing: Drawing, kindOf: KindOf): Record<string, Place> {
  const names = Object.keys(drawing.nodes);
  const ways = new Map(
    names.map((name) => {
      const node = drawing.nodes[name];
      const exits = node === undefined ? [] : exitsOf(node, kindOf(node.type));
      return [
        name,
        exits.flatMap(({ target }) => (target !== undefined && Object.hasOwn(drawing.nodes, target) ? [target] : [])),
      ];
    }),
  );
  const layerOf = layers(names, ways, drawing.start);
  const columns: string[][] = [];
  for (const name of orderOfComing(names, ways, drawing.start)) (columns[layerOf.get(name) ?? 0] ??= []).push(name);
  const filled = columns.filter((column) => column !== undefined && column.length > 0);
  sweep(filled, ways);
  return placed(filled, drawing, kindOf);
}

/** Depth first, exits in their order; nodes that nobody comes to last. */
function orderOfComing(
  names: readonly string[],
  ways: ReadonlyMap<string, readonly string[]>,
  start: string,
): string[] {
  const seen = new Set<string>();
  const order: string[] = [];
  for (const first of [...(ways.has(start) ? [start] : []), ...names]) {
    const stack = [first];
    for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      order.push(name);
      stack.push(...[...(ways.get(name) ?? [])].reverse());
    }
  }
  return order;
}

function layers(
  names: readonly string[],
  ways: ReadonlyMap<string, readonly string[]>,
  start: string,
): Map<string, number> {
  // ways back are left out: those to a node that is still being looked at
  const forward = new Map<string, string[]>();
  const state = new Map<string, 'open' | 'done'>();
  const finished: string[] = [];
  for (const first of [...(ways.has(start) ? [start] : []), ...names]) {
    if (state.has(first)) continue;
    const stack: { name: string; left: string[] }[] = [{ name: first, left: [...(ways.get(first) ?? [])] }];
    state.set(first, 'open');
    forward.set(first, []);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.left.shift();
      if (next === undefined) {
        state.set(top.name, 'done');
        finished.push(top.name);
        stack.pop();
      } else if (state.get(next) !== 'open') {
        forward.get(top.name)?.push(next);
        if (!state.has(next)) {
          state.set(next, 'open');
          forward.set(next, []);
          stack.push({ name: next, left: [...(ways.get(next) ?? [])] });
        }
      }
    }
  }
  const layer = new Map<string, number>();
  for (const name of finished.reverse()) {
    const own = layer.get(name) ?? 0;
    layer.set(name, own);
    for (const next of forward.get(name) ?? []) layer.set(next, Math.max(layer.get(next) ?? 0, own + 1));
  }
  return layer;
}

/** Moves each node towards the middle of those that lead to it, then of those that it leads to. */
function sweep(columns: string[][], ways: ReadonlyMap<string, readonly string[]>): void {
  const before = new Map<string, string[]>();
  for (const [name, targets] of ways)
    for (const target of targets) before.set(target, [...(before.get(target) ?? []), name]);
  const rank = new Map<string, number>();
  const note = (): void =>
    columns.forEach((column) => column.forEach((name, i) => rank.set(name, (i + 0.5) / column.length)));
  note();
  const middle = (name: string, around: readonly string[] | undefined): number => {
    const ranks = (around ?? []).flatMap((one) => rank.get(one) ?? []);
    return ranks.length === 0 ? (rank.get(name) ?? 0) : ranks.reduce((sum, one) => sum + one, 0) / ranks.length;
  };
  for (let turn = 0; turn < SWEEPS; turn += 1) {
    const around = turn % 2 === 0 ? before : ways;
    for (const column of columns) {
      const wanted = new Map(column.map((name) => [name, middle(name, around.get(name))]));
      column.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      note();
    }
  }
}

function placed(columns: readonly string[][], drawing: Drawing, kindOf: KindOf): Record<string, Place> {
  const places: Record<string, Place> = {};
  let x = 0;
  for (const column of columns)
    for (let from = 0; from < column.length; from += MOST_IN_LAYER) {
      const part = column.slice(from, from + MOST_IN_LAYER);
      const heights = part.map((name) => {
        const node = drawing.nodes[name];
        return heightOf(node === undefined ? 0 : exitsOf(node, kindOf(node.type)).length);
      });
      let y = -(heights.reduce((sum, one) => sum + one + GAP_Y, -GAP_Y) / 2);
      part.forEach((name, i) => {
        const title = drawing.layout[name]?.title;
        places[name] = { x: step(x), y: step(y), ...(title === undefined ? {} : { title }) };
        y += (heights[i] ?? 0) + GAP_Y;
      });
      x += NODE_WIDTH + GAP_X;
    }
  return places;
}

const step = (value: number): number => Math.round(value / 8) * 8;

/** Nodes without a place are put where `arrange` would, the others stay; nothing to do gives the same drawing. */
export function withPlaces(drawing: Drawing, kindOf: KindOf): Drawing {
  const isPlaced = (name: string): boolean => Number.isFinite(drawing.layout[name]?.x);
  const missing = Object.keys(drawing.nodes).filter((name) => !isPlaced(name));
  if (missing.length === 0) return drawing;
  const all = arrange(drawing, kindOf);
  if (missing.length === Object.keys(drawing.nodes).length) return { ...drawing, layout: all };
  const below = Math.max(...Object.values(drawing.layout).map(({ y }) => y)) + 240;
  const added = Object.fromEntries(
    missing.map((name, i) => [name, { ...drawing.layout[name], x: i * (NODE_WIDTH + GAP_Y), y: step(below) }]),
  );
  return { ...drawing, layout: { ...drawing.layout, ...added } };
}
