// Provisional answers that want to be acknowledged, seen by the one who gets them (RFC 3262 clause 4).
import { parseNumber, type SipResponse } from '../../message/index.js';
import { SDP } from './bodies.js';
import type { InviteUsage } from './usage.js';

const HIGHEST_RSEQ = 4_294_967_295;

/** How an answer stands to those before it: `unreliable`, `stale` (repeated or out of order: to be ignored), or its RSeq. */
export type Reliability = 'unreliable' | 'stale' | number;

/** RSeq numbers of one dialog and one INVITE. */
export class ReliableSequence {
  #last: number | undefined;

  take(response: SipResponse): Reliability {
    if (response.status <= 100 || response.status >= 200) return 'unreliable';
    if (!response.headers.list('Require').some((option) => option.toLowerCase() === '100rel')) return 'unreliable';
    const rseq = parseNumber(response.headers.get('RSeq') ?? '', HIGHEST_RSEQ);
    if (rseq === undefined) return 'unreliable';
    // The first may have any number; of those after it none is acknowledged before the one that precedes it.
    if (this.#last !== undefined && rseq !== this.#last + 1) return 'stale';
    this.#last = rseq;
    return rseq;
  }
}

/** Sends the PRACK for the provisional answer with that RSeq, with an answer when the provisional answer brought an offer. */
export function sendPrack(usage: InviteUsage, response: SipResponse, rseq: number, body?: Buffer): void {
  const headers: [string, string][] = [['RAck', `${rseq} ${response.cseq.number} ${response.cseq.method}`]];
  if (body !== undefined) headers.push(['Content-Type', SDP]);
  const { dialog, owner } = usage;
  dialog.send(
    'PRACK',
    { headers, body, authorize: owner.authorize },
    {
      // A peer that does not take it refuses its INVITE, or does not: that is what counts.
      final: () => undefined,
      failed: () => undefined,
    },
  );
}

/** Acknowledges a provisional answer to a re-INVITE. */
export function acknowledgeProvisional(usage: InviteUsage, sequence: ReliableSequence, response: SipResponse): void {
  const rseq = sequence.take(response);
  if (typeof rseq === 'number' && !usage.over) sendPrack(usage, response, rseq);
}
