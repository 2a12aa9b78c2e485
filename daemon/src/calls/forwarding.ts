// A telephone that sends its call on (its user's call forwarding): the number is dialled as if the telephone did, with its rights and
// at its expense. How far it may go is bounded, and no telephone is called twice.
import type { DialResolution } from '../lines/index.js';
import { errorText } from '../platform/index.js';
import { cause, type CallContext } from './call-context.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { cleanCalled } from './numbers.js';
import { askPlan } from './resolve.js';
import { leadToOne, roundsOf, type Round } from './rounds.js';

export type ToFlow = Extract<DialResolution, { kind: 'flow' }>;

export type Forwarded =
  /** `one`: they lead to one party, and not to several people */
  | { kind: 'rounds'; rounds: readonly Round[]; sameParty: boolean; one: boolean }
  | { kind: 'flow'; found: ToFlow; number: string; station: number }
  | { kind: 'failed'; cause: number; by: 'system' };

/** telephones one after the other */
const MOST_FORWARDINGS = 5;
/** numbers in all, whoever named them */
const MOST_NUMBERS = 10;

export class Forwarding {
  readonly #call: LiveCall;
  readonly #context: CallContext;
  readonly #caller: Leg;
  /** who has sent the call on */
  readonly #stations = new Set<number>();
  /** telephones that were called for themselves */
  readonly #called = new Set<number>();
  #last: number | undefined;
  #numbers = 0;

  constructor(call: LiveCall, context: CallContext, caller: Leg) {
    this.#call = call;
    this.#context = context;
    this.#caller = caller;
  }

  /** Who has sent the call on to where it is now; undefined: nobody. */
  get last(): number | undefined {
    return this.#last;
  }

  /**
   * What comes of it when the telephone at `leg` sends the call on to `to`, hostile text; `callingNumber`: what telephones are shown.
   * Never rejects.
   */
  async follow(leg: Leg, to: string, callingNumber: string): Promise<Forwarded> {
    const { station } = leg;
    const number = cleanCalled(to);
    if (station === null) return this.#refused(cause.callRejected, number, 'it is no telephone of the box');
    const again = this.#stations.has(station);
    if ((!again && this.#stations.size >= MOST_FORWARDINGS) || this.#numbers >= MOST_NUMBERS)
      return this.#refused(cause.routingError, number, 'it has been sent on too often');
    this.#numbers += 1;
    this.#stations.add(station);
    this.#called.add(station);
    this.#last = station;
    let found: DialResolution;
    try {
      found = await askPlan(this.#context, to, leg);
    } catch (error) {
      return this.#refused(cause.temporaryFailure, number, `the dial plan does not answer: ${errorText(error)}`);
    }
    switch (found.kind) {
      case 'refused':
        return this.#refused(found.cause, number, found.reason);
      case 'incomplete':
        return this.#refused(cause.invalidNumber, number, 'the number is incomplete');
      case 'flow':
        return { kind: 'flow', found, number, station };
      case 'station':
        if (this.#called.has(found.station)) return this.#refused(cause.routingError, number, 'it goes in a circle');
        this.#called.add(found.station);
        break;
      case 'out':
        // A telephone that is set so would send everybody there who calls it.
        if (found.emergency === true) return this.#refused(cause.callRejected, number, 'it is an emergency number');
        break;
      case 'group':
        break;
    }
    this.#call.log.info({ station, number }, 'a telephone sends the call on');
    const rounds = roundsOf(found, number, callingNumber, this.#caller.station);
    return { kind: 'rounds', rounds, sameParty: leadToOne(found), one: found.kind !== 'group' };
  }

  #refused(why: number, number: string, reason: string): Forwarded {
    const level = why === cause.callRejected ? 'warn' : 'info';
    this.#call.log[level]({ station: this.last, number, why: reason }, 'a telephone sends the call on to nowhere');
    return { kind: 'failed', cause: why, by: 'system' };
  }
}
