// The technician's page: a run on the virtual card, its progress and results, the report downloaded and verified, faults shown.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judgeReport } from '../../daemon/dist/diagnostics/index.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';

/** Names and units that are the same in every language. */
const GIVEN = [
  'Station 1',
  'Station 2',
  'Cordboard',
  'virtual',
  'E1-1',
  'FXS',
  'FXO',
  'CRC4',
  'CRC',
  'Hz',
  'dBm0',
  'dBm',
  'dB',
  'bit',
  'ms',
  'DTMF',
  'TS',
  'JSON',
  'PDF',
  'ABCD',
  'settings',
  '王工',
];
let ui: UiBox;
let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), 'cordboard-diag-'));

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_VIRTUAL_STATIONS: '2' });
  browser = await ui.browser();
});
afterAll(async () => {
  await ui.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Leaves only these cases chosen. */
async function choose(...cases: string[]): Promise<void> {
  const { page } = browser;
  await page.locator('[data-act="all-cases"]').click();
  for (const id of cases) await page.locator(`[data-case-choice="${id}"] .el-checkbox`).click();
}

test('lines are chosen, measured with progress, and the report is downloaded and verified', async () => {
  const { page } = browser;
  await page.goto(`${ui.origin}/lines/diagnostics`);
  await page.locator('[data-span="1"]').waitFor();
  await shootAll(page, 'diagnostics-rig', '[data-span="1"]', GIVEN);
  await choose('inventory', 'level', 'digits', 'bit-errors', 'line-errors');
  await page.locator('input[name="technician"]').fill('王工');
  await page.locator('[data-act="begin"]').click();
  await page.locator('[data-run="running"]').waitFor();
  await page.locator('[data-run="passed"]').waitFor({ timeout: 90_000 });
  expect(await page.locator('[data-result="bit-errors"]').getAttribute('data-outcome')).toBe('passed');
  expect(await page.locator('[data-result="line-errors"]').getAttribute('data-outcome')).toBe('skipped');
  expect(await page.locator('[data-result="bit-errors"]').innerText()).toContain('O.151');
  await shootAll(page, 'diagnostics-result', '[data-run="passed"]', GIVEN);

  const coming = page.waitForEvent('download');
  await page.locator('[data-run] [data-act="json"]').click();
  const json = join(folder, 'report.json');
  await (await coming).saveAs(json);
  const text = readFileSync(json, 'utf8');
  expect(judgeReport(text, '')).toMatchObject({ valid: true, entry: { technician: '王工', passed: true } });
  const pdfComing = page.waitForEvent('download');
  await page.locator('[data-run] [data-act="pdf"]').click();
  const pdf = join(folder, 'report.pdf');
  await (await pdfComing).saveAs(pdf);
  expect(readFileSync(pdf).subarray(0, 5).toString()).toBe('%PDF-');

  await page.locator('[data-test="verify"]').setInputFiles(json);
  await page.locator('.el-message--success').waitFor();
  const forged = join(folder, 'forged.json');
  writeFileSync(forged, text.replace('"王工"', '"李工"'));
  await page.locator('[data-test="verify"]').setInputFiles(forged);
  await page.locator('.el-message--error', { hasText: /被改动过|was changed/ }).waitFor();
}, 180_000);

test('a fault is shown with its limit, stands in the history, and the run stands among the reports', async () => {
  const { page } = browser;
  await ui.box.engine.command('virtual.disturb', { span: 1, gainDb: 3 });
  await page.locator('[data-act="again"]').click();
  await choose('level');
  await page.locator('[data-act="begin"]').click();
  await page.locator('[data-run="failed"]').waitFor({ timeout: 60_000 });
  expect(await page.locator('[data-result="level"][data-outcome="failed"] tr.bad').first().innerText()).toMatch(
    /\b(?:2\.9\d?|3|3\.0\d?|3\.1) dB/,
  );
  await shootAll(page, 'diagnostics-fault', '[data-run="failed"]', GIVEN);
  await ui.box.engine.command('virtual.disturb', { span: 1 });
  await ui.box.engine.command('virtual.setAlarm', { span: 1, alarm: 'red', active: true });
  await ui.box.engine.command('virtual.setAlarm', { span: 1, alarm: 'red', active: false });
  await page.locator('.filters label').nth(1).click();
  await expect.poll(() => page.locator('tr[data-report]').count()).toBe(2);
  await page.locator('.filters label').nth(2).click();
  await page.locator('[data-test="alarms"] td', { hasText: 'RED' }).waitFor();
  expect(browser.complaints).toEqual([]);
}, 120_000);
