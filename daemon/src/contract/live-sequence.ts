// Whether a page has heard everything: it takes the numbers that events and snapshots carry, and says when to ask for a snapshot.
export class LiveSequence {
  /** of the last event that is contained in what the page shows; undefined: it shows nothing yet */
  #last: number | undefined;
  #gaps = 0;

  /** how often something was missing */
  get gaps(): number {
    return this.#gaps;
  }

  /** apply: it is the next one, or there is a gap before it, which `sync` asks to fill; skip: it is in the snapshot that comes. */
  event(seq: number): { apply: boolean; sync: boolean } {
    if (this.#last === undefined || seq <= this.#last) return { apply: false, sync: false };
    const gap = seq !== this.#last + 1;
    this.#last = seq;
    if (gap) this.#gaps += 1;
    return { apply: true, sync: gap };
  }

  /** One that is older than what the page has heard would take it back: another one is asked for. */
  snapshot(seq: number): { apply: boolean; sync: boolean } {
    if (this.#last !== undefined && seq < this.#last) return { apply: false, sync: true };
    this.#last = seq;
    return { apply: true, sync: false };
  }

  /** The connection is another one: its numbers begin anew. */
  reset(): void {
    this.#last = undefined;
  }
}
