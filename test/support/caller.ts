// A caller inside a flow, without a call: what he would hear is noted, and what he presses is up to the test.
import { DigitBuffer } from '../../daemon/src/calls/digit-buffer.js';
import {
  CallEndedError,
  type Captured,
  type FlowSession,
  type OpenSegment,
  type QueueLeft,
} from '../../daemon/src/calls/flow-session.js';
import type { JsonObject, QueueEntry } from '../../daemon/src/contract/index.js';
import { FakeClock } from './clock-fake.js';

export class Caller implements FlowSession {
  readonly callId = 'CALL';
  readonly callingNumber: string = '13800138000';
  readonly calledNumber = '95001';
  station: number | null = null;
  language: 'en' | 'zh-CN' = 'en';
  /** how he wanted to be waited on when he was queued last */
  entry: QueueEntry | undefined;
  /** whether the keys of the moment are written down nowhere, and whether they ever were so */
  hidden = false;
  everHidden = false;
  readonly clock = new FakeClock();
  readonly digits = new DigitBuffer(this.clock);
  /** what he heard, entered and so on, in order */
  readonly log: string[] = [];
  readonly segments: { kind: string; data: JsonObject }[] = [];
  /** how long a prompt takes */
  promptMs = 2000;
  /** files that cannot be played */
  readonly broken = new Set<string>();
  released: number | undefined;
  /** how he leaves a queue unserved */
  left: QueueLeft = { why: 'overflow', target: { to: 'flow', node: null }, key: null };
  #overflow: (() => void) | undefined;
  readonly #abort = new AbortController();

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  hangUp(): void {
    this.#abort.abort(new CallEndedError(this.callId));
  }

  press(...keys: string[]): void {
    for (const key of keys) this.digits.push(key);
  }

  overflow(): void {
    this.#overflow?.();
  }

  play(files: string[]): ReturnType<FlowSession['play']> {
    const names = files.map((file) => file.replace(/^.*\/([^/]+)\.wav$/, '$1'));
    const bad = names.find((name) => this.broken.has(name));
    if (bad !== undefined) return Promise.reject(new Error(`${bad} is broken`));
    this.log.push(`play ${names.join('+')}`);
    let end: (finished: boolean) => void = () => undefined;
    const ended = new Promise<boolean>((resolve) => (end = resolve));
    const timer = this.clock.after(this.promptMs, () => end(true));
    const stop = (): void => {
      timer.cancel();
      this.log.push('stop');
      end(false);
    };
    this.signal.addEventListener('abort', () => (timer.cancel(), end(false)));
    return Promise.resolve({ ended, stop });
  }

  record(action: string): Promise<void> {
    this.log.push(`record ${action}`);
    return Promise.resolve();
  }

  segment(kind: string, data: JsonObject): OpenSegment {
    const segment = { kind, data };
    this.segments.push(segment);
    return { end: (more = {}) => void (segment.data = { ...segment.data, ...more }) };
  }

  setLanguage(language: 'en' | 'zh-CN'): void {
    this.language = language;
  }

  hideKeys(hidden: boolean): void {
    this.hidden = hidden;
    this.everHidden ||= hidden;
  }

  queue(queueId: string, entry?: QueueEntry): Promise<QueueLeft> {
    this.entry = entry;
    this.log.push(`queue ${queueId}`);
    return new Promise((resolve, reject) => {
      this.#overflow = () => resolve(this.left);
      this.signal.addEventListener('abort', () => reject(this.signal.reason as Error));
    });
  }

  capture(path: string): Promise<Captured> {
    this.log.push(`capture ${path.replace(/^.*\//, '')}`);
    return Promise.resolve({ durationMs: 3000, saidMs: 3000, spoke: true, ended: 'key' });
  }

  tone(name: string): Promise<void> {
    this.log.push(`tone ${name}`);
    return Promise.resolve();
  }

  release(cause: number): void {
    this.released = cause;
    this.hangUp();
  }
}
