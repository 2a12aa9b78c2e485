// Calls between the two ends of a line, both of them the bench's own.
import type { EngineEvents } from '../engine/index.js';
import type { Unsubscribe } from '../platform/index.js';
import type { CaseContext } from './case.js';

export interface JoinedCall {
  out: { leg: number; port: number };
  into: { leg: number; port: number };
  /** from the seizure to the answer */
  setupMs: number;
  offered: EngineEvents['leg.offered'];
  /** Resolves when both ends are free. */
  end(): Promise<void>;
}

export class CallFailed extends Error {}

const PATIENCE_MS = 25_000;

/**
 * Waits for what `listen` hears; it gives what ends its listening. Rejects with CallFailed and `what` when the time is up, and with the
 * signal's reason when the run is ended.
 */
export function patiently<T>(
  { clock, signal }: CaseContext,
  what: string,
  limitMs: number,
  listen: (resolve: (heard: T) => void, reject: (why: Error) => void) => Unsubscribe[],
): Promise<T> {
  let offs: Unsubscribe[] = [];
  let over = (): void => undefined;
  const heard = new Promise<T>((resolve, reject) => {
    const timer = clock.after(limitMs, () => reject(new CallFailed(what)));
    const aborted = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', aborted, { once: true });
    over = () => {
      for (const off of offs) off();
      timer.cancel();
      signal.removeEventListener('abort', aborted);
    };
    offs = listen(resolve, reject);
  });
  return heard.finally(over);
}

/** Waits for an event of the bench's own legs. Rejects with CallFailed when the leg goes or the time is up. */
function wait<E extends 'leg.answered' | 'leg.released'>(
  context: CaseContext,
  event: E,
  leg: number,
): Promise<EngineEvents[E]> {
  return patiently(context, event, PATIENCE_MS, (resolve, reject) => [
    context.claims.own.on(event, (told) => {
      if (told.leg === leg) resolve(told);
    }),
    context.claims.own.on('leg.released', (told) => {
      if (told.leg === leg && event !== 'leg.released') reject(new CallFailed(`cause ${told.cause}`));
    }),
  ]);
}

export interface CallPlan {
  from: { span: number; timeslot: number } | { analog: number };
  /** whether an offer is this call's other end */
  isOther: (offered: EngineEvents['leg.offered']) => boolean;
  calledNumber: string;
  callingNumber?: string;
  callingName?: string;
}

/** Calls that several wait for at once: each offer goes to the first whose it is. */
export class CallDesk {
  readonly #context: CaseContext;
  readonly #close: () => void;
  readonly #waiting = new Set<{ isOther: CallPlan['isOther']; take: (offered: EngineEvents['leg.offered']) => void }>();

  constructor(context: CaseContext) {
    this.#context = context;
    this.#close = context.claims.expect((offered) => {
      for (const one of this.#waiting) {
        if (!one.isOther(offered)) continue;
        this.#waiting.delete(one);
        one.take(offered);
        return true;
      }
      return false;
    });
  }

  close(): void {
    this.#close();
  }

  /** Rejects with CallFailed, or with what the engine refused. */
  async call({ from, isOther, calledNumber, callingNumber = '', callingName = '' }: CallPlan): Promise<JoinedCall> {
    const { claims, clock, engine } = this.#context;
    const beganMs = clock.monotonicMs();
    let waits: { isOther: CallPlan['isOther']; take: (offered: EngineEvents['leg.offered']) => void } | undefined;
    const offered = new Promise<EngineEvents['leg.offered']>((resolve, reject) => {
      waits = { isOther, take: resolve };
      this.#waiting.add(waits);
      clock.after(PATIENCE_MS, () => reject(new CallFailed('leg.offered')));
    });
    offered.catch(() => undefined);
    let out: { leg: number; port: number } | undefined;
    let into: EngineEvents['leg.offered'] | undefined;
    try {
      out = await claims.seize({ ...from, calledNumber, callingNumber, callingName });
      const gone = wait(this.#context, 'leg.released', out.leg).then(({ cause }) => {
        throw new CallFailed(`cause ${cause}`);
      });
      gone.catch(() => undefined);
      into = await Promise.race([offered, gone]);
      const answered = wait(this.#context, 'leg.answered', out.leg);
      answered.catch(() => undefined);
      await engine.command('leg.alert', { leg: into.leg }).catch(() => undefined);
      await engine.command('leg.answer', { leg: into.leg });
      await answered;
      const setupMs = clock.monotonicMs() - beganMs;
      const [a, b] = [out, into];
      return { out: a, into: { leg: b.leg, port: b.port }, setupMs, offered: b, end: () => this.#end(a.leg, b.leg) };
    } catch (error) {
      for (const leg of [out?.leg, into?.leg])
        if (leg !== undefined) await engine.command('leg.release', { leg, cause: 16 }).catch(() => undefined);
      throw error;
    } finally {
      if (waits !== undefined) this.#waiting.delete(waits);
    }
  }

  async #end(a: number, b: number): Promise<void> {
    const { engine } = this.#context;
    const gone = Promise.all([wait(this.#context, 'leg.released', a), wait(this.#context, 'leg.released', b)]);
    await engine.command('leg.release', { leg: a, cause: 16 });
    // An analog line hears of the other end's hook late or never: it puts down by itself.
    await engine.command('leg.release', { leg: b, cause: 16 }).catch(() => undefined);
    await gone;
  }
}
