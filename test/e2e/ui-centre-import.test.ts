// Five hundred agents from an Excel workbook by page: bad rows are shown, the others come in, what goes out reads back equal. Users and
// telephones come in with secrets, which are told once and let them in.
import { readFileSync } from 'node:fs';
import writeXlsxFile from 'write-excel-file/node';
import { readSheet } from 'read-excel-file/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { Agent } from '../../daemon/src/contract/index.js';
import type { Browser } from './ui-browser.js';
import { startUiBox, type UiBox } from './ui-box.js';

const SCREENS = new URL('../../build/screens/', import.meta.url).pathname;
let ui: UiBox;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  ui = await startUiBox();
  browser = await ui.browser();
  ({ page } = browser);
});
afterAll(() => ui.close());

const FAMILY = '李王张刘陈杨赵黄周吴';
const GIVEN = '娜磊敏洋晨帆浩伟静涛';
const rows = Array.from({ length: 500 }, (_, at) => [
  String(3000 + at),
  at === 7 ? '=HYPERLINK("http://evil","x")' : `${FAMILY[at % 10]}${GIVEN[Math.floor(at / 10) % 10]}${at}`,
  at % 2 === 0 ? '销售' : 'sales；service',
  at % 3 === 0 ? 'english:7;billing:3' : '',
]);
const BAD = [
  ['30x1', '号码错', '', ''],
  ['3901', '', '', ''],
  ['3902', '队列错', '不存在', ''],
  ['3000', '重复', '', ''],
];

async function workbook(data: string[][]): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const sheet = data.map((row) => row.map((value) => ({ value, type: String })));
  return { name: 'agents.xlsx', mimeType: 'application/octet-stream', buffer: await writeXlsxFile(sheet).toBuffer() };
}
const choose = async (file: { name: string; mimeType: string; buffer: Buffer }) =>
  page.locator('.el-dialog input[type="file"]').setInputFiles(file);

test('bad rows are shown with reasons, and five hundred come in', async () => {
  await page.goto(`${ui.origin}/agents`);
  await page.getByRole('button', { name: '导入', exact: true }).click();
  await page.getByText('下载模板').waitFor();
  await page.screenshot({ path: `${SCREENS}centre-import-choose.zh-CN.light.png`, animations: 'disabled' });
  // a heading that nobody knows, to be told by hand
  const file = await workbook([['员工号', '姓名', '所属队列', '技能'], ...rows, ...BAD]);
  await choose(file);
  await page.locator('[data-line="1"], [data-line="2"], [data-line="502"]').first().waitFor();
  await page.getByLabel('“所属队列”这一列是').selectOption({ label: '队列' });
  await page.getByText('全部 504').waitFor();
  await expect.poll(() => page.locator('tr[data-state="bad"]').count()).toBe(4);
  expect(await page.locator('tr[data-line="504"]').textContent()).toContain('不存在');
  await page.screenshot({ path: `${SCREENS}centre-import-preview.zh-CN.light.png`, animations: 'disabled' });
  expect(await page.locator('[data-test="import-apply"]').isDisabled()).toBe(true);
  expect((await ui.api<Agent[]>('GET', '/agents')).some(({ id }) => id === '3001')).toBe(false);

  await page.getByText('跳过 4 行有误的').click();
  await page.locator('[data-test="import-apply"]').click();
  await page.locator('[data-test="import-done"]').waitFor({ timeout: 60_000 });
  const agents = new Map((await ui.api<Agent[]>('GET', '/agents')).map((agent) => [agent.id, agent]));
  for (const [id = '', name] of rows) expect(agents.get(id)?.name).toBe(name);
  expect(agents.get('3001')?.queues).toEqual(['sales', 'service']);
  expect(await ui.api('GET', '/agents/3003/abilities')).toMatchObject({
    skills: [
      { skill: 'billing', level: 3 },
      { skill: 'english', level: 7 },
    ],
  });
  await page.getByRole('button', { name: '关闭', exact: true }).click();
});

test('the list stays quick, and what is exported reads back equal with no formula in it', async () => {
  expect(await page.locator('tr[data-agent]').count()).toBeLessThan(80);
  await page.locator('[data-test="export"]').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Excel 工作簿' }).click(),
  ]);
  const saved = readFileSync(await download.path());
  const cells = (await readSheet(saved)).flat().map((cell) => String(cell ?? ''));
  expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
  expect(cells).toContain(`'=HYPERLINK("http://evil","x")`);

  await page.getByRole('button', { name: '导入', exact: true }).click();
  await choose({ name: 'back.xlsx', mimeType: 'application/octet-stream', buffer: saved });
  await page.getByText('文件内容与现有数据一致').waitFor();
  await page.getByRole('button', { name: '取消', exact: true }).click();
  expect(browser.complaints).toEqual([]);
});

/** Takes a CSV on the page that stands open; gives the secrets that were made for it. */
async function takeIn(csv: string[]): Promise<Map<string, string>> {
  await page.getByRole('button', { name: '导入', exact: true }).click();
  await choose({ name: 'in.csv', mimeType: 'text/csv', buffer: Buffer.from(csv.join('\r\n')) });
  await page.getByText('跳过 1 行有误的').click();
  await page.locator('[data-test="import-apply"]').click();
  await page.locator('[data-test="import-done"]').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: '下载密码表' }).click(),
  ]);
  const [, ...lines] = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n');
  await page.getByRole('button', { name: '关闭', exact: true }).click();
  return new Map(lines.map((line) => line.split(',') as [string, string]));
}

test('users come in with a password for one time, which lets them in', async () => {
  await page.goto(`${ui.origin}/users`);
  const secrets = await takeIn(['用户名,角色,坐席工号', 'li.na,坐席,3001', 'wang.lei,班长,', 'no.one,船长,']);
  expect([...secrets.keys()]).toEqual(['li.na', 'wang.lei']);
  await page.locator('[data-user="li.na"]').waitFor();
  expect(await page.locator('[data-user="no.one"]').count()).toBe(0);
  const body = { username: 'wang.lei', password: secrets.get('wang.lei') };
  expect(await ui.api('POST', '/session', body)).toMatchObject({ user: { username: 'wang.lei', role: 'supervisor' } });
});

test('telephones come in with the secrets of their accounts', async () => {
  await page.goto(`${ui.origin}/lines/telephones`);
  const secrets = await takeIn(['分机号,名称', '4001,前台', '4002,仓库', '99999999999,太长']);
  expect([...secrets.keys()]).toEqual(['4001', '4002']);
  await page.locator('[data-phone="4002"]').waitFor();
  expect(await ui.api('GET', '/stations/sip')).toMatchObject([{ number: 4001, name: '前台' }, { number: 4002 }]);
  expect(browser.complaints).toEqual([]);
});
