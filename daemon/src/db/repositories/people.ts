import { Op } from 'sequelize';
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type { SessionsWrite, UsersWrite } from '../repositories.js';
import type { SessionRow, UserRow } from '../rows.js';
import { announced } from './announced.js';
import type { RoleRow } from '../access-rows.js';
import { Table, type Scope } from './table.js';

/** Who has these can give everything else to himself or to others. */
const RULES = ['users.edit', 'roles.edit'] as const;

export function usersRepository(models: Models, scope: Scope): UsersWrite {
  const table = new Table<UserRow>(models.users, scope, {
    wide: ['createdAt'],
    duplicate: (row) => new AppError('user_exists', { username: row.username ?? '' }),
  });
  const changed = (id: string, removed: boolean): void => scope.publish('user.changed', { id, removed });
  return {
    find: (id) => table.find(id),
    findByUsername: (username) => table.first({ username }),
    list: () => table.all({ order: ['username'] }),
    async countAdmins() {
      const roles = await new Table<RoleRow>(models.roles, scope, { json: ['permissions'] }).all();
      const ruling = roles.filter(({ permissions }) => RULES.every((one) => permissions.includes(one)));
      return table.count({ role: ['admin', ...ruling.map(({ id }) => id)] });
    },
    ...announced(table, (row) => row.id, changed),
  };
}

export function sessionsRepository(models: Models, scope: Scope): SessionsWrite {
  const table = new Table<SessionRow>(models.sessions, scope, { wide: ['createdAt', 'expiresAt', 'lastSeenAt'] });

  async function removeAll(rows: SessionRow[]): Promise<string[]> {
    const ids = rows.map((row) => row.id);
    if (ids.length === 0) return ids;
    await table.removeWhere({ id: { [Op.in]: ids } });
    scope.publish('session.removed', { ids });
    return ids;
  }

  return {
    find: (id) => table.find(id),
    findByTokenHash: (tokenHash) => table.first({ tokenHash }),
    listByUser: (userId) => table.all({ where: { userId } }),
    list: () => table.all({ order: ['id'] }),
    touch: async (id, lastSeenAt) => void (await table.update(id, { lastSeenAt })),
    insert: (row) => table.insert(row),
    async remove(id) {
      const row = await table.find(id);
      return row !== null && (await removeAll([row])).length > 0;
    },
    async removeByUser(userId, exceptId) {
      const rows = await table.all({ where: { userId } });
      return removeAll(rows.filter((row) => row.id !== exceptId));
    },
    async removeExpired(nowMs) {
      return removeAll(await table.all({ where: { expiresAt: { [Op.lte]: nowMs } }, limit: 1000 }));
    },
  };
}
