import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

export const area = defineArea({
  pages: [
    {
      ...{ name: 'users', path: '/users', needs: 'users.view', menu: { group: 'people', order: 70 } },
      page: () => import('./UsersPage.vue'),
    },
    {
      ...{ name: 'roles', path: '/roles', needs: 'roles.edit', menu: { group: 'people', order: 80 } },
      page: () => import('./RolesPage.vue'),
    },
    {
      ...{ name: 'signInRules', path: '/sign-in-rules', needs: 'roles.edit', menu: { group: 'people', order: 90 } },
      page: () => import('./SignInRulesPage.vue'),
    },
    {
      ...{ name: 'audit', path: '/audit', needs: 'audit.view', menu: { group: 'system', order: 80 } },
      page: () => import('./AuditPage.vue'),
    },
    { name: 'account', path: '/account', page: () => import('./AccountPage.vue') },
    { name: 'duty', path: '/first-things', page: () => import('./DutyPage.vue'), bare: true },
  ],
  titles: bilingual(
    {
      users: '用户',
      roles: '角色',
      signInRules: '登录规则',
      audit: '操作日志',
      account: '我的账号',
      duty: '登录前还差一步',
    },
    {
      users: 'Users',
      roles: 'Roles',
      signInRules: 'Sign-in rules',
      audit: 'Audit log',
      account: 'My account',
      duty: 'One thing before you begin',
    },
  ),
});
