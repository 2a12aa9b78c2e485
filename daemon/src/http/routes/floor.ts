// The supervisor's floor: how it was, and when a queue's figures ask for attention.
import { z } from 'zod';
import {
  FloorHistory,
  FloorHistoryQuery,
  FloorMoment,
  FloorMomentQuery,
  LineQuality,
  QueueThresholds,
  QueueThresholdsPut,
  Slug,
  type Queue,
} from '../../contract/index.js';
import type { QueueThresholdsRow, SegmentAt } from '../../db/index.js';
import { AppError, type Reach } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import { filterOf, reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const TAG = 'Floor';
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LONGEST_MS = 4 * HOUR_MS;
/** Between two looks within a minute: a caller who waited shorter may be left out. */
const STEP_MS = 10_000;
const ById = z.strictObject({ id: Slug });

export function floorRoutes({ db, clock, log, ports }: HttpContext): Route[] {
  const reach = (identity: Identity): Reach => reachOf(ports, identity, 'floor.view', 'queues.view', 'queues.edit');

  return [
    route({
      ...{ method: 'get', path: '/floor/history', tag: TAG, needs: 'floor.view' },
      summary: 'Callers who waited and agents who were ready, minute by minute; the last four hours of it at most',
      ...{ query: FloorHistoryQuery, reply: FloorHistory },
      async handle({ query, identity }) {
        const within = filterOf(ports, reach(identity));
        const now = clock.wallMs();
        const to = Math.min(query.to ?? now, now);
        const wanted = Math.max(query.from ?? to - HOUR_MS, to - LONGEST_MS);
        const from = Math.max(0, Math.floor(Math.min(wanted, to) / MINUTE_MS) * MINUTE_MS);
        const [waiting, ready] = await Promise.all([
          db.floor.counts('waiting', from, to, STEP_MS, within),
          db.floor.counts('ready', from, to, STEP_MS, within),
        ]);
        const perMinute = MINUTE_MS / STEP_MS;
        const length = Math.ceil((to - from) / MINUTE_MS);
        const minutes = Array.from({ length }, (_, i) => {
          const part = (all: number[]): number[] => all.slice(i * perMinute, (i + 1) * perMinute + 1);
          return {
            at: from + i * MINUTE_MS,
            ...{ waiting: Math.max(0, ...part(waiting)), ready: Math.min(...part(ready)) },
          };
        });
        return { from, to, minutes };
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/floor/moment',
        summary: 'How the floor was at a moment',
        tag: TAG,
        needs: 'floor.view',
      },
      ...{ query: FloorMomentQuery, reply: FloorMoment },
      async handle({ query, identity }) {
        const within = reach(identity);
        const at = Math.min(query.at, clock.wallMs());
        const [everybody, everyQueue, states, everySegment] = await Promise.all([
          db.agents.list(),
          db.queues.list(),
          db.floor.statesAt(at),
          db.floor.segmentsAt(at),
        ]);
        const rows = everybody.filter(({ id }) => within.agent(id));
        const queues = everyQueue.filter(({ id }) => within.seesQueue(id));
        const segments = everySegment.filter((one) => {
          const agentId = one.data['agentId'];
          return within.queue(queueOf(one).queueId) || (typeof agentId === 'string' && within.agent(agentId));
        });
        const stateOf = new Map(states.map((one) => [one.agentId, one]));
        // A talk follows its offer: the later one stands.
        const callOf = new Map(
          segments.filter(({ kind }) => kind !== 'queued').map((one) => [String(one.data['agentId']), one]),
        );
        const agents = rows.map(({ id, name, queues: served }) => {
          const found = stateOf.get(id);
          const call = callOf.get(id);
          return {
            ...{ id, name, queues: served },
            ...{ state: found?.state ?? ('signedOut' as const), reason: found?.reason ?? null },
            ...{ station: found?.station ?? null, since: found?.startedAt ?? 0, forced: found?.forced ?? false },
            call: call === undefined ? null : { id: call.callId, callingNumber: call.callingNumber, ...queueOf(call) },
          };
        });
        return {
          ...{ at, agents },
          queues: queues.map(({ id, name }) => {
            const of = (kind: SegmentAt['kind']): SegmentAt[] =>
              segments.filter((one) => one.kind === kind && queueOf(one).queueId === id);
            const members = agents.filter((agent) => agent.queues.includes(id));
            const waits = of('queued');
            return {
              ...{ id, name, waiting: waits.length, longestWaitSince: waits[0]?.startedAt ?? null },
              agentsSignedIn: members.filter(({ state }) => state !== 'signedOut').length,
              agentsReady: members.filter(({ state }) => state === 'ready').length,
              talking: of('talk').length,
            };
          }),
        };
      },
    }),
    route({
      ...{ method: 'get', path: '/floor/lines', tag: TAG, needs: 'floor.view', reply: z.array(LineQuality) },
      summary: 'How the lines of agents who talk over IP have sounded in the last seconds',
      handle({ identity }) {
        const within = reach(identity);
        return Promise.resolve(ports.lineQualities().filter(({ agentId }) => within.agent(agentId)));
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/queue-thresholds',
        tag: TAG,
        needs: ['floor.view', 'queues.view'],
        reply: z.array(QueueThresholds),
      },
      summary: 'When the figures of each queue turn amber and red',
      async handle({ identity }) {
        const within = reach(identity);
        const [all, rows] = await Promise.all([db.queues.list(), db.floor.thresholds()]);
        const queues = all.filter(({ id }) => within.seesQueue(id));
        return queues.map((queue) =>
          thresholdsOf(
            queue,
            rows.find(({ queueId }) => queueId === queue.id),
          ),
        );
      },
    }),
    route({
      ...{ method: 'put', path: '/queues/:id/thresholds', tag: TAG, needs: 'queues.edit', params: ById },
      summary: 'Say when the figures of a queue turn amber and red',
      ...{ body: QueueThresholdsPut, reply: QueueThresholds, errors: ['queue_not_found'] },
      async handle({ params: { id }, body, identity }) {
        await db.write(async (tx) => {
          if (!reach(identity).seesQueue(id) || (await tx.queues.find(id)) === null)
            throw new AppError('queue_not_found', { id });
          const before = (await tx.floor.thresholds()).find(({ queueId }) => queueId === id);
          await tx.floor.putThresholds({ queueId: id, ...body });
          const change = {
            action: 'changed',
            objectKind: 'queueThresholds',
            objectId: id,
            before,
            after: body,
          } as const;
          await audit(tx, clock.wallMs(), identity, change);
        });
        log.info({ queueId: id, by: identity.user.username }, "a queue's thresholds were set");
        return { queueId: id, ...body, own: true };
      },
    }),
    route({
      ...{ method: 'delete', path: '/queues/:id/thresholds', tag: TAG, needs: 'queues.edit', params: ById },
      summary: 'Let the thresholds of a queue follow from its settings again',
      errors: ['queue_not_found'],
      async handle({ params: { id }, identity }) {
        await db.write(async (tx) => {
          if (!reach(identity).seesQueue(id) || (await tx.queues.find(id)) === null)
            throw new AppError('queue_not_found', { id });
          const before = (await tx.floor.thresholds()).find(({ queueId }) => queueId === id);
          if (!(await tx.floor.removeThresholds(id))) return;
          const change = { action: 'removed', objectKind: 'queueThresholds', objectId: id, before } as const;
          await audit(tx, clock.wallMs(), identity, change);
        });
      },
    }),
  ];
}

function queueOf({ data, queueId }: SegmentAt): { queueId: string | null } {
  const own = data['queueId'];
  return { queueId: typeof own === 'string' ? own : queueId };
}

/** Amber: the first in line has waited beyond the service level. Red: half-way to overflow. */
function thresholdsOf(queue: Queue, row: QueueThresholdsRow | undefined): QueueThresholds {
  if (row !== undefined) return { ...row, own: true };
  return {
    queueId: queue.id,
    ...{ waitingAmber: null, waitingRed: null },
    ...{ longestAmberMs: queue.serviceLevelMs, longestRedMs: Math.max(queue.serviceLevelMs, queue.maxWaitMs / 2) },
    ...{ serviceLevelAmber: null, serviceLevelRed: null, own: false },
  };
}
