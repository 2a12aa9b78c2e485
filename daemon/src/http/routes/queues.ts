import { z } from 'zod';
import { Queue, QueueCreate, QueuePatch, Slug } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { ADMIN, STAFF, route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });

export function queueRoutes(http: HttpContext): Route[] {
  const { db } = http;
  return [
    route({
      method: 'get',
      path: '/queues',
      summary: 'All queues, as they are laid down; how they stand comes over the socket',
      tag: 'Queues',
      roles: STAFF,
      reply: z.array(Queue),
      handle: () => db.queues.list(),
    }),
    route({
      method: 'get',
      path: '/queues/:id',
      summary: 'One queue',
      tag: 'Queues',
      roles: STAFF,
      params: ById,
      reply: Queue,
      errors: ['queue_not_found'],
      async handle({ params: { id } }) {
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
      roles: ADMIN,
      body: QueueCreate,
      reply: Queue,
      status: 201,
      errors: ['queue_exists'],
      async handle({ body }) {
        await db.write((tx) => tx.queues.insert(body));
        return body;
      },
    }),
    route({
      method: 'patch',
      path: '/queues/:id',
      summary: 'Change a queue; calls that wait keep their place',
      tag: 'Queues',
      roles: ADMIN,
      params: ById,
      body: QueuePatch,
      reply: Queue,
      errors: ['queue_not_found'],
      async handle({ params: { id }, body }) {
        const changed = await db.write(async (tx) => {
          await tx.queues.update(id, body);
          return tx.queues.find(id);
        });
        if (changed === null) throw new AppError('queue_not_found', { id });
        return changed;
      },
    }),
    route({
      method: 'delete',
      path: '/queues/:id',
      summary: 'Remove a queue that no agent and no flow uses',
      tag: 'Queues',
      roles: ADMIN,
      params: ById,
      errors: ['queue_not_found', 'queue_in_use'],
      async handle({ params: { id } }) {
        if (!(await db.write((tx) => tx.queues.remove(id)))) throw new AppError('queue_not_found', { id });
      },
    }),
  ];
}
