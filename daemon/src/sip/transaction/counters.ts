/** What the transaction layer counts, since its start. Plain numbers: the one who publishes metrics reads them. */
export class TransactionCounters {
  /** requests that made a server transaction */
  served = 0;
  /** client transactions */
  sent = 0;
  /** requests that came again, and were absorbed or answered from the store */
  requestsRepeated = 0;
  /** requests sent again for want of an answer */
  requestsResent = 0;
  /** final answers sent again for want of an ACK */
  responsesResent = 0;
  /** requests that came by two ways (RFC 3261 8.2.2.2), answered 482 */
  merged = 0;
  /** new requests turned away by the overload hook */
  shed = 0;
  /** requests turned away because there are too many transactions */
  noRoom = 0;
  /** responses that belong to no transaction, or not to its state: dropped */
  strayResponses = 0;
  /** CANCEL for which there is no INVITE */
  strayCancels = 0;
  /** requests without a Via that an answer could follow */
  unanswerable = 0;
  /** answers given after the final one, or provisional ones where RFC 4320 has none: not sent */
  illegalResponses = 0;
  /** transactions that ran out of time */
  timeouts = 0;
  /** messages that a transport could not send */
  sendFailures = 0;
}
