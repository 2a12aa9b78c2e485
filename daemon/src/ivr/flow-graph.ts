// What the ways of a flow show: nodes that nobody comes to, circles without an end, flows that call one another for ever.
import type { FlowDefinition, FlowNode } from '../contract/index.js';
import type { Target } from './node-kind.js';
import { kindOf } from './nodes/index.js';
import type { Complaint, FlowSurroundings } from './validate-flow.js';

type Add = (complaint: Complaint) => void;

/** Every field of a node that names another node, with that name. */
export function targetsOf(node: FlowNode): Target[] {
  return kindOf(node.type)?.targets(node) ?? [];
}

/** Whether somebody waits in it: the caller's keys, or other people. A flow that is called waits when one of its nodes does. */
export function waits(node: FlowNode, flows: ReadonlyMap<string, FlowDefinition> = new Map()): boolean {
  if (node.type !== 'subflow') return kindOf(node.type)?.waits ?? false;
  const called = flows.get(String(node['flow']));
  return (
    called === undefined ||
    Object.values(called.nodes).some((one) => ['menu', 'collect', 'member', 'queue'].includes(one.type))
  );
}

/** A node that no way from the start leads to. */
export function complainOfUnreachable({ start, nodes, onError }: FlowDefinition, add: Add): void {
  const reached = new Set<string>();
  const next = [start, ...(onError === undefined ? [] : [onError])];
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    const node = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
    if (node === undefined || reached.has(name)) continue;
    reached.add(name);
    next.push(...targetsOf(node).map(({ target }) => target));
  }
  for (const name of Object.keys(nodes)) if (!reached.has(name)) add({ path: ['nodes', name], code: 'unreachable' });
}

/** A circle of nodes none of which waits. Each is told once, at the field that closes it. */
export function complainOfLoops({ nodes }: FlowDefinition, isWaiting: (node: FlowNode) => boolean, add: Add): void {
  const done = new Set<string>();
  for (const first of Object.keys(nodes)) {
    // Depth first, without recursion: a flow may be a chain of hundreds.
    const way: { name: string; targets: Target[] }[] = [];
    const onWay = new Set<string>();
    const enter = (name: string): void => {
      const node = nodes[name];
      if (node === undefined || done.has(name)) return;
      if (isWaiting(node)) return void done.add(name);
      onWay.add(name);
      way.push({ name, targets: [...targetsOf(node)] });
    };
    enter(first);
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const edge = top.targets.shift();
      if (edge === undefined) {
        way.pop();
        onWay.delete(top.name);
        done.add(top.name);
      } else if (onWay.has(edge.target)) {
        const from = way.findIndex(({ name }) => name === edge.target);
        const circle = [...way.slice(from).map(({ name }) => name), edge.target].slice(0, 20).join(' → ');
        add({ path: ['nodes', top.name, edge.field], code: 'endlessLoop', params: { name: circle } });
      } else enter(edge.target);
    }
  }
}

/** Flows that call one another in a circle through this one. */
export function complainOfRecursion(flow: FlowDefinition, { id, flows }: FlowSurroundings, add: Add): void {
  if (id === undefined || flows === undefined) return;
  for (const [name, node] of Object.entries(flow.nodes)) {
    if (node.type !== 'subflow') continue;
    const way = wayTo(String(node['flow']), id, flows);
    if (way !== undefined)
      add({ path: ['nodes', name, 'flow'], code: 'recursion', params: { name: [id, ...way].join(' → ') } });
  }
}

/** How calls lead from one flow to another; undefined: they do not. */
function wayTo(from: string, to: string, flows: ReadonlyMap<string, FlowDefinition>): string[] | undefined {
  const seen = new Set<string>();
  const ways: string[][] = [[from]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1) ?? '';
    if (last === to) return way;
    if (seen.has(last)) continue;
    seen.add(last);
    for (const called of calledBy(flows.get(last))) ways.push([...way, called]);
  }
  return undefined;
}

export function calledBy(flow: FlowDefinition | undefined): string[] {
  return Object.values(flow?.nodes ?? {})
    .filter(({ type }) => type === 'subflow')
    .map((node) => String(node['flow']));
}
