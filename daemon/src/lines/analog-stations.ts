// The hook switches of analog telephones, as far as the engine tells.
import type { Clock, Timer } from '../platform/index.js';
import type { StationLine } from './lines.js';

/**
 * When the box ends a call, a telephone that is still off the hook gets a gap in its battery of 500 ms; only after it does
 * the engine say whether the receiver is still off. Until then the telephone cannot be rung.
 */
const SETTLE_MS = 700;

interface KnownStation {
  name: string;
  offHook: boolean;
  settling: Timer | undefined;
}

export class AnalogStations {
  readonly #clock: Clock;
  readonly #changed: (line: StationLine) => void;
  readonly #stations = new Map<number, KnownStation>();

  constructor(clock: Clock, changed: (line: StationLine) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  add(station: number, name: string, offHook: boolean): void {
    this.#stations.set(station, { name, offHook, settling: undefined });
    this.#changed({ station, name, reachable: true, offHook });
  }

  has(station: number): boolean {
    return this.#stations.has(station);
  }

  list(): StationLine[] {
    return [...this.#stations].map(([station, { name, offHook }]) => ({ station, name, reachable: true, offHook }));
  }

  /** A leg begins, or is answered: the receiver is off, and the end of the leg before does not matter any more. */
  lifted(station: number): void {
    this.hook(station, true);
  }

  released(station: number, byTelephone: boolean): void {
    const known = this.#stations.get(station);
    if (known === undefined) return;
    if (byTelephone || !known.offHook) return this.hook(station, false);
    known.settling?.cancel();
    known.settling = this.#clock.after(SETTLE_MS, () => this.hook(station, false));
  }

  hook(station: number, offHook: boolean): void {
    const known = this.#stations.get(station);
    if (known === undefined) return;
    known.settling?.cancel();
    known.settling = undefined;
    if (known.offHook === offHook) return;
    known.offHook = offHook;
    this.#changed({ station, name: known.name, reachable: true, offHook });
  }

  stop(): void {
    for (const { settling } of this.#stations.values()) settling?.cancel();
  }
}
