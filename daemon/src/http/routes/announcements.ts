// Temporary announcements, switched on and off.
import { z } from 'zod';
import { Announcement, AnnouncementPut, Slug } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });

export function announcementRoutes({ clock, db, log }: HttpContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/announcements',
      summary: 'All temporary announcements',
      tag: 'Flows',
      needs: ['announcements.switch', 'prompts.view'],
      reply: z.array(Announcement),
      handle: () => db.announcements.list(),
    }),
    route({
      method: 'put',
      path: '/announcements/:id',
      summary: 'Make or change a temporary announcement, switch it on or off',
      tag: 'Flows',
      needs: 'announcements.switch',
      params: ById,
      body: AnnouncementPut,
      reply: Announcement,
      async handle({ params: { id }, body, identity }) {
        const changed = { updatedAt: clock.wallMs(), updatedBy: identity.user.username };
        const row = await db.write(async (tx) => {
          const name = body.name ?? (await tx.announcements.find(id))?.name ?? '';
          const now = { id, ...body, name, ...changed };
          await tx.announcements.put(now);
          return now;
        });
        log.info({ announcement: id, active: row.active, until: row.until, by: row.updatedBy }, 'announcement changed');
        return row;
      },
    }),
    route({
      method: 'delete',
      path: '/announcements/:id',
      summary: 'Remove a temporary announcement that no flow plays',
      tag: 'Flows',
      needs: 'prompts.edit',
      params: ById,
      errors: ['announcement_not_found', 'announcement_in_use'],
      async handle({ params: { id }, identity }) {
        if (!(await db.write((tx) => tx.announcements.remove(id))))
          throw new AppError('announcement_not_found', { id });
        log.info({ announcement: id, by: identity.user.username }, 'announcement removed');
      },
    }),
  ];
}
