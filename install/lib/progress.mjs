// What the user sees of a set-up: one line a step, with its time. What the steps print goes to a log file.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { Failure } from './failure.mjs';

const NAME_WIDTH = 10;

export class Progress {
  #out;
  #log;

  /** @param {{ out: NodeJS.WriteStream, log: string }} options where lines go; the log file, which is begun anew */
  constructor({ out, log }) {
    this.#out = out;
    this.#log = log;
    mkdirSync(dirname(log), { recursive: true });
    writeFileSync(log, '');
  }

  /** Keeps what a step prints. */
  keep = (text) => appendFileSync(this.#log, text);

  say(sentence) {
    this.#out.write(`${sentence}\n`);
  }

  /**
   * Runs one step. `work(begin)` calls `begin(what)` when there is something to do, which shows at once, and gives a
   * word on what was done.
   */
  async step(name, work) {
    const started = performance.now();
    const label = `  ${name.padEnd(NAME_WIDTH)} `;
    let begun = false;
    const begin = (what) => {
      begun = true;
      this.#out.write(`${label}${what} … `);
    };
    const end = (word) => {
      // A terminal's line is written over; elsewhere it goes on.
      const start = !begun ? label : this.#out.isTTY ? `\r\x1b[K${label}` : '';
      this.say(`${start}${word} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    };
    this.keep(`== ${name}\n`);
    try {
      end(await work(begin));
    } catch (error) {
      end('failed');
      if (error instanceof Failure) error.log = this.#log;
      throw error;
    }
  }
}
