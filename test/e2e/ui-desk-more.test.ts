// What an agent does with a caller besides talking: parks him, lends him to a flow, has him rated, sends keys; and what the desk does when
// nobody looks at it or the box is gone. The states of the desk are shot on the way.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { CallbackList, SurveyResult } from '../../daemon/dist/contract/index.js';
import { callIn, dchannelsUp, phase, signInByPhone, stationFree, waitFor } from '../support/box.js';
import { keysIn } from '../support/dtmf.js';
import { stereoAlaw } from '../support/wav.js';
import { SCREENS, shootAll, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';

const CALLER = '13800138000';
const LONG = '苏州工业园区云帆自动化设备股份有限公司售后服务中心备件仓库值班电话联系人';
const GIVEN = ['销售', '服务', '陈晨', '李娜', '问候', '语音留言', LONG, '回电谈价格'];
for (let last = 3; last < 9; last += 1) GIVEN.push(`坐席 200${last}`);

let ui: UiBox;
let lina: string;
let desk: Browser;
let page: Page;

beforeAll(async () => {
  ui = await startUiBox();
  await dchannelsUp(ui.box);
  lina = await ui.user('a2001', 'agent', '2001');
  await ui.api('PATCH', '/agents/2001', { name: '李娜', queues: ['sales'] });
  await ui.api('PATCH', '/agents/2002', { name: '陈晨', queues: ['service'] });
  await ui.api('PATCH', '/queues/sales', { wrapUpMode: 'timed', wrapUpMs: 0, ringTimeoutMs: 60_000 });
  for (const [code, nameZh, nameEn] of [
    ['1', '用餐', 'Meal'],
    ['2', '培训', 'Training'],
  ] as const)
    await ui.api('POST', '/agent-reasons', { code, nameZh, nameEn });
  await ui.api('PUT', '/flows/greet', {
    name: '问候',
    definition: {
      start: 'say',
      nodes: {
        say: {
          ...{ type: 'menu', prompts: ['main-menu'], choices: { '1': 'bye' }, timeoutMs: 60_000, retries: 1 },
          ...{ timeout: 'bye', invalid: 'bye' },
        },
        bye: { type: 'hangup', cause: 16 },
      },
    },
  });
  await ui.api('PUT', '/dial-rights/agent:2001', { callingNumbers: ['051262881000'], calendar: null });
  await ui.api('POST', '/routes', {
    ...{ calledNumber: '95002', language: 'zh-CN', target: { kind: 'queue', queueId: 'sales' } },
  });
  await ui.api('POST', '/routes', {
    ...{ calledNumber: '95003', language: 'zh-CN', target: { kind: 'queue', queueId: 'service' } },
  });
  await signInByPhone(ui.box, '2001', 1);
  await signInByPhone(ui.box, '2002', 2);
  for (const station of [1, 2])
    await ui.box.exchange.setBehaviour(station, {
      ...{ answer: false, answerAfterMs: 1000, play: null, hangUpAfterMs: null, hangUpOnTone: true },
    });
  desk = await ui.browser({ token: lina, language: 'en' });
  ({ page } = desk);
  await page.context().grantPermissions(['notifications'], { origin: ui.origin });
  // a tab that nobody sees, and what it shows in place of the system
  await page.addInitScript(`
    window.hiddenNow = false;
    window.notified = [];
    Object.defineProperty(document, 'visibilityState', { get: () => (window.hiddenNow ? 'hidden' : 'visible') });
    window.Notification = class extends EventTarget {
      static permission = 'granted';
      static requestPermission = async () => 'granted';
      constructor(title, { body }) { super(); window.notified.push(title + ': ' + body); }
      close() { window.notified.push('closed'); }
    };
  `);
  await page.goto(`${ui.origin}/desk`);
  await state('ready');
});
afterAll(async () => {
  await ui?.close();
});

const state = (is: string, at = page) => at.locator(`[data-state][data-is="${is}"]`).waitFor();
const press = (name: string, at = page) => at.getByRole('button', { name, exact: false }).first().click();
const fits = async () =>
  expect(
    await page.evaluate(
      'document.documentElement.scrollHeight <= innerHeight && document.body.scrollWidth <= innerWidth',
    ),
  ).toBe(true);
async function f2(): Promise<void> {
  await page.locator('[aria-keyshortcuts="F2"]').waitFor();
  await page.keyboard.press('F2');
}
async function more(item: string): Promise<void> {
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}
const parties = (id: string) => ui.box.calls.find(id)?.parties ?? [];
const happened = (id: string, condition: () => boolean) =>
  waitFor(ui.box.live, 'call.updated', () => ui.box.calls.find(id) === undefined || condition());
const gone = (id: string) => waitFor(ui.box.live, 'call.removed', () => ui.box.calls.find(id) === undefined);
// Not waitForFunction: what it evaluates after its first look is refused by the page's Content-Security-Policy.
const titled = (at: Page, wanted: (title: string) => boolean) =>
  expect.poll(async () => wanted(await at.title()), { timeout: 45_000 }).toBe(true);

async function rings(callingNumber = CALLER): ReturnType<typeof callIn> {
  await Promise.all([stationFree(ui.box, 1), stationFree(ui.box, 2)]);
  await waitFor(ui.box.live, 'agent.updated', () => ui.box.agents.find('2001')?.state === 'ready');
  const call = await callIn(ui.box, { calledNumber: '95002', callingNumber });
  await waitFor(ui.box.live, 'agent.updated', () => ui.box.agents.find('2001')?.state === 'ringing');
  return call;
}
async function talks(): ReturnType<typeof callIn> {
  const call = await rings();
  await f2();
  await state('talking');
  return call;
}

test('one of several tabs that nobody looks at notifies, and its title says who calls', async () => {
  await page.getByRole('button', { name: 'Alerts' }).click();
  await page.getByRole('menuitem', { name: 'Desktop notification' }).click();
  await page.keyboard.press('Escape');
  const tab = await page.context().newPage();
  await tab.addInitScript(`window.notified = []; window.Notification = class { static permission = 'granted';
    constructor() { window.notified.push('here'); } close() {} };
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });`);
  await tab.goto(`${ui.origin}/desk`);
  await state('ready', tab);
  await page.evaluate('window.hiddenNow = true');
  const { callId } = await rings();
  await Promise.all([state('ringing'), state('ringing', tab)]);
  await Promise.all([page, tab].map((at) => titled(at, (title) => title.includes('138 0013 8000'))));
  expect(await page.evaluate('window.notified')).toEqual(['Call: Call from 138 0013 8000']);
  expect(await tab.evaluate('window.notified')).toEqual([]);
  await f2();
  await Promise.all([state('talking'), state('talking', tab)]);
  await titled(page, (title) => !title.includes('138'));
  expect(await page.evaluate('window.notified')).toEqual(['Call: Call from 138 0013 8000', 'closed']);
  await page.evaluate('window.hiddenNow = false');
  await tab.close();
  await f2();
  await gone(callId);
});

test('keys are heard at the far end; who is parked is taken back', async () => {
  const { callId, timeslot } = await talks();
  const { legs } = await ui.box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  const path = join(ui.box.config.home, 'keys.wav');
  const { recording } = await ui.box.engine.command('recording.start', { port, path });
  let closed = false;
  ui.box.engine.events.on('recording.ended', (ended) => void (closed ||= ended.recording === recording));
  let heard = 0;
  const off = ui.box.engine.events.on('play.ended', ({ reason }) => void (heard += reason === 'finished' ? 1 : 0));
  await press('Keys');
  await page.locator('.pad').getByRole('button', { name: '5', exact: true }).click();
  await page.locator('.pad .sent', { hasText: '5' }).waitFor();
  await page.keyboard.press('#');
  await page.locator('.pad .sent', { hasText: '5#' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.pad').waitFor({ state: 'detached' });
  // Parking would end a key that still sounds.
  await waitFor(ui.box.engine.events, 'play.ended', () => heard === 2);
  off();

  await more('Park');
  const row = page.locator('[data-parked]');
  await row.waitFor();
  expect(ui.box.calls.find(callId)?.phase).toBe('parked');
  await stationFree(ui.box, 1);
  await shootAll(page, 'desk-parked', '[data-parked]', GIVEN);
  await row.getByRole('button', { name: 'Take back' }).click();
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(1)?.ringing === true);
  await f2();
  await phase(ui.box, callId, 'talking');
  await row.waitFor({ state: 'detached' });
  await f2();
  await gone(callId);
  await waitFor(ui.box.engine.events, 'recording.ended', () => closed);
  expect(keysIn(stereoAlaw(path).left)).toBe('5#');
});

test('a caller goes into a flow and comes back, and another is rated', async () => {
  const { callId, exchangeId } = await talks();
  await page.keyboard.press('F3');
  await state('holding');
  await fits();
  await shootAll(page, 'desk-holding', '[data-note-state]', GIVEN);
  await page.keyboard.press('F3');
  await state('talking');
  await page.keyboard.press('F4');
  await page.locator('[data-place="fgreet"]').waitFor();
  await page.locator('[data-place="a2002"] [data-how=consult]').click();
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(2)?.ringing === true);
  await ui.box.exchange.lift(2);
  await happened(callId, () => parties(callId).length === 3);
  await shootAll(page, 'desk-consulting', '[data-call] .mute:has-text("陈晨")', GIVEN);
  await press('Three-way');
  await happened(callId, () => parties(callId).every((one) => one.state === 'talking'));
  await page.getByText('Three-way call').waitFor();
  await fits();
  await shootAll(page, 'desk-three', '[data-call][data-phase=talking]', GIVEN);
  await ui.box.exchange.hangUpPhone(2);
  await happened(callId, () => parties(callId).length === 2);

  await page.keyboard.press('F4');
  await page.locator('[data-place="fgreet"]').getByRole('button', { name: 'There and back' }).click();
  await phase(ui.box, callId, 'inFlow');
  await page.getByText('The caller is in a flow and comes back').waitFor();
  await ui.box.exchange.sendDigits(exchangeId, '1');
  await phase(ui.box, callId, 'talking');
  await page.locator('[data-call][data-phase=talking]').waitFor();

  await more('Ask for a rating');
  await happened(callId, () => parties(callId).every(({ station }) => station !== 1));
  await page.locator('[data-call]').waitFor({ state: 'detached' });
  await expect
    .poll(async () => (await ui.api<SurveyResult[]>('GET', `/calls/${callId}/survey`)).map(({ trigger }) => trigger))
    .toEqual(['agent']);
  await ui.box.exchange.hangUp(exchangeId);
  await gone(callId);
});

test('a call that rings at a colleague is picked up', async () => {
  await stationFree(ui.box, 1);
  await waitFor(ui.box.live, 'agent.updated', () => ui.box.agents.find('2001')?.state === 'ready');
  await press('Put away');
  const { callId } = await callIn(ui.box, { calledNumber: '95003', callingNumber: CALLER });
  const row = page.locator('[data-colleague="2002"]');
  await row.locator('[data-pick-up]').waitFor();
  await shootAll(page, 'desk-colleague-rings', '[data-pick-up]', GIVEN);
  await row.locator('[data-pick-up]').click();
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(1)?.ringing === true);
  expect(ui.box.stations.find(2)?.ringing).toBe(true);
  await f2();
  await state('talking');
  await phase(ui.box, callId, 'talking');
  expect(parties(callId).map(({ station }) => station)).toContain(1);
  await stationFree(ui.box, 2);
});

