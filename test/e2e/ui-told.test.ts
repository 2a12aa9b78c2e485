// What happens while nobody touches the page: the box tells of it, and no page asks again and again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordingAlarm } from '../../daemon/src/contract/index.js';
import { callIn, dchannelsUp, storedCall } from '../support/box.js';
import type { Browser } from './ui-browser.js';
import { startUiBox, type UiBox } from './ui-box.js';

let ui: UiBox;
let browser: Browser;
beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_SIP_HOST: '127.0.0.1' });
  await dchannelsUp(ui.box);
  browser = await ui.browser();
});
afterAll(() => ui.close());

test('an alarm of recordings and a trunk that fails stand on the floor', async () => {
  const { page } = browser;
  const alarms: RecordingAlarm[] = [];
  await page.route('**/api/v1/recording-alarms', (route) => route.fulfill({ json: alarms }));
  await page.goto(`${ui.origin}/floor`);
  await page.locator('[data-queue]').first().waitFor();
  expect(await page.locator('.alarms').count()).toBe(0);

  const alarm = { kind: 'space', detail: '', freeBytes: 1 } as const;
  alarms.push(alarm);
  ui.box.live.emit('recording.alarm', { ...alarm, active: true });
  const told = page.locator('.alarms [role="alert"]');
  await told.filter({ hasText: '录音磁盘空间不足' }).waitFor();

  // nobody answers at that port
  const trunk = { id: 'unicom', kind: 'sip', name: '上海联通', mode: 'address' };
  await ui.api('POST', '/trunks', { ...trunk, hosts: [{ host: '127.0.0.1', port: 9 }], optionsIntervalS: 5 });
  await told.filter({ hasText: 'SIP 中继“上海联通”中断' }).waitFor();
});

test('who waits stands in the list of the queue while he waits', async () => {
  const { page } = browser;
  await page.goto(`${ui.origin}/queues/service`);
  await page.locator('p.none').waitFor();
  const { callId, exchangeId } = await callIn(ui.box, { digits: '2', digitsAfterMs: 100 });
  await page.locator('[data-test="waiting"] tbody tr').filter({ hasText: '138 0013 8000' }).waitFor();
  await ui.api('DELETE', `/exchange/calls/${exchangeId}`);
  await storedCall(ui.box, callId);
  await page.locator('p.none').waitFor();
  expect(browser.complaints).toEqual([]);
});
