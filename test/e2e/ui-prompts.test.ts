// Prompts made in every way that there is, and temporary announcements switched: what a person does, and what the box then has.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import type { Announcement, AnnouncementNumber, Prompt } from '../../daemon/src/contract/index.js';
import type { Browser } from './ui-browser.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';

const SOUND = join(import.meta.dirname, '../../build/prompts/en/goodbye.wav');

let ui: UiBox;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  ui = await startUiBox();
  browser = await ui.browser();
  ({ page } = browser);
});
afterAll(() => ui.close());

const prompt = async (name: string, language: string): Promise<Prompt | undefined> =>
  (await ui.api<Prompt[]>('GET', '/prompts')).find((one) => one.name === name && one.language === language);
const save = () => page.locator('.el-drawer__footer .el-button--primary').click();
const closed = () => page.locator('.el-drawer').waitFor({ state: 'hidden' });
const way = (text: string) => page.locator('.el-drawer .choice label', { hasText: text }).click();
const begin = () => page.locator('[data-test="make-prompt"]').click();
const row = (name: string) => page.locator(`[data-prompt="${name}"]`);

it('a sound file becomes a prompt, is heard, and says what is wrong with one that is none', async () => {
  await page.goto(`${ui.origin}/prompts`);
  await begin();
  await page
    .locator('.el-drawer input[type="file"]')
    .setInputFiles({ name: 'notes.wav', mimeType: 'audio/wav', buffer: Buffer.from('<script>alert(1)</script>') });
  await save();
  await page.locator('.el-drawer__footer .rest').waitFor();
  await page.locator('.el-drawer input[type="file"]').setInputFiles(SOUND);
  await page.locator('.el-drawer input[name="prompt-name"]').fill('spring-sale');
  await save();
  await closed();
  await row('spring-sale').waitFor();
  expect(await prompt('spring-sale', 'zh-CN')).toMatchObject({ own: true, source: 'upload' });
  expect(await row('spring-sale').locator('[data-language="en"]').innerText()).toContain('没有');
  await row('spring-sale').locator('[data-act="play"]').click();
  await row('spring-sale').locator('[data-act="play"]', { hasText: '停止' }).waitFor();
  // it ends by itself
  await row('spring-sale').locator('[data-act="play"]', { hasText: '播放' }).waitFor();
});

