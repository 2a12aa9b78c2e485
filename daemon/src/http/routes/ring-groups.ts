import { z } from 'zod';
import { RingGroup, RingGroupCreate, RingGroupPatch } from '../../contract/index.js';
import type { RingGroupRow, Writes } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { extensionInPath, mustNotBeReserved } from '../numbers.js';
import { route, type Route } from '../route.js';

const ByNumber = z.strictObject({ number: extensionInPath });

export function ringGroupRoutes(http: HttpContext): Route[] {
  const { db, log, ports } = http;

  /** Analog telephones are known to the engine, SIP ones to the database. */
  async function analogStations(): Promise<ReadonlySet<number>> {
    return new Set((await ports.engine.stations()).map(({ station }) => station));
  }

  return [
    route({
      method: 'get',
      path: '/ring-groups',
      summary: 'All ring groups',
      tag: 'Routes',
      needs: 'stations.view',
      reply: z.array(RingGroup),
      handle: () => db.ringGroups.list(),
    }),
    route({
      method: 'get',
      path: '/ring-groups/:number',
      summary: 'One ring group',
      tag: 'Routes',
      needs: 'stations.view',
      params: ByNumber,
      reply: RingGroup,
      errors: ['ring_group_not_found'],
      async handle({ params: { number } }) {
        const row = await db.ringGroups.find(number);
        if (row === null) throw new AppError('ring_group_not_found', { number });
        return row;
      },
    }),
    route({
      method: 'post',
      path: '/ring-groups',
      summary: 'Make a number that rings several telephones',
      tag: 'Routes',
      needs: 'stations.edit',
      body: RingGroupCreate,
      reply: RingGroup,
      status: 201,
      errors: ['number_in_use', 'number_reserved'],
      async handle({ body, identity }) {
        mustNotBeReserved(http.numbering, body.number);
        const row: RingGroupRow = { ...body, name: body.name ?? String(body.number) };
        const analog = await analogStations();
        await db.write(async (tx) => {
          await stationsMustExist(tx, analog, row.stations);
          await tx.ringGroups.insert(row);
        });
        log.info({ ringGroup: row.number, by: identity.user.username }, 'ring group made');
        return row;
      },
    }),
    route({
      method: 'patch',
      path: '/ring-groups/:number',
      summary: 'Change a ring group',
      tag: 'Routes',
      needs: 'stations.edit',
      params: ByNumber,
      body: RingGroupPatch,
      reply: RingGroup,
      errors: ['ring_group_not_found'],
      async handle({ params: { number }, body, identity }) {
        const analog = await analogStations();
        const changed = await db.write(async (tx) => {
          await stationsMustExist(tx, analog, body.stations ?? []);
          await tx.ringGroups.update(number, body);
          return tx.ringGroups.find(number);
        });
        if (changed === null) throw new AppError('ring_group_not_found', { number });
        log.info({ ringGroup: number, by: identity.user.username }, 'ring group changed');
        return changed;
      },
    }),
    route({
      method: 'delete',
      path: '/ring-groups/:number',
      summary: 'Remove a ring group; its telephones stay',
      tag: 'Routes',
      needs: 'stations.edit',
      params: ByNumber,
      errors: ['ring_group_not_found'],
      async handle({ params: { number }, identity }) {
        if (!(await db.write((tx) => tx.ringGroups.remove(number))))
          throw new AppError('ring_group_not_found', { number });
        log.info({ ringGroup: number, by: identity.user.username }, 'ring group removed');
      },
    }),
  ];
}

async function stationsMustExist(tx: Writes, analog: ReadonlySet<number>, stations: readonly number[]): Promise<void> {
  for (const [index, station] of stations.entries()) {
    if (analog.has(station) || (await tx.sipStations.find(station)) !== null) continue;
    throw invalidBody(`stations.${index}`, new AppError('station_not_found', { station }));
  }
}
