// A small office with four analog lines and no E1: its trunk is made on the page, a telephone calls out over it, a line is
// blocked, and what is wrong with another one is said.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { OutboundRoute, Trunk } from '../../daemon/src/contract/index.js';
import { phase, storedCall } from '../support/box.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';

const FRIEND = '13900139000';
let ui: UiBox;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const line = { answer: 'polarity', checkDialTone: true };
  const analogs = [3, 4, 5, 6].map((analog) => ({ analog, releaseOnBusy: true, line }));
  const virtual = { spans: 0, stations: 2, lines: 4 };
  ui = await startUiBox({}, 'zh-CN', { settings: { version: 3, virtual, analogs } });
  browser = await ui.browser();
  ({ page } = browser);
});

afterAll(async () => {
  expect(browser.complaints).toEqual([]);
  await ui.close();
});

const form = (): Locator => page.locator('.el-drawer:visible');
const row = (line: number): Locator => page.locator(`[data-line="${line}"]`);
const stateOf = (line: number) => expect.poll(() => row(line).getAttribute('data-state'), { timeout: 45_000 });

test('a trunk of analog lines is made on the page and called out over', async () => {
  await page.goto(`${ui.origin}/lines`);
  await row(3).waitFor();
  await page.getByRole('button', { name: '新建模拟外线中继' }).first().click();
  await form().locator('input[name="name"]').fill('外线');
  // every free line is in it; the number those outside have dialled
  await form().locator('input[name="lineNumber"]').fill('02161230000');
  expect(await form().locator('ol > li').count()).toBe(4);
  await form().getByRole('button', { name: '保存' }).click();
  await form().waitFor({ state: 'hidden' });
  const [trunk] = await ui.api<Trunk[]>('GET', '/trunks');
  expect(trunk).toMatchObject({
    kind: 'fxo',
    name: '外线',
    lines: [3, 4, 5, 6],
    hunt: 'order',
    lineNumber: '02161230000',
  });
  await page.locator(`[data-trunk="${trunk!.id}"][data-state="up"]`).waitFor();

  // the first line is blocked on the page
  await row(3).locator('[data-act="block"]').click();
  await page.locator('.el-message-box:visible').getByRole('button', { name: '闭塞' }).click();
  await stateOf(3).toBe('blocked');
  // the second has no voltage
  await ui.box.exchange.lines.cut(4, true);
  await stateOf(4).toBe('dead');
  await page.getByText('线路上没有电压').waitFor();
  await page.locator(`[data-trunk="${trunk!.id}"][data-state="partly"]`).waitFor();

  const body = { name: '外线', pattern: '9.', strip: 1, trunks: [trunk!.id] };
  await ui.api<OutboundRoute>('POST', '/outbound-routes', body);
  ui.box.exchange.subscribers.setPlan(FRIEND, { answerAfterMs: 500 });
  const arrived = nextArrival();
  await ui.box.exchange.lift(1);
  await ui.box.exchange.dial(1, `9${FRIEND}#`);
  const callId = await arrived;
  await phase(ui.box, callId, 'talking');
  await stateOf(5).toBe('out');
  expect(ui.box.exchange.subscribers.list().map(({ calledNumber }) => calledNumber)).toEqual([FRIEND]);
  await shootAll(page, 'analog-lines', '[data-line="5"][data-state="out"]', ['外线', '02161230000']);
  await ui.box.exchange.hangUpPhone(1);
  await page.evaluate(`localStorage.setItem('cordboard.language', 'zh-CN')`);
  await page.goto(`${ui.origin}/lines`);
  await stateOf(5).toBe('idle');

  // its page tells the line; one over which nobody got through stands in the trunk's report beside it
  await storedCall(ui.box, callId);
  await page.goto(`${ui.origin}/calls/${callId}`);
  await page.locator('.story').getByText('模拟外线 5').first().waitFor();
  await shootAll(page, 'analog-call', '.story', ['外线', '02161230000']);
  await page.evaluate(`localStorage.setItem('cordboard.language', 'zh-CN')`);
  const [nobody, arrivedToo] = ['13900139001', nextArrival()];
  ui.box.exchange.subscribers.setPlan(nobody, {});
  await ui.box.exchange.lift(1);
  await ui.box.exchange.dial(1, `9${nobody}#`);
  const inVain = await arrivedToo;
  await expect.poll(() => ui.box.exchange.subscribers.list().at(-1)?.calledNumber, { timeout: 45_000 }).toBe(nobody);
  await ui.box.exchange.hangUpPhone(1);
  await storedCall(ui.box, inVain);
  await ui.box.reports.rollUp.catchUp();
  await page.goto(`${ui.origin}/reports/trunks?period=today`);
  const line = page.locator('[data-test="report"] tbody tr').filter({ hasText: '外线' });
  await line.waitFor();
  const figure = (id: string): Promise<string> => line.locator(`[data-figure="${id}"]`).innerText();
  expect([await figure('seized'), await figure('seizedOut'), await figure('seizedIn')]).toEqual(['2', '2', '0']);
  expect([await figure('trunkAnswered'), await figure('lost')]).toEqual(['1', '0']);
  expect(Number((await figure('connectRate')).replace('%', ''))).toBeCloseTo(50, 0);
}, 300_000);

const nextArrival = (): Promise<string> =>
  new Promise((resolve) => ui.box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)));
