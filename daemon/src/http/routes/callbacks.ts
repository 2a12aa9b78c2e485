import { z } from 'zod';
import {
  Callback,
  CallbackCreate,
  CallbackList,
  CallbackPatch,
  CallbackQuery,
  CallbackRule,
  CallbackRulePut,
  OPEN_CALLBACK_STATES,
  Slug,
  Ulid,
} from '../../contract/index.js';
import { AppError, type Reach } from '../../platform/index.js';
import { audit, type Change } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import { filterOf, reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });
const ByQueue = z.strictObject({ id: Slug });
const TAG = 'Callbacks';
const OVER = ['done', 'failed', 'cancelled', 'expired'] as const;

export function callbackRoutes({ db, clock, log, ports }: HttpContext): Route[] {
  const reach = (identity: Identity): Reach => reachOf(ports, identity, 'callbacks.view', 'callbacks.edit');

  /** An agent sees those that are his to call, or that he has asked for. */
  function isTheirs(identity: Identity, callback: Callback): boolean {
    return reach(identity).call(callback) || callback.createdBy === identity.user.username;
  }

  const ofQueues = (identity: Identity): Reach =>
    reachOf(ports, identity, 'callbacks.view', 'queues.view', 'queues.edit');

  /** AppError callback_not_found. */
  async function find(identity: Identity, id: string): Promise<Callback> {
    const row = await db.callbacks.find(id);
    if (row === null || !isTheirs(identity, row)) throw new AppError('callback_not_found', { id });
    return row;
  }

  /** Written with the change itself. */
  const noted =
    (identity: Identity, action: Change['action'], before?: Callback): Parameters<typeof ports.callbacks.cancel>[1] =>
    (tx, after) =>
      audit(tx, clock.wallMs(), identity, { action, objectKind: 'callback', objectId: after.id, before, after });

  return [
    route({
      method: 'get',
      path: '/callbacks',
      summary: 'Those who are, or were, called back, newest first; an agent gets his own',
      tag: TAG,
      needs: ['callbacks.view', 'desk.use'],
      query: CallbackQuery,
      reply: CallbackList,
      async handle({ query: { state, open, limit, ...query }, identity }) {
        const ofOpen = open === undefined ? undefined : open === 'true' ? OPEN_CALLBACK_STATES : OVER;
        const narrowed = filterOf(ports, reach(identity));
        const own = narrowed === undefined ? {} : { createdBy: identity.user.username, reach: narrowed };
        // One more than asked for tells whether there is a next page.
        const states = state === undefined ? ofOpen : [state];
        const rows = await db.callbacks.list({ ...query, ...own, states, limit: limit + 1 });
        const page = rows.slice(0, limit);
        return { callbacks: page, before: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
      },
    }),
    route({
      method: 'get',
      path: '/callbacks/:id',
      summary: 'One callback',
      tag: TAG,
      needs: ['callbacks.view', 'desk.use'],
      params: ById,
      reply: Callback,
      errors: ['callback_not_found'],
      handle: ({ params: { id }, identity }) => find(identity, id),
    }),
    route({
      method: 'post',
      path: '/callbacks',
      summary: 'Have somebody called back, as soon as may be or at a time',
      tag: TAG,
      needs: ['callbacks.edit', 'desk.use'],
      body: CallbackCreate,
      reply: Callback,
      status: 201,
      errors: [
        ...(['callback_not_offered', 'callback_number_refused', 'callback_queue_full'] as const),
        ...(['callback_exists', 'callback_time_refused'] as const),
      ],
      async handle({ body, identity }) {
        const { username } = identity.user;
        const made = await ports.callbacks.take(body, username, noted(identity, 'created'));
        log.info({ callback: made.id, queueId: made.queueId, by: username }, 'callback asked for');
        return made;
      },
    }),
    route({
      method: 'patch',
      path: '/callbacks/:id',
      summary: 'Call him at another time; his place is kept',
      tag: TAG,
      needs: ['callbacks.edit', 'desk.use'],
      params: ById,
      body: CallbackPatch,
      reply: Callback,
      errors: ['callback_not_found', 'callback_over', 'callback_time_refused'],
      async handle({ params: { id }, body: { at }, identity }) {
        const before = await find(identity, id);
        return ports.callbacks.reschedule(id, at, noted(identity, 'changed', before));
      },
    }),
    route({
      method: 'delete',
      path: '/callbacks/:id',
      summary: 'Cancel a callback that waits; it stays in the list as cancelled',
      tag: TAG,
      needs: ['callbacks.edit', 'desk.use'],
      params: ById,
      reply: Callback,
      errors: ['callback_not_found', 'callback_over'],
      async handle({ params: { id }, identity }) {
        const before = await find(identity, id);
        return ports.callbacks.cancel(id, noted(identity, 'removed', before));
      },
    }),
    route({
      method: 'get',
      path: '/callback-rules',
      summary: 'The rules of all queues that take callbacks',
      tag: TAG,
      needs: ['callbacks.view', 'queues.view'],
      reply: z.array(CallbackRule),
      async handle({ identity }) {
        const within = ofQueues(identity);
        return (await db.callbacks.rules()).filter(({ queueId }) => within.seesQueue(queueId));
      },
    }),
    route({
      method: 'get',
      path: '/queues/:id/callback-rule',
      summary: 'How a queue takes callbacks',
      tag: TAG,
      needs: ['callbacks.view', 'queues.view'],
      params: ByQueue,
      reply: CallbackRule,
      errors: ['callback_rule_not_found'],
      async handle({ params: { id: queueId }, identity }) {
        const rule = await db.callbacks.rule(queueId);
        if (rule === null || !ofQueues(identity).seesQueue(queueId))
          throw new AppError('callback_rule_not_found', { queueId });
        return rule;
      },
    }),
    route({
      method: 'put',
      path: '/queues/:id/callback-rule',
      summary: 'Let a queue take callbacks; what is left out is as it is at first',
      tag: TAG,
      needs: 'queues.edit',
      params: ByQueue,
      body: CallbackRulePut,
      reply: CallbackRule,
      errors: ['queue_not_found'],
      handle: ({ params: { id: queueId }, body, identity }) =>
        db.write(async (tx) => {
          if (!ofQueues(identity).seesQueue(queueId) || (await tx.queues.find(queueId)) === null)
            throw new AppError('queue_not_found', { id: queueId });
          const { calendarId } = body;
          if (calendarId !== null && (await tx.calendars.find(calendarId)) === null)
            throw invalidBody('calendarId', new AppError('calendar_not_found', { id: calendarId }));
          const before = await tx.callbacks.rule(queueId);
          const after = { queueId, ...body };
          await tx.callbacks.putRule(after);
          const action = before === null ? 'created' : 'changed';
          const change = { action, objectKind: 'callbackRule', objectId: queueId, before, after } as const;
          await audit(tx, clock.wallMs(), identity, change);
          return after;
        }),
    }),
    route({
      method: 'delete',
      path: '/queues/:id/callback-rule',
      summary: 'Let a queue take callbacks no more; those that are open fail when it is their turn',
      tag: TAG,
      needs: 'queues.edit',
      params: ByQueue,
      errors: ['callback_rule_not_found'],
      handle: ({ params: { id: queueId }, identity }) =>
        db.write(async (tx) => {
          const before = await tx.callbacks.rule(queueId);
          if (before === null || !ofQueues(identity).seesQueue(queueId))
            throw new AppError('callback_rule_not_found', { queueId });
          await tx.callbacks.removeRule(queueId);
          const change = { action: 'removed', objectKind: 'callbackRule', objectId: queueId, before } as const;
          await audit(tx, clock.wallMs(), identity, change);
        }),
    }),
  ];
}
