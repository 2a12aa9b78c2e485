// The way of one caller through a flow, step by step, for those who ask why he came where he is. Bounded: what is too much is counted.
import type { FlowTrace, TraceStep } from '../contract/index.js';

const MOST_STEPS_KEPT = 200;
const MOST_WARNINGS = 10;
const LONGEST_DETAIL = 300;

export type Leaving = { next: string | null; why: string; detail?: string | undefined } & Pick<TraceStep, 'changed'>;

export class Trace {
  readonly #trace: FlowTrace;

  constructor(head: Pick<FlowTrace, 'id' | 'callId' | 'flowId' | 'version' | 'startedAt'>) {
    this.#trace = { ...head, endedAt: null, steps: [], dropped: 0 };
  }

  /** Begins a step. */
  enter(flow: { flowId: string; version: number }, node: string, type: string, enteredAt: number): OpenStep {
    const step: TraceStep = {
      flowId: flow.flowId,
      version: flow.version,
      node,
      type,
      enteredAt,
      leftAt: null,
      next: null,
      why: '',
    };
    if (this.#trace.steps.length < MOST_STEPS_KEPT) this.#trace.steps.push(step);
    else this.#trace.dropped += 1;
    return new OpenStep(step);
  }

  end(endedAt: number): void {
    this.#trace.endedAt = endedAt;
    for (const step of this.#trace.steps)
      if (step.leftAt === null) Object.assign(step, { leftAt: endedAt, why: 'callEnded' });
  }

  /** As it stands; what changes later changes in it. */
  get view(): FlowTrace {
    return this.#trace;
  }
}

export class OpenStep {
  readonly #step: TraceStep;

  constructor(step: TraceStep) {
    this.#step = step;
  }

  warn(warning: string): void {
    const warnings = (this.#step.warnings ??= []);
    if (warnings.length < MOST_WARNINGS) warnings.push(warning.slice(0, LONGEST_DETAIL));
  }

  note(detail: string): void {
    this.#step.detail = detail.slice(0, LONGEST_DETAIL);
  }

  leave(leftAt: number, { next, why, detail, changed }: Leaving): void {
    Object.assign(this.#step, { leftAt: Math.max(leftAt, this.#step.enteredAt), next, why });
    if (detail !== undefined) this.#step.detail = detail.slice(0, LONGEST_DETAIL);
    if (changed !== undefined) this.#step.changed = changed;
  }
}
