// The wizard's first trunk where the box has analog lines and no E1: the lines are there to be chosen, one that is dead says so, and
// whoever dials the number outside reaches the box.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { OutboundRoute, Trunk } from '../../daemon/src/contract/index.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';

const NUMBER = '02161230000';
let ui: UiBox;
let page: Page;
let complaints: readonly string[];

beforeAll(async () => {
  const analogs = [3, 4].map((analog) => ({ analog, releaseOnBusy: true, line: { answer: 'polarity' } }));
  const settings = { version: 3, virtual: { spans: 0, stations: 2, lines: 2 }, analogs };
  ui = await startUiBox({}, 'zh-CN', { settings });
  ({ page, complaints } = await ui.browser());
});
afterAll(async () => {
  expect(complaints).toEqual([]);
  await ui.close();
});

test('analog lines become the first trunk, under the number by which they are reached', async () => {
  await ui.box.exchange.lines.cut(4, true);
  await ui.api('PUT', '/wizard', { step: 'trunk' });
  await page.goto(`${ui.origin}/set-up`);
  await page.locator('.wizard[data-step="trunk"] h1').waitFor();
  await page.locator('.kinds label').filter({ hasText: '模拟' }).click();
  await page.locator('[data-line="3"] .state.is-ready').waitFor();
  await page.locator('[data-line="4"] .state.is-fault').waitFor();

  // none chosen: nothing to make a trunk of
  for (const line of [3, 4]) await page.locator(`[data-line="${line}"] .el-checkbox`).click();
  expect(await page.locator('[data-act="use-lines"]').isDisabled()).toBe(true);
  for (const line of [3, 4]) await page.locator(`[data-line="${line}"] .el-checkbox`).click();
  await page.locator('input[name="lines-number"]').fill('021 6123 0000');
  await page.locator('[data-act="use-lines"]').click();
  await page.locator('[data-test="lines-used"]').waitFor();
  await shootAll(page, 'wizard-lines', '.wizard[data-step="trunk"]');

  const [trunk] = await ui.api<Trunk[]>('GET', '/trunks');
  expect(trunk).toMatchObject({ id: 'lines', kind: 'fxo', lines: [3, 4], lineNumber: NUMBER });
  const routes = await ui.api<OutboundRoute[]>('GET', '/outbound-routes');
  expect(routes.flatMap(({ trunks }) => trunks)).toContain('lines');

  // somebody outside dials it: the line that has voltage rings, and the box knows the number by the trunk
  const arrived = new Promise<string>((resolve) =>
    ui.box.calls.events.once('call.arrived', ({ call }) => resolve(call.calledNumber)),
  );
  await ui.api('POST', '/exchange/calls', { calledNumber: NUMBER, callingNumber: '13800138000', line: 3 });
  expect(await arrived).toBe(NUMBER);
}, 300_000);
