// The page of a call that had a full life: hold, a colleague who was asked, a supervisor who listened; and a caller whose name is an attack.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { putLongCall } from '../support/long-call.js';
import { callIn, phase, signInByPhone, storedCall, waitFor } from '../support/box.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';

const XSS = '<img src=x onerror=alert(1)>';

let ui: UiBox;
beforeAll(async () => {
  ui = await startUiBox();
});
afterAll(() => ui.close());

test('its axis and its story tell all of it, in both languages', async () => {
  const { box } = ui;
  for (const station of [1, 2, 3]) {
    await ui.api('PUT', `/exchange/phones/${station}/behaviour`, { answer: true, answerAfterMs: 0 });
  }
  await signInByPhone(box, '2001', 1);
  const { callId, exchangeId } = await callIn(box, { callingName: XSS, digits: '1' });
  await phase(box, callId, 'talking');
  const act = (body: object) => ui.api('POST', `/calls/${callId}/actions`, { station: 1, ...body });
  const parties = (what: (states: string[]) => boolean) =>
    waitFor(box.live, 'call.updated', () => what(box.calls.find(callId)?.parties.map(({ state }) => state) ?? []));

  await act({ action: 'hold' });
  await waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.parties.some(({ holds }) => holds) === true);
  await act({ action: 'retrieve' });
  await ui.api('POST', `/calls/${callId}/supervise`, {
    action: 'monitor',
    mode: 'listen',
    station: 3,
  });
  await parties((states) => states.includes('listen'));
  await act({ action: 'consult', to: '2' });
  await parties((states) => states.length === 4 && states.includes('waiting') && !states.includes('ringing'));
  await act({ action: 'cancelConsult' });
  await parties((states) => !states.includes('waiting'));
  await box.exchange.hangUp(exchangeId);
  await storedCall(box, callId);

  const { page, complaints } = await ui.browser();
  await page.goto(`${ui.origin}/calls/${callId}`);
  await page.locator('[data-row="consult"] [data-bar="consult"]').waitFor();
  await page.locator('[data-row="monitor"] [data-bar="monitor"]').waitFor();
  for (const row of ['caller', 'agent']) await page.locator(`[data-row="${row}"] [data-bar="held"]`).waitFor();
  expect(await page.locator('.story').textContent()).toContain('2001：仅该坐席可振铃');
  await shootAll(page, 'call-short', '[data-row="monitor"]', [XSS]);
  expect(await page.locator('.story').textContent()).toContain('2001: nobody else could be rung');
  expect(complaints).toEqual([]);
});

test('a call of some minutes is heard from where a line of its story begins, and its notes stand below', async () => {
  const { box } = ui;
  for (const [id, name] of [
    ['2001', '李娜'],
    ['2002', '王磊'],
    ['2003', '陈晨'],
  ])
    await ui.api('PATCH', `/agents/${id}`, { name });
  const started = Date.now() - 3_600_000;
  const people = { missed: '2002', took: '2001', asked: '2003' };
  const id = await putLongCall({ box, queueId: 'service', ...people, startedAt: started });
  await ui.api('POST', '/dispositions', { id: 'fault', nameZh: '故障 / 电源', nameEn: 'Fault / power' });
  const note = '2 号机昨晚重启两次，怀疑电源；约今天 16:00 回电。';
  await ui.api('PUT', `/calls/${id}/notes/2001`, { disposition: 'fault', note, followUp: true });

  const { page, complaints } = await ui.browser();
  // The browser knows the sound when somebody has already chosen where to begin.
  await page.addInitScript(`
    const hold = (event) => {
      event.stopImmediatePropagation();
      addEventListener('chosen', () => event.target.dispatchEvent(new Event('loadedmetadata')), { once: true });
    };
    addEventListener('loadedmetadata', hold, { capture: true });
    addEventListener('chosen', () => removeEventListener('loadedmetadata', hold, { capture: true }), { capture: true });
  `);
  await page.goto(`${ui.origin}/calls/${id}`);
  await page.locator('[data-row="quality"]').getByText('MOS 4.2').waitFor();
  await page.locator('[data-note="2001"]').getByText(note).waitFor();
  const story = page.locator('.story');
  expect(await story.textContent()).toContain('按键 20418');
  expect(await story.textContent()).toContain('2003（缺少所需技能）');
  await story.locator('li', { hasText: '与 李娜 通话' }).locator('button').click();
  await page.evaluate(`dispatchEvent(new Event('chosen'))`);
  // 76 s after the call began, of which 42 s are not recorded
  await expect.poll(() => page.locator('.player .time').textContent()).toMatch(/^0:3[4-9]/);
  await page.locator('.wave svg, .wave canvas').first().waitFor();
  await page.reload();
  await shootAll(page, 'call-story', '.wave svg, .wave canvas', [
    '李娜',
    '王磊',
    '陈晨',
    note,
    '服务',
    '故障 / 电源',
    'boss',
    'Fault / power',
  ]);
  expect(complaints).toEqual([]);
});
