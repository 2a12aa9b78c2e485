// State machines as tables: for each state, which events are allowed and where they lead. A step that the table does not
// have is refused, counted and logged with the history of the one it happened to; it changes nothing.
import { systemClock, type Clock } from './clock.js';
import { silentLog, type Log } from './log.js';
import type { Metrics } from './metrics.js';

/** For each state the events it allows and the state each leads to. */
export type StateTable<State extends string, Event extends string> = {
  readonly [S in State]: { readonly [E in Event]?: State };
};

export interface StateStep<State extends string, Event extends string> {
  /** wall clock, ms */
  atMs: number;
  from: State;
  event: Event;
  /** undefined: refused */
  to: State | undefined;
}

export interface StateMachineOptions<State extends string, Event extends string> {
  /** the kind of machine, such as call; label of the metric */
  name: string;
  table: StateTable<State, Event>;
  initial: State;
  log?: Log | undefined;
  clock?: Clock | undefined;
  metrics?: Metrics | undefined;
  /** after every step taken */
  entered?: ((state: State, event: Event, from: State) => void) | undefined;
}

/** More than any life has; a machine that loops does not eat the memory. */
const HISTORY_STEPS = 100;

export class StateMachine<State extends string, Event extends string> {
  readonly #options: StateMachineOptions<State, Event>;
  readonly #clock: Clock;
  readonly #history: StateStep<State, Event>[] = [];
  #state: State;
  #sinceMs: number;

  constructor(options: StateMachineOptions<State, Event>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#state = options.initial;
    this.#sinceMs = this.#clock.wallMs();
  }

  get state(): State {
    return this.#state;
  }

  /** When the state was entered; wall clock, ms. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** The last 100 steps, refused ones too. */
  get history(): readonly StateStep<State, Event>[] {
    return this.#history;
  }

  can(event: Event): boolean {
    return this.#options.table[this.#state][event] !== undefined;
  }

  /** Takes the step; false when the table does not have it. */
  fire(event: Event): boolean {
    const from = this.#state;
    const to = this.#options.table[from][event];
    this.#remember({ atMs: this.#clock.wallMs(), from, event, to });
    if (to === undefined) {
      this.#options.metrics
        ?.counter('illegal_steps_total', 'Steps that a state table refused', ['machine', 'state', 'event'])
        .inc({ machine: this.#options.name, state: from, event });
      (this.#options.log ?? silentLog).warn(
        { machine: this.#options.name, state: from, event, history: this.describe() },
        'illegal step refused',
      );
      return false;
    }
    if (to !== from) this.#sinceMs = this.#clock.wallMs();
    this.#state = to;
    this.#options.entered?.(to, event, from);
    return true;
  }

  /** One line for people: `arriving -answer-> inFlow -queue-> queued`. */
  describe(): string {
    const steps = this.#history.map((step) => `-${step.event}-> ${step.to ?? 'refused'}`);
    return [this.#history[0]?.from ?? this.#state, ...steps].join(' ');
  }

  #remember(step: StateStep<State, Event>): void {
    this.#history.push(step);
    if (this.#history.length > HISTORY_STEPS) this.#history.shift();
  }
}
