// Every page of the router as every role: who may not see it is led to one that he may, and the box is not asked for what it would
// refuse; who may sees it without a refusal and without a word on the console. Who that is stands in PAGES, and nowhere else.
// All that people and callers name is markup: it is read as text.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { Permission } from '../../daemon/dist/contract/index.js';
import { HOSTILE, HURT, layDown } from './hostile-names.js';
import { openBrowser, type Browser } from './ui-browser.js';
import { startUiBox, type UiBox } from './ui-box.js';

/**
 * A administrator, S supervisor, G agent, T technician, R reader of reports, in this order; a small letter: he sees it and may change
 * nothing there, a dash: it is not for him.
 */
const PAGES: Record<string, string> = {
  desk: 'ASG--',
  floor: 'AS---',
  wallboard: 'AS---',
  calls: 'ASG-R',
  call: 'ASG-R',
  reports: 'AS--R',
  simulator: 'A--T-',
  trunks: 'As-T-',
  boards: 'As-T-',
  diagnostics: 'A--T-',
  routesIn: 'As-T-',
  routesOut: 'As-T-',
  telephones: 'As-T-',
  calendars: 'AS-T-',
  calendar: 'AS-T-',
  lists: 'As-T-',
  list: 'As-T-',
  flows: 'A----',
  flow: 'A----',
  prompts: 'As---',
  announcements: 'AS---',
  queues: 'As--r',
  queue: 'As--r',
  callbacks: 'AS---',
  surveys: 'As---',
  survey: 'As---',
  music: 'As---',
  conferences: 'As---',
  conference: 'AS---',
  agents: 'As--r',
  skills: 'As--r',
  reasons: 'As--r',
  users: 'A----',
  roles: 'A----',
  signInRules: 'A----',
  recordings: 'AS---',
  recordingRules: 'A----',
  messages: 'AS---',
  mail: 'A--t-',
  settings: 'A--t-',
  health: 'A--t-',
  alerts: 'A--t-',
  backups: 'A----',
  certificate: 'A--t-',
  updates: 'A--t-',
  network: 'A--t-',
  audit: 'A----',
  account: 'ASGTR',
};
/** Pages that lead on, whoever comes: the first one, that of strangers, set-up, and what is due before all others. */
const LEADING = ['home', 'sign-in', 'set-up', 'duty', 'not-found'];
const ROLES = { A: 'admin', S: 'supervisor', G: 'agent', T: 'technician', R: 'reader' } as const;
const MADE: Record<'technician' | 'reader', readonly Permission[]> = {
  technician: [
    ...(['trunks.view', 'trunks.edit', 'routes.view', 'routes.edit', 'stations.view', 'stations.edit'] as const),
    ...(['calendars.view', 'calendars.edit', 'lists.view', 'lists.edit'] as const),
    ...(['settings.view', 'health.view', 'simulator.use', 'diagnostics.run'] as const),
  ],
  reader: ['reports.view', 'reports.export', 'calls.view', 'queues.view', 'agents.view'],
};
/** Words of buttons that change what is laid down. */
const WRITES = /^(新建|添加|新增|删除|移除|编辑|修改|保存|导入|上传|发布|启用|停用|录制)/;

/** Pages that show names which people have given, or what came with a call. */
const NAMING = [
  ...['floor', 'wallboard', 'calls', 'call', 'reports', 'simulator', 'routesIn', 'telephones', 'calendars', 'calendar'],
  ...['lists', 'list', 'flows', 'flow', 'queues', 'queue', 'callbacks', 'surveys', 'survey', 'music', 'conferences'],
  ...['conference', 'agents', 'skills', 'reasons', 'users', 'roles', 'recordings', 'recordingRules', 'messages'],
];

let ui: UiBox;
let browser: Browser;
const tokens: Record<string, string> = {};
let ids: Record<string, string> = {};
const answers: { status: number; url: string; from: string }[] = [];
let under = 0;

