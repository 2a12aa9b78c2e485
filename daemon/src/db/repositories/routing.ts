// Calendars, people on duty, lists of callers, rights to dial, and who changed what.
import { Op } from 'sequelize';
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type {
  AuditWrite,
  CalendarsWrite,
  DialRightsWrite,
  DutyGroupsWrite,
  NumberListsWrite,
} from '../routing-repositories.js';
import type {
  AuditRow,
  CalendarRow,
  DialRightRow,
  DutyGroupRow,
  NumberListEntryRow,
  NumberListRow,
} from '../routing-rows.js';
import type { OutboundRouteRow, RouteRow } from '../rows.js';
import type { CallbackRuleRow } from '../callback-rows.js';
import { announced } from './announced.js';
import { Table, type Scope } from './table.js';

export function calendarsRepository(models: Models, scope: Scope): CalendarsWrite {
  const table = new Table<CalendarRow>(models.calendars, scope, {
    json: ['weekly', 'specialDays', 'override'],
    duplicate: (row) => new AppError('calendar_exists', { id: row.id ?? '' }),
  });
  const changed = (id: string, removed: boolean): void => scope.publish('calendar.changed', { id, removed });
  const written = announced(table, (row) => row.id, changed);
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    ...written,
    async remove(id) {
      const user = await calendarUser(models, scope, id);
      if (user !== undefined) throw new AppError('calendar_in_use', { id, user });
      return written.remove(id);
    },
  };
}

/** Whatever asks this calendar. */
async function calendarUser(models: Models, scope: Scope, id: string): Promise<{ en: string; zh: string } | undefined> {
  const routes = await new Table<RouteRow>(models.routes, scope, { json: ['calendar', 'target'] }).all();
  const route = routes.find(({ calendar }) => calendar?.calendarId === id);
  if (route !== undefined) {
    const called = route.calledNumber || '*';
    return { en: `the route of ${called}`, zh: `号码 ${called} 的呼入路由` };
  }
  const outbound = await new Table<OutboundRouteRow>(models.outboundRoutes, scope, {
    json: ['trunks', 'calendar'],
  }).all();
  const out = outbound.find(({ calendar }) => calendar?.calendarId === id);
  if (out !== undefined) return { en: `the route out ${out.name}`, zh: `呼出路由 ${out.name}` };
  const groups = await new Table<DutyGroupRow>(models.dutyGroups, scope, { json: ['shifts'] }).all();
  const group = groups.find(({ shifts }) => shifts.some(({ calendarId }) => calendarId === id));
  if (group !== undefined) return { en: `the duty group ${group.id}`, zh: `值班组 ${group.id}` };
  const rule = await new Table<CallbackRuleRow>(models.callbackRules, scope).first({ calendarId: id });
  if (rule !== null) return { en: `the callbacks of the queue ${rule.queueId}`, zh: `队列 ${rule.queueId} 的回拨规则` };
  const rights = await new Table<DialRightRow>(models.dialRights, scope, {
    json: ['callingNumbers', 'calendar'],
  }).all();
  const right = rights.find(({ calendar }) => calendar?.calendarId === id);
  return right === undefined ? undefined : { en: `the rights of ${right.subject}`, zh: `${right.subject} 的拨号权限` };
}

export function dutyGroupsRepository(models: Models, scope: Scope): DutyGroupsWrite {
  const table = new Table<DutyGroupRow>(models.dutyGroups, scope, {
    json: ['shifts'],
    duplicate: (row) => new AppError('duty_group_exists', { id: row.id ?? '' }),
  });
  const changed = (id: string, removed: boolean): void => scope.publish('dutyGroup.changed', { id, removed });
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    ...announced(table, (row) => row.id, changed),
  };
}

const PAGE = 50_000;

