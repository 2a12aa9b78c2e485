// Provisional answers of ours that are sent again until the peer acknowledges them (RFC 3262 clause 3). One is on its way at a
// time: the next waits for the PRACK of the one before.
import type { Timer } from '../../../platform/index.js';
import { parseNumber, type SipRequest, type SipResponse } from '../../message/index.js';
import { longestMs, type ServerTransaction } from '../../transaction/index.js';
import type { DialogContext } from '../context.js';

/** RFC 3262 clause 3: the first is at most 2^31 - 1; this leaves room to count up from it. */
const FIRST_RSEQ_BELOW = 2 ** 31 - 1_000_000;

interface Provisional {
  rseq: number;
  response: SipResponse;
  /** the PRACK has come; its request may hold an answer or an offer */
  acknowledged: (prack: ServerTransaction) => void;
}

export class ReliableProvisionals {
  readonly #context: DialogContext;
  readonly #transaction: ServerTransaction;
  readonly #failed: () => void;
  readonly #queue: Provisional[] = [];
  #nextRseq: number;
  #resend: Timer | undefined;
  #giveUp: Timer | undefined;

  /** `failed` is called when no PRACK came in 64*T1. */
  constructor(context: DialogContext, transaction: ServerTransaction, failed: () => void) {
    this.#context = context;
    this.#transaction = transaction;
    this.#failed = failed;
    this.#nextRseq = 1 + context.random.below(FIRST_RSEQ_BELOW);
  }

  /** A description waits for its PRACK: no 2xx may be sent (clause 3). */
  get holdsAnswer(): boolean {
    return this.#queue.some(({ response }) => response.body.length > 0);
  }

  send(response: SipResponse, acknowledged: Provisional['acknowledged']): void {
    const rseq = this.#nextRseq++;
    response.headers.add('Require', '100rel');
    response.headers.add('RSeq', String(rseq));
    this.#queue.push({ rseq, response, acknowledged });
    if (this.#queue.length === 1) this.#begin();
  }

  /** Takes a PRACK: true when it is for what was sent last, and its 2xx is for `acknowledged` to give. */
  acknowledge(prack: ServerTransaction): boolean {
    const [first] = this.#queue;
    const { number } = this.#transaction.request.cseq;
    if (first === undefined || !matches(prack.request, first.rseq, number)) return false;
    this.#queue.shift();
    this.#stopTimers();
    first.acknowledged(prack);
    if (this.#queue.length > 0 && !this.#transaction.answered) this.#begin();
    return true;
  }

  /** The INVITE has its final answer: nothing is sent again, but a PRACK that is on its way is still taken. */
  finish(): void {
    this.#stopTimers();
  }

  #begin(): void {
    const [first] = this.#queue;
    if (first === undefined) return;
    this.#transaction.respond(first.response);
    this.#arm(first.response, this.#context.times.t1Ms);
    this.#giveUp = this.#context.timers.after(longestMs(this.#context.times), () => {
      this.#resend?.cancel();
      this.#failed();
    });
  }

  #arm(response: SipResponse, waitMs: number): void {
    this.#resend = this.#context.timers.after(waitMs, () => {
      this.#transaction.respond(response);
      this.#arm(response, waitMs * 2);
    });
  }

  #stopTimers(): void {
    this.#resend?.cancel();
    this.#giveUp?.cancel();
  }
}

/** RAck: RSeq, CSeq number and method of what it acknowledges (RFC 3262 7.2). */
function matches(prack: SipRequest, rseq: number, cseq: number): boolean {
  const [first = '', second = '', method, ...others] = (prack.headers.get('RAck') ?? '').split(/[ \t]+/, 4);
  return (
    parseNumber(first, Number.MAX_SAFE_INTEGER) === rseq &&
    parseNumber(second, Number.MAX_SAFE_INTEGER) === cseq &&
    method === 'INVITE' &&
    others.length === 0
  );
}
