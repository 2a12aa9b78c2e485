import { DEFAULT_SIGN_IN_RULES, SignInRules } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { RoleRow, RolesWrite, UserSecurityRow, UserSecurityWrite } from '../access-rows.js';
import type { Models } from '../models.js';
import { announced } from './announced.js';
import { Table, type Scope } from './table.js';

export function rolesRepository(models: Models, scope: Scope): RolesWrite {
  const table = new Table<RoleRow>(models.roles, scope, {
    ...{ json: ['permissions', 'scope'], wide: ['updatedAt'] },
    duplicate: (row) => new AppError('role_exists', { id: row.id ?? '' }),
  });
  const changed = (id: string, removed: boolean): void => scope.publish('role.changed', { id, removed });
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['name', 'id'] }),
    ...announced(table, (row) => row.id, changed),
  };
}

const RULES_KEY = 'signInRules';
const NOTHING = {
  ...{ mustChange: false, passwordSetAt: null, history: [], secret: null, secretSince: null },
  ...{ lastStep: null, recovery: [] },
} satisfies Omit<UserSecurityRow, 'userId'>;

export function userSecurityRepository(models: Models, scope: Scope): UserSecurityWrite {
  const table = new Table<UserSecurityRow>(models.userSecurity, scope, {
    ...{ key: 'userId', json: ['history', 'recovery'], flags: ['mustChange'] },
    wide: ['passwordSetAt', 'secretSince', 'lastStep'],
  });
  const meta = new Table<{ key: string; value: string }>(models.meta, scope, { key: 'key' });
  return {
    find: (userId) => table.find(userId),
    list: () => table.all(),
    async put(userId, patch) {
      const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
      if (!(await table.update(userId, given))) await table.insert({ ...NOTHING, ...given, userId });
    },
    async rules() {
      const stored = await meta.find(RULES_KEY);
      const read = stored === null ? null : SignInRules.safeParse(JSON.parse(stored.value));
      return read?.success === true ? read.data : DEFAULT_SIGN_IN_RULES;
    },
    async putRules(rules) {
      const value = JSON.stringify(rules);
      if (!(await meta.update(RULES_KEY, { value }))) await meta.insert({ key: RULES_KEY, value });
      scope.publish('signInRules.changed', {});
    },
  };
}