export function numberListsRepository(models: Models, scope: Scope): NumberListsWrite {
  const table = new Table<NumberListRow>(models.numberLists, scope, {
    json: ['action'],
    flags: ['enabled'],
    duplicate: (row) => new AppError('number_list_exists', { id: row.id ?? '' }),
  });
  const entries = new Table<NumberListEntryRow>(models.numberListEntries, scope, {
    wide: ['expiresAt', 'addedAt'],
    flags: ['pattern'],
  });
  const changed = (id: string, removed: boolean): void => scope.publish('numberList.changed', { id, removed });
  const written = announced(table, (row) => row.id, changed);
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    findEntry: (id) => entries.find(id),
    countEntries: (listId) => entries.count({ listId }),
    entries: ({ listId, number, after, limit }) =>
      entries.all({
        where: {
          listId,
          id: { [Op.gt]: after },
          // Digits and signs of patterns: nothing that LIKE reads in another way.
          ...(number === undefined ? {} : { number: { [Op.like]: `${number.replace(/[^0-9XZN.[\]-]/g, '')}%` } }),
        },
        order: ['id'],
        limit,
      }),
    async *scan() {
      for (let after = 0; ;) {
        const rows = await entries.all({
          attributes: ['id', 'listId', 'number', 'pattern', 'expiresAt'],
          where: { id: { [Op.gt]: after } },
          order: ['id'],
          limit: PAGE,
        });
        if (rows.length > 0) yield rows;
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE) return;
        after = last.id;
      }
    },
    entriesByNumber: (listId, numbers) => entries.all({ where: { listId, number: { [Op.in]: [...numbers] } } }),
    ...written,
    async remove(id) {
      const route = await new Table<RouteRow>(models.routes, scope, { json: ['calendar', 'target'] }).first({
        callingList: id,
      });
      if (route !== null) throw new AppError('number_list_in_use', { id, calledNumber: route.calledNumber || '*' });
      return written.remove(id);
    },
    async putEntries(rows) {
      await entries.putMany(
        rows,
        ['listId', 'number'],
        ['reason', 'expiresAt', 'level', 'agentId', 'addedBy', 'addedAt'],
      );
      const lists = new Map<string, string[]>();
      for (const { listId, number } of rows) lists.set(listId, [...(lists.get(listId) ?? []), number].slice(-1001));
      for (const [id, numbers] of lists)
        scope.publish('numberListEntries.changed', { id, numbers: rows.length > 1000 ? null : numbers });
    },
    async removeEntry(id) {
      const row = await entries.find(id);
      if (row === null) return null;
      await entries.remove(id);
      scope.publish('numberListEntries.changed', { id: row.listId, numbers: [row.number] });
      return row;
    },
  };
}

export function dialRightsRepository(models: Models, scope: Scope): DialRightsWrite {
  const table = new Table<DialRightRow>(models.dialRights, scope, {
    key: 'subject',
    json: ['callingNumbers', 'calendar'],
  });
  return {
    find: (subject) => table.find(subject),
    list: () => table.all({ order: ['subject'] }),
    async put(row) {
      if (!(await table.update(row.subject, row))) await table.insert(row);
      scope.publish('dialRight.changed', { subject: row.subject, removed: false });
    },
    async remove(subject) {
      const done = await table.remove(subject);
      if (done) scope.publish('dialRight.changed', { subject, removed: true });
      return done;
    },
  };
}

export function auditRepository(models: Models, scope: Scope): AuditWrite {
  const table = new Table<AuditRow>(models.auditEntries, scope, { json: ['before', 'after'], wide: ['at'] });
  return {
    list: ({ actor, objectKind, objectId, before, limit }) =>
      table.all({
        where: {
          ...(actor === undefined ? {} : { actor }),
          ...(objectKind === undefined ? {} : { objectKind }),
          ...(objectId === undefined ? {} : { objectId }),
          ...(before === undefined ? {} : { id: { [Op.lt]: before } }),
        },
        order: [['id', 'DESC']],
        limit,
      }),
    insert: (row) => table.insert(row),
  };
}
