// Settings, health and back-ups as an administrator has them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DbEvents } from '../../daemon/src/db/index.js';
import type { TypedEmitter } from '../../daemon/src/platform/index.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';

const PASSPHRASE = 'a cord for every call';
let ui: UiBox;
let browser: Browser;

beforeAll(async () => {
  ui = await startUiBox();
  browser = await ui.browser();
});
afterAll(() => ui.close());

test('a setting is changed, refused at its field, and holds at once or waits for a restart, as it says', async () => {
  const { page } = browser;
  await page.goto(`${ui.origin}/system/settings`);
  await page.locator('[data-test="settings"]').waitFor();
  await page.locator('input[name="organisation.name"]').fill('云帆科技');
  await page.locator('[data-field="parkingMs"] input').fill('0');
  await page.locator('[data-field="parkingMs"] input').blur();
  await page.locator('[data-act="save"]').click();
  await page.locator('[data-field="parkingMs"] .el-form-item__error').waitFor();
  await page.locator('[data-field="parkingMs"] input').fill('90');
  await page.locator('[data-field="parkingMs"] input').blur();
  await page.locator('[data-act="save"]').click();
  await page.locator('.el-message--success').waitFor();
  // what holds at once says so, and does
  expect(await page.locator('[data-field="parkingMs"] [data-live="true"]').innerText()).toBe('保存后立即生效');
  expect(await page.locator('.note').count()).toBe(0);
  await page.locator('[data-field="pickUpCode"] input').fill('*7');
  await page.locator('[data-field="sip.callsPerHour"] input').fill('40');
  await page.locator('[data-field="sip.callsPerHour"] input').blur();
  await page.locator('[data-act="save"]').click();
  await page.locator('.note', { hasText: '每部话机每小时最多呼出' }).waitFor();
  const { settings } = await ui.api<{ settings: { path: string; value: unknown; pending: boolean }[] }>(
    'GET',
    '/settings',
  );
  const one = (path: string): unknown => settings.find((setting) => setting.path === path);
  expect(one('parkingMs')).toMatchObject({ value: 90_000, live: true, pending: false });
  expect(one('sip.callsPerHour')).toMatchObject({ value: 40, live: false, pending: true });
  expect(one('organisation.name')).toMatchObject({ value: '云帆科技', pending: false });
  await shootAll(page, 'system-settings', '[data-test="settings"]', ['Opsound']);
});

test('health has figures and names what needs doing', async () => {
  const { page } = browser;
  await page.goto(`${ui.origin}/system/health`);
  await page.locator('[data-concern="restart"]').waitFor();
  await page.locator('[data-concern="backup"]').waitFor();
  expect(await page.locator('[data-concern="database"]').count()).toBe(0);
  // As the check of the whole file says it, half a minute after a crash.
  const events = ui.box.db.events as TypedEmitter<DbEvents>;
  for (let twice = 0; twice < 2; twice += 1)
    events.emit('database.damaged', { error: new Error('page 7 is never used') });
  expect(await ui.api('GET', '/recording-alarms')).toMatchObject([
    { kind: 'database', detail: expect.stringContaining('page 7') as unknown },
  ]);
  const damage = page.locator('[data-concern="database"].is-fault');
  await damage.waitFor();
  await expect.poll(() => damage.getByRole('link').getAttribute('href')).toBe('/system/backups');
  await shootAll(page, 'system-health', '[data-test="health"]');
});

test('a back-up is made, checked, refused with a wrong passphrase, laid ready and taken back', async () => {
  const { page } = browser;
  await page.goto(`${ui.origin}/system/backups`);
  await page.locator('[data-test="backups"]').waitFor();
  await page.locator('[data-act="make"]').click();
  await page.locator('input[name="passphrase"]').fill(PASSPHRASE);
  await page.locator('input[name="again"]').fill(PASSPHRASE);
  await page.locator('.el-drawer__footer:visible .el-button--primary').click();
  const row = page.locator('tr[data-backup]');
  await row.waitFor();
  const run = async (act: string, passphrase: string): Promise<void> => {
    await row.locator(`[data-act="${act}"]`).click();
    await page.locator('input[name="passphrase"]').fill(passphrase);
    await page.locator('.el-drawer__footer:visible .el-button--primary').click();
  };
  await run('restore', 'not the passphrase');
  await page.locator('.el-drawer__footer:visible .rest').waitFor();
  await page.locator('input[name="passphrase"]').fill(PASSPHRASE);
  await page.locator('.el-drawer__footer:visible .el-button--primary').click();
  await page.locator('[data-act="take-back"]').click();
  await expect
    .poll(async () => (await ui.api<{ restoring: string | null }>('GET', '/backups')).restoring, { timeout: 45_000 })
    .toBeNull();
  await shootAll(page, 'system-backups', '[data-test="backups"]');
});
