// Lines as an installer sets them up: a carrier's trunk and a telephone made on the pages and used at once, a fault of the line
// with what to do about it, routes in and out, and the tester, which must say what a call then does.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { OutboundRoute, Route, Trunk } from '../../daemon/src/contract/index.js';
import { HandPhone } from '../support/hand-phone.js';
import { waitFor } from '../support/box.js';
import { until } from '../support/turns.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import { shootAsItIs } from './ui-opened.js';
import type { Browser } from './ui-browser.js';

const HOSTILE = '联通 <img src=x onerror=alert(1)>';
const CALLER = '13800138000';
/** of the whole way of an installer, on a machine that has much else to do */
const LIMIT_MS = 300_000;
const GIVEN = [HOSTILE, '前台', '总机', '占线', 'Hand 1.0', 'cordboard'];

let ui: UiBox;
let browser: Browser;
let page: Page;
let sipPort: number;

beforeAll(async () => {
  ui = await startUiBox({
    CORDBOARD_SIP_HOST: '127.0.0.1',
    CORDBOARD_SIP_TRUSTED: '127.0.0.1',
    CORDBOARD_VIRTUAL_SPANS: '2',
  });
  await until(() => ui.box.sip?.ports !== undefined, 'SIP listens');
  sipPort = ui.box.sip!.ports!.port;
  browser = await ui.browser();
  ({ page } = browser);
});

afterAll(async () => {
  // what was refused on purpose is told on the console by the browser itself
  expect(browser.complaints.filter((text) => !/status of 4(00|09|22)/.test(text))).toEqual([]);
  await ui.close();
});

/** a busy machine takes its time */
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 45_000 });
const form = (): Locator => page.locator('.el-drawer:visible');
const save = (): Promise<void> => form().getByRole('button', { name: '保存' }).click();
const field = (path: string): Locator => form().locator(`[data-field="${path}"]`);

async function choose(select: Locator, option: string | RegExp): Promise<void> {
  await select.click();
  await page.locator('.el-select-dropdown:visible').getByRole('option', { name: option }).first().click();
}

/** Shoots the page as it is; the next one is Chinese again. */
async function shoot(name: string, ready: string): Promise<void> {
  await shootAll(page, name, ready, GIVEN);
  await page.evaluate(`localStorage.setItem('cordboard.language', 'zh-CN')`);
}

async function saved(): Promise<void> {
  await save();
  await form().waitFor({ state: 'hidden' });
}

