// A flow drawn from nothing by mouse, mended where the page says so, let live and called; its versions, its callers, and a second
// hand in the same draft.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import type {
  Call,
  ExchangeCall,
  Flow,
  FlowCallers,
  FlowDraft,
  FlowTrace,
  FlowVersionSummary,
} from '../../daemon/src/contract/index.js';
import type { Browser } from './ui-browser.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';

const NUMBER = '95088';
const HOSTILE = '<img src=x onerror="window.hurt=1">';

let ui: UiBox;
let browser: Browser;
let page: Page;
/** what the box has refused the page */
const refused = new Set<string>();

beforeAll(async () => {
  ui = await startUiBox();
  browser = await ui.browser();
  ({ page } = browser);
  page.on('response', (answer) => {
    if (answer.status() >= 400)
      refused.add(`${answer.status()} ${answer.request().method()} ${new URL(answer.url()).pathname}`);
  });
});
afterAll(() => ui.close());

const node = (name: string) => page.locator(`[data-node="${name}"]`);
const draft = () => ui.api<Omit<FlowDraft, 'definition'> & Pick<Flow, 'definition'>>('GET', '/flows/office/draft');
const until = (holds: () => Promise<boolean>, what: string) =>
  expect.poll(holds, { timeout: 45_000, message: what }).toBe(true);
const saved = () => page.locator('[data-test="flow-editor"][data-draft="saved"]').waitFor();

/** From the palette onto the sheet, at so much of its width and height. */
async function drop(kind: string, x: number, y: number): Promise<void> {
  const sheet = page.locator('[data-test="canvas"]');
  const box = (await sheet.boundingBox())!;
  await page
    .locator(`[data-kind="${kind}"]`)
    .dragTo(sheet, { targetPosition: { x: box.width * x, y: box.height * y } });
}

/** Pulls a line from an exit to a node. */
async function pull(from: string, exit: string, to: string): Promise<void> {
  const start = (await node(from).locator(`[data-exit="${exit}"]`).boundingBox())!;
  const end = (await node(to).locator('.in').boundingBox())!;
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(end.x - 30, end.y + 10, { steps: 4 });
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 2 });
  await page.mouse.up();
  await page.locator(`[data-id="${from} ${exit}"]`).waitFor({ state: 'attached' });
}

async function choose(field: string, option: string): Promise<void> {
  await page.locator(`[data-panel] [data-field="${field}"] .el-select`).first().click();
  await page.locator('.el-select-dropdown__item:visible', { hasText: option }).first().click();
}

async function publish(note: string): Promise<void> {
  await page.locator('[data-test="publish"]').click();
  await page.locator('.el-drawer textarea[name="note"]').fill(note);
  await page.locator('.el-drawer__footer .el-button--primary').click();
  await page.locator('.el-drawer').waitFor({ state: 'hidden' });
}

const panel = (name: string) => page.locator('.tabs label', { hasText: name }).click();
const arrived = async (number: string): Promise<Call> => {
  let found: Call | undefined;
  await until(async () => {
    const { calls } = await ui.api<{ calls: Call[] }>('GET', '/calls?limit=20');
    found = calls.find((call) => call.calledNumber === number && call.state === 'live');
    return found !== undefined;
  }, 'the call is here');
  return found!;
};

it('a flow is drawn from nothing by mouse, and what is missing is said beside the node', async () => {
  await page.goto(`${ui.origin}/flows`);
  await page.locator('[data-test="make-flow"]').click();
  await page.locator('.el-drawer input[name="name"]').fill('总机');
  await page.locator('.el-drawer input[name="id"]').fill('office');
  await page.locator('.template', { hasText: '空白' }).click();
  await page.locator('.el-drawer__footer .el-button--primary').click();
  await drop('menu', 0.2, 0.25);
  await node('menu1').waitFor();
  await drop('play', 0.75, 0.15);
  await drop('hangup', 0.75, 0.75);
  await node('hangup1').waitFor();

  await pull('menu1', 'choices.1', 'play1');
  await pull('menu1', 'timeout', 'hangup1');
  await pull('menu1', 'invalid', 'hangup1');
  await node('menu1').locator('.problem', { hasText: '按 2' }).waitFor();
  await node('menu1').locator('header').click();
  await page.locator('[data-exit-row="choices.2"] button', { hasText: '删除' }).click();
  await choose('prompts', '售后服务');
  await pull('play1', 'next', 'hangup1');
  await node('play1').locator('header').click();
  await choose('prompts', '感谢您的来电');
  await expect.poll(() => page.locator('.problem').count(), { timeout: 45_000 }).toBe(0);
  expect(await node('menu1').innerText()).toMatch(/播放“销售咨询.*”，等一位按键，每次 5 秒，共 3 次/);
  await saved();
  const { definition } = await draft();
  expect(definition).toMatchObject({
    start: 'menu1',
    nodes: {
      menu1: { type: 'menu', prompts: ['main-menu'], choices: { 1: 'play1' }, timeout: 'hangup1', invalid: 'hangup1' },
      play1: { type: 'play', prompts: ['goodbye'], next: 'hangup1' },
    },
  });
  expect(Object.keys(definition.layout ?? {}).sort()).toEqual(['hangup1', 'menu1', 'play1']);
});

