// How the lines of agents sound who talk over IP, told every few seconds: the supervisor sees whose line is bad while it is.
//
//   streams.statistics, all at once ─> the last seconds of each stream ─> the E-model ─> one line of each agent
import type { LineQuality, LineWay, QualityWord } from '../contract/index.js';
import { mosOf, wordOfMos } from '../contract/index.js';
import type { EngineClient, EngineCommands } from '../engine/index.js';
import { errorText, type Clock, type Log, type Timer } from '../platform/index.js';

/** A leg of a telephone that sound goes over. */
export interface WatchedLeg {
  leg: number;
  station: number;
  codec: string;
  ptimeMs: number;
  browser: boolean;
  /** it is agreed that it sends: it has not put us on hold */
  sends: boolean;
}

export interface LineWatchOptions {
  engine: EngineClient;
  /** those of now */
  legs: () => readonly WatchedLeg[];
  /** the agent who talks at a telephone; null: nobody */
  agentAt: (station: number) => string | null;
  /** null: he talks over IP no more */
  changed: (agentId: string, quality: LineQuality | null) => void;
  clock: Clock;
  log: Log;
}

type Statistics = EngineCommands['stream.statistics']['reply'];
interface Sample {
  received: number;
  lost: number;
  atMs: number;
}
interface Watched {
  samples: Sample[];
  /** since nothing has come, monotonic ms */
  quietSince: number;
  /** it sends nothing while its user is silent, and has come back after that without a loss: silence of it tells nothing */
  pauses: boolean;
}

export const LOOK_MS = 2000;
/** What is told is of so long: a single lost packet is no bad line, and one that was bad is soon good again. */
export const WINDOW_MS = 6000;
/** Of a line that stays good figures are told so seldom: of four hundred agents that is forty a second. */
const GOOD_EVERY_MS = 10_000;
const WORSE: Record<QualityWord, number> = { good: 0, fair: 1, poor: 2 };

export class LineWatch {
  readonly #options: LineWatchOptions;
  readonly #watched = new Map<number, Watched>();
  readonly #told = new Map<string, LineQuality>();
  #timer: Timer | undefined;
  #looking = false;

