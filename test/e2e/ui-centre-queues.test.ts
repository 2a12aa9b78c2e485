// A queue made by page, agents made in bulk, skills given in the sheet, and a real call that goes through as it was configured.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { Queue, QueueMember } from '../../daemon/src/contract/index.js';
import type { Browser } from './ui-browser.js';
import { startUiBox, type UiBox } from './ui-box.js';
import { shootNamed } from './centre-shots.js';

const XSS = '<img src=x onerror="window.hit=1">';
let ui: UiBox;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  ui = await startUiBox();
  browser = await ui.browser();
  ({ page } = browser);
});
afterAll(() => ui.close());

const open = (path: string) => page.goto(`${ui.origin}${path}`);
const save = () => page.locator('.el-drawer__footer .el-button--primary:visible').click();
const gone = () => page.locator('.el-drawer:visible').waitFor({ state: 'detached' });

test('agents of a range of numbers are made at once', async () => {
  await open('/agents');
  await page.locator('[data-agent="2001"]').waitFor();
  await page.getByRole('button', { name: '批量新建' }).click();
  await page.locator('input[name="range-from"]').fill('2001');
  await page.locator('input[name="range-to"]').fill('2040');
  await page.locator('input[name="range-pattern"]').fill('组员 {i}');
  const known = (await ui.api<unknown[]>('GET', '/agents')).length;
  await page.getByText(`其中 ${known} 个工号已存在`).waitFor();
  await save();
  await gone();
  await page.getByPlaceholder('姓名、工号或技能').fill('组员 40');
  await page.locator('[data-agent="2040"]').waitFor();
  await page.getByPlaceholder('姓名、工号或技能').fill('');
  expect((await ui.api<unknown[]>('GET', '/agents')).length).toBe(40);
  expect(ui.box.agents.find('2040')?.name).toBe('组员 40');
});

test('one agent is changed with skills, a PIN and shown numbers; a name with markup is text', async () => {
  await page.locator('[data-agent="2009"]').click();
  await page.locator('input[name="agent-name"]').fill(XSS);
  await page.locator('input[name="agent-pin"]').fill('1199');
  await save();
  // refused at its field, in the language of the page
  await page.locator('[data-field="pin"] .el-form-item__error').waitFor();
  await page.locator('input[name="agent-pin"]').fill('4711');
  await save();
  await gone();
  await page.locator('[data-agent="2009"]').getByText(XSS).waitFor();
  expect(await page.evaluate('window.hit')).toBeUndefined();
});

test('a queue is made, has members, asks for a skill, and is saved as it was said', async () => {
  await open('/queues');
  await page.getByRole('button', { name: '新建队列' }).click();
  await page.locator('input[name="name"]').fill('贵宾专线');
  await page.locator('input[name="id"]').fill('Bad Id');
  await save();
  await page.locator('[data-field="id"] .el-form-item__error').waitFor();
  await page.locator('input[name="id"]').fill('premium');
  await save();
  await page.waitForURL('**/queues/premium?tab=members');
  await page.getByRole('button', { name: '添加坐席' }).click();
  for (const id of ['2002', '2003', '2001']) await page.locator(`input[name="agent-${id}"]`).check();
  await save();
  await page.locator('[data-member="2001"]').waitFor();
  await gone();
  // by keyboard: the last one up
  await page.locator('[data-member="2001"] button').first().focus();
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => (await ui.api<QueueMember[]>('GET', '/queues/premium/members')).map(({ agentId }) => agentId))
    .toEqual(['2002', '2001', '2003']);

  await page.getByRole('radio', { name: '规则' }).check({ force: true });
  await page.getByLabel('振铃时限').fill('20');
  await page.getByLabel('振铃时限').blur();
  await page.locator('[data-test="add-skill"]').click();
  await page.locator('input[role="combobox"][aria-label="技能"], .el-autocomplete input').first().fill('english');
  await page.getByLabel('最低等级').fill('6');
  await page.getByLabel('最低等级').blur();
  await page.getByRole('button', { name: '添加一步' }).click();
  await page.getByRole('button', { name: '添加按键' }).click();
  await page.locator('[data-test="save-queue"]').click();
  await page.locator('.el-message--success').first().waitFor();
  const queue = await ui.api<Queue>('GET', '/queues/premium');
  expect(queue).toMatchObject({
    ...{ name: '贵宾专线', ringTimeoutMs: 20_000, exits: [{ key: '1', target: { to: 'callback' } }] },
    routing: {
      skills: [{ skill: 'english', minLevel: 6 }],
      relax: [{ afterMs: 30_000, action: 'lower', skill: null, by: 2 }],
    },
  });
});

