// Who is told of what is wrong with the box, and what has been told to whom.
import { DataTypes } from 'sequelize';
import type { Migration } from './migration.js';

const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const text = (allowNull = false) => ({ type: DataTypes.TEXT, allowNull });
const time = (allowNull = false) => ({ type: DataTypes.BIGINT, allowNull });
const count = () => ({ type: DataTypes.INTEGER, allowNull: false });
const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false });

export const alerts: Migration = {
  name: '0034-alerts',
  async up({ queryInterface, transaction }) {
    const create = (table: string, columns: Parameters<typeof queryInterface.createTable>[1]) =>
      queryInterface.createTable(table, columns, { transaction });
    await create('alertWays', {
      ...{ id: id(), name: text(), kind: text(), language: text(), enabled: flag(), sealed: text() },
      ...{ createdAt: time(), lastOkAt: time(true), lastError: text(true) },
    });
    await create('alertRules', {
      ...{ id: id(), name: text(), position: count(), concerns: text(), severity: text(), ways: text() },
      ...{ quietFrom: text(true), quietTo: text(true), graveInQuiet: flag(), remindMs: time(true), tellEnd: flag() },
      ...{ delayMs: time(), enabled: flag() },
    });
    await create('alerts', {
      ...{ id: id(), kind: text(), grave: flag(), value: { type: DataTypes.DOUBLE, allowNull: true } },
      ...{ startedAt: time(), endedAt: time(true), told: text() },
    });
    await create('alertDeliveries', {
      ...{
        id: id(),
        alertId: text(true),
        wayId: text(),
        wayName: text(),
        wayKind: text(),
        what: text(),
        state: text(),
      },
      ...{ subject: text(), body: text(), data: text(), createdAt: time(), attempts: count(), nextAt: time() },
      ...{ sentAt: time(true), lastError: text(true) },
    });
    await queryInterface.addIndex('alerts', ['endedAt'], { transaction, name: 'alerts_endedAt' });
    await queryInterface.addIndex('alertDeliveries', ['state', 'nextAt'], { transaction, name: 'alertDeliveries_due' });
    await queryInterface.addIndex('alertDeliveries', ['alertId'], { transaction, name: 'alertDeliveries_alertId' });
  },
  async down({ queryInterface, transaction }) {
    for (const table of ['alertDeliveries', 'alerts', 'alertRules', 'alertWays'])
      await queryInterface.dropTable(table, { transaction });
  },
};