it('edits are taken back and done again, nodes copied and removed, by keys', async () => {
  await node('play1').locator('header').click();
  await page.keyboard.press('Control+c');
  await page.keyboard.press('Control+v');
  await node('play2').waitFor();
  await page.keyboard.press('Delete');
  await node('play2').waitFor({ state: 'detached' });
  await node('hangup1').locator('header').click();
  await page.keyboard.press('Delete');
  await node('hangup1').waitFor({ state: 'detached' });
  await node('play1').locator('.problem', { hasText: '还没有连接' }).waitFor();
  await page.keyboard.press('Control+z');
  await node('hangup1').waitFor();
  await page.keyboard.press('Control+y');
  await node('hangup1').waitFor({ state: 'detached' });
  await page.locator('[data-test="undo"]').click();
  await node('hangup1').waitFor();
  await expect.poll(() => page.locator('.problem').count(), { timeout: 45_000 }).toBe(0);
});

it('it goes live, is called on the virtual card, and the key leads where it was drawn', async () => {
  await publish('第一版');
  await until(async () => (await ui.api<Flow[]>('GET', '/flows')).some(({ id }) => id === 'office'), 'it is live');
  await ui.api('POST', '/routes', { calledNumber: NUMBER, flowId: 'office', language: 'zh-CN' });
  const placed = await ui.api<ExchangeCall>('POST', '/exchange/calls', {
    calledNumber: NUMBER,
    callingNumber: '13800138000',
  });
  const { id } = await arrived(NUMBER);
  // one dot at the menu, then one where the key leads
  await node('menu1').locator('.callers').waitFor();
  expect((await ui.api<FlowCallers>('GET', '/flows/office/callers')).nodes).toEqual({ menu1: 1 });
  await ui.api('POST', `/exchange/calls/${placed.id}/digits`, { digits: '1' });
  await node('play1').locator('.callers').waitFor();
  await until(async () => (await ui.api<Call>('GET', `/calls/${id}`)).state === 'ended', 'it is over');
  const [trace] = await ui.api<FlowTrace[]>('GET', `/calls/${id}/flow-traces`);
  // a node that hangs up is left because the call is over
  expect(trace?.steps.map((step) => `${step.node}:${step.why}`)).toEqual([
    'menu1:key',
    'play1:next',
    'hangup1:callEnded',
  ]);
  await page.locator('[data-test="inside"][data-inside="0"]').waitFor();
});

it('a test call from the page lights its way up, and keys are pressed on the page', async () => {
  await panel('试拨');
  await page.locator('[data-test="dial"]').click();
  await page.locator('[data-key="1"]').click();
  await page.locator('[data-step="play1"]').waitFor();
  await page.locator('[data-node="play1"][data-lit]').waitFor();
  await page.locator('.way.lit').first().waitFor({ state: 'attached' });
  await page.locator('[data-step="hangup1"]').waitFor();
});

it('versions are compared on the sheet, and one can go back', async () => {
  await panel('编辑');
  await node('play1').locator('header').click();
  await page.locator('[data-panel] input[name="title"]').fill('告别');
  await choose('prompts', '没有空闲的坐席');
  await publish('多说一句');
  await panel('版本');
  await page.locator('[data-version="2"] [data-act="compare"]').click();
  await page.locator('[data-node="play1"][data-fate="changed"]').waitFor();
  expect(await page.locator('[data-changed="play1"]').innerText()).toContain('no-agent');
  expect(await node('menu1').getAttribute('data-fate')).toBe('same');
  await page.locator('[data-test="stop-compare"]').click();
  await page.locator('[data-version="1"] [data-act="back"]').click();
  await page.locator('.el-message-box .el-button--primary').click();
  await page.locator('[data-version="3"]').waitFor();
  const versions = await ui.api<FlowVersionSummary[]>('GET', '/flows/office/versions');
  expect(versions.map(({ version, note }) => [version, note])).toEqual([
    [3, '= 1'],
    [2, '多说一句'],
    [1, '第一版'],
  ]);
  expect((await ui.api<Flow>('GET', '/flows/office')).definition.nodes.play1).toMatchObject({ prompts: ['goodbye'] });
});

