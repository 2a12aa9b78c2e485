// How a stream sounded, from its figures.
import type { CallStream } from '@cordboard/daemon/contract';

export type QualityWord = 'good' | 'fair' | 'poor' | 'none';

/** Of what the other side sent, what never came or came too late to be played. */
export function lossShare({ packetsReceived, lost, late }: CallStream): number {
  const sent = packetsReceived + lost;
  return sent === 0 ? 0 : Math.min(1, (lost + late) / sent);
}

/** The worse of both directions: a call is as good as the one who hears less of it says. */
export function worstMos({ mosReceived, mosSent }: CallStream): number | null {
  const known = [mosReceived, mosSent].filter((mos) => mos !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** G.107 Annex B: from 4.0 on users are satisfied, below 3.6 many are not. */
export function wordOfMos(mos: number | null): QualityWord {
  if (mos === null) return 'none';
  return mos >= 4 ? 'good' : mos >= 3.6 ? 'fair' : 'poor';
}
