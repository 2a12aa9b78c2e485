// What client transactions of INVITE and of other requests have in common: sending, sending again, and giving up.
import type { Timer } from '../../platform/index.js';
import { serialise, type SipRequest, type SipResponse } from '../message/index.js';
import type { Flow, Target, TransportName } from '../transport/index.js';
import type { TransactionContext } from './context.js';
import type { ClientTransaction, ClientTransactionListener, TransactionFailure } from './types.js';

/** What a client transaction tells the layer. */
export interface ClientHooks {
  /** it goes by this connection: the layer says when that has closed */
  connected(transaction: ClientBase, connection: number): void;
  /** terminated; called once, before the listener hears of it */
  removed(transaction: ClientBase): void;
  /** sends the CANCEL of an INVITE */
  cancel(transaction: ClientBase, reason: string | undefined): void;
}

export abstract class ClientBase implements ClientTransaction {
  readonly request: SipRequest;
  readonly target: Target;
  readonly branch: string;
  /** of the connection it goes by; 0: none */
  connection = 0;
  protected readonly context: TransactionContext;
  protected readonly listener: ClientTransactionListener;
  protected readonly hooks: ClientHooks;
  /** timers B, F, D, K, M: the end of the state it is in */
  protected timer: Timer | undefined;
  /** what the request went by, as far as is known */
  #transport: TransportName;
  #sent = false;
  #bytes: Buffer | undefined;
  /** timers A and E */
  #resendTimer: Timer | undefined;
  #terminated = false;

  constructor(
    context: TransactionContext,
    request: SipRequest,
    target: Target,
    branch: string,
    listener: ClientTransactionListener,
    hooks: ClientHooks,
  ) {
    this.context = context;
    this.request = request;
    this.target = target;
    this.branch = branch;
    this.listener = listener;
    this.hooks = hooks;
    this.#transport = target.transport;
  }

  abstract response(response: SipResponse, flow: Flow): void;
  abstract cancel(reason?: string): void;
  /** The connection it went by has closed. */
  abstract closed(): void;
  /** Whether an answer is still waited for. */
  protected abstract readonly waiting: boolean;

  get terminated(): boolean {
    return this.#terminated;
  }

  /** Sends the request; the layer calls it once, when it has put the transaction into its tables. */
  start(): void {
    this.context.carrier.send(this.request, this.target).then(
      (flow) => {
        this.#sent = true;
        this.#transport = flow.transport;
        this.connection = flow.connection;
        if (this.#terminated) return;
        if (flow.connection !== 0) this.hooks.connected(this, flow.connection);
        if (this.reliable) this.stopResending();
      },
      () => this.sendFailed(),
    );
  }

  /** Gives up without sending anything: there is no room, or the layer closes. */
  giveUp(): void {
    this.terminate('closed');
  }

  /** The way its ACK and CANCEL go: that of the request (RFC 3261 9.1, 17.1.1.2), which need not be what the target says. */
  get way(): Target {
    const { target, connection } = this;
    if (connection === 0) return target;
    return { ...target, transport: this.#transport, connection, reconnect: !this.flowOnly };
  }

  protected get reliable(): boolean {
    return this.context.carrier.reliable(this.#transport);
  }

  /** The connection is all there is: the peer cannot be reached by another (RFC 5626 5.3, RFC 7118 clause 5). */
  protected get flowOnly(): boolean {
    if (this.#transport === 'ws' || this.#transport === 'wss') return true;
    return this.target.connection !== undefined && this.target.reconnect !== true;
  }

  protected after(delayMs: number, work: () => void): void {
    this.timer?.cancel();
    this.timer = this.context.timers.after(delayMs, work);
  }

  /** Sends the request again and again; each wait is twice the one before, but at most `mostMs`. */
  protected resendAfter(waitMs: number, mostMs: number): void {
    this.#resendTimer?.cancel();
    if (this.reliable) return;
    this.#resendTimer = this.context.timers.after(waitMs, () => {
      // Before it is sent, the Via is not complete.
      if (this.#sent) {
        this.#bytes ??= serialise(this.request);
        this.context.counters.requestsResent += 1;
        this.context.carrier.sendBytes(this.#bytes, this.target).then(undefined, () => this.sendFailed());
      }
      this.resendAfter(Math.min(waitMs * 2, mostMs), mostMs);
    });
  }

  protected stopResending(): void {
    this.#resendTimer?.cancel();
    this.#bytes = undefined;
  }

  protected sendFailed(): void {
    this.context.counters.sendFailures += 1;
    if (this.waiting && !this.#terminated) this.terminate('transport');
  }

  protected terminate(why?: TransactionFailure): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.timer?.cancel();
    this.stopResending();
    this.hooks.removed(this);
    if (why === 'timeout') this.context.counters.timeouts += 1;
    if (why !== undefined) this.listener.failed(why);
    this.listener.ended?.();
  }
}