test(
  'a trunk and a telephone made on the pages carry a call; routes do what the tester says',
  async () => {
    const carrier = await HandPhone.open({ server: sipPort, number: 'carrier' });

    // a trunk that is in use is kept, and the page says by what
    await page.goto(`${ui.origin}/lines`);
    const seeded = page.locator('[data-trunk]').first();
    await seeded.waitFor();
    await eventually(() => seeded.getAttribute('data-state')).toBe('up');
    await seeded.locator('[data-act="remove"]').click();
    await page.locator('.el-message-box').getByRole('button', { name: '删除' }).click();
    await page.locator('.el-message--error').waitFor();

    // a timeslot is taken out of service, and is back by what undoes it
    const fifth = page.locator('[data-span="1"] [data-timeslot="5"]');
    await fifth.click();
    await page.locator('.el-message-box').getByRole('button', { name: '闭塞' }).click();
    await fifth.locator('[data-slot="blocked"]').waitFor();
    const ends = () => ui.box.trunks.list()[0]?.timeslots.find(({ timeslot }) => timeslot === 5)?.blocked;
    expect(ends()).toBe('here');
    await page.locator('.el-message').getByRole('button', { name: '撤销' }).click();
    await fifth.locator('[data-slot="idle"]').waitFor();
    expect(ends()).toBe('no');

    // a SIP trunk: refused at its field, then made, then found to answer
    await page.getByRole('button', { name: '新建 SIP 中继' }).click();
    await form().locator('input[name="name"]').fill(HOSTILE);
    await form().getByText('按地址', { exact: true }).click();
    await save();
    await field('hosts').locator('.el-form-item__error').waitFor();
    await form().locator('input[name="host0"]').fill('127.0.0.1');
    await form().locator('input[name="port0"]').fill(String(carrier.port));
    await saved();
    const made = page.locator('[data-trunk]').filter({ hasText: HOSTILE });
    await eventually(() => made.getAttribute('data-state')).toBe('up');
    const trunks = await ui.api<Trunk[]>('GET', '/trunks');
    const sip = trunks.find(({ kind }) => kind === 'sip');
    expect(sip).toMatchObject({ name: HOSTILE, mode: 'address', hasSecret: false });

    // it is tried: its host answers, and a number is called over it, told in words
    await made.locator('[data-act="test"]').click();
    await form().locator('[data-test="hosts"] [data-status="200"]').waitFor();
    await form().locator('input[name="testNumber"]').fill('110');
    await form().getByRole('button', { name: '拨打' }).click();
    await form().locator('[role="alert"]', { hasText: '紧急号码' }).waitFor();
    await form().locator('input[name="testNumber"]').fill('138 0013 8001');
    await page.keyboard.press('Enter');
    const tried = await carrier.called();
    expect((await tried.invite).uriText).toContain('sip:13800138001@');
    await tried.answer();
    await form().locator('[role="status"]', { hasText: '正在拨打' }).waitFor();
    await eventually(async () => ui.box.calls.live().some(({ answeredAt }) => answeredAt !== null)).toBe(true);
    await tried.bye();
    const outcome = form().locator('[data-test="trunk-outcome"]');
    await outcome.waitFor();
    expect(await outcome.innerText()).toContain('接通了');
    await page.keyboard.press('Enter');
    const busyThere = await carrier.called();
    await busyThere.respond(486);
    await page.locator('[data-test="trunk-outcome"][data-answered="false"]').waitFor();
    expect(await outcome.innerText()).toContain('对方正忙');
    await shootAsItIs(page, 'lines-trunk-test', 'zh-CN', GIVEN);
    await page.keyboard.press('Escape');

    // a telephone: a number that is taken is refused at the field; the secret that is shown registers it
    await page.goto(`${ui.origin}/lines/telephones`);
    await page.locator('[data-act="add"]').click();
    await form().locator('input[name="number"]').fill('999');
    await save();
    await field('number').locator('.el-form-item__error').waitFor();
    await form().locator('input[name="number"]').fill('1001');
    await form().locator('input[name="name"]').fill('前台');
    await saved();
    const account = page.locator('[data-test="account"]');
    const secret = await account.locator('[data-what="secret"]').innerText();
    const phone = await HandPhone.open({ server: sipPort, number: 1001, secret });
    expect((await phone.register()).status).toBe(200);
    await page.getByRole('button', { name: '已填好' }).click();
    await page.locator('[data-phone="1001"][data-state="registered"]').waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.locator('[data-act="add"]').click();
    await form().locator('input[name="number"]').fill('1001');
    await save();
    await form().locator('[role="alert"], .el-form-item__error').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: '放弃修改' }).click();
    await shoot('lines-telephones', '[data-phone="1001"][data-state="registered"]');

    // a route out, shown on an example while it is typed; what the tester says is what the carrier gets
    await page.goto(`${ui.origin}/lines/routes-out`);
    await page.locator('[data-act="add"]').click();
    await form().locator('input[name="pattern"]').fill('9.');
    await form().locator('input[name="strip"]').fill('1');
    await form().locator('input[name="strip"]').blur();
    expect(await form().locator('[data-test="preview"]').innerText()).toMatch(/^例：拨 9\d+，送出 \d+$/);
    await form().getByRole('button', { name: /^移除/ }).first().click();
    await choose(field('trunks').locator('.el-select'), HOSTILE);
    await saved();
    const [out] = (await ui.api<OutboundRoute[]>('GET', '/outbound-routes')).filter(({ pattern }) => pattern === '9.');
    expect(out).toMatchObject({ strip: 1, trunks: [sip!.id] });
    await choose(page.locator('[data-test="tester"] .el-select').first(), /1001/);
    await page.locator('input[name="tryTo"]').fill(`9${CALLER}`);
    await page.keyboard.press('Enter');
    const result = page.locator('[data-test="try-result"]');
    expect(await result.innerText()).toContain(`经“${HOSTILE}”呼出 138 0013 8000`);
    await page.locator(`tr.taken[data-route="${out!.id}"]`).waitFor();
    await shoot('lines-routes-out', 'tr[data-route]');
    const talk = phone.call(`9${CALLER}`);
    const heard = await carrier.called();
    expect((await heard.invite).uriText).toContain(`sip:${CALLER}@`);
    await heard.answer();
    await talk.connected();
    await page.goto(`${ui.origin}/lines`);
    await eventually(() => made.locator('[data-what="calls"]').innerText()).toBe('1 / 30');
    await Promise.all([talk.bye(), heard.take('BYE')]);
    await eventually(() => made.locator('[data-what="calls"]').innerText()).toBe('0 / 30');

    // a route in to that telephone, which the tester foretells and a call from the exchange takes
    await page.goto(`${ui.origin}/lines/routes-in`);
    await page.locator('[data-act="add"]').first().click();
    await form().locator('input[name="called"]').fill('5188[');
    await save();
    await field('calledNumber').locator('.el-form-item__error').waitFor();
    await form().locator('input[name="called"]').fill('51880001');
    await choose(form().locator('[data-test="target-kind"]'), '话机');
    await choose(form().locator('[data-test="target"]'), /1001/);
    await form().locator('input[name="name"]').fill('总机');
    await saved();
    const route = (await ui.api<Route[]>('GET', '/routes')).find(({ calledNumber }) => calledNumber === '51880001');
    expect(route).toMatchObject({ name: '总机', target: { kind: 'station', station: 1001 } });
    await page.locator('input[name="tryFrom"]').fill(CALLER);
    await page.locator('input[name="tryTo"]').fill('51880001');
    await page.keyboard.press('Enter');
    await eventually(() => result.locator('.outcome').innerText()).toContain('话机 1001 前台 振铃');
    await page.locator(`tr.taken[data-route="${route!.id}"]`).waitFor();
    const busy = { calledNumber: '51880001', target: { kind: 'busy' }, name: '占线', priority: 500, language: 'zh-CN' };
    await ui.api('POST', '/routes', busy);
    const rows = page.locator('tbody tr').filter({ hasText: /总机|占线/ });
    await eventually(() => rows.count()).toBe(2);

    // the order is changed with the keyboard, and a call follows it
    await rows.last().getByRole('button', { name: /^上移/ }).focus();
    await page.keyboard.press('Enter');
    await eventually(() => rows.first().innerText()).toContain('占线');
    await page.locator('input[name="tryTo"]').fill('51880001');
    await page.keyboard.press('Enter');
    await eventually(() => result.locator('.outcome').innerText()).toContain('送忙音');
    await rows.last().getByRole('button', { name: /^上移/ }).click();
    await eventually(() => rows.first().innerText()).toContain('总机');
    await shoot('lines-routes-in', 'tr[data-route]');

    // live: the square of the call, what it is, and the way to its page
    await page.goto(`${ui.origin}/lines`);
    await page.locator('[data-span="1"] .cell').first().waitFor();
    await ui.box.exchange.callers.place({ calledNumber: '51880001', callingNumber: CALLER, span: 1 });
    const rings = await phone.called();
    await rings.respond(180);
    const square = page.locator('[data-span="1"] a.cell');
    await square.first().focus();
    expect(await page.locator('.spans .head').innerText()).toContain('138 0013 8000');
    await rings.answer();

    // a fault of the line says what a technician should do, and goes when it is mended
    await ui.api('POST', '/exchange/spans/2/alarm', { alarm: 'los', active: true });
    const alarm = page.locator('.spans [role="alert"]');
    await alarm.waitFor();
    expect(await alarm.innerText()).toContain('检查电缆');
    await page.locator('[data-trunk][data-state="partly"]').waitFor();
    await shoot('lines-trunks', 'body:has(a.cell):has(.spans [role="alert"]):has([data-trunk])');
    await ui.api('POST', '/exchange/spans/2/alarm', { alarm: 'los', active: false });
    await alarm.waitFor({ state: 'detached' });
    await square.first().click();
    await page.waitForURL('**/calls/*');
    await Promise.all([rings.bye(), waitFor(ui.box.live, 'call.removed', () => ui.box.calls.live().length === 0)]);
  },
  LIMIT_MS,
);
