import { z } from 'zod';
import {
  ANY_ROOM,
  Route as RouteDto,
  RouteCreate,
  RoutePatch,
  RouteTry,
  RouteTryResult,
  Ulid,
  type RouteTarget,
} from '../../contract/index.js';
import type { RouteRow, Writes } from '../../db/index.js';
import { AppError, newUlid } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';
import { given } from './calendars.js';

const ById = z.strictObject({ id: Ulid });

export function routeRoutes({ db, clock, ports }: HttpContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/routes',
      summary: 'What becomes of calls from outside',
      tag: 'Routes',
      needs: 'routes.view',
      reply: z.array(RouteDto),
      handle: () => db.routes.list(),
    }),
    route({
      method: 'get',
      path: '/routes/:id',
      summary: 'One route',
      tag: 'Routes',
      needs: 'routes.view',
      params: ById,
      reply: RouteDto,
      errors: ['route_unknown'],
      async handle({ params: { id } }) {
        const row = await db.routes.find(id);
        if (row === null) throw new AppError('route_unknown', { id });
        return row;
      },
    }),
    route({
      method: 'post',
      path: '/routes/try',
      summary: 'What would happen to a call, and why',
      tag: 'Routes',
      needs: 'routes.view',
      body: RouteTry,
      reply: RouteTryResult,
      handle: ({ body, language }) => ports.routing.tryRoute(body, language),
    }),
    route({
      method: 'post',
      path: '/routes',
      summary: 'Lead calls somewhere',
      tag: 'Routes',
      needs: 'routes.edit',
      body: RouteCreate,
      reply: RouteDto,
      status: 201,
      errors: ['route_exists', 'target_unavailable'],
      async handle({ body, identity }) {
        const { target: wanted, flowId, ...rest } = body;
        const target = targetOf(wanted, flowId) ?? { kind: 'busy' };
        const row: RouteRow = { id: newUlid(), ...rest, target, flowId: flowOf(target) };
        await db.write(async (tx) => {
          await mustExist(tx, row);
          await tx.routes.insert(row);
          await audit(tx, clock.wallMs(), identity, {
            action: 'created',
            objectKind: 'route',
            objectId: row.id,
            after: row,
          });
        });
        return row;
      },
    }),
    route({
      method: 'patch',
      path: '/routes/:id',
      summary: 'Change a route',
      tag: 'Routes',
      needs: 'routes.edit',
      params: ById,
      body: RoutePatch,
      reply: RouteDto,
      errors: ['route_unknown', 'route_exists', 'target_unavailable'],
      async handle({ params: { id }, body, identity }) {
        const { target: wanted, flowId, ...rest } = body;
        const target = targetOf(wanted, flowId);
        return db.write(async (tx) => {
          const before = await tx.routes.find(id);
          if (before === null) throw new AppError('route_unknown', { id });
          const patch = { ...given(rest), ...(target === undefined ? {} : { target, flowId: flowOf(target) }) };
          await mustExist(tx, { ...before, ...patch });
          await tx.routes.update(id, patch);
          const after = { ...before, ...patch };
          await audit(tx, clock.wallMs(), identity, {
            action: 'changed',
            objectKind: 'route',
            objectId: id,
            before,
            after,
          });
          return after;
        });
      },
    }),
    route({
      method: 'delete',
      path: '/routes/:id',
      summary: 'Remove a route; calls that no other one takes are released with cause 1',
      tag: 'Routes',
      needs: 'routes.edit',
      params: ById,
      errors: ['route_unknown'],
      async handle({ params: { id }, identity }) {
        await db.write(async (tx) => {
          const before = await tx.routes.find(id);
          if (!(await tx.routes.remove(id))) throw new AppError('route_unknown', { id });
          await audit(tx, clock.wallMs(), identity, { action: 'removed', objectKind: 'route', objectId: id, before });
        });
      },
    }),
  ];
}

function targetOf(target: RouteTarget | undefined, flowId: string | undefined): RouteTarget | undefined {
  return target ?? (flowId === undefined ? undefined : { kind: 'flow', flowId });
}

const flowOf = (target: RouteTarget): string | null => (target.kind === 'flow' ? target.flowId : null);

/** Everything that the route names. */
async function mustExist(tx: Writes, { target, calendar, callingList, trunk }: RouteRow): Promise<void> {
  if (target.kind === 'flow' && (await tx.flows.find(target.flowId)) === null)
    throw invalidBody('flowId', new AppError('flow_not_found', { id: target.flowId }));
  if (target.kind === 'queue' && (await tx.queues.find(target.queueId)) === null)
    throw invalidBody('target.queueId', new AppError('queue_not_found', { id: target.queueId }));
  if (target.kind === 'group' && (await tx.ringGroups.find(target.group)) === null)
    throw invalidBody('target.group', new AppError('ring_group_not_found', { number: target.group }));
  const isRoom = target.kind === 'conference' && target.room !== ANY_ROOM;
  if (isRoom && (await tx.conferences.room(target.room)) === null)
    throw invalidBody('target.room', new AppError('conference_not_found', { id: target.room }));
  if (target.kind === 'voicemail')
    throw new AppError('target_unavailable', { what: { en: 'voicemail', zh: '语音信箱' } });
  if (calendar !== null && (await tx.calendars.find(calendar.calendarId)) === null)
    throw invalidBody('calendar.calendarId', new AppError('calendar_not_found', { id: calendar.calendarId }));
  if (callingList !== null && (await tx.numberLists.find(callingList)) === null)
    throw invalidBody('callingList', new AppError('number_list_not_found', { id: callingList }));
  if (trunk !== null && (await tx.trunks.find(trunk)) === null)
    throw invalidBody('trunk', new AppError('trunk_not_found', { id: trunk }));
}
