import { z } from 'zod';
import {
  Queue,
  QueueCreate,
  QueueMember,
  QueueMemberPut,
  QueuePatch,
  QueueWaiting,
  Slug,
  queuesNamedBy,
} from '../../contract/index.js';
import type { Writes } from '../../db/index.js';
import { AppError, type Reach } from '../../platform/index.js';
import type { Identity } from '../auth/identity.js';
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });

export function queueRoutes(http: HttpContext): Route[] {
  const { db, log, ports } = http;
  const reach = (identity: Identity): Reach => reachOf(ports, identity, 'queues.view', 'floor.view', 'queues.edit');

  /** AppError queue_not_found. */
  function mustReach(identity: Identity, id: string): void {
    if (!reach(identity).seesQueue(id)) throw new AppError('queue_not_found', { id });
  }

  return [
    route({
      method: 'get',
      path: '/queues',
      summary: 'All queues, as they are laid down; how they stand comes over the socket',
      tag: 'Queues',
      needs: ['queues.view', 'floor.view'],
      reply: z.array(Queue),
      async handle({ identity }) {
        const within = reach(identity);
        return (await db.queues.list()).filter(({ id }) => within.seesQueue(id));
      },
    }),
    route({
      method: 'get',
      path: '/queues/:id',
      summary: 'One queue',
      tag: 'Queues',
      needs: 'queues.view',
      params: ById,
      reply: Queue,
      errors: ['queue_not_found'],
      async handle({ params: { id }, identity }) {
        mustReach(identity, id);
        const row = await db.queues.find(id);
        if (row === null) throw new AppError('queue_not_found', { id });
        return row;
      },
    }),
    route({
      method: 'post',
      path: '/queues',
      summary: 'Make a queue',
      tag: 'Queues',
      needs: 'queues.edit',
      body: QueueCreate,
      reply: Queue,
      status: 201,
      errors: ['queue_exists'],
      async handle({ body }) {
        await db.write(async (tx) => {
          await tx.queues.insert(body);
          await namedMustExist(tx, body.id, body);
        });
        return body;
      },
    }),
    route({
      method: 'patch',
      path: '/queues/:id',
      summary: 'Change a queue; calls that wait keep their place. What is made of several fields is replaced whole',
      tag: 'Queues',
      needs: 'queues.edit',
      params: ById,
      body: QueuePatch,
      reply: Queue,
      errors: ['queue_not_found'],
      async handle({ params: { id }, body, identity }) {
        mustReach(identity, id);
        const changed = await db.write(async (tx) => {
          await namedMustExist(tx, id, body);
          await tx.queues.update(id, body);
          return tx.queues.find(id);
        });
        if (changed === null) throw new AppError('queue_not_found', { id });
        return changed;
      },
    }),
    route({
      method: 'get',
      path: '/queues/:id/members',
      summary: 'The agents of a queue, with their places in it',
      tag: 'Queues',
      needs: 'queues.view',
      params: ById,
      reply: z.array(QueueMember),
      errors: ['queue_not_found'],
      async handle({ params: { id }, identity }) {
        mustReach(identity, id);
        if ((await db.queues.find(id)) === null) throw new AppError('queue_not_found', { id });
        return db.queueMembers.listByQueue(id);
      },
    }),
    route({
      method: 'get',
      path: '/queues/:id/waiting',
      summary: 'The calls that wait in a queue, and what keeps each from being served',
      tag: 'Queues',
      needs: ['queues.view', 'floor.view'],
      params: ById,
      reply: z.array(QueueWaiting),
      errors: ['queue_not_found'],
      async handle({ params: { id }, language, identity }) {
        mustReach(identity, id);
        if ((await db.queues.find(id)) === null) throw new AppError('queue_not_found', { id });
        return ports.queues.waiting(id, language);
      },
    }),
    route({
      method: 'put',
      path: '/queues/:id/members',
      summary: 'Say who is in a queue, in place of those who were',
      tag: 'Queues',
      needs: 'queues.edit',
      params: ById,
      body: z.array(QueueMemberPut).max(2000),
      reply: z.array(QueueMember),
      errors: ['queue_not_found'],
      async handle({ params: { id }, body, identity }) {
        mustReach(identity, id);
        const within = reach(identity);
        const members = await db.write(async (tx) => {
          if ((await tx.queues.find(id)) === null) throw new AppError('queue_not_found', { id });
          const seen = new Set<string>();
          for (const [index, { agentId }] of body.entries()) {
            const clash = seen.has(agentId);
            seen.add(agentId);
            if (clash) throw invalidBody(`${index}.agentId`, new AppError('agent_exists', { id: agentId }));
            const agent = await tx.agents.find(agentId);
            // who took agents of others into his queue would reach them
            if (agent === null || !within.agent(agentId))
              throw invalidBody(`${index}.agentId`, new AppError('agent_not_found', { id: agentId }));
          }
          await tx.queueMembers.replaceOfQueue(id, body);
          return tx.queueMembers.listByQueue(id);
        });
        log.info({ queueId: id, members: members.length, by: identity.user.username }, "a queue's agents were set");
        return members;
      },
    }),
    route({
      method: 'delete',
      path: '/queues/:id',
      summary: 'Remove a queue that no agent and no flow uses',
      tag: 'Queues',
      needs: 'queues.edit',
      params: ById,
      errors: ['queue_not_found', 'queue_in_use'],
      async handle({ params: { id }, identity }) {
        mustReach(identity, id);
        if (!(await db.write((tx) => tx.queues.remove(id)))) throw new AppError('queue_not_found', { id });
      },
    }),
  ];
}

/** A queue may not name itself, nor one that is not there. */
async function namedMustExist(tx: Writes, id: string, body: Parameters<typeof queuesNamedBy>[0]): Promise<void> {
  for (const other of queuesNamedBy(body)) {
    if (other === id || (await tx.queues.find(other)) === null) {
      throw invalidBody('queueId', new AppError('queue_not_found', { id: other }));
    }
  }
}
