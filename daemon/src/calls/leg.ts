// One port under call control, and the state it is in.
import type { EngineClient } from '../engine/index.js';
import { isRefusal } from '../engine/index.js';
import { StateMachine, isAppError, type Clock, type Log, type Metrics } from '../platform/index.js';
import { legTable, type LegPhase, type LegStep } from './call-states.js';

export interface LegOptions {
  leg: number;
  port: number;
  /** 0 for analog */
  span: number;
  /** 0 for analog */
  timeslot: number;
  initial: 'offered' | 'seizing';
  engine: EngineClient;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** when a release finds that the engine does not know the leg any more: there will be no leg.released */
  gone?: ((leg: number) => void) | undefined;
}

export class Leg {
  readonly leg: number;
  readonly span: number;
  readonly timeslot: number;
  port: number;
  readonly machine: StateMachine<LegPhase, LegStep>;
  readonly #engine: EngineClient;
  readonly #log: Log;
  readonly #gone: (leg: number) => void;

  constructor(options: LegOptions) {
    this.leg = options.leg;
    this.port = options.port;
    this.span = options.span;
    this.timeslot = options.timeslot;
    this.#engine = options.engine;
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

  get ended(): boolean {
    return this.machine.state === 'released';
  }

  /** Answers. Rejects with what the engine says. */
  async answer(): Promise<void> {
    await this.#engine.command('leg.answer', { leg: this.leg });
    if (this.machine.state === 'offered' || this.machine.state === 'alerting') this.machine.fire('answer');
  }

  /**
   * Asks for the release; leg.released tells when it is done. Resolves with false when there is nothing to wait for: the
   * engine does not know the leg any more, or has closed. Asking twice is asking once.
   */
  async release(cause: number): Promise<boolean> {
    if (this.machine.state === 'releasing') return true;
    if (this.ended) return false;
    this.machine.fire('release');
    try {
      await this.#engine.command('leg.release', { leg: this.leg, cause });
      return true;
    } catch (error) {
      // wrong_state: it is being released already, and will say so.
      if (isRefusal(error, 'wrong_state')) return true;
      if (!isRefusal(error, 'not_found') && !isAppError(error, 'engine_closed')) {
        const { leg, span, timeslot } = this;
        this.#log.error({ err: error, leg, span, timeslot }, 'a leg was not released');
      }
      this.#gone(this.leg);
      return false;
    }
  }
}
