// The way of a caller, from the pieces of his call: what he chose, where he waited, who had him.
import type { Segment } from '@cordboard/daemon/contract';

export type Step =
  | { id: string; kind: 'keys'; digits: string; typed: boolean }
  | { id: string; kind: 'queue'; queueId: string; waitMs: number | null; from: number }
  | { id: string; kind: 'talk'; agentId: string }
  | { id: string; kind: 'transferred'; by: string };

const text = (segment: Segment, name: string): string => {
  const value = segment.data[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

export function stepsOf(segments: readonly Segment[], agentId: string | null): Step[] {
  const sorted = [...segments].sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  const steps: Step[] = [];
  for (const segment of sorted) {
    const { id, kind, startedAt, endedAt } = segment;
    if (kind === 'menu') {
      const digits = text(segment, 'digits') || text(segment, 'digit');
      if (endedAt !== null) steps.push({ id, kind: 'keys', digits, typed: text(segment, 'variable') !== '' });
    } else if (kind === 'queued') {
      const waitMs = endedAt === null ? null : endedAt - startedAt;
      steps.push({ id, kind: 'queue', queueId: text(segment, 'queueId'), waitMs, from: startedAt });
    } else if (kind === 'talk') {
      const who = text(segment, 'agentId');
      if (who !== '' && who !== agentId) steps.push({ id, kind: 'talk', agentId: who });
    } else if (kind === 'transferred') steps.push({ id, kind: 'transferred', by: text(segment, 'by') });
  }
  return steps;
}

/** Why it rang here, in the words of the box; of the last offer. */
export function whyOf(segments: readonly Segment[], agentId: string | null): string {
  const mine = segments.filter(({ kind, data }) => kind === 'offer' && data['agentId'] === agentId);
  const last = mine.sort((a, b) => b.startedAt - a.startedAt)[0];
  return last ? text(last, 'whyText') : '';
}
