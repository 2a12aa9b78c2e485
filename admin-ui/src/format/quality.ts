// How a stream sounded, from its figures.
import { wordOfMos as wordOf, type CallStream } from '@cordboard/daemon/contract';

export type QualityWord = 'good' | 'fair' | 'poor' | 'none';

/** One direction of a leg: what its party says, or what it hears as it reports itself. */
export interface Way {
  direction: 'says' | 'hears';
  mos: number | null;
  /** packets that were on their way */
  sent: number;
  /** that never came; null: not known */
  lost: number | null;
  /** that came when their time was over */
  late: number;
  /** spoken in place of both */
  concealedMs: number;
  jitterMs: number | null;
}

export function waysOf(stream: CallStream): [Way, Way] {
  const { packetsReceived, packetsSent, lost, late, jitterMs, concealedMs, remoteLost, remoteJitterMs } = stream;
  const nothingCame = packetsReceived === 0;
  return [
    {
      ...{ direction: 'says', mos: stream.mosReceived, sent: packetsReceived + lost, late, concealedMs },
      ...{ lost: nothingCame ? null : lost, jitterMs: nothingCame ? null : jitterMs },
    },
    {
      ...{ direction: 'hears', mos: stream.mosSent, sent: packetsSent, late: 0, concealedMs: 0 },
      ...{ lost: remoteLost, jitterMs: remoteJitterMs },
    },
  ];
}

/** Of what was on its way, what never came or came too late to be played; null: not known. */
export function lostOf({ sent, lost, late }: Way): number | null {
  return lost === null || sent === 0 ? null : Math.min(1, (lost + late) / sent);
}

/** G.107 Annex B: from 4.0 on users are satisfied, below 3.6 many are not. */
export function wordOfMos(mos: number | null): QualityWord {
  if (mos === null) return 'none';
  return wordOf(mos);
}
