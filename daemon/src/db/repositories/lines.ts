// Telephones, trunks, ways out, groups; and what SIP remembers over a restart.
import { Op } from 'sequelize';
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type {
  OutboundRoutesWrite,
  RingGroupsWrite,
  SipBansWrite,
  SipBindingsWrite,
  SipDialogsWrite,
  SipStationsWrite,
  TrunksWrite,
} from '../repositories.js';
import type {
  OutboundRouteRow,
  RingGroupRow,
  RouteRow,
  SipBanRow,
  SipBindingRow,
  SipDialogRow,
  SipStationRow,
  TrunkRow,
} from '../rows.js';
import { announced } from './announced.js';
import { Table, type Scope } from './table.js';

const stationTable = (models: Models, scope: Scope) =>
  new Table<SipStationRow>(models.sipStations, scope, {
    key: 'number',
    json: ['codecs', 'digest', 'allowedClasses'],
    wide: ['createdAt'],
    flags: ['enabled'],
  });

const trunkTable = (models: Models, scope: Scope) =>
  new Table<TrunkRow>(models.trunks, scope, {
    json: ['spans', 'lines', 'hosts', 'codecs', 'sources', 'numberRulesIn', 'numberRulesOut', 'callerRulesIn'],
    flags: ['refer', 'enabled'],
    duplicate: (row) => new AppError('trunk_exists', { id: row.id ?? '' }),
  });

const outboundRouteTable = (models: Models, scope: Scope) =>
  new Table<OutboundRouteRow>(models.outboundRoutes, scope, {
    json: ['trunks', 'calendar'],
    flags: ['emergency', 'enabled'],
  });

const ringGroupTable = (models: Models, scope: Scope) =>
  new Table<RingGroupRow>(models.ringGroups, scope, { key: 'number', json: ['stations'] });

const inUse = (number: string, en: string, zh: string) => new AppError('number_in_use', { number, user: { en, zh } });

/** AppError number_in_use when a telephone, a group or a conference room has the number. */
export async function insideMustBeFree(models: Models, scope: Scope, number: string): Promise<void> {
  if ((await new Table(models.conferenceRooms, scope).first({ number })) !== null)
    throw inUse(number, 'a conference room', '会议室');
  // '01001' is another number than 1001, and no telephone's.
  if (!/^[1-9][0-9]{3,7}$/.test(number)) return;
  if ((await stationTable(models, scope).find(Number(number))) !== null) throw inUse(number, 'a telephone', '话机');
  if ((await ringGroupTable(models, scope).find(Number(number))) !== null)
    throw inUse(number, 'a ring group', '振铃组');
}

/** Who has a number that a conference room is to have; undefined: nobody. */
export async function otherUseOf(
  models: Models,
  scope: Scope,
  number: string,
): Promise<{ en: string; zh: string } | undefined> {
  const numbers = /^[1-9][0-9]{3,7}$/.test(number);
  if (numbers && (await stationTable(models, scope).find(Number(number))) !== null)
    return { en: 'a telephone', zh: '话机' };
  if (numbers && (await ringGroupTable(models, scope).find(Number(number))) !== null)
    return { en: 'a ring group', zh: '振铃组' };
  const route = await new Table<RouteRow>(models.routes, scope, { json: ['calendar', 'target'] }).first({
    calledNumber: number,
  });
  return route === null ? undefined : { en: 'a route', zh: '呼入路由' };
}

/** AppError number_in_use when anything inside has the number: it leads to one thing. */
async function numberMustBeFree(models: Models, scope: Scope, number: number): Promise<void> {
  await insideMustBeFree(models, scope, String(number));
  const route = await new Table<RouteRow>(models.routes, scope, { json: ['calendar', 'target'] }).first({
    calledNumber: String(number),
  });
  if (route !== null) throw inUse(String(number), 'a route', '呼入路由');
}

export function sipStationsRepository(models: Models, scope: Scope): SipStationsWrite {
  const table = stationTable(models, scope);
  const changed = (number: number, removed: boolean): void => scope.publish('sipStation.changed', { number, removed });
  const written = announced(table, (row) => row.number, changed);
  return {
    find: (number) => table.find(number),
    list: () => table.all({ order: ['number'] }),
    async insert(row) {
      await numberMustBeFree(models, scope, row.number);
      await written.insert(row);
    },
    update: written.update,
    async remove(number) {
      const group = (await ringGroupTable(models, scope).all()).find(({ stations }) => stations.includes(number));
      if (group !== undefined) throw new AppError('station_in_use', { number, group: group.number });
      return written.remove(number);
    },
  };
}

