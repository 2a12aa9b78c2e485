/** What the dialog layer counts, since its start. */
export class DialogCounters {
  /** dialogs made */
  made = 0;
  /** requests in dialogs that are not (any more) */
  unknown = 0;
  /** requests with a CSeq that is not higher than the last one's (RFC 3261 12.2.2) */
  outOfOrder = 0;
  /** dialogs that found no room */
  noRoom = 0;
  /** 2xx for which no ACK came */
  unacknowledged = 0;
  /** 2xx of further branches of a fork, and those that crossed a CANCEL: acknowledged and ended with BYE */
  surplusAnswers = 0;
  /** 491 in either direction */
  glares = 0;
  /** sessions that were not refreshed in time (RFC 4028) */
  expired = 0;
  /** offers or answers that came when none was due, or did not come when one was (RFC 6337) */
  brokenExchanges = 0;
}
