// How the line of an agent sounds while he talks.
import { z } from 'zod';
import { AgentNumber, DurationMs, StationNumber, TimeMs } from './primitives.js';

/** G.107 Annex B: from here on users are satisfied, and below `fair` many are not. */
export const MOS_LIMITS = { good: 4, fair: 3.6 } as const;

export const QualityWord = z.enum(['good', 'fair', 'poor']).meta({ id: 'QualityWord' });
export type QualityWord = z.infer<typeof QualityWord>;

export function wordOfMos(mos: number): QualityWord {
  return mos >= MOS_LIMITS.good ? 'good' : mos >= MOS_LIMITS.fair ? 'fair' : 'poor';
}

/** One direction, of the last seconds. */
export const LineWay = z
  .strictObject({
    lossShare: z.number().min(0).max(1).meta({ description: 'Of what was sent: lost, or too late to be played' }),
    jitterMs: DurationMs.meta({ description: 'RFC 3550 A.8' }),
    mos: z.number().min(1).max(5).meta({ description: 'Estimate by the E-model (G.107)' }),
  })
  .meta({ id: 'LineWay' });
export type LineWay = z.infer<typeof LineWay>;

export const LineQuality = z
  .strictObject({
    agentId: AgentNumber,
    station: StationNumber,
    browser: z.boolean().meta({ description: 'The headset of a page; otherwise a telephone' }),
    at: TimeMs.meta({ description: 'When it was measured' }),
    word: QualityWord.meta({
      description: `By the worse direction: good from MOS ${MOS_LIMITS.good} on, poor below ${MOS_LIMITS.fair} or when nothing comes`,
    }),
    silent: z.boolean().meta({ description: 'For seconds nothing has come of him, although it should' }),
    says: LineWay.nullable().meta({ description: 'What comes of him; null: nothing' }),
    hears: LineWay.nullable().meta({ description: 'What he hears, as his end reports it by RTCP; null: not yet' }),
    roundTripMs: DurationMs.nullable().meta({ description: 'By RTCP; null: not known yet' }),
  })
  .meta({
    id: 'LineQuality',
    description: 'How the line over IP of an agent who talks has sounded in the last seconds',
  });
export type LineQuality = z.infer<typeof LineQuality>;

/** null: he talks over IP no more */
export interface AgentLine {
  agentId: string;
  quality: LineQuality | null;
}
