import { z } from 'zod';
import { AtQuery, DutyGroup, DutyGroupCreate, DutyGroupPatch, OnDuty, Slug } from '../../contract/index.js';
import type { DutyGroupRow, Writes } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';
import { given } from './calendars.js';

const ById = z.strictObject({ id: Slug });
const tag = 'Calendars';
const errors = ['duty_group_not_found'] as const;

export function dutyGroupRoutes({ db, clock, ports }: HttpContext): Route[] {
  const { calendars } = ports.routing;
  return [
    route({
      ...{ method: 'get', path: '/duty-groups', summary: 'Groups of people on duty', tag, needs: 'calendars.view' },
      reply: z.array(DutyGroup),
      handle: () => db.dutyGroups.list(),
    }),
    route({
      ...{ method: 'get', path: '/duty-groups/:id', summary: 'One duty group', tag, needs: 'calendars.view', errors },
      ...{ params: ById, reply: DutyGroup },
      async handle({ params: { id } }) {
        const row = await db.dutyGroups.find(id);
        if (row === null) throw new AppError('duty_group_not_found', { id });
        return row;
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/duty-groups/:id/on-duty',
        summary: 'Who is on duty, now or at any time',
        tag,
        errors,
      },
      ...{ needs: 'calendars.view', params: ById, query: AtQuery, reply: OnDuty },
      async handle({ params: { id }, query: { at } }) {
        await calendars.applied();
        return calendars.onDuty(id, at ?? clock.wallMs());
      },
    }),
    route({
      ...{ method: 'post', path: '/duty-groups', summary: 'Make a duty group', tag, needs: 'calendars.edit' },
      ...{ body: DutyGroupCreate, reply: DutyGroup, status: 201, errors: ['duty_group_exists'] },
      async handle({ body, identity }) {
        await db.write(async (tx) => {
          await calendarsMustExist(tx, body.shifts);
          await tx.dutyGroups.insert(body);
          const what = { action: 'created', objectKind: 'dutyGroup', objectId: body.id, after: body } as const;
          await audit(tx, clock.wallMs(), identity, what);
        });
        return body;
      },
    }),
    route({
      ...{
        method: 'patch',
        path: '/duty-groups/:id',
        summary: 'Change a duty group',
        tag,
        needs: 'calendars.edit',
        errors,
      },
      ...{ params: ById, body: DutyGroupPatch, reply: DutyGroup },
      handle: ({ params: { id }, body, identity }) =>
        db.write(async (tx) => {
          await calendarsMustExist(tx, body.shifts ?? []);
          const before = await tx.dutyGroups.find(id);
          await tx.dutyGroups.update(id, given(body));
          const after = await tx.dutyGroups.find(id);
          if (after === null) throw new AppError('duty_group_not_found', { id });
          await audit(tx, clock.wallMs(), identity, {
            action: 'changed',
            objectKind: 'dutyGroup',
            objectId: id,
            before,
            after,
          });
          return after;
        }),
    }),
    route({
      ...{
        method: 'delete',
        path: '/duty-groups/:id',
        summary: 'Remove a duty group',
        tag,
        needs: 'calendars.edit',
        errors,
      },
      params: ById,
      handle: ({ params: { id }, identity }) =>
        db.write(async (tx) => {
          const before = await tx.dutyGroups.find(id);
          if (!(await tx.dutyGroups.remove(id))) throw new AppError('duty_group_not_found', { id });
          await audit(tx, clock.wallMs(), identity, {
            action: 'removed',
            objectKind: 'dutyGroup',
            objectId: id,
            before,
          });
        }),
    }),
  ];
}

async function calendarsMustExist(tx: Writes, shifts: DutyGroupRow['shifts']): Promise<void> {
  for (const [index, { calendarId }] of shifts.entries())
    if (calendarId !== null && (await tx.calendars.find(calendarId)) === null)
      throw invalidBody(`shifts.${index}.calendarId`, new AppError('calendar_not_found', { id: calendarId }));
}
