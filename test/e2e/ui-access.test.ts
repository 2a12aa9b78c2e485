// Who may do what, as people meet it: a role is made by page, a user with it chooses a password and sees that alone; a second
// factor is set up and asked for; a name is locked and let in again; a session is ended from another browser.
import { generateSync } from 'otplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { AuditEntry, Role, User, UserAccess } from '../../daemon/dist/contract/index.js';
import { openBrowser, type Browser } from './ui-browser.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';

const OWN = 'three blue trains 7';
let ui: UiBox;
let boss: Browser;
let clerk: Browser;
let secret = '';
const role = '<img src=x onerror=alert(1)>';

beforeAll(async () => {
  ui = await startUiBox();
  boss = await ui.browser();
  clerk = await openBrowser(ui.origin, 'zh-CN');
});
afterAll(async () => {
  await clerk.close();
  await ui.close();
});

const choose = async (page: Page, label: string, option: string): Promise<void> => {
  await page.locator(`.el-drawer .el-select:has([aria-label="${label}"])`).click();
  await page.locator('.el-select-dropdown__item:visible', { hasText: option }).first().click();
};
const button = (within: Page | Locator, name: string): Locator =>
  within.getByRole('button', { name, exact: true }).filter({ visible: true });
const places = (page: Page): Promise<string[]> =>
  page.locator('header nav a, nav.menu a').evaluateAll((links) => links.map((link) => link.textContent?.trim() ?? ''));
const code = (stepsOff = 0): string => generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + 30 * stepsOff });

async function signIn(page: Page, username: string, password: string): Promise<void> {
  await page.locator('input[name="username"]').fill(username);
  await page.locator('input[name="password"]').fill(password);
  await page.keyboard.press('Enter');
}

test('a role is made as a copy, narrowed, and its permissions are what the box has', async () => {
  const { page } = boss;
  await page.goto(`${ui.origin}/roles`);
  await button(page.locator('[data-role="agent"]'), '复制').click();
  const form = page.locator('.el-drawer');
  await form.locator('input[name="name"]').fill(role);
  await form.locator('input[name="id"]').fill('list-keeper');
  for (const off of ['desk.use', 'desk.dialOut']) await form.locator(`[data-permission="${off}"]`).click();
  for (const on of ['lists.view', 'lists.edit', 'audit.view']) await form.locator(`[data-permission="${on}"]`).click();
  await button(form, '保存').click();
  const row = page.locator('[data-role="list-keeper"]');
  await row.waitFor();
  // what somebody has typed is text, whatever it looks like
  expect(await row.innerText()).toContain(role);
  const made = (await ui.api<Role[]>('GET', '/roles')).find(({ id }) => id === 'list-keeper');
  expect(made).toMatchObject({
    name: role,
    scope: { kind: 'own' },
    permissions: ['lists.view', 'lists.edit', 'audit.view'],
  });
  expect(await button(page.locator('[data-role="admin"]'), '删除').count()).toBe(0);

  await button(row, '编辑').click();
  await form.locator('.choice label', { hasText: '所选队列和坐席' }).click();
  await choose(page, '队列', '销售');
  await page.screenshot({ path: 'build/screens/access-role-form.png' });
  await shootRole(page);
  const narrowed = await ui.api<Role[]>('GET', '/roles');
  expect(narrowed.find(({ id }) => id === 'list-keeper')?.scope).toEqual({ kind: 'own' });
});

async function shootRole(page: Page): Promise<void> {
  await shootAll(page, 'access-roles', '[data-test="roles"]', [role]);
}

