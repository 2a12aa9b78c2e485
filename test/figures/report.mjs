// Figures beside their goals: a table while they are measured, one JSON object at the end if asked for.

export class Report {
  #json;
  #figures = {};

  constructor(json) {
    this.#json = json;
  }

  heading(text) {
    this.#say(`\n${text}`);
  }

  /** A line about what is going on. */
  note(text) {
    this.#say(`  ${text}`);
  }

  /** `goal` with `at`: 'least', 'most' or 'exactly'. No goal: shown for information, and met. */
  add(name, value, unit, goal = null, at = 'least') {
    const shown = typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
    const met =
      goal === null || (at === 'least' ? value >= goal : at === 'most' ? value <= goal : Object.is(value, goal));
    this.#figures[name] = { value: shown, unit, goal, met };
    const words = goal === null ? '' : `goal ${at === 'exactly' ? '' : `at ${at} `}${goal} ${unit}`;
    this.#say(`  ${met ? ' ' : '!'} ${name.padEnd(34)} ${String(shown).padStart(12)} ${unit.padEnd(8)} ${words}`);
  }

  broken(name, error) {
    this.#figures[name] = { value: null, unit: '', goal: null, met: false, error: String(error?.message ?? error) };
    this.#say(`  ! ${name} broke off: ${error?.stack ?? error}`);
  }

  get allMet() {
    return Object.values(this.#figures).every(({ met }) => met);
  }

  end() {
    if (this.#json) process.stdout.write(`${JSON.stringify(this.#figures)}\n`);
    else
      this.#say(this.allMet ? '\nEvery goal is met.' : '\nNot every goal is met: see the lines that begin with "!".');
  }

  #say(text) {
    (this.#json ? process.stderr : process.stdout).write(`${text}\n`);
  }
}

/** The p-th percentile (0-100) of numbers. */
export function percentile(numbers, p) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN;
}
