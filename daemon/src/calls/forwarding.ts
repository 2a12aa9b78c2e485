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
  | { kind: 'rounds'; rounds: readonly Round[]; sameParty: boolean }
  | { kind: 'flow'; found: ToFlow; number: string; station: number }
  | { kind: 'failed'; cause: number; by: 'system' };

/** telephones one after the other */
const MOST_FORWARDINGS = 5;

export class Forwarding {
  readonly #call: LiveCall;
  readonly #context: CallContext;
  readonly #caller: Leg;
  /** who has sent the call on, in order */
  readonly #stations: number[] = [];

  constructor(call: LiveCall, context: CallContext, caller: Leg) {
    this.#call = call;
    this.#context = context;
    this.#caller = caller;
  }

  /** Who has sent the call on last; undefined: nobody. */
  get last(): number | undefined {
    return this.#stations.at(-1);
  }

  /**
   * What comes of it when the telephone at `leg` sends the call on to `to`, hostile text; `callingNumber`: what telephones are shown.
   * Never rejects.
   */
  async follow(leg: Leg, to: string, callingNumber: string): Promise<Forwarded> {
    const { station } = leg;
    const number = cleanCalled(to);
    if (station === null) return this.#refused(cause.callRejected, number, 'it is no telephone of the box');
    if (this.#stations.length >= MOST_FORWARDINGS)
      return this.#refused(cause.routingError, number, 'it has been sent on too often');
    this.#stations.push(station);
    let found: DialResolution;
    try {
      found = await askPlan(this.#context.plan, to, leg);
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
        if (this.#stations.includes(found.station))
          return this.#refused(cause.routingError, number, 'it goes in a circle');
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
    return { kind: 'rounds', rounds, sameParty: leadToOne(found) };
  }

  #refused(why: number, number: string, reason: string): Forwarded {
    const level = why === cause.callRejected ? 'warn' : 'info';
    this.#call.log[level]({ station: this.last, number, why: reason }, 'a telephone sends the call on to nowhere');
    return { kind: 'failed', cause: why, by: 'system' };
  }
}
