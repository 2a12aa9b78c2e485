import { z } from 'zod';
import { Route as RouteDto, RouteCreate, RoutePatch, Ulid } from '../../contract/index.js';
import type { Writes } from '../../db/index.js';
import { AppError, newUlid } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { ADMIN, STAFF, route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });

export function routeRoutes(http: HttpContext): Route[] {
  const { db } = http;
  return [
    route({
      method: 'get',
      path: '/routes',
      summary: 'Which number leads to which flow',
      tag: 'Routes',
      roles: STAFF,
      reply: z.array(RouteDto),
      handle: () => db.routes.list(),
    }),
    route({
      method: 'get',
      path: '/routes/:id',
      summary: 'One route',
      tag: 'Routes',
      roles: STAFF,
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
      path: '/routes',
      summary: 'Lead a number to a flow',
      tag: 'Routes',
      roles: ADMIN,
      body: RouteCreate,
      reply: RouteDto,
      status: 201,
      errors: ['route_exists'],
      async handle({ body }) {
        const row = { id: newUlid(), ...body };
        await db.write(async (tx) => {
          await flowMustExist(tx, row.flowId);
          await tx.routes.insert(row);
        });
        return row;
      },
    }),
    route({
      method: 'patch',
      path: '/routes/:id',
      summary: 'Change a route',
      tag: 'Routes',
      roles: ADMIN,
      params: ById,
      body: RoutePatch,
      reply: RouteDto,
      errors: ['route_unknown', 'route_exists'],
      async handle({ params: { id }, body }) {
        const changed = await db.write(async (tx) => {
          if (body.flowId !== undefined) await flowMustExist(tx, body.flowId);
          await tx.routes.update(id, body);
          return tx.routes.find(id);
        });
        if (changed === null) throw new AppError('route_unknown', { id });
        return changed;
      },
    }),
    route({
      method: 'delete',
      path: '/routes/:id',
      summary: 'Remove a route; calls to its number are released with cause 1',
      tag: 'Routes',
      roles: ADMIN,
      params: ById,
      errors: ['route_unknown'],
      async handle({ params: { id } }) {
        if (!(await db.write((tx) => tx.routes.remove(id)))) throw new AppError('route_unknown', { id });
      },
    }),
  ];
}

async function flowMustExist(tx: Writes, id: string): Promise<void> {
  if ((await tx.flows.find(id)) === null) throw invalidBody('flowId', new AppError('flow_not_found', { id }));
}
