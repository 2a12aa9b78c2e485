// How well a leg over IP was heard, as it is stored with the call.
import type { StreamRow } from '../db/index.js';
import type { LegQuality } from '../lines/index.js';
import { newUlid } from '../platform/index.js';
import type { Leg } from './leg.js';

const whole = (value: number): number => Math.max(0, Math.round(value));
const wholeOrNull = (value: number | undefined): number | null => (value === undefined ? null : whole(value));
/** Two places: more than the model knows. */
const opinion = (value: number | undefined): number | null =>
  value === undefined ? null : Math.min(5, Math.max(1, Math.round(value * 100) / 100));

export function streamRow(
  callId: string,
  { place, role, station }: Leg,
  quality: LegQuality,
  startedAt: number,
  endedAt: number,
): StreamRow {
  return {
    ...{ id: newUlid(), callId, role, station, trunk: place.kind === 'trunk' ? place.trunk : null },
    ...{ codec: quality.codec, encrypted: quality.encrypted },
    ...{ startedAt, endedAt: Math.max(startedAt, endedAt) },
    packetsSent: whole(quality.packetsSent),
    packetsReceived: whole(quality.packetsReceived),
    lost: whole(quality.lost),
    late: whole(quality.late),
    jitterMs: whole(quality.jitterMs),
    bufferMs: whole(quality.bufferMs),
    concealedMs: whole(quality.concealedMs),
    roundTripMs: wholeOrNull(quality.roundTripMs),
    remoteLost: wholeOrNull(quality.remoteLost),
    remoteJitterMs: wholeOrNull(quality.remoteJitterMs),
    mosReceived: opinion(quality.mosReceived),
    mosSent: opinion(quality.mosSent),
  };
}
