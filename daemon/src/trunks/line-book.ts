// The box's analog exchange lines as pages see them: what is known of each line, and which call is on it.
import type { AnalogLine, LiveEvents } from '../contract/index.js';
import type { AnalogLines, AnalogLineState, Lines } from '../lines/index.js';
import { AppError, type Log, type TypedEmitter, type Unsubscribe } from '../platform/index.js';

export interface LineBookOptions {
  analog: AnalogLines;
  trunkOfLine: (line: number) => string | null;
  lines: Lines;
  live: TypedEmitter<LiveEvents>;
  log: Log;
}

export class LineBook {
  readonly #options: LineBookOptions;
  /** by leg */
  readonly #calls = new Map<number, string>();
  #off: Unsubscribe | undefined;

  constructor(options: LineBookOptions) {
    this.#options = options;
  }

  start(): void {
    this.#off = this.#options.lines.events.on('line.changed', ({ line }) => this.#changed(line));
  }

  stop(): void {
    this.#off?.();
  }

  /** By number. */
  list(): AnalogLine[] {
    return this.#options.analog.list().map((state) => this.#dto(state));
  }

  find(line: number): AnalogLine | undefined {
    return this.list().find((one) => one.line === line);
  }

  /** Whether a line takes calls; one that is on it goes on. analog_line_not_found */
  block(line: number, blocked: boolean): AnalogLine {
    this.#options.analog.block(line, blocked);
    const now = this.find(line);
    if (now === undefined) throw new AppError('analog_line_not_found', { line });
    return now;
  }

  setCall(leg: number, callId: string | null): void {
    const state = this.#options.analog.list().find((one) => one.leg === leg);
    if (state === undefined) return;
    if (callId === null) this.#calls.delete(leg);
    else this.#calls.set(leg, callId);
    this.#changed(state.line);
  }

  #changed(line: number): void {
    const { analog, live, log } = this.#options;
    const states = analog.list();
    const legs = new Set(states.map(({ leg }) => leg));
    for (const leg of this.#calls.keys()) if (!legs.has(leg)) this.#calls.delete(leg);
    const state = states.find((one) => one.line === line);
    if (state === undefined) return;
    const { voltage, fault, blocked } = state;
    if (!voltage || fault !== null) log.info({ line, voltage, fault, blocked }, 'an exchange line has a fault');
    live.emit('line.updated', this.#dto(state));
  }

  #dto({ leg, ...state }: AnalogLineState): AnalogLine {
    return { ...state, trunk: this.#options.trunkOfLine(state.line), callId: this.#calls.get(leg) ?? null };
  }
}
