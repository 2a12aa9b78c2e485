// Roles, and what signing in knows of users, as Sequelize knows them.
import { Model, type Sequelize } from 'sequelize';
import type { RoleRow, UserSecurityRow } from './access-rows.js';
import { flag, id, json, text, textOrNull, time, timeOrNull } from './columns.js';

export function defineAccessModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const roles = class extends Model<RoleRow> {};
  roles.init(
    { ...{ id: id(), name: text(), permissions: json(), scope: json(), updatedAt: time() } },
    options('roles'),
  );
  const userSecurity = class extends Model<UserSecurityRow> {};
  userSecurity.init(
    {
      ...{ userId: id(), mustChange: flag(), passwordSetAt: timeOrNull(), history: json(), secret: textOrNull() },
      ...{ secretSince: timeOrNull(), lastStep: timeOrNull(), recovery: json() },
    },
    options('userSecurity'),
  );
  return { roles, userSecurity };
}
