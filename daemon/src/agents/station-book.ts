// The telephones: which are lifted, ring, have a leg on them or cannot be reached. Kept from what the lines tell alone, so that
// whoever has a telephone rung (calls/) and whoever wants to know (acd/, the pages) need not know each other.
import type { LegPlace, Lines, StationLine } from '../lines/index.js';
import type { Unsubscribe } from '../platform/index.js';

export interface StationState {
  station: number;
  name: string;
  /** false: it is not registered; an analog one always is */
  reachable: boolean;
  /** of an analog one */
  offHook: boolean;
  ringing: boolean;
  /** a leg is on it */
  busy: boolean;
}

export interface StationBookOptions {
  lines: Lines;
  /** after every change */
  changed: (station: number) => void;
}

interface StationLeg {
  station: number;
  ringing: boolean;
}

export class StationBook {
  readonly #options: StationBookOptions;
  readonly #stations = new Map<number, StationLine>();
  readonly #legs = new Map<number, StationLeg>();
  /** legs by station */
  readonly #onStation = new Map<number, Set<number>>();
  #offs: Unsubscribe[] = [];

  constructor(options: StationBookOptions) {
    this.#options = options;
  }

  start(): void {
    const { lines } = this.#options;
    const { events } = lines;
    this.#offs = [
      events.on('leg.offered', ({ leg, origin }) => this.#begun(leg, origin)),
      events.on('leg.seized', ({ leg, place }) => this.#begun(leg, place)),
      events.on('leg.progressed', ({ leg, progress }) => {
        if (progress === 'alerting') this.#rings(leg, true);
      }),
      events.on('leg.answered', ({ leg }) => this.#rings(leg, false)),
      events.on('leg.released', ({ leg }) => this.#ended(leg)),
      events.on('station.changed', (line) => this.#changed(line)),
      events.on('station.removed', ({ station }) => {
        if (this.#stations.delete(station)) this.#options.changed(station);
      }),
    ];
    for (const line of lines.stations()) this.#stations.set(line.station, { ...line });
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
  }

  /** By number. */
  list(): StationState[] {
    const all = [...this.#stations.keys()].sort((a, b) => a - b).map((station) => this.find(station));
    return all.filter((state) => state !== undefined);
  }

  find(station: number): StationState | undefined {
    const line = this.#stations.get(station);
    if (line === undefined) return undefined;
    const legs = [...(this.#onStation.get(station) ?? [])];
    return { ...line, ringing: legs.some((leg) => this.#legs.get(leg)?.ringing === true), busy: legs.length > 0 };
  }

  #begun(leg: number, place: LegPlace): void {
    if (place.kind !== 'station') return;
    const { station } = place;
    this.#legs.set(leg, { station, ringing: false });
    const legs = this.#onStation.get(station) ?? new Set();
    this.#onStation.set(station, legs.add(leg));
    this.#options.changed(station);
  }

  #rings(leg: number, ringing: boolean): void {
    const known = this.#legs.get(leg);
    if (known === undefined || known.ringing === ringing) return;
    known.ringing = ringing;
    this.#options.changed(known.station);
  }

  #ended(leg: number): void {
    const known = this.#legs.get(leg);
    if (known === undefined) return;
    this.#legs.delete(leg);
    const legs = this.#onStation.get(known.station);
    legs?.delete(leg);
    if (legs?.size === 0) this.#onStation.delete(known.station);
    this.#options.changed(known.station);
  }

  #changed(line: StationLine): void {
    const before = this.#stations.get(line.station);
    this.#stations.set(line.station, { ...line });
    if (before?.name === line.name && before.reachable === line.reachable && before.offHook === line.offHook) return;
    this.#options.changed(line.station);
  }
}
