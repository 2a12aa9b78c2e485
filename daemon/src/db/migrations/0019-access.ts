// Roles of one's own, what signing in knows of a user, and where sessions come from.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration, MigrationContext } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const timeOrNull = () => ({ type: DataTypes.BIGINT, allowNull: true });
const json = () => ({ type: DataTypes.JSON, allowNull: false });
const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const references = (model: string, onDelete: string) => ({
  type: DataTypes.STRING(40),
  references: { model, key: 'id' },
  ...{ onDelete, onUpdate: 'CASCADE' },
});
const ofUser = (model: string) => ({ ...references(model, 'CASCADE'), allowNull: false });

const BUILT_IN = ['admin', 'supervisor', 'agent'];
const USER = ['id', 'username', 'passwordHash', 'role', 'language', 'agentId', 'createdAt'];
const SESSION = ['id', 'tokenHash', 'userId', 'createdAt', 'expiresAt'];

const users = (role: ModelAttributes[string]): ModelAttributes => ({
  ...{ id: id(), username: { ...text(), unique: true }, passwordHash: text(), role, language: text() },
  ...{ agentId: { ...references('agents', 'SET NULL'), allowNull: true }, createdAt: time() },
});
const sessions = (more: ModelAttributes): ModelAttributes => ({
  ...{ id: id(), tokenHash: { ...text(), unique: true }, userId: ofUser('usersMoved'), createdAt: time() },
  expiresAt: { type: 'BIGINT CHECK ("expiresAt" >= "createdAt")', allowNull: false },
  ...more,
});
const from = (): ModelAttributes => ({ userAgent: textOrNull(), address: textOrNull(), lastSeenAt: timeOrNull() });

/** A CHECK cannot be changed: the rows move, users first, because sessions refer to them. */
async function move(
  { queryInterface, transaction }: MigrationContext,
  role: { column: ModelAttributes[string]; of: string },
  more: ModelAttributes,
): Promise<void> {
  const run = (sql: string): Promise<unknown> => queryInterface.sequelize.query(sql, { transaction });
  const quoted = (columns: readonly string[]): string => columns.map((name) => `"${name}"`).join(', ');
  await queryInterface.createTable('usersMoved', users(role.column), { transaction });
  const taken = USER.map((name) => (name === 'role' ? role.of : `"${name}"`)).join(', ');
  await run(`INSERT INTO "usersMoved" (${quoted(USER)}) SELECT ${taken} FROM "users"`);
  await queryInterface.createTable('sessionsMoved', sessions(more), { transaction });
  await run(`INSERT INTO "sessionsMoved" (${quoted(SESSION)}) SELECT ${quoted(SESSION)} FROM "sessions"`);
  await queryInterface.dropTable('sessions', { transaction });
  await queryInterface.dropTable('users', { transaction });
  await queryInterface.renameTable('usersMoved', 'users', { transaction });
  await queryInterface.renameTable('sessionsMoved', 'sessions', { transaction });
  for (const column of ['userId', 'expiresAt'])
    await queryInterface.addIndex('sessions', [column], { transaction, name: `sessions_${column}` });
}

export const access: Migration = {
  name: '0019-access',
  async up(context) {
    const { queryInterface, transaction } = context;
    await queryInterface.createTable(
      'roles',
      { ...{ id: id(), name: text(), permissions: json(), scope: json(), updatedAt: time() } },
      { transaction },
    );
    await move(context, { column: text(), of: '"role"' }, from());
    await queryInterface.createTable(
      'userSecurity',
      {
        ...{ userId: { ...ofUser('users'), primaryKey: true }, mustChange: flag(), passwordSetAt: timeOrNull() },
        ...{
          history: json(),
          secret: textOrNull(),
          secretSince: timeOrNull(),
          lastStep: timeOrNull(),
          recovery: json(),
        },
      },
      { transaction },
    );
  },
  async down(context) {
    const { queryInterface, transaction } = context;
    await queryInterface.dropTable('userSecurity', { transaction });
    const known = BUILT_IN.map((role) => `'${role}'`).join(', ');
    const column = { type: `TEXT CHECK ("role" IN (${known}))`, allowNull: false };
    // The older form knows three roles: whoever has another may do the least.
    await move(context, { column, of: `CASE WHEN "role" IN (${known}) THEN "role" ELSE 'agent' END` }, {});
    await queryInterface.dropTable('roles', { transaction });
  },
};
