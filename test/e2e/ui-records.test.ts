// Recordings and voice messages as those have them who look after them: found, heard, fetched, held, removed; rules made.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { VoicemailBoxCreate } from '../../daemon/src/contract/index.js';
import { callIn, phase, signInByPhone, storedCall, waitFor } from '../support/box.js';
import { speech } from '../support/speech.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';

/** Pages are given time: this is a browser on a busy machine. */
const soon = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 45_000 });

const XSS = '"><img src=x onerror=alert(1)>';

let ui: UiBox;
let page: Page;
let complaints: string[];
beforeAll(async () => {
  ui = await startUiBox();
  ({ page, complaints } = await ui.browser());
  await aTalk('13800138000');
  await aTalk('13912345678');
});
afterAll(() => ui.close());

/** Somebody calls, chooses sales, talks for as long as his words take, and hangs up. */
async function aTalk(callingNumber: string): Promise<string> {
  const { box } = ui;
  if (box.agents.find('2001')?.state === 'signedOut') {
    await ui.api('PUT', '/exchange/phones/1/behaviour', { answer: true, answerAfterMs: 0 });
    await signInByPhone(box, '2001', 1);
  }
  await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'ready');
  const { callId, exchangeId, timeslot } = await callIn(box, { callingNumber, digits: '1' });
  await phase(box, callId, 'talking');
  const { legs } = await box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  const { play } = await box.engine.command('play.start', { port, files: [speech(0).path] });
  await spoken(play);
  await box.exchange.hangUp(exchangeId);
  await storedCall(box, callId);
  await ui.api('POST', '/agents/2001/state', { state: 'ready' });
  return callId;
}