it('what somebody else has changed meanwhile is said, and neither side is lost', async () => {
  await panel('编辑');
  await page.locator('.name input').fill('总机 A');
  await saved();
  const theirs = { ...(await draft()).definition, onError: 'hangup1' };
  await ui.api('PUT', '/flows/office/draft', { name: HOSTILE, definition: theirs });
  await node('play1').locator('header').click();
  await page.locator('[data-panel] input[name="title"]').fill(HOSTILE);
  await page.locator('[data-act="theirs"]').click();
  await saved();
  expect((await draft()).definition.onError).toBe('hangup1');
  await page.locator('[data-test="undo"]').click();
  await until(async () => (await draft()).definition.layout?.play1?.title === HOSTILE, 'mine is back');
  expect(await node('play1').locator('.title').innerText()).toBe(HOSTILE);
  await page.locator('nav a', { hasText: '流程' }).click();
  await page.locator('[data-flow="office"]', { hasText: HOSTILE }).waitFor();
  expect(await page.evaluate('window.hurt')).toBeUndefined();
});

it('is seen in both languages, with a flow that is no toy', async () => {
  await ui.api('POST', '/calendars', { id: 'hours', name: '客服时间' });
  await ui.api('PUT', '/announcements/outage', { name: '停电通知', active: false, prompts: ['no-agent'], until: null });
  await ui.api('PUT', '/flows/service', { name: '客户服务', definition: SERVICE });
  await ui.api('POST', '/routes', { calledNumber: '95089', flowId: 'service', language: 'zh-CN' });
  await page.goto(`${ui.origin}/flows`);
  await shootAll(page, 'flows', '[data-flow="service"]', [
    HOSTILE,
    '客户服务',
    'service',
    'office',
    'main-menu',
    'main',
    '总机',
  ]);
  await page.goto(`${ui.origin}/flows/service`);
  await shootAll(page, 'flow', '[data-node="menu1"]', ['客户服务', 'Ctrl', ...NAMES]);
  // a draft that somebody else had changed; nothing is asked for that is not there
  expect([...refused]).toEqual(['409 PUT /api/v1/flows/office/draft']);
  expect(browser.complaints.filter((one) => !/status of 409/.test(one))).toEqual([]);
});

const NAMES = [
  '停电通知',
  'number(account) % 100',
  'balance > 50',
  'account',
  'balance',
  'outage',
  '客服时间',
  'hours',
];
const SERVICE = {
  start: 'schedule1',
  onError: 'play3',
  variables: { balance: { type: 'number' } },
  nodes: {
    schedule1: { type: 'schedule', calendar: 'hours', open: 'announce1', closed: 'play2' },
    announce1: { type: 'announce', announcement: 'outage', next: 'menu1' },
    menu1: {
      ...{ type: 'menu', prompts: ['welcome', 'main-menu'], invalidPrompts: ['invalid-choice'] },
      ...{
        choices: { 1: 'queue1', 2: 'collect1', 3: 'language1', 9: 'transfer1' },
        timeout: 'queue1',
        invalid: 'play3',
      },
    },
    language1: { type: 'language', language: 'en', next: 'menu1' },
    collect1: {
      ...{ type: 'collect', prompts: ['enter-number'], variable: 'account', minDigits: 4, maxDigits: 12 },
      ...{ next: 'set1', timeout: 'play3' },
    },
    set1: { type: 'set', assign: [{ variable: 'balance', value: 'number(account) % 100' }], next: 'branch1' },
    branch1: { type: 'branch', cases: [{ when: 'balance > 50', next: 'say1' }], otherwise: 'queue1' },
    say1: { type: 'say', as: 'money', value: 'balance', next: 'menu1' },
    transfer1: { type: 'transfer', to: { kind: 'number', number: '8001' }, failed: 'queue1' },
    queue1: { type: 'queue', queue: 'sales', overflow: 'play3' },
    play2: { type: 'play', prompts: ['no-agent'], next: 'hangup1' },
    play3: { type: 'play', prompts: ['goodbye'], next: 'hangup1' },
    hangup1: { type: 'hangup' },
  },
};
