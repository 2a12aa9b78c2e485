import { z } from 'zod';
import { OutboundRoute, OutboundRouteCreate, OutboundRoutePatch, Ulid, stripFits } from '../../contract/index.js';
import type { OutboundRouteRow, Writes } from '../../db/index.js';
import { AppError, newUlid } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });

export function outboundRouteRoutes(http: HttpContext): Route[] {
  const { db, log, clock } = http;
  return [
    route({
      method: 'get',
      path: '/outbound-routes',
      summary: 'Which numbers go out over which trunks',
      tag: 'Routes',
      needs: 'routes.view',
      reply: z.array(OutboundRoute),
      handle: () => db.outboundRoutes.list(),
    }),
    route({
      method: 'get',
      path: '/outbound-routes/:id',
      summary: 'One route out',
      tag: 'Routes',
      needs: 'routes.view',
      params: ById,
      reply: OutboundRoute,
      errors: ['outbound_route_not_found'],
      async handle({ params: { id } }) {
        const row = await db.outboundRoutes.find(id);
        if (row === null) throw new AppError('outbound_route_not_found', { id });
        return row;
      },
    }),
    route({
      method: 'post',
      path: '/outbound-routes',
      summary: 'Lead numbers out over trunks',
      tag: 'Routes',
      needs: 'routes.edit',
      body: OutboundRouteCreate,
      reply: OutboundRoute,
      status: 201,
      async handle({ body, identity }) {
        const row: OutboundRouteRow = { id: newUlid(), ...body, name: body.name ?? body.pattern };
        mustLeaveDigits(row);
        await db.write(async (tx) => {
          await trunksMustExist(tx, row.trunks);
          await calendarMustExist(tx, row.calendar);
          await tx.outboundRoutes.insert(row);
          const what = { action: 'created', objectKind: 'outboundRoute', objectId: row.id, after: row } as const;
          await audit(tx, clock.wallMs(), identity, what);
        });
        log.info({ outboundRoute: row.id, pattern: row.pattern, by: identity.user.username }, 'route out made');
        return row;
      },
    }),
    route({
      method: 'patch',
      path: '/outbound-routes/:id',
      summary: 'Change a route out',
      tag: 'Routes',
      needs: 'routes.edit',
      params: ById,
      body: OutboundRoutePatch,
      reply: OutboundRoute,
      errors: ['outbound_route_not_found'],
      async handle({ params: { id }, body, identity }) {
        const changed = await db.write(async (tx) => {
          await trunksMustExist(tx, body.trunks ?? []);
          await calendarMustExist(tx, body.calendar ?? null);
          const before = await tx.outboundRoutes.find(id);
          await tx.outboundRoutes.update(id, body);
          const row = await tx.outboundRoutes.find(id);
          if (row !== null) mustLeaveDigits(row);
          const what = { action: 'changed', objectKind: 'outboundRoute', objectId: id, before, after: row } as const;
          if (row !== null) await audit(tx, clock.wallMs(), identity, what);
          return row;
        });
        if (changed === null) throw new AppError('outbound_route_not_found', { id });
        log.info({ outboundRoute: id, pattern: changed.pattern, by: identity.user.username }, 'route out changed');
        return changed;
      },
    }),
    route({
      method: 'delete',
      path: '/outbound-routes/:id',
      summary: 'Remove a route out',
      tag: 'Routes',
      needs: 'routes.edit',
      params: ById,
      errors: ['outbound_route_not_found'],
      async handle({ params: { id }, identity }) {
        await db.write(async (tx) => {
          const before = await tx.outboundRoutes.find(id);
          if (!(await tx.outboundRoutes.remove(id))) throw new AppError('outbound_route_not_found', { id });
          const what = { action: 'removed', objectKind: 'outboundRoute', objectId: id, before } as const;
          await audit(tx, clock.wallMs(), identity, what);
        });
        log.info({ outboundRoute: id, by: identity.user.username }, 'route out removed');
      },
    }),
  ];
}

/** In what comes of a change as much as in what was sent. */
function mustLeaveDigits({ pattern, strip }: OutboundRouteRow): void {
  if (!stripFits(pattern, strip)) throw invalidBody('strip', new AppError('strip_too_long', { strip, pattern }));
}

async function calendarMustExist(tx: Writes, calendar: OutboundRouteRow['calendar']): Promise<void> {
  if (calendar !== null && (await tx.calendars.find(calendar.calendarId)) === null)
    throw invalidBody('calendar.calendarId', new AppError('calendar_not_found', { id: calendar.calendarId }));
}

async function trunksMustExist(tx: Writes, ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries()) {
    if ((await tx.trunks.find(id)) === null)
      throw invalidBody(`trunks.${index}`, new AppError('trunk_not_found', { id }));
  }
}
