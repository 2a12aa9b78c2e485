// What server transactions of INVITE and of other requests have in common: how answers are made, kept and sent.
import type { Timer } from '../../platform/index.js';
import { newResponse, serialise, type SipRequest, type SipResponse } from '../message/index.js';
import type { Flow, Target } from '../transport/index.js';
import type { TransactionContext } from './context.js';
import { responseTarget } from './response-target.js';
import type { ServerTransaction, ServerTransactionListener, TransactionFailure } from './types.js';

const NOBODY: ServerTransactionListener = {};

export abstract class ServerBase implements ServerTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  protected readonly context: TransactionContext;
  protected listener = NOBODY;
  /** the one that runs, by its place in the state table */
  protected timer: Timer | undefined;
  /** the last answer, as it was sent */
  protected bytes: Buffer | undefined;
  readonly #removed: (transaction: ServerBase) => void;
  #target: Target | undefined;
  #toTag: string | undefined;

  /** `removed` is called once, when the transaction has terminated and before its listener hears of it. */
  constructor(
    context: TransactionContext,
    request: SipRequest,
    flow: Flow,
    removed: (transaction: ServerBase) => void,
  ) {
    this.context = context;
    this.request = request;
    this.flow = flow;
    this.#removed = removed;
  }

  abstract readonly answered: boolean;
  abstract readonly cancelled: boolean;
  abstract respond(response: SipResponse): void;
  abstract resend(): void;
  /** The request came again. */
  abstract requestAgain(): void;
  /** An answer could not be sent. */
  protected abstract sendFailed(): void;

  /** nothing more will come of it */
  get terminated(): boolean {
    return this.#terminated;
  }
  #terminated = false;

  get toTag(): string {
    return (this.#toTag ??= this.request.toTag ?? this.context.random.token());
  }

  response(status: number, reason?: string): SipResponse {
    return newResponse(this.request, status, reason, { toTag: this.toTag });
  }

  listen(listener: ServerTransactionListener): void {
    this.listener = listener;
  }

  /** The layer closes: no timer, no answer, no word to anybody. */
  drop(): void {
    this.timer?.cancel();
    this.#terminated = true;
    this.#removed(this);
  }

  protected send(response: SipResponse): void {
    this.bytes = serialise(response);
    this.sendAgain();
  }

  protected sendAgain(): void {
    if (this.bytes === undefined) return;
    this.#target ??= responseTarget(this.request, this.flow);
    this.context.carrier.sendBytes(this.bytes, this.#target).then(undefined, () => {
      this.context.counters.sendFailures += 1;
      if (!this.#terminated) this.sendFailed();
    });
  }

  protected get reliable(): boolean {
    return this.context.carrier.reliable(this.flow.transport);
  }

  protected after(delayMs: number, work: () => void): void {
    this.timer?.cancel();
    this.timer = this.context.timers.after(delayMs, work);
  }

  protected terminate(why?: TransactionFailure): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.timer?.cancel();
    this.bytes = undefined;
    this.#removed(this);
    if (why === 'timeout') this.context.counters.timeouts += 1;
    if (why !== undefined) this.listener.failed?.(why);
    this.listener.ended?.();
  }
}
