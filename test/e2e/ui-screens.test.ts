// What can be opened on the pages of lines, flows and the system, seen in both languages and themes: tabs, forms, dialogs, empty
// lists. What they do is tested elsewhere; here is what they look like, and whether every word is of its language.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Page, WebSocketRoute } from 'playwright-core';
import type { Prompt } from '../../daemon/src/contract/index.js';
import { startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';
import { shootOpened } from './ui-opened.js';

const GIVEN = [
  '上海联通',
  '云帆总机',
  '重要客户',
  '骚扰电话',
  '上班时间',
  '技术值班',
  '前台',
  '仓库',
  '销售组',
  '停电通知',
];
const MORE = [
  '春节放假',
  '李娜',
  '王磊',
  '国内长途',
  '总机',
  '客户服务',
  '运营商',
  '老客户',
  '元旦',
  '夜班',
  '推销',
  '人工台',
];
const KEYS = [
  'sip.unicom.example',
  'outage',
  'holiday',
  'welcome',
  'main-menu',
  'unicom',
  'goodbye',
  'no-agent',
  'service',
];

const FORMATS = [
  'cordboard',
  '.xlsx',
  'Excel',
  'UTF-8',
  'GBK',
  'flow-1',
  'main',
  'number',
  'reason',
  'expires',
  'level',
  'agent',
  'Ctrl',
  'Opsound',
  '.cbk',
];

let ui: UiBox;
let browser: Browser;
let page: Page;

/** beside these, what prompts say and are called */
const given = [...GIVEN, ...MORE, ...KEYS, ...FORMATS];
const at = (path: string): string => `${ui.origin}${path}`;
const seen = (selector: string): Promise<void> => page.locator(selector).first().waitFor();
const press = (selector: string) => async (): Promise<void> => {
  await page.locator(selector).first().click();
  await page.locator('.el-drawer:visible, .el-dialog:visible, .el-message-box:visible').first().waitFor();
};
/** one that cannot be shot does not keep the others from it */
const failed: string[] = [];
const shoot = (name: string, path: string, open: () => Promise<unknown>) =>
  shootOpened(page, name, at(path), open, given).catch((error: unknown) => failed.push(`${name}: ${String(error)}`));

/** Lists as they are before anybody has made anything. */
async function empty(name: string, path: string, ready: string, answers: Record<string, unknown>): Promise<void> {
  for (const [url, answer] of Object.entries(answers))
    await page.route(`**/api/v1/${url}`, (route) => route.fulfill({ json: answer }));
  await shoot(name, path, () => seen(ready));
  await page.unrouteAll();
}

// drawn only where every screen is kept: nothing here can fail that is not looked at
describe.runIf(process.env.CORDBOARD_SCREENS === 'all')('every screen', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    ui = await startUiBox({
      CORDBOARD_SIP_HOST: '127.0.0.1',
      CORDBOARD_VIRTUAL_SPANS: '4',
    });
    browser = await ui.browser();
    ({ page } = browser);
    page.setDefaultTimeout(10_000);
    await fill();
  }, 120_000);
  afterAll(async () => {
    await ui.close();
  });
  afterEach(() => expect(failed.splice(0)).toEqual([]));

  /** What a page says when it was connected and is so no longer. */
  async function offline(): Promise<void> {
    let cut = false;
    const sockets: WebSocketRoute[] = [];
    page.on('framenavigated', () => (cut = false));
    await page.routeWebSocket(/./, (socket) => {
      if (cut) return void socket.close();
      socket.connectToServer();
      sockets.push(socket);
    });
    await shoot('offline', '/floor', async () => {
      await seen('[data-queue]');
      cut = true;
      for (const socket of sockets.splice(0)) await socket.close().catch(() => undefined);
      await seen('.banner[role="alert"]');
    });
  }

  async function fill(): Promise<void> {
    const sip = { id: 'unicom', kind: 'sip', name: '上海联通', mode: 'register', username: '02151880000', secret: 'x' };
    await ui.api('POST', '/trunks', { ...sip, hosts: [{ host: 'sip.unicom.example', port: 5060 }] });
    await ui.api('POST', '/calendars', {
      ...{ id: 'hours', name: '上班时间' },
      weekly: [1, 2, 3, 4, 5].map((weekday) => ({ weekday, hours: [{ from: 540, to: 1080 }] })),
    });
    for (const [number, name] of [
      [1001, '前台'],
      [1002, '仓库'],
      [1003, '人工台'],
    ] as const)
      await ui.api('POST', '/stations/sip', { number, name });
    await ui.api('POST', '/ring-groups', { number: 6001, name: '销售组', stations: [1001, 1002], strategy: 'all' });
    await ui.api('POST', '/number-lists', { id: 'vip', name: '重要客户', kind: 'vip', level: 3 });
    await ui.api('POST', '/number-lists', { id: 'spam', name: '骚扰电话', kind: 'black' });
    for (const [number, reason] of [
      ['13800138000', '老客户'],
      ['02151880001', '运营商'],
    ])
      await ui.api('POST', '/number-lists/vip/entries', { number, reason });
    await ui.api('POST', '/routes', {
      ...{ calledNumber: '51880001', target: { kind: 'station', station: 1001 }, name: '总机', language: 'zh-CN' },
    });
    await ui.api('POST', '/outbound-routes', { name: '国内长途', pattern: '9.', strip: 1, trunks: ['unicom', 'e1'] });
    await ui.api('POST', '/prompts/zh-CN/holiday/speech', { text: '春节放假七天。' });
    await ui.api('PUT', '/prompt-names/holiday', { label: '春节放假' });
    const outage = { name: '停电通知', active: true, prompts: ['holiday'], until: Date.now() + 7_200_000 };
    await ui.api('PUT', '/announcements/outage', outage);
    const prompts = await ui.api<Prompt[]>('GET', '/prompts');
    given.push(...prompts.flatMap(({ name, text }) => [text, name]).filter((one) => one !== ''));
    given.sort((a, b) => b.length - a.length);
    // some lines are busy, one is broken
    for (let i = 0; i < 9; i += 1)
      await ui.api('POST', '/exchange/calls', {
        ...{ calledNumber: '95001', callingNumber: `1380013800${i}`, span: 1 + (i % 3) },
      });
    await ui.api('POST', '/exchange/spans/4/alarm', { alarm: 'los', active: true });
  }

  it('lines', async () => {
    await shoot('lines-trunks-live', '/lines', async () => {
      await seen('.spans [role="alert"]');
      await page.locator('[data-span="1"] a.cell').first().focus();
    });
    await shoot('lines-trunk-e1', '/lines', press('[data-trunk="e1"] [data-act="edit"]'));
    await shoot('lines-trunk-sip', '/lines', press('[data-trunk="unicom"] [data-act="edit"]'));
    await shoot('lines-trunk-test-e1', '/lines', press('[data-trunk="e1"] [data-act="test"]'));
    await empty('lines-trunks-empty', '/lines', '.empty', { trunks: [] });
    await shoot('lines-route-in', '/lines/routes-in', press('[data-act="edit"]'));
    await shoot('lines-routes-in-tried', '/lines/routes-in', async () => {
      await page.locator('input[name="tryFrom"]').fill('13800138000');
      await page.locator('input[name="tryTo"]').fill('51880001');
      await page.keyboard.press('Enter');
      await seen('[data-test="try-result"]');
    });
    await empty('lines-routes-in-empty', '/lines/routes-in', '.empty', { routes: [] });
    await shoot('lines-route-out', '/lines/routes-out', press('[data-act="edit"]'));
    await empty('lines-routes-out-empty', '/lines/routes-out', '.empty', { 'outbound-routes': [] });
    await shoot('lines-telephone', '/lines/telephones', press('[data-act="edit"]'));
    await shoot('lines-telephones-import', '/lines/telephones', press('[data-act="import"]'));
    await empty('lines-telephones-empty', '/lines/telephones', '.empty', { 'stations/sip': [] });
    const tab = (n: number) => async (): Promise<void> => {
      await page.locator('#page .choice label, #page [role="tab"], #page nav a').nth(n).click();
      await page.waitForLoadState('networkidle');
    };
    await shoot('lines-groups', '/lines/telephones', tab(1));
    await shoot('lines-rights', '/lines/telephones', tab(2));
    await shoot('lines-bans', '/lines/telephones', tab(3));
    await shoot('lines-calendar-new', '/lines/calendars', press('[data-act="add"]'));
    await shoot('lines-duty-new', '/lines/calendars', press('[data-act="add-duty"]'));
    await shoot('lines-day-new', '/lines/calendars/hours', press('[data-act="add-day"]'));
    await shoot('lines-close-now', '/lines/calendars/hours', press('[data-act="close-now"], [data-act="open-now"]'));
    await empty('lines-calendars-empty', '/lines/calendars', '.empty', { calendars: [], 'duty-groups': [] });
    await shoot('lines-list-new', '/lines/lists', press('[data-act="add"]'));
    await shoot('lines-list-entry', '/lines/lists/vip', press('[data-act="add-entry"]'));
    await shoot('lines-list-import', '/lines/lists/vip', press('[data-act="import"]'));
    await shoot('lines-list-empty', '/lines/lists/spam', () => seen('.empty'));
    await empty('lines-lists-empty', '/lines/lists', '.empty', { 'number-lists': [] });
  });

  it('flows, prompts and announcements', async () => {
    await shoot('flow-new', '/flows', press('[data-test="make-flow"]'));
    await empty('flows-empty', '/flows', '.empty', { flows: [], 'flow-drafts': [] });
    for (let i = 0; i < 3; i += 1)
      await ui.api('POST', '/exchange/calls', { calledNumber: '95001', callingNumber: `1390013800${i}`, span: 1 });
    await shoot('flow-live', '/flows/main', () => seen('.callers'));
    await shoot('flow-node', '/flows/main', async () => {
      await page.locator('[data-node="menu"] header').click();
      await seen('[data-panel]');
    });
    await shoot('flow-list', '/flows/main', async () => {
      await page.locator('.tools .choice label').nth(1).click();
      await page.waitForLoadState('networkidle');
    });
    await shoot('flow-test', '/flows/main', async () => {
      await page.locator('.tabs label').nth(1).click();
      await page.locator('[data-test="dial"]').click();
      await seen('[data-step="menu"]');
      await page.locator('[data-key="1"]').click();
      await seen('[data-step="sales"]');
    });
    await ui.api('PUT', '/flows/main/draft', {
      ...{ name: '客户服务', definition: { start: 'a', nodes: { a: { type: 'menu', prompts: [], choices: {} } } } },
    });
    await shoot('flow-problems', '/flows/main', () => seen('.problem'));
    await shoot('flow-versions', '/flows/main', async () => {
      await page.locator('.tabs label').nth(2).click();
      await page.locator('[data-act="compare"]').first().click();
      await seen('[data-fate]');
    });
    await shoot('flow-publish', '/flows/main', press('[data-test="publish"]'));
    for (const [n, way] of ['upload', 'record', 'text', 'telephone'].entries())
      await shoot(`prompt-${way}`, '/prompts', async () => {
        await press('[data-test="make-prompt"]')();
        await page.locator('.el-drawer .choice label').nth(n).click();
      });
    await shoot('prompts-renamed', '/prompts', press('[data-prompt="holiday"] [data-act="rename"]'));
    await page.route('**/api/v1/prompt-names*', (route) => route.fulfill({ json: { prompts: [], total: 0 } }));
    await shoot('prompts-empty', '/prompts', async () => {
      await page.locator('#page .choice label').first().click();
      await seen('.empty');
    });
    await page.unrouteAll();
    await shoot('announcement', '/announcements', press('[data-act="change"]'));
    await empty('announcements-empty', '/announcements', '.empty', { announcements: [] });
  });

  it('the system and the frame', async () => {
    await page.setViewportSize({ width: 1280, height: 1800 });
    await shoot('system-settings-all', '/system/settings', () => seen('[data-test="settings"]'));
    await shoot('system-health-all', '/system/health', () => seen('[data-test="health"]'));
    await page.setViewportSize({ width: 1280, height: 720 });
    await shoot('system-backup-make', '/system/backups', press('[data-act="make"]'));
    await shoot('system-backups-empty', '/system/backups', () => seen('.empty'));
    await ui.api('POST', '/backups', { passphrase: 'a cord for every call' });
    await shoot('system-backup-restore', '/system/backups', press('[data-act="restore"]'));
    // a caller hears the menu, one telephone waits for its dial, another rings
    await ui.api('POST', '/exchange/phones/2/lift');
    await ui.api('POST', '/exchange/phones/3/lift');
    await ui.api('POST', '/exchange/phones/3/dial', { digits: '4' });
    await shoot('simulator-busy', '/simulator', () => seen('[data-station="2"][data-state="offHook"]'));
    await shoot('not-found', '/no-such-page', () => seen('h1'));
    const stranger = await ui.browser({ token: 'nobody' });
    const own = page;
    page = stranger.page;
    await shoot('sign-in', '/sign-in', () => seen('input[name="username"]'));
    page = own;
    expect(browser.complaints.filter((one) => !/status of 4/.test(one))).toEqual([]);
    await offline();
  });
});