test('the sheet of skills gives one agent the skill, and the call goes to him', async () => {
  await open('/agents/skills');
  await page.getByRole('button', { name: '添加技能' }).first().click();
  await page.locator('input[name="skill"]').fill('english');
  await save();
  await gone();
  const cell = page.locator('[data-cell="2:0"]');
  await cell.focus();
  await page.keyboard.type('8');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate('document.activeElement.dataset.cell')).toBe('3:0');
  await page.keyboard.type('11');
  await page.getByText('等级是 1 到 10').waitFor();
  await page.keyboard.press('Delete');
  await page.locator('[data-test="save-skills"]').click();
  await page.locator('.el-message--success').waitFor();
  expect(await ui.api('GET', '/agents/2003/abilities')).toMatchObject({ skills: [{ skill: 'english', level: 8 }] });

  for (const station of [1, 2, 3]) {
    await ui.api('PUT', `/exchange/phones/${station}/behaviour`, { answer: true, answerAfterMs: 100 });
    await ui.api('POST', `/agents/200${station}/sign-in`, { station });
    await ui.api('POST', `/agents/200${station}/state`, { state: 'ready' });
  }
  const target = { kind: 'queue', queueId: 'premium' };
  await ui.api('POST', '/routes', { calledNumber: '95002', target, language: 'zh-CN' });
  await open('/queues/premium');
  await page.locator('.agents .is-ready').nth(2).waitFor();
  await page.locator('[data-test="would-ring"]').getByText('坐席 2003').waitFor();
  await ui.api('POST', '/exchange/calls', {
    calledNumber: '95002',
    callingNumber: '13800138000',
    hangUpAfterMs: 20_000,
  });
  // 2002 stands first and 2001 has been idle longest, but 2003 alone has the skill
  await page.locator('.agents .is-talking').filter({ hasText: '2003' }).waitFor();
  expect(ui.box.agents.find('2003')?.state).toBe('talking');

  // nobody who is free fits: the next one waits, and the page says why
  await ui.api('POST', '/exchange/calls', {
    calledNumber: '95002',
    callingNumber: '13900139000',
    hangUpAfterMs: 20_000,
  });
  const row = page.locator('[data-test="waiting"] tbody tr');
  await row.getByText('139 0013 9000').waitFor();
  expect(await row.first().textContent()).toMatch(/技能/);
});

test('screens of queues, agents and skills', async () => {
  await ui.api('PATCH', '/agents/2009', { name: '李娜' });
  const names = [
    '李娜',
    '贵宾专线',
    '销售',
    '服务',
    'english',
    'premium',
    'sales',
    ...Array.from({ length: 40 }, (_, at) => `组员 ${at + 1}`),
  ];
  const agents = Array.from({ length: 40 }, (_, at) => `坐席 ${2001 + at}`);
  const all = [...names, ...agents, 'opsound', 'Opsound', 'VIP', 'Excel', 'CSV'];
  for (const [name, path, ready] of [
    ['centre-queues', '/queues', '[data-queue="premium"]'],
    ['centre-queue-now', '/queues/premium', '.agents li'],
    ['centre-queue-members', '/queues/premium?tab=members', '[data-member="2003"]'],
    ['centre-queue-rules', '/queues/premium?tab=settings', '[data-test="strategy"]'],
    ['centre-queue-callback', '/queues/premium?tab=callback', '.empty'],
    ['centre-agents', '/agents', '[data-agent="2009"]'],
    ['centre-skills', '/agents/skills', '[data-cell="2:0"]'],
  ] as const) {
    await open(path);
    await page.locator(ready).first().waitFor();
    await shootNamed(page, name, ready, all);
  }
  await page.setViewportSize({ width: 1280, height: 2400 });
  await open('/queues/premium?tab=settings');
  await shootNamed(page, 'centre-queue-rules-long', '[data-test="relax-step"]', [...all, ...['whisper', 'comfort']]);
  await page.setViewportSize({ width: 1280, height: 720 });
  // the PIN and the identifier that were refused stand on the console
  const refused = expect.stringContaining('status of 400') as string;
  expect(browser.complaints).toEqual([refused, refused]);
});
