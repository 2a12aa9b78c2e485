// What the transaction layer (RFC 3261 clause 17 with RFC 6026) gives to dialogs and to the stack.
import type { SipRequest, SipResponse } from '../message/index.js';
import type { Flow, Target } from '../transport/index.js';

/** Why there will be no (more) answer. */
export type TransactionFailure =
  /** 64*T1 without what was waited for */
  | 'timeout'
  /** the message could not be sent */
  | 'transport'
  /** the connection that the answer would have come by has gone, or the layer is full or was closed */
  | 'closed';

export interface ServerTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  /** the tag in To of every answer, RFC 3261 8.2.6.2: that of the request, or one made for it */
  readonly toTag: string;
  /** a final response has been given */
  readonly answered: boolean;
  /** CANCEL came for it (INVITE only) and was answered 200; 487 is still the owner's to send */
  readonly cancelled: boolean;
  /** An answer to give to `respond`, with `toTag` in To. */
  response(status: number, reason?: string): SipResponse;
  /**
   * Sends a response; provisional ones may come again and again (of an INVITE; for others the layer sends 100 when RFC 4320 wants
   * one). After a final one it does nothing but count. Throws a RangeError for one that cannot be written.
   */
  respond(response: SipResponse): void;
  /** Sends the 2xx of an INVITE once more, as it was: until the ACK that is the owner's duty (RFC 3261 13.3.1.4). */
  resend(): void;
  /** Who wants to hear more of it, in place of whoever did. */
  listen(listener: ServerTransactionListener): void;
}

export interface ServerTransactionListener {
  /** CANCEL (RFC 3261 9.2); it may say why, in Reason (RFC 3326) */
  cancelled?(cancel: SipRequest): void;
  /** no ACK for a non-2xx final answer, no answer given in 64*T1 (not of an INVITE), or the answer could not be sent */
  failed?(why: TransactionFailure): void;
  /** terminated: nothing more will come of it */
  ended?(): void;
}

export interface ClientTransaction {
  /** as it was sent, with its Via */
  readonly request: SipRequest;
  readonly target: Target;
  /** INVITE: sends CANCEL when a provisional response has come, or as soon as one comes (RFC 3261 9.1). `reason`: value of Reason. */
  cancel(reason?: string): void;
}

export interface ClientTransactionListener {
  provisional?(response: SipResponse, flow: Flow): void;
  /** A final response. For an INVITE, each 2xx comes here: of other branches of a fork, and those sent again (RFC 6026 7.2). */
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
  /** Sends a request outside any transaction: the ACK of a 2xx. One that has its Via already goes out as it did before. */
  sendOnce(request: SipRequest, target: Target): void;
  /** living transactions, server and client */
  readonly size: { readonly server: number; readonly client: number };
}
