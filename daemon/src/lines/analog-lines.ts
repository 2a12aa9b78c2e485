// Exchange lines on FXO ports: which of them a call out takes, which are out of service, and what is known of each.
//
//   a trunk's lines ── blocked, without voltage, in use, tried: left out ──> those that have just failed come last
//                                                                             ──> by order, or the least used first
import type { LineHunt } from '../contract/index.js';
import { AppError, type Clock } from '../platform/index.js';

/** So long a line whose call did not get away is tried after the others. */
const REST_MS = 60_000;

export type LineFault = 'noDialTone' | 'congestion';

export interface AnalogLineState {
  line: number;
  name: string;
  /** the exchange feeds it */
  voltage: boolean;
  state: 'idle' | 'in' | 'out';
  /** on it; 0: none */
  leg: number;
  blocked: boolean;
  fault: LineFault | null;
  /** wall clock */
  faultAt: number | null;
  /** that it has carried since the box began */
  calls: number;
}

interface Known extends AnalogLineState {
  /** the number has been dialled, or answered */
  away: boolean;
  restsUntil: number;
}

/** Q.850 */
const OUT_OF_ORDER = 38;
const CONGESTION = 42;

export class AnalogLines {
  readonly #clock: Clock;
  readonly #changed: (line: number) => void;
  readonly #lines = new Map<number, Known>();

  constructor(clock: Clock, changed: (line: number) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  add(line: number, name: string, voltage: boolean): void {
    const idle = { state: 'idle', leg: 0, blocked: false, fault: null, faultAt: null, calls: 0 } as const;
    this.#lines.set(line, { line, name, voltage, ...idle, away: false, restsUntil: 0 });
    this.#changed(line);
  }

  has(line: number): boolean {
    return this.#lines.has(line);
  }

  /** By number. */
  list(): AnalogLineState[] {
    return [...this.#lines.values()]
      .map(({ away: _away, restsUntil: _restsUntil, ...state }) => state)
      .sort((a, b) => a.line - b.line);
  }

  isBlocked(line: number): boolean {
    return this.#lines.get(line)?.blocked ?? false;
  }

  /** Until the box ends, or it is taken back; a call that is there goes on. analog_line_not_found */
  block(line: number, blocked: boolean): void {
    const known = this.#lines.get(line);
    if (known === undefined) throw new AppError('analog_line_not_found', { line });
    if (known.blocked === blocked) return;
    known.blocked = blocked;
    // Who puts it back into service has seen to it.
    if (!blocked) Object.assign(known, { fault: null, faultAt: null, restsUntil: 0 });
    this.#changed(line);
  }

  /** Lines of a trunk that a call out may take, in the order in which they are to be tried. */
  hunt(lines: readonly number[], hunt: LineHunt, except: readonly number[] = []): number[] {
    const now = this.#clock.wallMs();
    const known = lines.flatMap((line) => {
      const one = this.#lines.get(line);
      return one === undefined || one.blocked || !one.voltage || one.leg !== 0 || except.includes(line) ? [] : [one];
    });
    const used = (one: Known): number => (hunt === 'leastUsed' ? one.calls : 0);
    const rests = (one: Known): number => (one.restsUntil > now ? one.restsUntil : 0);
    // Sorting is stable: what is equal stays in the order of the list.
    return known.sort((a, b) => rests(a) - rests(b) || used(a) - used(b)).map(({ line }) => line);
  }

  /** Q.850 cause of a trunk of which no line takes a call: out of order when none of those in service has voltage. */
  causeOf(lines: readonly number[]): 34 | 38 {
    const inService = lines.flatMap((line) => this.#lines.get(line) ?? []).filter(({ blocked }) => !blocked);
    return inService.length > 0 && inService.every(({ voltage }) => !voltage) ? 38 : 34;
  }

  voltage(line: number, on: boolean): void {
    this.#put(line, { voltage: on });
  }

  taken(line: number, leg: number, state: 'in' | 'out'): void {
    const known = this.#lines.get(line);
    if (known === undefined) return;
    this.#put(line, { leg, state, away: false, calls: known.calls + 1 });
  }

  /** Its number has been dialled: it had dial tone. */
  dialled(line: number): void {
    this.#put(line, { away: true, fault: null, faultAt: null, restsUntil: 0 });
  }

  released(line: number, cause: number, by: 'remote' | 'local' | 'fault', answered: boolean): void {
    const known = this.#lines.get(line);
    if (known === undefined) return;
    const fault = faultOf(known, cause, by, answered);
    const now = this.#clock.wallMs();
    const failed = fault === undefined ? {} : { fault, faultAt: now, restsUntil: now + REST_MS };
    this.#put(line, { leg: 0, state: 'idle', ...failed });
  }

  #put(line: number, change: Partial<Known>): void {
    const known = this.#lines.get(line);
    if (known === undefined) return;
    Object.assign(known, change);
    this.#changed(line);
  }
}

/** Of a call out that did not come about through the line itself. */
function faultOf(line: Known, cause: number, by: string, answered: boolean): LineFault | undefined {
  if (line.state !== 'out' || answered || by === 'local') return undefined;
  if (cause === CONGESTION) return 'congestion';
  return cause === OUT_OF_ORDER && !line.away && line.voltage ? 'noDialTone' : undefined;
}

/** A call out that ended so may get away over another line of the same trunk (Q.850). */
export const OTHER_LINE_CAUSES: ReadonlySet<number> = new Set([27, 34, OUT_OF_ORDER, 41, CONGESTION, 44]);