test('who promises to call back finds it among what is to be done', async () => {
  await ui.api('PUT', '/queues/service/callback-rule', {});
  await page.locator('[data-later]').click();
  const form = page.locator('[data-later-form]');
  await form.locator('select').selectOption('tomorrow');
  await form.locator('[name=note]').fill('回电谈价格');
  await fits();
  await page.screenshot({ path: join(SCREENS, 'desk-call-back-later.en.png') });
  await form.getByRole('button', { name: 'Save' }).click();
  const item = page.locator('[data-callback]', { hasText: '回电谈价格' });
  await item.waitFor();
  const { callbacks } = await ui.api<CallbackList>('GET', '/callbacks?open=true', undefined, lina);
  expect(callbacks).toMatchObject([{ number: CALLER, queueId: 'service', agentId: '2001', createdBy: 'a2001' }]);
  expect(new Date(callbacks[0]!.dueAt).getHours()).toBe(9);
  await f2();
  await page.locator('[data-call]').waitFor({ state: 'detached' });
  await shootAll(page, 'desk-call-backs', '[data-callback]', GIVEN);
  await item.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.el-message-box .el-button--danger, .el-message-box .el-button--primary').first().click();
  await item.waitFor({ state: 'detached' });
  const after = await ui.api<CallbackList>('GET', '/callbacks', undefined, lina);
  expect(after.callbacks).toMatchObject([{ state: 'cancelled' }]);
});

test('the reasons for a pause are offered, and the number to show is chosen', async () => {
  await page.locator('[data-state-menu]').click();
  await page.locator('.el-dropdown-menu', { hasText: 'Meal' }).waitFor();
  await page.keyboard.press('Escape');
  await press('Put away');
  await page.locator('[data-had]').first().waitFor();
  await fits();
  await page
    .getByText(/Number shown/)
    .first()
    .click();
  await page
    .getByRole('menuitemradio', { name: /0512/ })
    .or(page.getByRole('menuitem', { name: /0512/ }))
    .first()
    .click();
  await page
    .getByText(/Number shown 0512/)
    .first()
    .waitFor();
  expect(await ui.api('GET', '/agents/2001/shown-numbers')).toMatchObject({ chosen: '051262881000' });
  await shootAll(page, 'desk-had', '[data-had]', GIVEN);
});
