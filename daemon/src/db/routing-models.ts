// The tables of calendars, lists and routing, as Sequelize knows them; nothing is read through instances.
import { DataTypes, Model, type Sequelize } from 'sequelize';
import { flag, id, integer, integerOrNull, json, jsonOrNull, text, textOrNull, time, timeOrNull } from './columns.js';
import type {
  AuditRow,
  CalendarRow,
  DialRightRow,
  DutyGroupRow,
  NumberListEntryRow,
  NumberListRow,
} from './routing-rows.js';

export function defineRoutingModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const calendars = class extends Model<CalendarRow> {};
  calendars.init(
    { id: id(), name: text(), weekly: json(), specialDays: json(), override: jsonOrNull() },
    options('calendars'),
  );
  const dutyGroups = class extends Model<DutyGroupRow> {};
  dutyGroups.init({ id: id(), name: text(), shifts: json() }, options('dutyGroups'));
  const numberLists = class extends Model<NumberListRow> {};
  numberLists.init(
    { id: id(), name: text(), kind: text(), action: json(), level: integer(), priority: integer(), enabled: flag() },
    options('numberLists'),
  );
  const numberListEntries = class extends Model<NumberListEntryRow> {};
  numberListEntries.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      listId: text(),
      number: text(),
      pattern: flag(),
      reason: text(),
      expiresAt: timeOrNull(),
      level: integerOrNull(),
      agentId: textOrNull(),
      addedBy: text(),
      addedAt: time(),
    },
    options('numberListEntries'),
  );
  const dialRights = class extends Model<DialRightRow> {};
  dialRights.init(
    {
      subject: { type: DataTypes.STRING(40), primaryKey: true },
      callingNumbers: json(),
      calendar: jsonOrNull(),
    },
    options('dialRights'),
  );
  const auditEntries = class extends Model<AuditRow> {};
  auditEntries.init(
    {
      id: id(),
      at: time(),
      actor: text(),
      action: text(),
      objectKind: text(),
      objectId: text(),
      before: jsonOrNull(),
      after: jsonOrNull(),
    },
    options('auditEntries'),
  );
  return { calendars, dutyGroups, numberLists, numberListEntries, dialRights, auditEntries };
}