export function trunksRepository(models: Models, scope: Scope): TrunksWrite {
  const table = trunkTable(models, scope);
  const routes = outboundRouteTable(models, scope);

  /** A call in belongs to one trunk, so an E1 does, too. */
  async function spansMustBeFree(id: string, spans: readonly number[]): Promise<void> {
    if (spans.length === 0) return;
    for (const other of await table.all({ where: { kind: 'e1', id: { [Op.ne]: id } } })) {
      const span = other.spans.find((one) => spans.includes(one));
      if (span !== undefined) throw new AppError('trunk_span_taken', { span, trunk: other.id });
    }
  }

  async function linesMustBeFree(id: string, lines: readonly number[]): Promise<void> {
    if (lines.length === 0) return;
    for (const other of await table.all({ where: { kind: 'fxo', id: { [Op.ne]: id } } })) {
      const line = other.lines.find((one) => lines.includes(one));
      if (line !== undefined) throw new AppError('trunk_line_taken', { line, trunk: other.id });
    }
  }

  const changed = (id: string, removed: boolean): void => scope.publish('trunk.changed', { id, removed });
  const written = announced(table, (row) => row.id, changed);
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    async insert(row) {
      await spansMustBeFree(row.id, row.spans);
      await linesMustBeFree(row.id, row.lines);
      await written.insert(row);
    },
    async update(id, patch) {
      await spansMustBeFree(id, patch.spans ?? []);
      await linesMustBeFree(id, patch.lines ?? []);
      return written.update(id, patch);
    },
    async remove(id) {
      const route = (await routes.all()).find(({ trunks }) => trunks.includes(id));
      if (route !== undefined) throw new AppError('trunk_in_use', { id, route: route.name });
      return written.remove(id);
    },
  };
}

export function outboundRoutesRepository(models: Models, scope: Scope): OutboundRoutesWrite {
  const table = outboundRouteTable(models, scope);
  const changed = (id: string, removed: boolean): void => scope.publish('outboundRoute.changed', { id, removed });
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['pattern', 'priority', 'id'] }),
    ...announced(table, (row) => row.id, changed),
  };
}

export function ringGroupsRepository(models: Models, scope: Scope): RingGroupsWrite {
  const table = ringGroupTable(models, scope);
  const changed = (number: number, removed: boolean): void => scope.publish('ringGroup.changed', { number, removed });
  const written = announced(table, (row) => row.number, changed);
  return {
    find: (number) => table.find(number),
    list: () => table.all({ order: ['number'] }),
    async insert(row) {
      await numberMustBeFree(models, scope, row.number);
      await written.insert(row);
    },
    update: written.update,
    remove: written.remove,
  };
}

export function sipBindingsRepository(models: Models, scope: Scope): SipBindingsWrite {
  const table = new Table<SipBindingRow>(models.sipBindings, scope, { json: ['path'], wide: ['cseq', 'expiresAt'] });
  const stations = stationTable(models, scope);
  return {
    list: () => table.all({ order: ['stationNumber', 'position'] }),
    async replace(stationNumber, bindings) {
      await table.removeWhere({ stationNumber });
      // A telephone may register in the moment in which its account is removed.
      if (bindings.length === 0 || (await stations.find(stationNumber)) === null) return;
      for (const [position, binding] of bindings.entries()) await table.insert({ ...binding, stationNumber, position });
    },
    removeExpired: (nowMs) => table.removeWhere({ expiresAt: { [Op.lte]: nowMs } }),
  };
}

export function sipDialogsRepository(models: Models, scope: Scope): SipDialogsWrite {
  const table = new Table<SipDialogRow>(models.sipDialogs, scope, { json: ['state'], wide: ['since'] });
  return {
    list: () => table.all({ order: ['since', 'id'] }),
    async put(row) {
      if (!(await table.update(row.id, row))) await table.insert(row);
    },
    remove: (id) => table.remove(id),
  };
}

export function sipBansRepository(models: Models, scope: Scope): SipBansWrite {
  const table = new Table<SipBanRow>(models.sipBans, scope, { key: 'address', wide: ['since', 'until'] });
  const changed = (address: string, removed: boolean): void => scope.publish('sipBan.changed', { address, removed });
  return {
    find: (address) => table.find(address),
    list: () =>
      table.all({
        order: [
          ['since', 'DESC'],
          ['address', 'ASC'],
        ],
      }),
    async put(row) {
      if (!(await table.update(row.address, row))) await table.insert(row);
      changed(row.address, false);
    },
    async remove(address) {
      const done = await table.remove(address);
      if (done) changed(address, true);
      return done;
    },
    removeExpired: (nowMs) => table.removeWhere({ until: { [Op.lte]: nowMs } }),
  };
}
