// Where callers are in flows, now: for those who watch. Kept apart from the traces, which are bounded and stored.
import type { FlowCaller, FlowStep } from '../contract/index.js';
import type { FlowAt } from './interpreter.js';

const MOST_CALLERS_TOLD = 1000;

interface Frame {
  run: object;
  flow: FlowAt;
  node: string;
  type: string;
  since: number;
  enteredAt: number;
}

/** A caller in one flow; those that it calls have their own. */
export interface Passage {
  at(node: string, type: string, nowMs: number): void;
  /** what made him leave the node that he is at */
  leaves(why: string): void;
  end(nowMs: number): void;
}

export class FlowPositions {
  readonly #tell: (step: FlowStep) => void;
  /** by call; the last is the innermost */
  readonly #frames = new Map<string, Frame[]>();

  constructor(tell: (step: FlowStep) => void) {
    this.#tell = tell;
  }

  /** `run`: what the flows that call one another have in common. Flows without a name are nobody's to watch. */
  enter(callId: string, run: object, flow: FlowAt): Passage {
    const { flowId, version } = flow;
    if (flowId === '') return { at: () => undefined, leaves: () => undefined, end: () => undefined };
    let frame: Frame | undefined;
    let why = '';
    return {
      at: (node, type, nowMs) => {
        const from = frame?.node ?? null;
        if (frame === undefined) {
          frame = { run, flow, node, type, since: nowMs, enteredAt: nowMs };
          this.#frames.set(callId, [...(this.#frames.get(callId) ?? []), frame]);
        } else Object.assign(frame, { node, type, since: nowMs });
        this.#tell({ callId, flowId, version, node, type, from, why, at: nowMs });
      },
      leaves: (reason) => (why = reason),
      end: (nowMs) => {
        if (frame === undefined) return;
        const left = (this.#frames.get(callId) ?? []).filter((one) => one !== frame);
        if (left.length === 0) this.#frames.delete(callId);
        else this.#frames.set(callId, left);
        this.#tell({ callId, flowId, version, node: null, type: null, from: frame.node, why, at: nowMs });
      },
    };
  }

  /** Who is in a flow. A call that was sent on to another flow is there, and not where it was before. */
  callersOf(flowId: string): { nodes: Record<string, number>; callers: Omit<FlowCaller, 'phase'>[] } {
    const callers: Omit<FlowCaller, 'phase'>[] = [];
    for (const [callId, frames] of this.#frames) {
      const run = frames.at(-1)?.run;
      const frame = frames.findLast((one) => one.run === run && one.flow.flowId === flowId);
      if (frame === undefined) continue;
      const { flow, node, type, since, enteredAt } = frame;
      callers.push({ callId, version: flow.version, node, type, since, enteredAt });
    }
    const nodes: Record<string, number> = {};
    for (const { node } of callers) nodes[node] = (nodes[node] ?? 0) + 1;
    callers.sort((a, b) => a.enteredAt - b.enteredAt);
    return { nodes, callers: callers.slice(0, MOST_CALLERS_TOLD) };
  }
}