/** As long as the engine has played three seconds: its clock, not ours. */
async function spoken(play: number): Promise<void> {
  for (;;) {
    const { positionMs } = await ui.box.engine.command('play.position', { play });
    if (positionMs >= 3000) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const rowsOf = (which: Page) => which.locator('[data-recording]');

test('a recording is found, heard, fetched, held and removed', async () => {
  await page.goto(`${ui.origin}/recordings`);
  await soon(() => rowsOf(page).count()).toBe(2);
  await page.locator('input[name="number"]').fill('138 0013');
  await page.locator('input[name="number"]').press('Enter');
  await soon(() => rowsOf(page).count()).toBe(1);
  expect(page.url()).toContain('number=');

  await rowsOf(page).first().click();
  const dock = page.locator('[data-test="dock"]');
  await dock.locator('[data-act="play"]').click();
  const position = dock.locator('[data-test="position"]');
  await soon(() => position.textContent()).toMatch(/^0:0[1-9] /);
  await dock.locator('[data-act="play"]').click();
  // both sides are drawn
  expect(
    await dock
      .locator('.wave')
      .evaluate((element) => element.firstElementChild?.shadowRoot?.querySelectorAll('canvas').length ?? 0),
  ).toBeGreaterThanOrEqual(2);

  await dock.locator('[data-act="download"]').click();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('.el-dropdown-menu__item').filter({ hasText: 'MP3' }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/^[0-9A-Z]{26}\.mp3$/);
  const bytes = readFileSync(await file.path());
  expect(bytes.length).toBeGreaterThan(5000);
  expect(bytes.subarray(0, 3).toString('latin1') === 'ID3' || (bytes[0] === 0xff && (bytes[1]! & 0xe0) === 0xe0)).toBe(
    true,
  );

  await dock.locator('[data-act="more"]').click();
  await page.locator('[data-act="hold"]').click();
  await page.locator('input[name="reason"]').fill(XSS);
  await page.locator('[data-act="decide"]').click();
  await soon(() => rowsOf(page).first().textContent()).toContain('已保全');
  const [held] = (await ui.api<{ recordings: { id: string; held: boolean }[] }>('GET', '/recordings?number=138'))
    .recordings;
  expect(held).toMatchObject({ held: true });
  const detail = await ui.api<{ holdReason: string }>('GET', `/recordings/${held!.id}`);
  expect(detail.holdReason).toBe(XSS);

  await page.goto(`${ui.origin}/recordings?number=139`);
  await rowsOf(page).first().click();
  await dock.locator('[data-act="more"]').click();
  await page.locator('[data-act="remove"]').click();
  await page.locator('input[name="reason"]').fill('打错了');
  await page.locator('[data-act="decide"]').click();
  await soon(() => rowsOf(page).count()).toBe(0);
  const gone = await ui.api<{ reason: string; by: string }[]>('GET', '/recording-deletions');
  expect(gone).toMatchObject([{ reason: '打错了', by: 'admin' }]);

  await page.goto(`${ui.origin}/recordings`);
  await rowsOf(page).first().click();
  await page.locator('[data-act="play"]').waitFor();
  await page.screenshot({ path: 'build/screens/recordings-dock.zh-CN.light.png' });
  await shootAll(page, 'recordings', '[data-recording]');
});

test('rules are made, put in order, switched off, removed and brought back', async () => {
  await ui.api('POST', '/recording-rules', { name: '只录呼入', match: { direction: 'in' }, position: 10 });
  await page.goto(`${ui.origin}/recordings/rules`);
  await page.locator('[data-rule]').waitFor();
  await page
    .getByRole('button', { name: '新建规则' })
    .or(page.getByRole('button', { name: 'New rule' }))
    .click();
  const form = page.locator('.el-drawer');
  await form.locator('input[name="name"]').fill(XSS);
  await form.locator('input[maxlength="25"]').first().fill('12x');
  await page.keyboard.press('Control+Enter');
  // what the box refuses stands at its field
  await form.locator('[data-field="match.callingNumber"] .el-form-item__error').waitFor();
  expect(complaints.splice(0)).toEqual([expect.stringContaining('400')]);
  await form.locator('input[maxlength="25"]').first().fill('138X.');
  await page.keyboard.press('Control+Enter');
  await soon(() => page.locator('[data-rule]').count()).toBe(2);
  await page
    .locator('[data-rule]')
    .nth(1)
    .getByText(/上移|Move up/)
    .click();
  await soon(() => page.locator('[data-rule]').first().textContent()).toContain(XSS);
  const rules = await ui.api<{ name: string; position: number; match: object }[]>('GET', '/recording-rules');
  expect(rules.sort((a, b) => a.position - b.position).map(({ name }) => name)).toEqual([XSS, '只录呼入']);
  expect(rules[0]!.match).toEqual({ callingNumber: '138X.' });
  await shootAll(page, 'recording-rules', '[data-rule]', [XSS, '只录呼入']);
  await page
    .locator('[data-rule]')
    .first()
    .getByText(/删除|Remove/)
    .click();
  await page.locator('.el-message-box .el-button--danger').click();
  await soon(() => page.locator('[data-rule]').count()).toBe(1);
  await page.locator('.el-message button').click();
  await soon(() => page.locator('[data-rule]').count()).toBe(2);

  await page.goto(`${ui.origin}/recordings/rules?show=safety`);
  await page.locator('[data-act="verify"]').click();
  await page.locator('[data-test="verified"]').waitFor();
  expect(await page.locator('[data-test="verified"] .bad').count()).toBe(0);
  await shootAll(page, 'recording-safety', '[data-act="verify"]');
  await page.goto(`${ui.origin}/recordings/rules?show=retention`);
  await page.locator('.empty button').click();
  await form.locator('input[name="name"]').fill('九十天');
  await page.keyboard.press('Control+Enter');
  await page.getByText('九十天').waitFor();
  expect(await ui.api('GET', '/retention-rules')).toMatchObject([{ name: '九十天', keepDays: 90, maxBytes: null }]);
  await page.getByRole('button', { name: /See what would|查看将删除什么/ }).click();
  await soon(() => page.locator('.preview').textContent()).toMatch(/将删除 0 条|\b0 recordings/);
  await shootAll(page, 'recording-retention', '.list', ['九十天']);
  await page.goto(`${ui.origin}/recordings/rules?show=deletions`);
  await shootAll(page, 'recording-deletions', '.list', ['打错了']);
});

test('a message is heard, handled and handed on', async () => {
  const { box } = ui;
  await page.goto(`${ui.origin}/messages`);
  await page.locator('.empty').waitFor();
  await shootAll(page, 'messages-empty', '.empty');
  for (const [id, name] of [
    ['sales', '销售留言'],
    ['service', '售后留言'],
  ])
    await box.voicemail.create(VoicemailBoxCreate.parse({ id, name, kind: 'queue', agents: ['2001'] }));
  const { callId, exchangeId, timeslot } = await callIn(box, {});
  await phase(box, callId, 'inFlow');
  const { legs } = await box.engine.command('engine.snapshot', {});
  const portOn = (span: number): number => legs.find((leg) => leg.span === span && leg.timeslot === timeslot)!.port;
  const { id, path } = await box.voicemail.begin('sales', { callId, callingNumber: '13800138000' });
  const { recording } = await box.engine.command('recording.start', { port: portOn(1), path });
  const { play } = await box.engine.command('play.start', { port: portOn(101), files: [speech(1).path] });
  await spoken(play);
  await box.engine.command('recording.stop', { recording });
  await box.voicemail.finish(id);
  await box.exchange.hangUp(exchangeId);
  await storedCall(box, callId);

  await page.goto(`${ui.origin}/messages`);
  const row = page.locator('[data-message="new"]');
  await row.waitFor();
  expect(await page.locator('[data-box="sales"] .fresh').textContent()).toBe('1');
  await shootAll(page, 'messages', '[data-message]', ['留言', '售后']);
  await row.click();
  await page.locator('[data-act="play"]').click();
  await soon(() => page.locator('[data-test="position"]').textContent()).toMatch(/^0:0[1-9] /);
  await page.locator('[data-act="play"]').click();
  await page.locator('[data-act="forward"]').click();
  await page.locator('.el-dropdown-menu__item').filter({ hasText: '售后' }).click();
  await page.locator('[data-box="service"] .fresh').waitFor();
  await page.locator('[data-box="service"]').click();
  await page.locator('[data-message="new"]').click();
  await page.locator('[data-act="handled"]').click();
  await page.locator('[data-message="handled"]').waitFor();
  const [message] = await ui.api<{ state: string }[]>('GET', '/voicemail/boxes/service/messages');
  expect(message).toMatchObject({ state: 'handled', changedBy: 'admin' });

  await page.goto(`${ui.origin}/mail`);
  await page.locator('.empty').waitFor();
  await shootAll(page, 'mail-empty', '.empty');
  expect(complaints).toEqual([]);
});
