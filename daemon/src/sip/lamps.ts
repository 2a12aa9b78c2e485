// What lamps of telephones show: the calls of every station, SIP, analog or an agent's, read from what the lines tell.
import type { LegPlace, Lines, StationLine } from '../lines/index.js';
import type { Unsubscribe } from '../platform/index.js';
import type { LampCall, StackLamp } from './stack/index.js';

/** Of an agent what others may see at his telephone. */
export interface WatchedAgent {
  id: string;
  state: 'signedOut' | 'ready' | 'ringing' | 'talking' | 'wrapUp' | 'notReady';
  station: number | null;
}

export interface LampsOptions {
  lines: Lines;
  /** Both are called at most once a turn for each station, and return at once. */
  set: (lamp: StackLamp) => void;
  remove: (station: number) => void;
}

/** English, as RFC 3863 has it without xml:lang; the other states show in the station's calls. */
const NOTES: Partial<Record<WatchedAgent['state'], string>> = { wrapUp: 'Wrapping up', notReady: 'Not ready' };

export class Lamps {
  readonly #options: LampsOptions;
  readonly #stations = new Map<number, StationLine>();
  /** station by leg, and calls by station and leg */
  readonly #legs = new Map<number, number>();
  readonly #calls = new Map<number, Map<number, LampCall>>();
  readonly #agents = new Map<string, WatchedAgent>();
  readonly #dirty = new Set<number>();
  #offs: Unsubscribe[] = [];

  constructor(options: LampsOptions) {
    this.#options = options;
  }

  start(): void {
    const { lines } = this.#options;
    const { events } = lines;
    this.#offs = [
      events.on('leg.offered', ({ leg, origin, calledNumber }) => this.#begun(leg, origin, 'out', calledNumber)),
      events.on('leg.seized', ({ leg, place, callingNumber = '' }) => this.#begun(leg, place, 'in', callingNumber)),
      events.on('leg.answered', ({ leg }) => this.#talks(leg)),
      events.on('leg.accepted', ({ leg }) => this.#talks(leg)),
      events.on('leg.released', ({ leg }) => this.#ended(leg)),
      events.on('station.changed', (line) => this.#changed(line)),
      events.on('station.removed', ({ station }) => {
        this.#stations.delete(station);
        this.#note(station);
      }),
    ];
    for (const line of lines.stations()) this.#changed(line);
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
  }

  agentChanged(agent: WatchedAgent): void {
    const before = this.#agents.get(agent.id)?.station ?? null;
    if (agent.station === null) this.#agents.delete(agent.id);
    else this.#agents.set(agent.id, agent);
    for (const station of new Set([before, agent.station])) if (station !== null) this.#note(station);
  }

  /** The stack has begun anew and knows of none. */
  tellAll(): void {
    for (const station of this.#stations.keys()) this.#note(station);
  }

  #begun(leg: number, place: LegPlace, direction: LampCall['direction'], remote: string): void {
    if (place.kind !== 'station') return;
    const { station } = place;
    this.#legs.set(leg, station);
    const calls = this.#calls.get(station) ?? new Map<number, LampCall>();
    this.#calls.set(station, calls.set(leg, { id: lampOfLeg(leg), direction, state: 'early', remote }));
    this.#note(station);
  }

  #talks(leg: number): void {
    const station = this.#legs.get(leg);
    const calls = station === undefined ? undefined : this.#calls.get(station);
    const call = calls?.get(leg);
    if (station === undefined || call === undefined || call.state === 'confirmed') return;
    calls?.set(leg, { ...call, state: 'confirmed' });
    this.#note(station);
  }

  #ended(leg: number): void {
    const station = this.#legs.get(leg);
    if (station === undefined) return;
    this.#legs.delete(leg);
    const calls = this.#calls.get(station);
    calls?.delete(leg);
    if (calls?.size === 0) this.#calls.delete(station);
    this.#note(station);
  }

  #changed(line: StationLine): void {
    this.#stations.set(line.station, line);
    this.#note(line.station);
  }

  /** Several changes of one turn are told together. */
  #note(station: number): void {
    if (this.#dirty.size === 0) queueMicrotask(() => this.#flush());
    this.#dirty.add(station);
  }

  #flush(): void {
    for (const station of this.#dirty) {
      const line = this.#stations.get(station);
      if (line === undefined) this.#options.remove(station);
      else this.#options.set(this.#lamp(line));
    }
    this.#dirty.clear();
  }

  #lamp({ station, name, reachable }: StationLine): StackLamp {
    const calls = [...(this.#calls.get(station)?.values() ?? [])];
    const agent = [...this.#agents.values()].find((one) => one.station === station);
    return { station, name, reachable, note: (agent && NOTES[agent.state]) ?? '', calls };
  }
}

/** The name that a leg's call has on a lamp. */
export function lampOfLeg(leg: number): string {
  return `leg${leg}`;
}

/** undefined: it is none. */
export function legOfLamp(id: string): number | undefined {
  const match = /^leg(\d{1,15})$/.exec(id);
  return match === null ? undefined : Number(match[1]);
}