test('a user is made, told a one-time password, and chooses his own before he sees anything', async () => {
  const { page } = boss;
  await page.evaluate("localStorage.setItem('cordboard.language', 'zh-CN')");
  await page.goto(`${ui.origin}/users`);
  await button(page, '新建用户').first().click();
  await page.locator('.el-drawer input[name="username"]').fill('wang.fang');
  await choose(page, '角色', role);
  await button(page.locator('.el-drawer'), '保存').click();
  const once = await page.locator('[data-test="once"] code').innerText();
  await button(page.locator('.el-dialog'), '关闭').click();
  const row = page.locator('[data-user="wang.fang"]');
  expect(await row.innerText()).toContain('下次登录须改密码');

  const own = clerk.page;
  await own.goto(`${ui.origin}/audit`);
  await signIn(own, 'wang.fang', once);
  await own.waitForURL(/first-things/);
  await own.locator('input[name="current"]').fill(once);
  await own.locator('input[name="password"]').fill('wang.fang');
  await own.locator('input[name="again"]').fill('wang.fang');
  await own.keyboard.press('Enter');
  await own.locator('[data-field="password"] .el-form-item__error').waitFor();
  for (const name of ['password', 'again']) await own.locator(`input[name="${name}"]`).fill(OWN);
  await own.keyboard.press('Enter');
  await own.locator('[data-test="audit"]').waitFor();
  expect(await places(own)).toEqual(['管理', '号码名单', '操作日志']);
  // a page that is not his leads to the first that is, and the API refuses what is behind it
  await own.goto(`${ui.origin}/users`);
  await own.waitForURL(/\/lines\/lists$/);
  const token = await own.evaluate<string>("localStorage.getItem('cordboard.token')");
  await expect(ui.api('GET', '/users', undefined, token)).rejects.toThrow(/403.*permission_missing.*查看用户/s);
  await expect(ui.api('GET', '/calls', undefined, token)).rejects.toThrow(/403/);
});

test('a second factor is set up with a real code, asked for when signing in, and no code counts twice', async () => {
  const { page } = clerk;
  await page.goto(`${ui.origin}/account`);
  await button(page, '开启两步验证').click();
  await page.locator('input[name="proof"]').fill(OWN);
  await button(page, '继续').click();
  expect(await page.locator('img.picture').getAttribute('src')).toMatch(/^data:image\/png;base64,/);
  secret = (await page.locator('[data-test="secret"]').innerText()).replaceAll(' ', '');
  await page.locator('input[name="code"]').fill('000000');
  await button(page, '确认开启').click();
  await page.locator('[data-field="code"] .el-form-item__error').waitFor();
  const first = code();
  await page.locator('input[name="code"]').fill(first);
  await button(page, '确认开启').click();
  await page.locator('[data-test="once"] code').first().waitFor();
  const spare = await page.locator('[data-test="once"] code').allInnerTexts();
  expect(spare).toHaveLength(10);
  await button(page, '我已保存好').click();
  await page.getByText('还剩 10 个备用码').waitFor();

  await page.locator('.who').click();
  await page.locator('.el-dropdown-menu__item:visible', { hasText: '退出登录' }).click();
  await page.waitForURL(/sign-in/);
  await signIn(page, 'wang.fang', OWN);
  const field = page.locator('input[name="code"]');
  await field.fill(first);
  await page.keyboard.press('Enter');
  await page.getByText('验证码错误或已使用').waitFor();
  // the next one counts before its time, as a telephone's clock may be ahead
  await field.fill(code(1));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/lines\/lists$/);
  const signed = await ui.api<UserAccess[]>('GET', '/user-access');
  const { id } = (await ui.api<User[]>('GET', '/users')).find(({ username }) => username === 'wang.fang')!;
  expect(signed.find(({ userId }) => userId === id)).toMatchObject({ secondFactor: true, sessions: 1 });

  const by = { username: 'wang.fang', password: OWN, code: spare[0]!.toUpperCase() };
  await ui.api('POST', '/session', by);
  await expect(ui.api('POST', '/session', by)).rejects.toThrow(/code_wrong/);
  await page.goto(`${ui.origin}/account`);
  await page.getByText('还剩 9 个备用码').waitFor();
});

test('an administrator ends the sessions of somebody, whose browser asks to sign in again at once', async () => {
  const { page } = boss;
  await page.goto(`${ui.origin}/users`);
  const row = page.locator('[data-user="wang.fang"]');
  await button(row, '2 处').click();
  await page.locator('.el-drawer [data-test="sessions"] tbody tr').nth(1).waitFor();
  await button(page.locator('.el-drawer'), '全部结束').click();
  await button(page.locator('.el-message-box'), '全部结束').click();
  await clerk.page.waitForURL(/sign-in/);
  await page.keyboard.press('Escape');
  await shootAll(page, 'access-users', '[data-test="users"] tbody', ['wang.fang', role, 'last.try']);
  await page.evaluate("localStorage.setItem('cordboard.language', 'zh-CN')");
});

