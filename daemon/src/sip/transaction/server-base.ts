// What server transactions of INVITE and of other requests have in common: how answers are made, kept and sent.
import type { Timer } from '../../platform/index.js';
import { newResponse, serialise, type SipRequest, type SipResponse } from '../message/index.js';
import { responseTarget, type Flow, type Target } from '../transport/index.js';
import type { TransactionContext } from './context.js';
import { AnsweredServer, type ServerEntry, type ServerHooks } from './server-entry.js';
import type { ServerTransaction, ServerTransactionListener, TransactionFailure } from './types.js';

const NOBODY: ServerTransactionListener = {};

export abstract class ServerBase implements ServerTransaction, ServerEntry {
  readonly request: SipRequest;
  readonly flow: Flow;
  protected readonly context: TransactionContext;
  protected listener = NOBODY;
  /** the one that runs, by its place in the state table */
  protected timer: Timer | undefined;
  /** the last answer, as it was sent */
  protected bytes: Buffer | undefined;
  readonly #hooks: ServerHooks;
  #target: Target | undefined;
  #toTag: string | undefined;
  #terminated = false;
  /** what is in its place in the table */
  #rest: AnsweredServer | undefined;

  constructor(context: TransactionContext, request: SipRequest, flow: Flow, hooks: ServerHooks) {
    this.context = context;
    this.request = request;
    this.flow = flow;
    this.#hooks = hooks;
  }

  abstract readonly answered: boolean;
  abstract readonly cancelled: boolean;
  abstract respond(response: SipResponse): void;
  abstract resend(): void;
  abstract requestAgain(): void;

  /** nothing more will come of it */
  get terminated(): boolean {
    return this.#terminated || this.#rest?.over === true;
  }

  get source(): string {
    return this.flow.remote.host;
  }

  get toTag(): string {
    return (this.#toTag ??= this.request.toTag ?? this.context.random.token());
  }

  response(status: number, reason?: string): SipResponse {
    return newResponse(this.request, status, reason, { toTag: this.toTag });
  }

  listen(listener: ServerTransactionListener): void {
    this.listener = listener;
    this.#rest?.atEnd(endOf(listener));
  }

  drop(): void {
    this.timer?.cancel();
    this.#terminated = true;
    this.#hooks.removed();
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
      // Whatever the figures of RFC 3261 say, it stays (RFC 6026 7.1): a request that comes again must find its answer.
      if (!this.terminated) this.listener.failed?.('transport');
    });
  }

  protected get reliable(): boolean {
    return this.context.carrier.reliable(this.flow.transport);
  }

  protected after(delayMs: number, work: () => void): void {
    this.timer?.cancel();
    this.timer = this.context.timers.after(delayMs, work);
  }

  /** It has its final answer, and now only waits (timers J and L); `again`: for copies of the request, to answer them. */
  protected leaveAnswer(again: boolean): void {
    this.timer?.cancel();
    const { context, bytes } = this;
    const target = this.#target;
    const sendAgain = (): void => {
      if (bytes === undefined || target === undefined) return;
      context.carrier.sendBytes(bytes, target).then(undefined, () => {
        context.counters.sendFailures += 1;
      });
    };
    this.#rest = new AnsweredServer(context, this.#hooks, this.toTag, again ? sendAgain : undefined);
    this.#rest.atEnd(endOf(this.listener));
    this.#hooks.replaced(this.#rest);
  }

  protected terminate(why?: TransactionFailure): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.timer?.cancel();
    this.bytes = undefined;
    this.#hooks.removed();
    if (why === 'timeout') this.context.counters.timeouts += 1;
    if (why !== undefined) this.listener.failed?.(why);
    this.listener.ended?.();
  }
}

/** undefined: nobody wants to know, and nothing is kept for it. */
function endOf(listener: ServerTransactionListener): (() => void) | undefined {
  return listener.ended === undefined ? undefined : () => listener.ended?.();
}