  constructor(options: LineWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.clock.every(LOOK_MS, () => {
      if (this.#looking) return;
      this.#looking = true;
      void this.#look().finally(() => (this.#looking = false));
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** As last told, of each agent who talks over IP. */
  list(): LineQuality[] {
    return [...this.#told.values()];
  }

  async #look(): Promise<void> {
    const { engine, legs, agentAt, clock, log } = this.#options;
    const watched = new Map<number, WatchedLeg & { agentId: string }>();
    for (const leg of legs()) {
      const agentId = agentAt(leg.station);
      if (agentId !== null) watched.set(leg.leg, { ...leg, agentId });
    }
    for (const leg of this.#watched.keys()) if (!watched.has(leg)) this.#watched.delete(leg);
    let streams: Statistics[] = [];
    try {
      if (watched.size > 0) ({ streams } = await engine.command('streams.statistics', { legs: [...watched.keys()] }));
    } catch (error) {
      log.debug({ err: error }, `lines cannot be measured: ${errorText(error)}`);
      return;
    }
    const at = clock.moment();
    const found = new Map<string, LineQuality>();
    for (const figures of streams) {
      const leg = watched.get(figures.leg);
      if (leg === undefined || this.#timer === undefined) continue;
      const { agentId, station, browser } = leg;
      const heard = this.#hear(leg, figures, at.monotonicMs);
      if (heard === undefined) continue;
      const quality = { ...{ agentId, station, browser, at: at.wallMs }, ...heard };
      const other = found.get(agentId);
      // Of two at one telephone the worse counts.
      if (other === undefined || WORSE[other.word] < WORSE[quality.word]) found.set(agentId, quality);
    }
    for (const quality of found.values()) this.#tell(quality);
    // Of a leg that has just begun nothing is known; of one that is on hold nothing is to be known.
    const begun = [...watched.values()].filter(({ leg }) => (this.#watched.get(leg)?.samples.length ?? 0) < 2);
    const talking = new Set([...found.keys(), ...begun.map(({ agentId }) => agentId)]);
    for (const agentId of [...this.#told.keys()]) {
      if (talking.has(agentId)) continue;
      this.#told.delete(agentId);
      this.#options.changed(agentId, null);
    }
  }

  #hear(leg: WatchedLeg, figures: Statistics, nowMs: number): Omit<LineQuality, keyof Named> | undefined {
    const now = { received: figures.packetsReceived, lost: figures.lost + figures.late, atMs: nowMs };
    const known = this.#watched.get(leg.leg) ?? { samples: [], quietSince: nowMs, pauses: false };
    this.#watched.set(leg.leg, known);
    const before = known.samples.at(-1);
    if (before !== undefined && now.received > before.received) {
      const returned = nowMs - known.quietSince >= WINDOW_MS && now.lost <= before.lost;
      if (returned && before.received > 0) known.pauses = true;
    }
    if (before === undefined || now.received > before.received || !leg.sends) known.quietSince = nowMs;
    known.samples.push(now);
    while (nowMs - (known.samples[1] ?? now).atMs >= WINDOW_MS) known.samples.shift();
    if (before === undefined) return undefined;

    const silent = leg.sends && !known.pauses && nowMs - known.quietSince >= WINDOW_MS;
    const says = saysOf(leg, figures, known.samples[0] ?? now, now);
    const hears = hearsOf(leg, figures);
    if (says === null && hears === null && !silent) return undefined;
    const mos = Math.min(...[says, hears].map((way) => way?.mos ?? 5));
    return {
      word: silent ? 'poor' : wordOfMos(mos),
      ...{ silent, says, hears },
      roundTripMs: figures.roundTripMs === undefined ? null : Math.round(figures.roundTripMs),
    };
  }

  #tell(quality: LineQuality): void {
    const before = this.#told.get(quality.agentId);
    if (before !== undefined && staysGood(before, quality) && quality.at - before.at < GOOD_EVERY_MS) return;
    this.#told.set(quality.agentId, quality);
    this.#options.changed(quality.agentId, quality);
  }
}

/** What has become known since, as the round trip, is told at once. */
function staysGood(before: LineQuality, now: LineQuality): boolean {
  const known = ({ hears, roundTripMs }: LineQuality): string => `${hears !== null} ${roundTripMs !== null}`;
  const same = before.station === now.station && known(before) === known(now);
  return same && before.word === 'good' && now.word === 'good';
}

type Named = Pick<LineQuality, 'agentId' | 'station' | 'browser' | 'at'>;

/** null: nothing has come in this time. */
function saysOf({ codec, ptimeMs }: WatchedLeg, figures: Statistics, then: Sample, now: Sample): LineWay | null {
  const received = now.received - then.received;
  if (received <= 0) return null;
  const lost = Math.max(0, now.lost - then.lost);
  const lossShare = lost / (lost + received);
  const delayMs = (figures.roundTripMs ?? 0) / 2 + figures.bufferMs + ptimeMs;
  return way(lossShare, figures.jitterMs, mosOf({ codec, delayMs, lossShare }));
}

function hearsOf({ codec, ptimeMs }: WatchedLeg, { remote, roundTripMs = 0 }: Statistics): LineWay | null {
  if (remote === undefined) return null;
  const { lostShare: lossShare, jitterMs } = remote;
  // Its buffer is not known; twice its jitter and a packet is what one needs.
  const delayMs = roundTripMs / 2 + 2 * ptimeMs + 2 * jitterMs;
  return way(lossShare, jitterMs, mosOf({ codec, delayMs, lossShare }));
}

const way = (lossShare: number, jitterMs: number, mos: number): LineWay => ({
  lossShare: Math.round(lossShare * 1000) / 1000,
  jitterMs: Math.round(jitterMs),
  mos: Math.round(mos * 100) / 100,
});