beforeAll(async () => {
  ui = await startUiBox();
  for (const [id, permissions] of Object.entries(MADE))
    await ui.api('POST', '/roles', { id, name: id, permissions, scope: { kind: 'all' } });
  for (const [letter, role] of Object.entries(ROLES))
    tokens[letter] = letter === 'A' ? ui.token : await ui.user(role, role, letter === 'G' ? '2001' : undefined);
  ids = await layDown(ui);
  browser = await openBrowser(ui.origin, 'zh-CN');
  const { page } = browser;
  page.on('request', () => (under += 1));
  page.on('requestfinished', () => (under -= 1));
  page.on('requestfailed', () => (under -= 1));
  page.on('response', (answer) => {
    if (answer.status() >= 400)
      answers.push({ status: answer.status(), url: answer.url().replace(ui.origin, ''), from: page.url() });
  });
});
afterAll(async () => {
  await browser.close();
  await ui.close();
});

interface RouteOfPages {
  name: string;
  path: string;
}
const ROUTER = `document.querySelector('#app').__vue_app__.config.globalProperties.$router`;

/** Until nothing is asked for any more, and nothing is drawn that asks again. */
async function settled(page: Page): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet = under === 0 ? quiet + 1 : 0)
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 10)))');
}

async function enter(page: Page, letter: string): Promise<RouteOfPages[]> {
  await page.goto(`${ui.origin}/sign-in`);
  await page.evaluate(`
    localStorage.setItem('cordboard.token', ${JSON.stringify(tokens[letter])});
    localStorage.setItem('cordboard.language', 'zh-CN');
  `);
  answers.length = 0;
  await page.goto(`${ui.origin}/account`);
  await page.locator('#page').waitFor();
  await settled(page);
  return page.evaluate<RouteOfPages[]>(
    `${ROUTER}.getRoutes().map(({ name, path }) => ({ name: String(name), path: path.replace('/:path(.*)*', '/no/such') }))`,
  );
}

test.each(Object.entries(ROLES))(
  'every page as %s, %s',
  async (letter) => {
    const { page, complaints } = browser;
    const column = Object.keys(ROLES).indexOf(letter);
    const routes = await enter(page, letter);
    expect(routes.map(({ name }) => name).sort()).toEqual([...Object.keys(PAGES), ...LEADING].sort());
    const wrong: string[] = [];
    const asText: string[] = [];
    for (const { name, path } of routes) {
      if (LEADING.includes(name)) continue;
      const wanted = PAGES[name]?.[column] ?? '-';
      const asked = path.replace(/\/:\w+\?/, '').replace(/:id/, ids[name] ?? 'none');
      const before = complaints.length;
      answers.length = 0;
      await page.evaluate(`${ROUTER}.push(${JSON.stringify(asked)}).then(() => undefined)`);
      await settled(page);
      // what stands behind the other tabs asks for more
      const tabs =
        wanted === '-' ? page.locator('none') : page.locator('#page [role="tab"][aria-selected="false"]:visible');
      for (let tab = await tabs.count(); tab > 0; tab -= 1) {
        await tabs.nth(tab - 1).click();
        await settled(page);
      }
      const now = await page.evaluate<string>(`String(${ROUTER}.currentRoute.value.name)`);
      if ((now === name) !== (wanted !== '-')) wrong.push(`${name}: is on ${now}`);
      for (const { status, url } of answers) wrong.push(`${name}: ${status} ${url}`);
      for (const one of complaints.splice(before)) wrong.push(`${name}: ${one}`);
      if (wanted === '-') continue;
      const main = page.locator('#page, main').first();
      const text = await main.innerText();
      if (text.trim().length < 4) wrong.push(`${name}: is empty`);
      if (text.includes(HOSTILE)) asText.push(name);
      if ((await page.evaluate(HURT)) !== 'undefined0') wrong.push(`${name}: was hurt`);
      const buttons = await page
        .locator('#page button:visible, #page [role="switch"]:visible')
        .evaluateAll((all) =>
          all
            .filter(
              (one) =>
                !(one as unknown as { disabled: boolean }).disabled && one.getAttribute('aria-disabled') !== 'true',
            )
            .map((one) => one.textContent?.trim() ?? ''),
        );
      const writing = buttons.filter((word) => WRITES.test(word));
      if (wanted !== wanted.toUpperCase() && writing.length > 0) wrong.push(`${name}: offers ${writing.join(', ')}`);
    }
    expect(wrong).toEqual([]);
    if (letter === 'A') expect(asText).toEqual(expect.arrayContaining(NAMING));
  },
  120_000,
);
