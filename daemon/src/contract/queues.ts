import { z } from 'zod';
import { ClipName, DisplayName, DurationMs, Slug, TimeMs, Ulid } from './primitives.js';
import {
  NoAnswerRule,
  QueueAnnouncements,
  QueueExit,
  QueueRouting,
  QueueStrategy,
  QueueTarget,
} from './queue-routing.js';

const queueFields = {
  name: DisplayName,
  strategy: QueueStrategy,
  ringTimeoutMs: DurationMs.min(1000).max(300_000).meta({ description: 'How long an agent is rung' }),
  wrapUpMs: DurationMs.max(3_600_000).meta({ description: 'Time for the paperwork after a talk' }),
  maxWaitMs: DurationMs.min(1000).max(14_400_000).meta({ description: 'A caller who waited longer overflows' }),
  serviceLevelMs: DurationMs.min(1000).max(3_600_000).meta({ description: 'Answered within this is in time' }),
  music: ClipName.nullable().meta({
    description: 'Playlist, or prompt, for those who wait; null: the playlist of the setting `music.standard`',
  }),
  wrapUpMode: z.enum(['timed', 'manual', 'untilDisposition']).meta({
    description:
      'manual: until the agent says that he is ready; untilDisposition: until he has said what the call came to',
  }),
  wrapUpLimitMs: DurationMs.max(14_400_000).meta({
    description: 'Wrap-up ends after this time, whatever the mode and however often it was made longer; 0: never',
  }),
  maxLength: z.int().min(0).max(10_000).meta({ description: 'Calls that may wait; 0: any number' }),
  shortAbandonMs: DurationMs.max(60_000).meta({ description: 'Who hangs up sooner is not counted as offered' }),
  routing: QueueRouting,
  overflow: QueueTarget.meta({ description: 'Where those go who waited too long, or found the queue full' }),
  noAnswer: NoAnswerRule,
  announcements: QueueAnnouncements,
  exits: z
    .array(QueueExit)
    .max(12)
    .refine((all) => new Set(all.map(({ key }) => key)).size === all.length),
};

export const Queue = z.strictObject({ id: Slug, ...queueFields }).meta({ id: 'Queue' });
export type Queue = z.infer<typeof Queue>;

export const QueueCreate = z
  .strictObject({
    id: Slug,
    name: queueFields.name,
    strategy: queueFields.strategy.default('longest_idle'),
    ringTimeoutMs: queueFields.ringTimeoutMs.default(15_000),
    wrapUpMs: queueFields.wrapUpMs.default(10_000),
    maxWaitMs: queueFields.maxWaitMs.default(600_000),
    serviceLevelMs: queueFields.serviceLevelMs.default(20_000),
    music: queueFields.music.default(null),
    wrapUpMode: queueFields.wrapUpMode.default('timed'),
    wrapUpLimitMs: queueFields.wrapUpLimitMs.default(0),
    maxLength: queueFields.maxLength.default(0),
    shortAbandonMs: queueFields.shortAbandonMs.default(5000),
    routing: queueFields.routing.prefault({}),
    overflow: queueFields.overflow.prefault({ to: 'flow' }),
    noAnswer: queueFields.noAnswer.prefault({}),
    announcements: queueFields.announcements.prefault({}),
    exits: queueFields.exits.default([]),
  })
  .meta({ id: 'QueueCreate' });
export type QueueCreate = z.infer<typeof QueueCreate>;

export const QueuePatch = z.strictObject(queueFields).partial().meta({ id: 'QueuePatch' });
export type QueuePatch = z.infer<typeof QueuePatch>;

/** The queues that a queue names: those whose agents it borrows, and those to which it sends callers on. */
export function queuesNamedBy(queue: {
  routing?: QueueRouting | undefined;
  overflow?: QueueTarget | undefined;
  exits?: QueueExit[] | undefined;
}): string[] {
  const targets = [queue.overflow, ...(queue.exits ?? []).map(({ target }) => target)];
  return [
    ...(queue.routing?.relax ?? []).flatMap((step) => (step.action === 'widen' ? [step.queueId] : [])),
    ...targets.flatMap((target) => (target?.to === 'queue' ? [target.queueId] : [])),
  ];
}

/** How long a caller will wait, or why that is not known. */
export const WaitEstimate = z
  .discriminatedUnion('code', [
    z.strictObject({
      code: z.literal('known'),
      waitMs: DurationMs,
      lowMs: DurationMs.meta({ description: 'Four of five wait between lowMs and highMs' }),
      highMs: DurationMs,
      confidence: z.enum(['low', 'medium', 'high']),
    }),
    z.strictObject({ code: z.literal('unknown'), why: z.enum(['nobody_serves', 'no_handling_time']) }),
  ])
  .meta({ id: 'WaitEstimate' });
export type WaitEstimate = z.infer<typeof WaitEstimate>;

/** A call that waits in a queue, and what keeps it from being served. */
export const QueueWaiting = z
  .strictObject({
    kind: z.enum(['call', 'callback']).meta({ description: 'callback: nobody is on the line' }),
    callId: Ulid.meta({ description: 'Of the call, or of the callback' }),
    position: z.int().min(1).nullable().meta({ description: "Its place; null: an agent's telephone rings for it" }),
    waitedMs: DurationMs,
    points: z.number().meta({ description: 'Priority, and what it has gained by waiting' }),
    vip: z.boolean(),
    why: z
      .strictObject({
        code: z.enum(['nobody_in_queue', 'nobody_free', 'nobody_fits', 'waits_for_agent']),
        counts: z.record(z.string(), z.int().min(1)).meta({ description: 'Agents, by what keeps them from it' }),
        text: z.string().meta({ description: 'The same in words, in the language asked for' }),
      })
      .nullable()
      .meta({ description: 'null: it rings, or is about to' }),
    estimate: WaitEstimate,
  })
  .meta({ id: 'QueueWaiting' });
export type QueueWaiting = z.infer<typeof QueueWaiting>;

/** How a queue stands now; the day's figures are counted from stored segments since midnight of the box. */
export const QueueStatus = z
  .strictObject({
    id: Slug,
    name: DisplayName,
    waiting: z.int().min(0).meta({ description: 'Calls waiting or being offered' }),
    offering: z.int().min(0).meta({ description: 'Of these, calls ringing an agent' }),
    longestWaitSince: TimeMs.nullable().meta({ description: 'When the first in line came; null: nobody waits' }),
    talking: z.int().min(0).meta({ description: 'Calls of this queue in talk' }),
    agentsSignedIn: z.int().min(0),
    agentsReady: z.int().min(0),
    today: z.strictObject({
      offered: z.int().min(0).meta({ description: 'Calls that came into the queue' }),
      answered: z.int().min(0),
      answeredInTime: z.int().min(0).meta({ description: 'Within serviceLevelMs' }),
      abandoned: z.int().min(0).meta({ description: 'Hung up while waiting' }),
      waitTotalMs: DurationMs.meta({ description: 'Sum of the waits of answered calls' }),
    }),
  })
  .meta({ id: 'QueueStatus' });
export type QueueStatus = z.infer<typeof QueueStatus>;
