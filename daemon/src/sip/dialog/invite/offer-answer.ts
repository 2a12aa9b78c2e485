// Whose turn it is in a dialog's exchange of offer and answer (RFC 3264; RFC 6337 says in which messages they may stand).
//
//     none, agreed ── our offer ──► offered ── the peer's answer ──┬─► agreed
//     none, agreed ── its offer ──► answering ── our answer ───────┘
//     offered, answering ── refused, broken off ──► what it was before

export type OfferAnswerState = 'none' | 'offered' | 'answering' | 'agreed';

export class OfferAnswer {
  #state: OfferAnswerState = 'none';
  #settled: 'none' | 'agreed' = 'none';

  get state(): OfferAnswerState {
    return this.#state;
  }

  /** An offer may be made; no exchange is under way. */
  get idle(): boolean {
    return this.#state === this.#settled;
  }

  /** There has been a whole exchange: from then on UPDATE may carry offers (RFC 3311 5.1). */
  get agreedOnce(): boolean {
    return this.#settled === 'agreed';
  }

  /** The status that refuses an offer of the peer's now (RFC 3261 14.2, RFC 3311 5.2); undefined: it may come. */
  get refusal(): 491 | 500 | undefined {
    if (this.#state === 'offered') return 491;
    return this.#state === 'answering' ? 500 : undefined;
  }

  offerSent(): void {
    this.#state = 'offered';
  }

  offerReceived(): void {
    this.#state = 'answering';
  }

  agreed(): void {
    this.#state = 'agreed';
    this.#settled = 'agreed';
  }

  brokenOff(): void {
    this.#state = this.#settled;
  }
}
