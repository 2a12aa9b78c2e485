// A queue's figures of a day, counted from the stored segments of kind `queued` and from nothing else: those of the day are
// read at start, and each one that begins or ends later is counted as it is stored. A call counts for the day on which it
// came into the queue. KPI: offered, answered, abandoned, answered within T (the queue's serviceLevelMs), sum of waits.
import type { QueueStatus, Segment } from '../contract/index.js';

export type DayFigures = QueueStatus['today'];

export function noFigures(): DayFigures {
  return { offered: 0, answered: 0, answeredInTime: 0, abandoned: 0, waitTotalMs: 0 };
}

/** The beginning of the day in which `nowMs` lies, in the box's own time zone. */
export function midnightBefore(nowMs: number): number {
  const day = new Date(nowMs);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** The beginning of the next day: 23 or 25 hours later when the clocks change. */
export function midnightAfter(nowMs: number): number {
  const day = new Date(midnightBefore(nowMs));
  day.setDate(day.getDate() + 1);
  return day.getTime();
}

/** A customer who is called back has come into the queue before, when he called. */
export function isCounted({ data }: Segment): boolean {
  return data['callbackId'] === undefined;
}

/** A call came into the queue. */
export function countEntered(figures: DayFigures): void {
  figures.offered += 1;
}

/** A call left the queue; how, stands in the segment. One that a crash has cut off is neither answered nor abandoned. */
export function countLeft(
  figures: DayFigures,
  segment: Segment,
  { serviceLevelMs, shortAbandonMs }: { serviceLevelMs: number; shortAbandonMs: number },
): void {
  const { outcome, waitMs } = segment.data;
  if (outcome === 'abandoned') {
    // KPI: whoever hangs up so soon was never offered.
    if (typeof waitMs === 'number' && waitMs < shortAbandonMs) figures.offered -= 1;
    else figures.abandoned += 1;
  }
  if (outcome !== 'answered' || typeof waitMs !== 'number') return;
  figures.answered += 1;
  figures.waitTotalMs += waitMs;
  if (waitMs <= serviceLevelMs) figures.answeredInTime += 1;
}