test('a name that was tried too often is locked, and let in again by an administrator', async () => {
  const wrong = { username: 'wang.fang', password: 'wrong' };
  const { page } = boss;
  await page.goto(`${ui.origin}/users`);
  const row = page.locator('[data-user="wang.fang"]');
  await row.waitFor();
  // somebody goes on trying until it is seen
  let seen = false;
  const trying = (async () => {
    while (!seen) await ui.api('POST', '/session', wrong).catch(() => undefined);
  })();
  await row.getByText('已锁定').waitFor();
  seen = true;
  await trying;
  await expect(ui.api('POST', '/session', { username: 'wang.fang', password: OWN })).rejects.toThrow(/429/);
  await button(row, '“wang.fang”的更多操作').click();
  await page.locator('.el-dropdown-menu__item:visible', { hasText: '解除锁定' }).click();
  await row.getByText('正常').waitFor();
  await expect(ui.api('POST', '/session', { username: 'wang.fang', password: OWN })).rejects.toThrow(
    /second_factor_needed/,
  );
});

test('rules of passwords hold once they are saved, and the log tells what was changed', async () => {
  const { page } = boss;
  await page.goto(`${ui.origin}/sign-in-rules`);
  const least = page.locator('[data-field="password.minLength"] input');
  await least.fill('14');
  await least.press('Enter');
  await page.getByText('登录规则已保存').waitFor();
  const short = { username: 'last.try', password: 'bluegreen 12', role: 'agent' };
  await expect(ui.api('POST', '/users', short)).rejects.toThrow(/14/);
  await shootAll(page, 'access-rules', '[data-test="rules"]', [role]);
  const { entries } = await ui.api<{ entries: AuditEntry[] }>('GET', '/audit?objectKind=signInRules');
  expect(entries[0]).toMatchObject({ actor: 'admin', before: { minLength: 10 }, after: { minLength: 14 } });
  expect(JSON.stringify(await ui.api('GET', '/audit?limit=500'))).not.toContain(OWN);

  await page.evaluate("localStorage.setItem('cordboard.language', 'zh-CN')");
  await page.goto(`${ui.origin}/audit`);
  await button(page.locator('[data-test="audit"] tbody tr').first(), '查看改动').click();
  await page.getByText('最少字符数').waitFor();
  expect(await page.locator('.diff tbody tr').innerText()).toMatch(/最少字符数\s*10\s*14/);
  await shootAll(page, 'access-audit', '[data-test="audit"]');
  await page.evaluate("localStorage.setItem('cordboard.language', 'zh-CN')");
  await page.goto(`${ui.origin}/account`);
  // the other language is called by its own name
  await shootAll(page, 'access-account', '[data-test="account"]', ['简体中文']);
});

test('each role finds in the menu what it may, and is led away from the rest', async () => {
  // each with the page where he begins
  const begins = [
    { token: await ui.user('boss.li', 'supervisor'), home: /\/floor$/ },
    { token: await ui.user('seat.zhao', 'agent', '2001'), home: /\/desk$/ },
  ];
  const routes = ['users', 'roles', 'sign-in-rules', 'audit', 'simulator'];
  for (const { token, home } of begins) {
    const { page, complaints } = await ui.browser({ token });
    await page.goto(`${ui.origin}/`);
    await page.locator('header nav a').first().waitFor();
    for (const path of routes) {
      expect(await page.locator(`a[href="/${path}"]`).count()).toBe(0);
      await page.goto(`${ui.origin}/${path}`);
      await page.waitForURL(home);
    }
    expect(complaints).toEqual([]);
  }
  expect(boss.complaints).toEqual([]);
  // refusals that were asked for stand on the console of the one who was refused
  expect(clerk.complaints.filter((one) => !/status of 40[0-9]/.test(one))).toEqual([]);
});
