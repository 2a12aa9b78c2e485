// Trying a trunk, as a technician does who has just connected it: the hosts are asked, and a number is called over it alone.
// Who answers hears a greeting; then it is hung up.
import { programFlow, type CallControl } from '../calls/index.js';
import { NumberClass, type Language, type TrunkHostAnswer, type TrunkTestResult } from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { TrunkTestsPort } from '../http/index.js';
import type { Talk } from '../ivr/index.js';
import { SeizeRefusal } from '../lines/index.js';
import { AppError, isAppError, type Clock } from '../platform/index.js';

export interface TrunkTestsOptions {
  db: Db;
  calls: Pick<CallControl, 'callOutToEnd'>;
  talk: Talk;
  /** what the hosts of a SIP trunk say */
  ask: (trunk: string) => Promise<TrunkHostAnswer[]>;
  clock: Clock;
}

/** Nobody tries a line for longer. */
const RING_MS = 30_000;

export class TrunkTests implements TrunkTestsPort {
  readonly #options: TrunkTestsOptions;
  readonly #running = new Set<string>();

  constructor(options: TrunkTestsOptions) {
    this.#options = options;
  }

  async ask(trunk: string): Promise<TrunkHostAnswer[]> {
    await this.#mustBe(trunk);
    return this.#options.ask(trunk);
  }

  async call(trunk: string, number: string, language: Language): Promise<TrunkTestResult> {
    const name = await this.#mustBe(trunk);
    if (this.#running.has(trunk)) throw new AppError('trunk_test_running', { trunk: name });
    this.#running.add(trunk);
    try {
      return await this.#call(trunk, number, language);
    } catch (error) {
      if (isAppError(error, 'number_leads_nowhere'))
        throw new AppError('trunk_test_not_possible', { trunk: name, number });
      throw error;
    } finally {
      this.#running.delete(trunk);
    }
  }

  async #call(trunk: string, number: string, language: Language): Promise<TrunkTestResult> {
    const { calls, talk, clock } = this.#options;
    const as = { allowedClasses: NumberClass.options, callingNumber: '' };
    const beganAtMs = clock.monotonicMs();
    let answeredAtMs: number | undefined;
    const flow = programFlow(async (session) => {
      answeredAtMs = clock.monotonicMs();
      await talk.say(session, ['welcome', 'goodbye'], { bargeIn: false });
    });
    const shown = { callingNumber: '', callingName: '', ringMs: RING_MS };
    try {
      const ended = await calls.callOutToEnd({
        ...{ number, language, flow, ...shown, from: { station: null, as, over: trunk } },
      });
      const nowMs = clock.monotonicMs();
      const { callId, answered, cause } = ended;
      const waitedMs = Math.round((answeredAtMs ?? nowMs) - beganAtMs);
      const talkedMs = answeredAtMs === undefined ? 0 : Math.round(nowMs - answeredAtMs);
      return { callId, answered, cause, waitedMs, talkedMs };
    } catch (error) {
      if (!(error instanceof SeizeRefusal)) throw error;
      const waitedMs = Math.round(clock.monotonicMs() - beganAtMs);
      return { callId: null, answered: false, cause: error.q850, waitedMs, talkedMs: 0 };
    }
  }

  /** Its name. */
  async #mustBe(trunk: string): Promise<string> {
    const row = await this.#options.db.trunks.find(trunk);
    if (row === null) throw new AppError('trunk_not_found', { id: trunk });
    return row.name;
  }
}
