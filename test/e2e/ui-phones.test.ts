// Desk telephones and alerts as an administrator has them: a telephone is taken up from those nobody knows, and a way and a rule are made.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import { shootOpened } from './ui-opened.js';
import type { Browser } from './ui-browser.js';

let ui: UiBox;
let browser: Browser;
beforeAll(async () => {
  ui = await startUiBox();
  browser = await ui.browser();
});
afterAll(async () => {
  // what was refused at its field is written to the console by the browser itself
  expect(browser.complaints.filter((one) => !/status of 400/.test(one))).toEqual([]);
  await ui.close();
});

test('a telephone that asks is taken up with one press, fetches, and is shown how far it is', async () => {
  const { page } = browser;
  await ui.api('POST', '/stations/sip', { number: 1001, name: '前台' });
  const { url } = await ui.api<{ url: string }>('GET', '/phones/common');
  const ask = () => fetch(`${url}805ec0123456.cfg`, { headers: { 'user-agent': 'Yealink SIP-T46U 108.86.0.20' } });
  expect((await ask()).status).toBe(404);
  await page.goto(`${ui.origin}/lines/telephones?show=provision`);
  await page.locator('[data-unknown="805ec0123456"] [data-act="take"]').click();
  await page.locator('[data-field="station"] .el-select').click();
  await page.getByRole('option', { name: '1001 前台' }).click();
  await page.locator('[data-act="addKey"]').click();
  await page.locator('.key input[maxlength="32"]').fill('10 02');
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-field="keys"] .el-form-item__error').waitFor();
  await page.locator('.key input[maxlength="32"]').fill('1002');
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-mac="805ec0123456"][data-state="open"]').waitFor();
  expect((await ask()).status).toBe(200);
  await page.locator('[data-mac="805ec0123456"][data-state="fetched"]').waitFor();
  await page.locator('[data-act="access"]').click();
  await page.locator('.told code', { hasText: '/provision/' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.told').waitFor({ state: 'hidden' });
  expect((await fetch(`${url}0c383e000001.cfg`)).status).toBe(404);
  await shootAll(page, 'lines-provision', '[data-unknown="0c383e000001"]', ['前台', 'Yealink', 'Fanvil', 'MAC']);
});

test('a way is made, tried and told by a rule', async () => {
  const { page } = browser;
  await page.goto(`${ui.origin}/system/alerts`);
  await page.locator('[data-test="alerts"]').waitFor();
  const tab = (at: number) => page.locator('.choice label').nth(at).click();
  await tab(2);
  await page.locator('[data-act="add"]').click();
  await page.locator('input[name="name"]').fill('值班');
  await page.locator('[data-field="settings.to"] textarea').fill('no address');
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-field="settings.to"] .el-form-item__error').waitFor();
  await page.locator('[data-field="settings.to"] textarea').fill('li@example.com');
  await page.keyboard.press('Control+Enter');
  const row = page.locator('[data-way="值班"]');
  await row.waitFor();
  // There is no mail server here: that is said where it was tried.
  await row.locator('[data-act="test"]').click();
  await row
    .locator('td', { hasText: /mail|邮件/ })
    .first()
    .waitFor();
  await tab(1);
  await page.locator('[data-act="add"]').click();
  await page.locator('input[name="name"]').fill('全部');
  await page.locator('[data-field="ways"] .el-select').click();
  await page.getByRole('option', { name: '值班' }).click();
  await page.keyboard.press('Escape');
  await page.locator('input[name="name"]').click();
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-rule="全部"]').waitFor();
  await tab(0);
  await page.locator('[data-alert="backup"]').waitFor({ timeout: 30_000 });
  await shootAll(page, 'system-alerts', '[data-alert]', ['值班', '全部']);
});

test('forms keep to their language', async () => {
  const { page } = browser;
  const given = ['前台', '值班', '全部', 'Yealink', 'Grandstream', 'Fanvil', 'Htek', 'MAC', 'DHCP', 'RPS'];
  await shootOpened(
    page,
    'lines-provision-form',
    `${ui.origin}/lines/telephones?show=provision`,
    async () => {
      await page.locator('[data-mac] [data-act="edit"]').first().click();
      await page.locator('.el-drawer [data-field="keys"]').waitFor();
    },
    given,
  );
  await shootOpened(
    page,
    'system-alerts-way',
    `${ui.origin}/system/alerts`,
    async () => {
      await page.locator('.choice label').nth(2).click();
      await page.locator('[data-act="add"]').click();
      await page.locator('[data-field="settings.kind"] .el-select').click();
      await page.locator('.el-select-dropdown__item:visible').nth(3).click();
      await page.locator('[data-field="settings.preset"]').waitFor();
    },
    [...given, 'application/json', 'AccessKey', 'SecretId', 'POST', 'number、text、account、secret、time、id'],
  );
});