it('the microphone, a text in both languages and a telephone make prompts', async () => {
  await begin();
  await way('录音');
  await page.locator('.el-drawer input[name="prompt-name"]').fill('spoken-here');
  await page.locator('[data-test="record"]').click();
  // the fake microphone beeps once a second
  await expect
    .poll(() => page.locator('.level').evaluate((meter) => Number(meter.getAttribute('value'))), {
      timeout: 45_000,
    })
    .toBeGreaterThan(0.1);
  await page.locator('[data-test="stop-recording"]').click();
  await page.locator('.recorder audio').waitFor();
  await save();
  await closed();
  expect((await prompt('spoken-here', 'zh-CN'))!.durationMs).toBeGreaterThan(100);

  await begin();
  await way('文字');
  await page.locator('.el-drawer input[name="prompt-name"]').fill('holiday');
  await page.locator('.both .el-switch').click();
  await page.locator('textarea[name="text-zh-CN"]').fill('春节放假七天。');
  await page.locator('textarea[name="text-en"]').fill('We are closed for the holiday.');
  await save();
  await closed();
  expect(await prompt('holiday', 'en')).toMatchObject({ source: 'speech', text: 'We are closed for the holiday.' });
  expect(await prompt('holiday', 'zh-CN')).toMatchObject({ source: 'speech' });

  await begin();
  await way('电话');
  await save();
  expect(await page.locator('[data-test="ticket"] .code').innerText()).toMatch(/^\*90 \d+ #$/);
  await page.locator('.el-drawer__footer .el-button', { hasText: '取消' }).click();
  await closed();
});

it('an announcement is made, switched on until it is switched off, and back by undo', async () => {
  await page.goto(`${ui.origin}/announcements`);
  await page.locator('[data-test="make-announcement"]').click();
  await page.locator('.el-drawer input[name="name"]').fill('停电通知');
  await page.locator('.el-drawer input[name="id"]').fill('outage');
  await page.locator('.el-drawer .el-select').first().click();
  await page.locator('.el-select-dropdown__item:visible', { hasText: 'holiday' }).click();
  await page.keyboard.press('Escape');
  await page.locator('.el-drawer input[name="number"]').fill('7');
  await page.locator('.el-drawer input[name="pin"]').fill('2468');
  await save();
  await closed();
  const outage = page.locator('[data-announcement="outage"]');
  await outage.locator('.el-switch').click();
  await page.locator('[data-announcement="outage"][data-on="true"]').waitFor();
  const stored = async () => (await ui.api<Announcement[]>('GET', '/announcements')).find(({ id }) => id === 'outage');
  expect(await stored()).toMatchObject({ name: '停电通知', active: true, until: null, prompts: ['holiday'] });
  expect(await ui.api<AnnouncementNumber[]>('GET', '/announcement-numbers')).toEqual([
    { id: 'outage', number: '7', hasPin: true },
  ]);
  await page.locator('.el-message button', { hasText: '撤销' }).click();
  await page.locator('[data-announcement="outage"][data-on="false"]').waitFor();
  expect(await stored()).toMatchObject({ active: false });
});

it('a prompt in use stays and its user is named; another is removed and brought back', async () => {
  await ui.api('DELETE', '/prompts/en/holiday');
  await page.goto(`${ui.origin}/prompts`);
  await row('holiday').locator('[data-act="remove"]').click();
  await page.locator('.el-message-box', { hasText: '临时公告 “停电通知”' }).waitFor();
  await page.locator('.el-message-box button').click();
  await row('spoken-here').locator('[data-act="remove"]').click();
  await page.locator('.el-message-box .el-button--danger').click();
  await row('spoken-here').waitFor({ state: 'detached' });
  expect(await prompt('spoken-here', 'zh-CN')).toBeUndefined();
  await page.locator('.el-message button', { hasText: '撤销' }).click();
  await row('spoken-here').waitFor();
  expect(await prompt('spoken-here', 'zh-CN')).toMatchObject({ own: true });
});

it('a prompt is called something else, found by that, and all are read as far as somebody looks', async () => {
  await row('holiday').locator('[data-act="rename"]').click();
  await page.locator('.el-message-box input').fill('<b>春节放假</b>');
  await page.keyboard.press('Enter');
  await row('holiday').locator('b', { hasText: '<b>春节放假</b>' }).waitFor();
  expect(await prompt('holiday', 'zh-CN')).toMatchObject({ label: '<b>春节放假</b>' });
  await page.locator('input[name="search"]').fill('放假');
  await expect.poll(() => page.locator('[data-prompt]').count()).toBe(1);
  await page.locator('input[name="search"]').fill('');
  await expect.poll(() => page.locator('[data-prompt]').count()).toBe(100);
  await page.locator('[data-prompt]').last().scrollIntoViewIfNeeded();
  await row('welcome').waitFor();
});

it('a supervisor hears and switches, and makes nothing; all is seen in both languages', async () => {
  const token = await ui.user('shift-lead', 'supervisor');
  const other = await ui.browser({ token });
  await other.page.goto(`${ui.origin}/prompts`);
  await other.page.locator('[data-prompt="agent-ready"]').waitFor();
  expect(await other.page.locator('[data-test="make-prompt"], [data-act="replace"], [data-act="remove"]').count()).toBe(
    0,
  );
  await other.page.goto(`${ui.origin}/announcements`);
  await other.page.locator('[data-announcement="outage"] .el-switch').click();
  await other.page.locator('[data-announcement="outage"][data-on="true"]').waitFor();
  expect(other.complaints).toEqual([]);

  const all = await ui.api<Prompt[]>('GET', '/prompts');
  const given = [...new Set(all.flatMap(({ name, text, label }) => [text, label, name]))].filter((one) => one !== '');
  given.sort((a, b) => b.length - a.length);
  await shootAll(page, 'prompts', '[data-prompt="agent-ready"]', given);
  await page.goto(`${ui.origin}/announcements`);
  await shootAll(page, 'announcements', '[data-announcement="outage"]', ['停电通知', 'outage', 'shift-lead', ...given]);
  // the file that was no sound was refused: the browser tells so, too
  expect(browser.complaints.filter((one) => !one.includes('422') && !one.includes('400'))).toEqual([]);
});
