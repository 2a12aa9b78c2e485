// Starts the daemon's parts in order and stops them in the opposite one. Each part has a name and time limits: a part that
// hangs is named in the log and does not keep the others from stopping.
import { systemClock, type Clock } from './clock.js';
import { silentLog, type Log } from './log.js';

export interface LifecyclePart {
  name: string;
  start?: (() => void | Promise<void>) | undefined;
  /** Must stop what a start that failed or was cut off half-way has begun: it is called for that part, too. */
  stop?: (() => void | Promise<void>) | undefined;
  /** default 30,000; Infinity: as long as it takes, because there is nothing better than to wait */
  startTimeoutMs?: number | undefined;
  /** default 10,000 */
  stopTimeoutMs?: number | undefined;
}

export interface LifecycleFailure {
  name: string;
  error: unknown;
}

export class LifecycleError extends Error {
  constructor(
    readonly part: string,
    readonly doing: 'start' | 'stop',
    cause: unknown,
  ) {
    super(`${part} did not ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'LifecycleError';
  }
}

export class Lifecycle {
  readonly #parts: LifecyclePart[] = [];
  readonly #log: Log;
  readonly #clock: Clock;
  /** How many parts from the first have begun to start. */
  #begun = 0;
  #starting: Promise<void> | undefined;
  #stopping: Promise<LifecycleFailure[]> | undefined;

  constructor(log: Log = silentLog, clock: Clock = systemClock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Adds a part after those there are. Throws once start() was called. */
  add(part: LifecyclePart): this {
    if (this.#starting !== undefined) throw new Error(`${part.name} was added after the start`);
    this.#parts.push(part);
    return this;
  }

  /** Starts all; when one fails, stops what had begun and rejects with a LifecycleError. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Stops all that has begun, last first; idempotent; waits for a start in progress to notice. Never rejects. */
  stop(): Promise<LifecycleFailure[]> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  get stopRequested(): boolean {
    return this.#stopping !== undefined;
  }

  async #start(): Promise<void> {
    for (const part of this.#parts) {
      if (this.#stopping !== undefined) throw new LifecycleError(part.name, 'start', new Error('stop was asked for'));
      this.#begun += 1;
      const begunMs = this.#clock.monotonicMs();
      try {
        await this.#limited(part.start, part.startTimeoutMs ?? 30_000);
      } catch (error) {
        this.#log.error({ err: error, part: part.name }, 'part did not start');
        await this.#stopBegun();
        throw new LifecycleError(part.name, 'start', error);
      }
      this.#log.debug({ part: part.name, tookMs: Math.round(this.#clock.monotonicMs() - begunMs) }, 'part started');
    }
  }

  async #stop(): Promise<LifecycleFailure[]> {
    // The part that is starting finishes (or fails) first: stopping it under its feet would leave half of it behind.
    await this.#starting?.catch(() => undefined);
    return this.#stopBegun();
  }

  async #stopBegun(): Promise<LifecycleFailure[]> {
    const failures: LifecycleFailure[] = [];
    while (this.#begun > 0) {
      this.#begun -= 1;
      const part = this.#parts[this.#begun];
      if (part === undefined) continue;
      const begunMs = this.#clock.monotonicMs();
      try {
        await this.#limited(part.stop, part.stopTimeoutMs ?? 10_000);
        this.#log.debug({ part: part.name, tookMs: Math.round(this.#clock.monotonicMs() - begunMs) }, 'part stopped');
      } catch (error) {
        this.#log.error({ err: error, part: part.name }, 'part did not stop');
        failures.push({ name: part.name, error });
      }
    }
    return failures;
  }

  async #limited(work: (() => void | Promise<void>) | undefined, limitMs: number): Promise<void> {
    if (work === undefined) return;
    if (limitMs === Infinity) return work();
    await new Promise<void>((resolve, reject) => {
      const timer = this.#clock.after(limitMs, () => reject(new Error(`it took more than ${limitMs} ms`)));
      Promise.resolve()
        .then(work)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }
}
