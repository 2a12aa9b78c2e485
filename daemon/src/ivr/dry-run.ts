// A flow tried out without a call: nobody is rung, asked or waited for. The caller is a list of keys; time stands still but for what is
// waited for in vain.
import { DigitBuffer } from '../calls/digit-buffer.js';
import {
  CallEndedError,
  type Captured,
  type FlowSession,
  type OpenSegment,
  type Playback,
  type QueueLeft,
} from '../calls/flow-session.js';
import type { FlowDefinition, FlowDryRun, FlowDryRunResult, FlowNode } from '../contract/index.js';
import { newUlid, silentLog, type Clock, type Moment, type Timer } from '../platform/index.js';
import { go, type Step } from './flow-context.js';
import type { FlowPorts } from './flow-ports.js';
import { MOST_STEPS, runFlow, type FlowAt } from './interpreter.js';
import type { NodeKind } from './node-kind.js';
import { Trace } from './trace.js';

export interface DryRunOptions {
  definition: FlowDefinition;
  flows: ReadonlyMap<string, FlowAt>;
  request: FlowDryRun;
  nowMs: number;
}

/** Never takes long: every step is bounded, and there are as many as a caller may make. */
export async function dryRun({ definition, flows, request, nowMs }: DryRunOptions): Promise<FlowDryRunResult> {
  const session = new DrySession(request, request.at ?? nowMs);
  const startedAt = request.at ?? nowMs;
  const trace = new Trace({ id: newUlid(), callId: newUlid(), flowId: 'draft', version: 0, startedAt });
  let ended: FlowDryRunResult['ended'] = 'finished';
  try {
    await runFlow({
      flow: { flowId: 'draft', version: 0, definition },
      ...{ flows, session, trace, log: silentLog, clock: session.clock },
      ports: dryPorts(session),
      // Names stand for files: what would be heard.
      prompts: { findAll: (names) => Promise.resolve({ files: [...names], missing: [] }) },
      ...{ start: request.node, values: request.variables, atMs: request.at ?? nowMs },
      instead: (name, node, kind) => instead(name, node, kind, request, session),
    });
  } catch (error) {
    if (!(error instanceof CallEndedError)) throw error;
  }
  const { steps, dropped } = trace.view;
  if (session.cause !== null) ended = steps.length + dropped > MOST_STEPS ? 'tooLong' : 'released';
  return { steps, heard: session.heard, ended, cause: session.cause };
}

/** Who asks others is left by the field that the request names, else by its first. */
function instead(
  name: string,
  node: FlowNode,
  kind: NodeKind,
  { outcomes = {} }: FlowDryRun,
  session: DrySession,
): Step | undefined {
  if (kind.asks !== true) return undefined;
  const targets = kind.targets(node);
  const wanted = Object.hasOwn(outcomes, name) ? outcomes[name] : undefined;
  const target = targets.find(({ field }) => field === wanted) ?? targets[0];
  if (target !== undefined) return go(target.target, target.field, 'dry run');
  session.release(16);
  return { end: 'released', why: 'dry run' };
}

function dryPorts(session: DrySession): FlowPorts {
  return {
    speaker: {
      speak: (text) => {
        session.spoken = text;
        return Promise.resolve(`“${text}”`);
      },
    },
    announcements: { ids: () => new Set(), playing: () => undefined },
    http: { request: () => Promise.reject(new Error('nobody is asked in a dry run')) },
    sql: { ids: () => new Set(), query: () => Promise.resolve([]) },
  };
}

class DrySession implements FlowSession {
  readonly callId = newUlid();
  readonly callingNumber: string;
  readonly calledNumber = '';
  readonly attributes = {};
  readonly station = null;
  readonly clock: Clock;
  readonly digits: DryKeys;
  readonly heard: string[] = [];
  language: FlowSession['language'];
  cause: number | null = null;
  spoken = '';
  readonly #keys: string[];
  readonly #abort = new AbortController();

  constructor(request: FlowDryRun, nowMs: number) {
    this.callingNumber = request.callingNumber ?? '';
    this.language = request.language;
    this.#keys = [...request.keys];
    this.clock = new StandingClock(nowMs);
    this.digits = new DryKeys(this.clock, () => this.#keys.shift());
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  setLanguage(language: FlowSession['language']): void {
    this.language = language;
  }

  play(files: string[]): Promise<Playback> {
    this.digits.ask();
    if (this.heard.length < MOST_STEPS) this.heard.push(...files.map((file) => file.replace(/^.*\/|\.wav$/g, '')));
    return Promise.resolve({ ended: Promise.resolve(true), stop: () => undefined });
  }

  segment(): OpenSegment {
    return { end: () => undefined };
  }

  queue(): Promise<QueueLeft> {
    return Promise.resolve({ why: 'overflow', target: { to: 'flow', node: null }, key: null });
  }

  record(): Promise<void> {
    return Promise.resolve();
  }

  capture(): Promise<Captured> {
    return Promise.resolve({ durationMs: 0, saidMs: 0, spoke: false, ended: 'silence' });
  }

  tone(): Promise<void> {
    return Promise.resolve();
  }

  release(cause: number): void {
    this.cause ??= cause;
    this.#abort.abort(new CallEndedError(this.callId));
  }
}

/** Gives the next entry of the list to whoever asks for a key and finds none; no entry, or an empty one, is silence. */
class DryKeys extends DigitBuffer {
  readonly #entry: () => string | undefined;
  #asked = false;

  constructor(clock: Clock, entry: () => string | undefined) {
    super(clock);
    this.#entry = entry;
  }

  /** Something was said: what is asked for from now on is another question. */
  ask(): void {
    this.#asked = false;
  }

  override async next(timeoutMs: number, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    if (this.length > 0) return this.take();
    // Silence ends the question that it was the answer to.
    if (this.#asked) {
      this.#asked = false;
      return undefined;
    }
    for (const key of this.#entry() ?? '') this.push(key);
    this.#asked = this.length > 0;
    return Promise.resolve(this.take());
  }
}

/** Nothing happens on it by itself; what waits for it is over at once. */
class StandingClock implements Clock {
  readonly #nowMs: number;
  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }
  wallMs(): number {
    return this.#nowMs;
  }
  monotonicMs(): number {
    return 0;
  }
  moment(): Moment {
    return { wallMs: this.#nowMs, monotonicMs: 0 };
  }
  after(): Timer {
    return { cancel: () => undefined };
  }
  every(): Timer {
    return { cancel: () => undefined };
  }
  sleep(): Promise<void> {
    return Promise.resolve();
  }
}
