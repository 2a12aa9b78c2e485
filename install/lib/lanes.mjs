// Suites side by side: those of one lane one after another, the lanes of a stage beside one another, stage after stage.
// What suites print that run beside others comes line by line, each behind the name of its suite.

const NAME_WIDTH = 11;

/** Where a suite's output goes. `stdio` and `onOutput` are for `run`; `write` is for whoever prints by himself. */
export class Voice {
  #name;
  #out;
  #rest = '';

  /** @param {{ name: string, alone: boolean, out?: NodeJS.WriteStream }} options alone: as the programs print it */
  constructor({ name, alone, out = process.stdout }) {
    this.#name = name;
    this.#out = out;
    this.alone = alone;
  }

  get options() {
    return this.alone ? { stdio: 'inherit' } : { onOutput: (text) => this.write(text) };
  }

  /** Of a terminal, when nobody else writes on it. */
  get isTTY() {
    return this.alone && this.#out.isTTY;
  }

  write(text) {
    if (this.alone) return void this.#out.write(text);
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) this.#out.write(`${this.#name.padEnd(NAME_WIDTH)} | ${line}\n`);
  }

  say(sentence) {
    this.write(`${sentence}\n`);
  }

  /** Prints what stands on a line without an end. */
  end() {
    if (this.#rest !== '') this.write('\n');
  }
}

/**
 * Runs `work` for every name.
 * @param {string[][][]} stages names by stage and lane; a name that is not wanted is left out
 * @param {(name: string, voice: Voice) => Promise<void>} work rejects when nothing more is to be run
 */
export async function runLanes(stages, wanted, work) {
  for (const stage of stages) {
    const lanes = stage.map((lane) => lane.filter((name) => wanted.includes(name))).filter((lane) => lane.length > 0);
    await Promise.all(
      lanes.map(async (lane) => {
        for (const name of lane) {
          const voice = new Voice({ name, alone: lanes.length === 1 });
          await work(name, voice);
          voice.end();
        }
      }),
    );
  }
}

/** Works that take turns: two compilers side by side need twice the memory and are done no sooner. */
export class Turns {
  #last = Promise.resolve();

  take(work) {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
