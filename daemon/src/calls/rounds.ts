// Who is called for what a number leads to, and in which order.
import type { DialResolution, LineTarget } from '../lines/index.js';

/** A telephone that nobody lifts. */
const STATION_RING_MS = 60_000;
/** Q.931 9.1, T301: at least 3 minutes until an answer. */
const T301_MS = 180_000;

export interface Callee {
  target: LineTarget;
  number: string;
  callingNumber: string;
  /** whoever is called does not see it */
  privacy?: boolean | undefined;
  emergency?: boolean | undefined;
}

/** Those who are called at once. */
export interface Round {
  callees: readonly Callee[];
  limitMs: number;
  /** one telephone, called for itself: where it sends the call on is followed */
  forwards?: boolean | undefined;
}

/** What telephones and trunks are called for. */
export type Dialled = Extract<DialResolution, { kind: 'station' | 'group' | 'out' }>;

/** Who is to be called for what a number leads to; `exceptStation`: the one who calls is not rung himself. */
export function roundsOf(
  found: Dialled,
  number: string,
  callingNumber: string,
  exceptStation: number | null,
): readonly Round[] {
  const station = (one: number): Callee => ({ target: { kind: 'station', station: one }, number, callingNumber });
  switch (found.kind) {
    case 'station':
      return found.station === exceptStation
        ? []
        : [{ callees: [station(found.station)], limitMs: STATION_RING_MS, forwards: true }];
    case 'group': {
      const callees = found.stations.filter((one) => one !== exceptStation).map(station);
      if (found.strategy === 'all') return callees.length === 0 ? [] : [{ callees, limitMs: found.ringTimeoutMs }];
      return callees.map((callee) => ({ callees: [callee], limitMs: found.ringTimeoutMs }));
    }
    case 'out':
      return found.attempts.map(({ trunk, ...told }) => ({
        callees: [{ target: { kind: 'trunk', trunk }, emergency: found.emergency ?? false, ...told }],
        limitMs: T301_MS,
      }));
  }
}

/** Whether a final cause of one way ends it all: the others lead to the same party. */
export function leadToOne(found: Dialled): boolean {
  return found.kind === 'out' && found.emergency !== true;
}
