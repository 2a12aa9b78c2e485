// Users with their roles. Who is new gets a one-time password, told once; who imports gives no more than he may himself.
import { Language, UserCreate, type User } from '../../contract/index.js';
import { AppError, check, newUlid } from '../../platform/index.js';
import { languageCell, languageOf, says, type Cells, type CheckedRow, type Table } from '../table.js';

/** Each has a password made and hashed, which takes a moment. */
const MOST_NEW = 500;

const Row = UserCreate.omit({ password: true }).required({ role: true }).extend({ language: Language });
type Row = ReturnType<typeof Row.parse>;

const BUILT_IN: Readonly<Record<string, string>> = {
  ...{ 管理员: 'admin', administrator: 'admin', 班长: 'supervisor', 坐席: 'agent' },
};

export const usersTable: Table = {
  kind: 'users',
  key: 'username',
  needsOf: null,
  tells: null,
  columns: [
    {
      ...{ id: 'username', title: { zh: '用户名', en: 'User name' }, required: true, example: 'li.na' },
      hint: { zh: '字母、数字和 . _ @ -，最多 64 个', en: 'Letters, digits and . _ @ -, 64 at most' },
      also: ['账号', '登录名', 'user', 'login'],
    },
    {
      ...{ id: 'role', title: { zh: '角色', en: 'Role' }, required: true, example: 'agent' },
      hint: {
        zh: '管理员、班长、坐席，或自建角色的名称',
        en: 'admin, supervisor, agent, or the name of a role of your own',
      },
    },
    {
      ...{ id: 'agent', title: { zh: '坐席工号', en: 'Agent' }, example: '2001' },
      hint: { zh: '这个用户是哪位坐席；留空表示不是坐席', en: 'Which agent the user is; empty: none' },
      also: ['工号', '坐席', 'agentid', 'agent number'],
    },
    {
      ...{ id: 'language', title: { zh: '语言', en: 'Language' }, example: '中文' },
      hint: { zh: '中文或英文；留空为系统语言', en: 'Chinese or English; empty: that of the box' },
    },
  ],
  async open(db, _of, { defaultLanguage, users: around, nowMs }) {
    const [users, agents, roles] = await Promise.all([db.users.list(), db.agents.list(), around.roles()]);
    const known = new Map(users.map((row) => [row.username, row]));
    const agentIds = new Set(agents.map(({ id }) => id));
    const byName = new Map([...roles].map(([id, { name }]) => [name.toLowerCase(), id]));
    const cellsOf = (one: Pick<User, 'username' | 'role' | 'language'> & { agentId?: string | null | undefined }) => ({
      ...{ username: one.username, role: roles.get(one.role)?.name ?? one.role, agent: one.agentId ?? '' },
      language: languageCell(one.language),
    });
    const existing = new Map<string, Cells>(users.map((row) => [row.username, cellsOf(row)]));
    const taken: Row[] = [];
    const passwords = new Map<string, { plain: string; hash: string }>();
    let fresh = 0;

    return {
      existing,
      keyOf: ({ username }) => username ?? '',
      check(cells): CheckedRow {
        const named = (cells.role ?? '').toLowerCase();
        const role = BUILT_IN[named] ?? byName.get(named) ?? cells.role ?? '';
        if (!roles.has(role))
          return says('role', `没有名为“${cells.role}”的角色。`, `There is no role called “${cells.role}”.`);
        const agent = cells.agent ?? '';
        if (agent !== '' && !agentIds.has(agent))
          return says('agent', `没有工号 ${agent} 的坐席。`, `There is no agent ${agent}.`);
        const checked = check(Row, {
          ...{ username: cells.username ?? '', role, agentId: agent === '' ? null : agent },
          language: languageOf(cells.language ?? '', defaultLanguage),
        });
        if (!checked.ok) return checked;
        const { value } = checked;
        const now = known.get(value.username);
        const changes = now === undefined || now.role !== role;
        if (changes && [role, now?.role ?? role].some((one) => roles.get(one)?.mayGive !== true))
          return says(
            'role',
            '这个角色的权限超出您自己的，不能由您授予或收回。',
            'This role may more than you: you can neither give it nor take it.',
          );
        if (now === undefined && (fresh += 1) > MOST_NEW)
          return says(
            'username',
            `一次最多新建 ${MOST_NEW} 个用户，请分几个文件导入。`,
            `${MOST_NEW} new users at once are the most: split the file.`,
          );
        return { ok: true, cells: cellsOf(value), take: () => void taken.push(value) };
      },
      async prepare() {
        const newcomers = taken.filter(({ username }) => !known.has(username)).values();
        const makes = async (): Promise<void> => {
          for (const { username } of newcomers) passwords.set(username, await around.makePassword());
        };
        // as many as are hashed side by side; who signs in meanwhile takes his turn among them
        await Promise.all([makes(), makes()]);
      },
      async write(tx) {
        const admins = await tx.users.countAdmins();
        for (const { username, role, language, agentId = null } of taken) {
          const now = known.get(username);
          const password = passwords.get(username);
          if (now !== undefined) {
            await tx.users.update(now.id, { role, language, agentId });
            if (now.role !== role) await tx.sessions.removeByUser(now.id, around.session);
          } else if (password !== undefined) {
            const id = newUlid();
            await tx.users.insert({ id, username, role, language, agentId, passwordHash: '', createdAt: nowMs });
            await tx.userSecurity.put(id, { history: [], passwordSetAt: nowMs, mustChange: true });
            await tx.users.update(id, { passwordHash: password.hash });
          }
        }
        if (admins > 0 && (await tx.users.countAdmins()) === 0) throw new AppError('user_last_admin', { username: '' });
        return taken.flatMap(({ username: key }) => {
          const made = passwords.get(key);
          return made === undefined ? [] : [{ key, secret: made.plain }];
        });
      },
    };
  },
};
