// Calling somebody for one who waits: telephones or trunks, at once or one after the other, until one of them answers.
//
//   round: seize each → progress handed back (it rings, or there is something to hear) → first answer wins
//                     ↘ all failed, or too slow → next round → … → the cause of the last
import type { JsonObject, ReleasedBy } from '../contract/index.js';
import {
  OTHER_LINE_CAUSES,
  placeText,
  seizeCause,
  targetWords,
  type LineEvents,
  type LegReleased,
} from '../lines/index.js';
import { errorText, type Moment, type Timer } from '../platform/index.js';
import { cause, type CallContext } from './call-context.js';
import type { OpenSegment } from './flow-session.js';
import { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { cleanCalled } from './numbers.js';
import type { Callee, Round } from './rounds.js';
import { CallerProgress } from './caller-progress.js';
import { Forwarding, type ToFlow } from './forwarding.js';

/** The called party's own word (Q.850): another way to him would bring the same. */
export const FINAL_CAUSES: ReadonlySet<number> = new Set([1, 16, 17, 18, 19, 20, 21, 22, 28]);

interface Failed {
  kind: 'failed';
  cause: number;
  by: Extract<ReleasedBy, 'callee' | 'system'>;
  /** the called party does not want to be tried elsewhere */
  globalFailure?: boolean;
}

export type DialOutcome =
  | { kind: 'answered'; leg: Leg }
  | Failed
  /** a telephone sends the call on into a flow */
  | { kind: 'flow'; found: ToFlow; number: string; station: number }
  /** the one who waited has gone */
  | { kind: 'ended' };

export interface DiallingOptions {
  call: LiveCall;
  context: CallContext;
  /** who waits */
  caller: Leg;
  /** as he is shown; untrusted text */
  callingName: string;
  rounds: readonly Round[];
  /** of the call, open until the outcome is known */
  segment: OpenSegment;
  /** a final cause of one ends it all */
  sameParty: boolean;
  /** somebody who was called before sends the call on, and it goes out under his number */
  diverted?: boolean | undefined;
  /** false: where a telephone sends the call on is not followed */
  forwards?: boolean | undefined;
  /** one of them rings */
  alerting?: (() => void) | undefined;
}

/** Those of a round, or one of them who sends the call on. */
type RoundOutcome = DialOutcome | SentOn;

interface SentOn {
  kind: 'forwarded';
  leg: Leg;
  /** the best first */
  to: readonly string[];
  callingNumber: string;
}

interface Attempt {
  callee: Callee;
  /** the analog line that it went over */
  line?: number;
  /** those that were tried before */
  tried: readonly number[];
  begun: Moment;
  leg: Leg | undefined;
  data: JsonObject;
}

export class Dialling {
  readonly #options: DiallingOptions;
  readonly #progress: CallerProgress;
  readonly #attempts: Attempt[] = [];
  /** those of this round that may still answer */
  #round = new Set<Attempt>();
  readonly #forwarding: Forwarding;
  /** in this round */
  #forwards = false;
  #settle: ((outcome: RoundOutcome) => void) | undefined;
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: DiallingOptions) {
    this.#options = options;
    this.#progress = new CallerProgress(options.call, options.context, options.caller);
    this.#forwarding = new Forwarding(options.call, options.context, options.caller);
  }

  /** Resolves with what came of it; never rejects. The legs that did not win are released then. */
  async run(): Promise<DialOutcome> {
    const { rounds, sameParty } = this.#options;
    const first = await this.#rounds(rounds, sameParty);
    const outcome = first.kind === 'forwarded' ? await this.#follow(first) : first;
    this.#write(outcome);
    return outcome;
  }

  /** One number after the other, until somebody answers, or does not want to be tried elsewhere (RFC 3261 8.1.3.4). */
  async #follow({ leg, to, callingNumber }: SentOn): Promise<DialOutcome> {
    let failed: Failed | undefined;
    for (const number of to) {
      const next = await this.#forwarding.follow(leg, number, callingNumber);
      if (this.#ended) return { kind: 'ended' };
      if (next.kind === 'flow') return next;
      if (next.kind === 'failed') {
        // What somebody has said who was called is more than that a number leads nowhere.
        failed ??= next;
        continue;
      }
      const rung = await this.#rounds(next.rounds, next.sameParty);
      const outcome = rung.kind === 'forwarded' ? await this.#follow(rung) : rung;
      if (outcome.kind !== 'failed') return outcome;
      failed = next.one ? outcome : { ...outcome, globalFailure: false };
      if (failed.globalFailure === true) break;
    }
    return failed ?? { kind: 'failed', cause: cause.userBusy, by: 'system' };
  }

  /** The one who waited has gone: nobody is to be called any more. */
  abort(): void {
    this.#ended = true;
    this.#finish({ kind: 'ended' }, cause.normalClearing);
    // At once: the call's segments are closed in this turn.
    this.#write({ kind: 'ended' });
  }

  progressed(leg: Leg, progress: LineEvents['leg.progressed']['progress']): void {
    const attempt = this.#of(leg);
    if (attempt === undefined || this.#settle === undefined || progress === 'proceeding') return;
    // Of several that ring at once none is heard before it answers.
    const heard = progress === 'inband' && this.#round.size === 1;
    if (heard) this.#progress.early(leg);
    else this.#progress.alerting();
    this.#options.alerting?.();
  }

  answered(leg: Leg): void {
    const attempt = this.#of(leg);
    if (attempt === undefined || this.#settle === undefined) return;
    this.#note(attempt, 'answered');
    attempt.leg = undefined;
    this.#finish({ kind: 'answered', leg }, cause.nonSelectedUser);
  }

  released(leg: Leg, { cause: why, by, forwardedTo, globalFailure }: LegReleased): void {
    const attempt = this.#of(leg);
    if (attempt === undefined || this.#settle === undefined) return;
    if (forwardedTo !== undefined && this.#forwards) {
      const { callingNumber } = attempt.callee;
      this.#note(attempt, 'forwarded');
      attempt.data['forwardedTo'] = forwardedTo.map(cleanCalled).join(', ');
      attempt.leg = undefined;
      return this.#finish({ kind: 'forwarded', leg, to: forwardedTo, callingNumber }, cause.nonSelectedUser);
    }
    this.#note(attempt, 'failed', why);
    attempt.leg = undefined;
    this.#failed(attempt, why, by === 'remote' ? 'callee' : 'system', globalFailure);
  }

  /** The leg was called and nobody has answered yet. */
  rings(leg: Leg): boolean {
    return this.#settle !== undefined && this.#of(leg) !== undefined;
  }

  /** Another telephone is to answer in place of this one, which rings no more; false: somebody was faster. */
  pickUp(ringing: Leg, leg: Leg): boolean {
    const attempt = this.#of(ringing);
    if (attempt === undefined || this.#settle === undefined) return false;
    attempt.leg = leg;
    attempt.data['pickedUp'] = placeText(ringing.place);
    void ringing.release(cause.nonSelectedUser);
    return true;
  }

  async #rounds(rounds: readonly Round[], sameParty: boolean): Promise<RoundOutcome> {
    // Nobody to be called: the group is he himself, or the trunk has gone.
    let outcome: RoundOutcome = { kind: 'failed', cause: sameParty ? cause.noRoute : cause.userBusy, by: 'system' };
    for (const round of rounds) {
      outcome = this.#ended ? { kind: 'ended' } : await this.#ringOver(round);
      if (outcome.kind !== 'failed' || (sameParty && FINAL_CAUSES.has(outcome.cause))) break;
    }
    return outcome;
  }

  /** What one analog line does not get through may go over the next one of its trunk. */
  async #ringOver(round: Round): Promise<RoundOutcome> {
    const tried: number[] = [];
    let before: Failed | undefined;
    for (;;) {
      const outcome = await this.#ring(round, [...tried]);
      const last = this.#attempts.at(-1);
      if (this.#ended || outcome.kind !== 'failed' || !OTHER_LINE_CAUSES.has(outcome.cause)) return outcome;
      if (last?.line === undefined) {
        if (before === undefined) return outcome;
        // No other line was free: what the one before has met with says more.
        this.#attempts.pop();
        return before;
      }
      tried.push(last.line);
      before = outcome;
    }
  }

  async #ring({ callees, limitMs, forwards = false }: Round, tried: readonly number[] = []): Promise<RoundOutcome> {
    this.#forwards = forwards && this.#options.forwards !== false;
    const done = new Promise<RoundOutcome>((resolve) => (this.#settle = resolve));
    this.#timer = this.#options.context.clock.after(limitMs, () => {
      for (const attempt of this.#round) this.#note(attempt, 'noAnswer', cause.noAnswer);
      this.#finish({ kind: 'failed', cause: cause.noAnswer, by: 'system' }, cause.noAnswer);
    });
    const attempts = callees.map((callee): Attempt => {
      const { target } = callee;
      const data = {
        to: toText(callee, targetWords(target).en),
        ...(target.kind === 'trunk' ? { trunk: target.trunk } : {}),
      };
      return { callee, tried, begun: this.#options.context.clock.moment(), leg: undefined, data };
    });
    this.#round = new Set(attempts);
    this.#attempts.push(...attempts);
    for (const attempt of attempts) void this.#seize(attempt);
    return done;
  }

  /** Never rejects. */
  async #seize(attempt: Attempt): Promise<void> {
    const { call, context, callingName } = this.#options;
    const { target, number: calledNumber, callingNumber, emergency } = attempt.callee;
    try {
      const privacy = callingNumber === '' || attempt.callee.privacy === true || (call.privacy && emergency !== true);
      const divertedFrom = this.#divertedFrom(attempt.callee);
      const seized = await context.lines.seize({
        ...{ target, calledNumber, callingNumber, callingName, privacy },
        ...(emergency === true ? { emergency } : {}),
        ...(divertedFrom === undefined ? {} : { divertedFrom }),
        ...(divertedFrom !== undefined && call.privateHistory ? { privateHistory: true } : {}),
        ...(this.#forwards && target.kind === 'station' ? { forwards: true } : {}),
        ...(attempt.tried.length > 0 ? { exceptLines: attempt.tried } : {}),
      });
      const gone = (leg: number): void => context.legs.remove(leg);
      if (seized.place.kind === 'trunk' && seized.place.line !== undefined) {
        attempt.line = seized.place.line;
        attempt.data['line'] = seized.place.line;
      }
      const leg = new Leg({ ...context, ...seized, role: 'callee', initial: 'seizing', log: call.log, gone });
      context.legs.put(call, leg);
      context.trunks.setCall(leg.leg, call.id);
      // Somebody else has answered meanwhile, or the caller has hung up.
      if (this.#round.has(attempt)) attempt.leg = leg;
      else void leg.release(cause.nonSelectedUser);
    } catch (error) {
      if (!this.#round.has(attempt)) return;
      const why = seizeCause(error);
      call.log.info({ err: error, target }, `could not be called: ${errorText(error)}`);
      this.#note(attempt, 'failed', why);
      this.#failed(attempt, why, 'system');
    }
  }

  /** A telephone is told who has sent the call on; those outside know him by the number that it goes out under. */
  #divertedFrom({ target, callingNumber }: Callee): string | undefined {
    const { last } = this.#forwarding;
    if (target.kind === 'station') return last?.toString();
    return this.#options.diverted === true || last !== undefined ? callingNumber : undefined;
  }

  #failed(attempt: Attempt, why: number, by: Failed['by'], globalFailure = false): void {
    this.#round.delete(attempt);
    // In a group one who is busy, or does not want, leaves the others ringing.
    if (this.#round.size === 0) this.#finish({ kind: 'failed', cause: why, by, globalFailure }, why);
  }

  /** Ends a round once. */
  #finish(outcome: RoundOutcome, causeForOthers: number): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.#settle = undefined;
    this.#timer?.cancel();
    for (const attempt of this.#round) {
      if (attempt.data['outcome'] === undefined) this.#note(attempt, outcome.kind === 'ended' ? 'callerGone' : 'lost');
      void attempt.leg?.release(causeForOthers);
      attempt.leg = undefined;
    }
    this.#round.clear();
    this.#progress.roundOver();
    settle(outcome);
  }

  #write(outcome: DialOutcome): void {
    const words = { answered: 'answered', failed: 'failed', flow: 'flow', ended: 'callerGone' };
    const why = outcome.kind === 'failed' ? { cause: outcome.cause } : {};
    const attempts = this.#attempts.map(({ data }) => data);
    this.#options.segment.end({ outcome: words[outcome.kind], attempts, ...why });
  }

  #of(leg: Leg): Attempt | undefined {
    return [...this.#round].find((attempt) => attempt.leg === leg);
  }

  #note(attempt: Attempt, outcome: string, why?: number): void {
    const ms = this.#options.call.sinceMs(attempt.begun);
    // The peer may have chosen another timeslot.
    if (attempt.leg !== undefined) attempt.data['to'] = toText(attempt.callee, placeText(attempt.leg.place));
    Object.assign(attempt.data, { outcome, ms }, why === undefined ? {} : { cause: why });
  }
}

/** What stands in the record: `station 2`, `E1 1/7 13800138000`. */
function toText({ target, number }: Callee, place: string): string {
  return target.kind === 'station' ? place : `${place} ${number}`;
}
