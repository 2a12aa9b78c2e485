// The box's telephones: which are lifted, ring or have a leg on them. Kept from the engine's events alone, so that
// whoever has a telephone rung (calls/) and whoever wants to know (acd/, the pages) need not know each other.
import type { EngineClient } from '../engine/index.js';
import { isStation } from '../engine/index.js';
import type { Clock, Log, Timer, Unsubscribe } from '../platform/index.js';

/**
 * When the box ends a call, a telephone that is still off the hook gets a gap in its battery of 500 ms; only after it does
 * the engine say whether the receiver is still off. Until then the telephone cannot be rung.
 */
const SETTLE_MS = 700;

export interface StationState {
  station: number;
  name: string;
  offHook: boolean;
  ringing: boolean;
  /** a leg is on it, or it is off the hook after one */
  busy: boolean;
}

interface KnownStation {
  name: string;
  port: number;
  /** 0: none */
  leg: number;
  offHook: boolean;
  ringing: boolean;
  settling: Timer | undefined;
}

export interface StationBookOptions {
  engine: EngineClient;
  clock: Clock;
  log: Log;
  /** after every change */
  changed: (station: number) => void;
}

export class StationBook {
  readonly #options: StationBookOptions;
  readonly #stations = new Map<number, KnownStation>();
  readonly #byPort = new Map<number, number>();
  readonly #byLeg = new Map<number, number>();
  #offs: Unsubscribe[] = [];

  constructor(options: StationBookOptions) {
    this.#options = options;
  }

  /** Reads the telephones, then follows them. Rejects when the engine does not answer. */
  async start(): Promise<void> {
    const { events } = this.#options.engine;
    this.#offs = [
      events.on('leg.offered', ({ leg, kind, analog }) => {
        if (kind === 'station' && isStation(analog)) this.#set(analog, { leg, offHook: true, ringing: false });
      }),
      events.on('leg.progressed', ({ leg, port, progress }) => {
        const station = this.#byPort.get(port);
        if (station !== undefined && progress === 'alerting') this.#set(station, { leg, ringing: true });
      }),
      events.on('leg.answered', ({ leg, port }) => {
        const station = this.#byPort.get(port);
        if (station !== undefined) this.#set(station, { leg, ringing: false, offHook: true });
      }),
      events.on('leg.released', ({ leg, by }) => this.#legReleased(leg, by === 'remote')),
      events.on('station.hook', ({ analog, offHook }) => this.#hook(analog, offHook)),
    ];
    const { analogs } = await this.#options.engine.command('engine.snapshot', {});
    for (const { analog, name, port, kind, leg, offHook, ringing } of analogs) {
      if (kind !== 'fxs' || !isStation(analog)) continue;
      this.#stations.set(analog, { name, port, leg, offHook, ringing, settling: undefined });
      this.#byPort.set(port, analog);
      if (leg !== 0) this.#byLeg.set(leg, analog);
    }
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
    for (const known of this.#stations.values()) known.settling?.cancel();
  }

  /** By number. */
  list(): StationState[] {
    return [...this.#stations.keys()].sort((a, b) => a - b).map((station) => this.find(station) as StationState);
  }

  find(station: number): StationState | undefined {
    const known = this.#stations.get(station);
    if (known === undefined) return undefined;
    const { name, offHook, ringing, leg } = known;
    return { station, name, offHook, ringing, busy: leg !== 0 };
  }

  #legReleased(leg: number, byTelephone: boolean): void {
    const station = this.#byLeg.get(leg);
    const known = station === undefined ? undefined : this.#stations.get(station);
    if (station === undefined || known === undefined) return;
    if (byTelephone || !known.offHook) return this.#set(station, { leg: 0, ringing: false, offHook: false });
    known.settling?.cancel();
    known.settling = this.#options.clock.after(SETTLE_MS, () => this.#hook(station, false));
    this.#set(station, { leg: 0, ringing: false });
  }

  #hook(station: number, offHook: boolean): void {
    const known = this.#stations.get(station);
    known?.settling?.cancel();
    this.#set(station, { offHook });
  }

  #set(station: number, change: Partial<KnownStation>): void {
    const known = this.#stations.get(station);
    if (known === undefined) return;
    if (change.leg !== undefined && change.leg !== known.leg) {
      this.#byLeg.delete(known.leg);
      if (change.leg !== 0) this.#byLeg.set(change.leg, station);
    }
    // A new leg: the end of the one before does not matter any more.
    if (change.leg !== undefined && change.leg !== 0) known.settling?.cancel();
    const before = { ...known };
    Object.assign(known, change);
    if (before.offHook === known.offHook && before.ringing === known.ringing && before.leg === known.leg) return;
    this.#options.changed(station);
  }
}
