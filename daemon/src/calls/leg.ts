// One port under call control, and the state it is in.
import type { ReleasedBy } from '../contract/index.js';
import type { LegPlace, Lines } from '../lines/index.js';
import { StateMachine, isAppError, type Clock, type Log, type Metrics } from '../platform/index.js';
import { legTable, type LegPhase, type LegStep } from './call-states.js';

export interface LegOptions {
  leg: number;
  port: number;
  place: LegPlace;
  /** whose leg it is in its call: who has ended it when this leg is hung up */
  role: Extract<ReleasedBy, 'caller' | 'agent' | 'callee'>;
  initial: 'offered' | 'seizing';
  lines: Lines;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** when a release finds that nobody knows the leg any more: there will be no leg.released */
  gone?: ((leg: number) => void) | undefined;
}

export class Leg {
  readonly leg: number;
  readonly role: LegOptions['role'];
  place: LegPlace;
  port: number;
  readonly machine: StateMachine<LegPhase, LegStep>;
  /** wall clock, ms */
  readonly startedAt: number;
  /** who is at its other end now, as that has told: hostile text; undefined: nothing was said */
  party: { number: string; name: string } | undefined;
  /** music or a tone that is played to it; resolves with what stops it */
  sound: Promise<() => void> | undefined;
  readonly #lines: Lines;
  readonly #log: Log;
  readonly #gone: (leg: number) => void;

  constructor(options: LegOptions) {
    this.leg = options.leg;
    this.port = options.port;
    this.place = options.place;
    this.role = options.role;
    this.startedAt = options.clock.wallMs();
    this.#lines = options.lines;
    this.#log = options.log;
    this.#gone = options.gone ?? ((): void => undefined);
    this.machine = new StateMachine<LegPhase, LegStep>({
      name: 'leg',
      table: legTable,
      initial: options.initial,
      log: options.log.child({ leg: options.leg }),
      clock: options.clock,
      metrics: options.metrics,
    });
  }

  /** The telephone it is on, if it is one. */
  get station(): number | null {
    return this.place.kind === 'station' ? this.place.station : null;
  }

  get ended(): boolean {
    return this.machine.state === 'released';
  }

  /** It is there, and nobody has asked for its release. */
  get lives(): boolean {
    return this.machine.state !== 'releasing' && !this.ended;
  }

  get answered(): boolean {
    return this.machine.state === 'answered';
  }

  /** Answers; one that is answered stays so. Rejects with what the line says. */
  async answer(): Promise<void> {
    if (this.answered) return;
    await this.#lines.answer(this.leg);
    if (this.machine.state === 'offered' || this.machine.state === 'alerting') this.machine.fire('answer');
  }

  /**
   * Asks for the release; leg.released tells when it is done. Resolves with false when there is nothing to wait for: nobody
   * knows the leg any more, or the engine has closed. Asking twice is asking once.
   */
  async release(cause: number, text?: string): Promise<boolean> {
    if (this.machine.state === 'releasing') return true;
    if (this.ended) return false;
    this.machine.fire('release');
    try {
      await this.#lines.release(this.leg, cause, text);
      return true;
    } catch (error) {
      if (!isAppError(error, 'leg_not_found') && !isAppError(error, 'engine_closed'))
        this.#log.error({ err: error, leg: this.leg, place: this.place }, 'a leg was not released');
      this.#gone(this.leg);
      return false;
    }
  }
}
