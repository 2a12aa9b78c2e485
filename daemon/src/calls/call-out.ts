// Calls that the box makes itself: somebody is called who comes into a flow when he answers.
//
//   call out: seize the first way → answered → rows, recording → the flow
//             ↘ it fails, or is too slow → the next way, under the same call → … → released with the cause of the last
import type { Language, ReleasedBy } from '../contract/index.js';
import type { DialFrom, LegReleased, LineTarget } from '../lines/index.js';
import { OTHER_LINE_CAUSES, seizeCause } from '../lines/index.js';
import { AppError, errorText } from '../platform/index.js';
import { enterFlowAnswered } from './arrival.js';
import { cause, type CallContext } from './call-context.js';
import { FINAL_CAUSES } from './dialling.js';
import type { OpenSegment, PreparedFlow } from './flow-session.js';
import { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { cleanCalled, isDiallable } from './numbers.js';
import { leadToOne, roundsOf, type Callee } from './rounds.js';

/** A number that is called for a service of the box. */
export interface CallOut {
  number: string;
  /** with whose rights */
  from: DialFrom;
  /** what telephones of the box are shown */
  callingNumber: string;
  callingName: string;
  language: Language;
  /** what he who answers comes into */
  flow: PreparedFlow;
  /** of each way, ms */
  ringMs: number;
}

/** How it was when it had ended. */
export interface CalledOut {
  callId: string;
  answered: boolean;
  /** Q.850 */
  cause: number;
  releasedBy: ReleasedBy;
}

/** Makes the rows of a call that hangs on this leg. */
export type Begin = (leg: Leg, number: string) => { call: LiveCall; seized: OpenSegment };

/**
 * Resolves when the first way is being called; what becomes of it, the call tells. Rejects with number_leads_nowhere, or with what
 * the line of the last way says.
 */
export async function callOut(context: CallContext, begin: Begin, wanted: CallOut): Promise<LiveCall> {
  const { number, from } = wanted;
  const nowhere = (reason: string): AppError => new AppError('number_leads_nowhere', { number, reason });
  if (!isDiallable(number)) throw nowhere('-');
  const found = await context.plan.resolve(number, from);
  if (found.kind === 'refused') throw nowhere(found.reason);
  if (found.kind === 'incomplete' || found.kind === 'flow') throw nowhere('it is no number that can be called');
  const callees = roundsOf(found, number, wanted.callingNumber, null).flatMap((round) => round.callees);
  const ways = new Ways(context, wanted, callees, leadToOne(found));
  const first = await ways.seize();
  if (first === undefined) throw nowhere('nobody can be called there');
  const { call, seized } = begin(first, cleanCalled(number));
  call.language = wanted.language;
  call.record.update({
    direction: found.kind === 'out' ? 'out' : 'internal',
    callingNumber: wanted.callingNumber,
    callingName: wanted.callingName,
  });
  ways.follow(call, seized);
  context.changed(call);
  return call;
}

/** Resolves when the call has ended. */
export function endOf(call: LiveCall): Promise<CalledOut> {
  return new Promise((resolve) => {
    const over = (): void => {
      const { cause: why, by } = call.ending ?? { cause: cause.temporaryFailure, by: 'fault' as const };
      resolve({ callId: call.id, answered: call.row.answeredAt !== null, cause: why, releasedBy: by });
    };
    if (call.signal.aborted) over();
    else call.signal.addEventListener('abort', over, { once: true });
  });
}

/** One way after the other, as legs of one call. */
class Ways {
  readonly #context: CallContext;
  readonly #wanted: CallOut;
  readonly #callees: Callee[];
  readonly #oneParty: boolean;
  /** the way that is being tried, and the analog lines that it was tried over */
  #now: Callee | undefined;
  #tried: number[] = [];
  /** of ways that were given up: what becomes of them is nothing to the call */
  readonly #givenUp = new Set<Leg>();

  constructor(context: CallContext, wanted: CallOut, callees: readonly Callee[], oneParty: boolean) {
    this.#context = context;
    this.#wanted = wanted;
    this.#callees = [...callees];
    this.#oneParty = oneParty;
  }

  /** The leg of the next way that can be seized; undefined: there is none. Rejects with what the last one's line says. */
  async seize(): Promise<Leg | undefined> {
    let refusal: unknown;
    for (let callee = this.#callees.shift(); callee !== undefined; callee = this.#callees.shift()) {
      try {
        if (callee !== this.#now) [this.#now, this.#tried] = [callee, []];
        return await this.#leg(callee.target, callee);
      } catch (error) {
        refusal = error;
        this.#context.log.info({ target: callee.target, why: errorText(error) }, 'a way out cannot be taken');
      }
    }
    if (refusal !== undefined) throw refusal as Error;
    return undefined;
  }

  async #leg(target: LineTarget, { number, callingNumber, privacy, emergency }: Callee): Promise<Leg> {
    const { lines, legs } = this.#context;
    const shown = { calledNumber: number, callingNumber, callingName: this.#wanted.callingName };
    const withheld = privacy === true || callingNumber === '';
    const exceptLines = [...this.#tried];
    const seized = await lines.seize({ target, ...shown, privacy: withheld, emergency, exceptLines });
    const gone = (of: number): void => legs.remove(of);
    return new Leg({ ...this.#context, ...seized, role: 'callee', initial: 'seizing', gone });
  }

  /** From now on the call waits for an answer on its leg. */
  follow(call: LiveCall, seized: OpenSegment): void {
    const { clock, release } = this.#context;
    const ringing = clock.after(this.#wanted.ringMs, () => {
      const { leg } = call;
      if (!this.#next(call, leg, seized)) return release(call, cause.noAnswer, 'system');
      void leg.release(cause.noAnswer);
    });
    const lifted = (): void => {
      call.toBegin?.ringing.cancel();
      call.toBegin = undefined;
      void enterFlowAnswered(call, this.#context, this.#wanted.flow, seized);
    };
    const failed = (leg: Leg, released: LegReleased): boolean => {
      if (this.#givenUp.has(leg)) return true;
      this.#anotherLine(leg, released.cause);
      if (leg !== call.leg || (this.#oneParty && FINAL_CAUSES.has(released.cause))) return false;
      return this.#next(call, leg, seized);
    };
    call.toBegin = { lifted, ringing, failed };
  }

  /** What one analog line does not get through may go over the next one of its trunk. */
  #anotherLine({ place }: Leg, why: number): void {
    const line = place.kind === 'trunk' ? place.line : undefined;
    if (line === undefined || this.#now === undefined || !OTHER_LINE_CAUSES.has(why)) return;
    this.#tried.push(line);
    this.#callees.unshift(this.#now);
  }

  /** false: there is no other way */
  #next(call: LiveCall, before: Leg, seized: OpenSegment): boolean {
    if (this.#callees.length === 0) return false;
    this.#givenUp.add(before);
    call.toBegin?.ringing.cancel();
    call.log.info({ place: before.place }, 'nobody answers on this way: the next one is tried');
    const { legs, trunks, release, changed } = this.#context;
    this.seize().then(
      (leg) => {
        if (leg === undefined) return release(call, cause.noRoute, 'system');
        if (call.ending !== undefined) return void leg.release(cause.normalClearing);
        call.leg = leg;
        legs.put(call, leg);
        trunks.setCall(leg.leg, call.id);
        this.follow(call, seized);
        changed(call);
      },
      (error: unknown) => release(call, seizeCause(error), 'system'),
    );
    return true;
  }
}
