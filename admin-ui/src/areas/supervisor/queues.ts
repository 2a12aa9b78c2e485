import type { FloorMoment, QueueStatus, QueueThresholds } from '@cordboard/daemon/contract';

export type QueueFigures = FloorMoment['queues'][number] & { today: QueueStatus['today'] | null };
export type Level = 'calm' | 'warn' | 'bad';

export function queueFigures(queues: Iterable<QueueStatus | FloorMoment['queues'][number]>): QueueFigures[] {
  return [...queues]
    .map((queue) => ({ ...queue, today: 'today' in queue ? queue.today : null }))
    .sort((a, b) => a.name.localeCompare(b.name, 'zh-CN'));
}

/** null: nobody was answered or gave up yet; those still waiting are neither in time nor too late. */
export function serviceLevel(today: QueueStatus['today'] | null): number | null {
  const settled = today ? today.answered + today.abandoned : 0;
  return today && settled > 0 ? today.answeredInTime / settled : null;
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** How much attention a queue needs, by its own thresholds. Callers whom nobody can serve are always red. */
export function levelOf(queue: QueueFigures, waitMs: number, limits: QueueThresholds | undefined): Level {
  if (queue.waiting > 0 && queue.agentsSignedIn === 0) return 'bad';
  if (!limits) return 'calm';
  const inTime = serviceLevel(queue.today);
  const reached = (waiting: number | null, longestMs: number | null, share: number | null): boolean =>
    (waiting !== null && queue.waiting >= waiting) ||
    (longestMs !== null && queue.waiting > 0 && waitMs >= longestMs) ||
    (share !== null && inTime !== null && inTime < share);
  if (reached(limits.waitingRed, limits.longestRedMs, limits.serviceLevelRed)) return 'bad';
  return reached(limits.waitingAmber, limits.longestAmberMs, limits.serviceLevelAmber) ? 'warn' : 'calm';
}
