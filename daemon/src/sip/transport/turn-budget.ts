// How much of one turn of the event loop reading may take. A peer can put thousands of small messages into one segment; read in one
// go they would delay every timer. Datagrams need no such thing: libuv gives 32 of a socket at most in a turn.

export class TurnBudget {
  readonly #messages: number;
  #left: number;
  #scheduled = false;
  readonly #waiting: (() => void)[] = [];

  /** `messages` a turn. */
  constructor(messages: number) {
    this.#messages = messages;
    this.#left = messages;
  }

  /** Takes one message of the turn's; false: there is none left, ask to be called `later`. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    this.#schedule();
    return true;
  }

  /** Calls `work` in a later turn, in the order asked. `work` must do a limited part and ask again. */
  later(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#left = this.#messages;
      // Each that is called may ask again, behind those who have not had their turn.
      for (let calls = this.#waiting.length; calls > 0 && this.#left > 0; calls -= 1) this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
