// The tables of desk telephones and of alerts, as Sequelize knows them.
import { DataTypes, Model, type Sequelize } from 'sequelize';
import type { AlertDeliveryRow, AlertRow, AlertRuleRow, AlertWayRow } from './alert-rows.js';
import { flag, id, integer, json, realOrNull, text, textOrNull, time, timeOrNull } from './columns.js';
import type { PhoneRow } from './phone-rows.js';

export function defineBoxModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;
  const phones = class extends Model<PhoneRow> {};
  phones.init(
    {
      mac: { type: DataTypes.STRING(12), primaryKey: true },
      ...{ vendor: text(), model: text(), station: integer(), transport: text(), keys: json(), firmwareUrl: text() },
      ...{ tokenHash: text(), bookHash: text(), sealed: text(), sealedSecret: textOrNull() },
      ...{ openUntil: timeOrNull(), openFor: textOrNull() },
      ...{ askedAt: timeOrNull(), fetchedAt: timeOrNull(), registeredAt: timeOrNull() },
      ...{ address: textOrNull(), userAgent: textOrNull(), createdAt: time() },
    },
    options('phones'),
  );
  const alertWays = class extends Model<AlertWayRow> {};
  alertWays.init(
    {
      ...{ id: id(), name: text(), kind: text(), language: text(), enabled: flag(), sealed: text() },
      ...{ createdAt: time(), lastOkAt: timeOrNull(), lastError: textOrNull() },
    },
    options('alertWays'),
  );
  const alertRules = class extends Model<AlertRuleRow> {};
  alertRules.init(
    {
      ...{ id: id(), name: text(), position: integer(), concerns: json(), severity: text(), ways: json() },
      ...{ quietFrom: textOrNull(), quietTo: textOrNull(), graveInQuiet: flag(), remindMs: timeOrNull() },
      ...{ tellEnd: flag(), delayMs: time(), enabled: flag() },
    },
    options('alertRules'),
  );
  const alerts = class extends Model<AlertRow> {};
  alerts.init(
    {
      ...{ id: id(), kind: text(), grave: flag(), value: realOrNull() },
      ...{ startedAt: time(), endedAt: timeOrNull(), told: json() },
    },
    options('alerts'),
  );
  const alertDeliveries = class extends Model<AlertDeliveryRow> {};
  alertDeliveries.init(
    {
      ...{ id: id(), alertId: textOrNull(), wayId: text(), wayName: text(), wayKind: text(), what: text() },
      ...{ state: text(), subject: text(), body: text(), data: json(), createdAt: time(), attempts: integer() },
      ...{ nextAt: time(), sentAt: timeOrNull(), lastError: textOrNull() },
    },
    options('alertDeliveries'),
  );
  return { phones, alertWays, alertRules, alerts, alertDeliveries };
}
