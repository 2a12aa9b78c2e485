// What the transaction layer (RFC 3261 clause 17 with RFC 6026) gives to dialogs and to the stack.
import type { SipRequest, SipResponse } from '../message/index.js';
import type { Flow, Target } from '../transport/index.js';

/** Why there will be no (more) answer. */
export type TransactionFailure = 'timeout' | 'transport' | 'closed';

export interface ServerTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  /** a final response has been given */
  readonly answered: boolean;
  /** CANCEL came for it (INVITE only) and was answered 200; 487 is still the owner's to send */
  readonly cancelled: boolean;
  /** Sends a response; provisional ones may come again and again. After a final one it does nothing but count. */
  respond(response: SipResponse): void;
}

export interface ServerTransactionListener {
  /** CANCEL (RFC 3261 9.2) */
  cancelled?(): void;
  /** no ACK for a non-2xx final answer, or the answer could not be sent */
  failed?(why: TransactionFailure): void;
  /** terminated: nothing more will come of it */
  ended?(): void;
}

export interface ClientTransaction {
  readonly request: SipRequest;
  /** INVITE: sends CANCEL when a provisional response has come, or as soon as one comes (RFC 3261 9.1). */
  cancel(reason?: string): void;
}

export interface ClientTransactionListener {
  provisional?(response: SipResponse, flow: Flow): void;
  /** A final response. For an INVITE, each 2xx of another branch of a fork comes here too (RFC 6026 7.2). */
  final(response: SipResponse, flow: Flow): void;
  failed(why: TransactionFailure): void;
  ended?(): void;
}

export interface TransactionUser {
  /** A request that belongs to no transaction; not ACK, not CANCEL of a living INVITE. Return what wants to hear more of it. */
  request(transaction: ServerTransaction): ServerTransactionListener | undefined;
  /** ACK to a 2xx: of its own, without a transaction (RFC 3261 17.1.1.3) */
  ack(request: SipRequest, flow: Flow): void;
}

export interface TransactionLayer {
  /** Adds a Via with a fresh branch and sends. Never throws for what the network does. */
  send(request: SipRequest, target: Target, listener: ClientTransactionListener): ClientTransaction;
  /** Sends a request outside any transaction: the ACK of a 2xx. */
  sendOnce(request: SipRequest, target: Target): void;
  /** living transactions, server and client */
  readonly size: { readonly server: number; readonly client: number };
}
