// What decides on calls before anybody is rung: a calendar that is drawn, filled from a file and overridden, a duty group, and
// lists of numbers with a file that has bad lines; each checked by what the box then says.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { Calendar, NumberList, OnDuty, RouteTryResult } from '../../daemon/src/contract/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';

const NUISANCE = '02066668888';
const IMPORTANT = '13911112222';
/** on a machine that has much else to do */
const LIMIT_MS = 300_000;
/** what people here have named themselves, in whatever language */
const GIVEN = [
  ...[
    '上班时间',
    '春节调休',
    '春节',
    '元旦',
    '<b>停电</b>',
    '技术值班',
    '夜班',
    '李娜',
    '王 磊',
    '骚扰电话',
    '重要客户',
  ],
  ...['<script>alert(1)</script>推销', '老客户', '客户', 'reason', 'number', 'expires', 'level', 'agent'],
];

let ui: UiBox;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_TIME_ZONE: 'Asia/Shanghai' });
  browser = await ui.browser();
  ({ page } = browser);
});

afterAll(async () => {
  expect(browser.complaints.filter((text) => !/status of 4(00|09)/.test(text))).toEqual([]);
  await ui.close();
});

/** a busy machine takes its time */
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 45_000 });
const form = (): Locator => page.locator('.el-drawer:visible');
const saveButton = (name: string | RegExp = '保存'): Locator => form().getByRole('button', { name });

async function saved(name?: string | RegExp): Promise<void> {
  await saveButton(name).click();
  await form().waitFor({ state: 'hidden' });
}

/** Shoots the page as it is; the next one is Chinese again. */
async function shoot(name: string, ready: string): Promise<void> {
  await shootAll(page, name, ready, GIVEN);
  await page.evaluate(`localStorage.setItem('cordboard.language', 'zh-CN')`);
}

function fileOf(name: string, text: string): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test(
  'a calendar is drawn, filled from a file and overridden, and the box goes by it',
  async () => {
    await page.goto(`${ui.origin}/lines/calendars`);
    await page.locator('[data-act="add"]').click();
    await form().locator('input[name="name"]').fill('上班时间');
    await saveButton().click();
    await page.locator('[data-weekday="7"]').waitFor();
    await form().waitFor({ state: 'hidden' });
    const { pathname } = new URL(page.url());
    const id = pathname.split('/').at(-1)!;
    const calendar = (): Promise<Calendar> => ui.api('GET', `/calendars/${id}`);

    // Saturday is drawn from 9 to 12 with the pointer, lunch is rubbed out of Monday, Sunday is written over midnight
    const draw = async (day: number, from: number, to: number): Promise<void> => {
      const track = (await page.locator(`[data-weekday="${day}"] .track`).boundingBox())!;
      const at = (hour: number): [number, number] => [track.x + (track.width * hour) / 24, track.y + 10];
      await page.mouse.move(...at(from + 0.1));
      await page.mouse.down();
      await page.mouse.move(...at((from + to) / 2));
      await page.mouse.move(...at(to - 0.1));
      await page.mouse.up();
    };
    await draw(6, 9, 12);
    await draw(1, 12, 13.5);
    const sunday = page.locator('input[name="hours7"]');
    await sunday.fill('多晚都行');
    await sunday.blur();
    await page.locator('[data-weekday="7"] [role="alert"]').waitFor();
    await sunday.fill('22:00-2:00');
    await sunday.press('Enter');
    await page.locator('[data-act="save-week"]').click();
    await page.locator('.el-message--success').first().waitFor();
    const { weekly } = await calendar();
    const hoursOf = (day: number) => weekly.find(({ weekday }) => weekday === day)?.hours;
    expect(hoursOf(6)).toEqual([{ from: 540, to: 720 }]);
    expect(hoursOf(1)).toEqual([
      { from: 540, to: 720 },
      { from: 810, to: 1080 },
    ]);
    expect(hoursOf(7)).toEqual([{ from: 1320, to: 1560 }]);

    // a file with a bad line is told of by line and not taken; a good one is shown first
    await page.locator('[data-act="import"]').click();
    const input = form().locator('input[type="file"]');
    const head = 'date,lastDate,name,kind,hours,yearly\n';
    await input.setInputFiles(fileOf('bad.csv', `${head}2027-02-30,,不存在的日子,closed,,\n`));
    await form().locator('[data-test="problems"] li').first().waitFor();
    expect(await form().locator('[data-test="problems"]').innerText()).toContain('第 2 行');
    const good = `${head}2027-02-05,2027-02-11,春节,closed,,\n2027-02-14,,春节调休,weekday,,\n2027-01-01,,元旦,closed,,yes\n`;
    await input.setInputFiles(fileOf('days.csv', good));
    await eventually(() => form().locator('[data-change="adds"]').count()).toBe(3);
    expect((await calendar()).specialDays).toEqual([]);
    await saved('导入 3 天');
    expect((await calendar()).specialDays.map(({ name }) => name).sort()).toEqual(['元旦', '春节', '春节调休']);
    await page.getByText('2027-02-05 – 02-11').waitFor();

    // opened or closed for now, with the reason; then the hours decide again
    const now = page.locator('[data-test="now"]');
    const before = await now.getAttribute('data-open');
    await page.locator(before === 'true' ? '[data-act="close-now"]' : '[data-act="open-now"]').click();
    await form().locator('input[name="reason"]').fill('<b>停电</b>');
    await saved('确定');
    await eventually(() => now.getAttribute('data-open')).toBe(before === 'true' ? 'false' : 'true');
    expect(await now.innerText()).toContain('<b>停电</b>');
    const { state } = await calendar();
    expect([String(state.open), state.reason.code]).toEqual([before === 'true' ? 'false' : 'true', 'override']);
    await page.locator('[data-test="open-at"] button').click();
    await page.locator(`[data-test="open-at"] [data-open="${state.open}"]`).waitFor();
    await shoot('lines-calendar', '[data-weekday="7"]');
    await page.locator('[data-act="end-override"]').click();
    await eventually(() => now.getAttribute('data-open')).toBe(before);

    // who is on duty
    await page.goto(`${ui.origin}/lines/calendars`);
    await page.locator('[data-act="add-duty"]').click();
    await form().locator('input[name="dutyName"]').fill('技术值班');
    await form().locator('input[name="shift0"]').fill('夜班');
    await form().locator('textarea[name="people0"]').fill('李娜');
    await saveButton().click();
    await form().getByText('每行写姓名和号码').waitFor();
    await form().locator('textarea[name="people0"]').fill('李娜 13800138000\n王 磊 1001');
    await saved();
    const duty = page.locator('[data-duty]');
    await duty.waitFor();
    expect(await duty.innerText()).toContain('138 0013 8000');
    const dutyId = await duty.getAttribute('data-duty');
    expect(await ui.api<OnDuty>('GET', `/duty-groups/${dutyId}/on-duty`)).toMatchObject({
      people: [
        { name: '李娜', number: '13800138000' },
        { name: '王 磊', number: '1001' },
      ],
      shift: '夜班',
    });
    await shoot('lines-calendars', '[data-duty]');
  },
  LIMIT_MS,
);

test(
  'a black list refuses who stands on it; a file with bad lines is not taken; a long list is read as it is scrolled',
  async () => {
    await page.goto(`${ui.origin}/lines/lists`);
    await page.locator('.empty').waitFor();
    await page.locator('[data-act="add"]').click();
    await form().locator('input[name="name"]').fill('骚扰电话');
    await saved();
    const [black] = await ui.api<NumberList[]>('GET', '/number-lists');
    expect(black).toMatchObject({ name: '骚扰电话', kind: 'black', entries: 0 });
    await page.getByRole('link', { name: '骚扰电话' }).click();
    await page.locator('[data-act="add-entry"]').click();
    await form().locator('input[name="number"]').fill('谁');
    await saveButton().click();
    await form().locator('[data-field="number"] .el-form-item__error').waitFor();
    await form().locator('input[name="number"]').fill('020 6666 8888');
    await form().locator('input[name="reason"]').fill('<script>alert(1)</script>推销');
    await saved();
    await page.locator(`[data-entry="${NUISANCE}"]`).waitFor();
    const tried = await ui.api<RouteTryResult>('POST', '/routes/try', { to: '95001', from: NUISANCE });
    expect(tried).toMatchObject({ outcome: 'refused', steps: [{ code: 'blackListed' }, { code: 'refused' }] });

    // a VIP list of many, from a file
    const vip = { id: 'vip', name: '重要客户', kind: 'vip', level: 3 };
    await ui.api('POST', '/number-lists', vip);
    await page.goto(`${ui.origin}/lines/lists/vip`);
    await page.locator('[data-act="import-csv"]').click();
    const input = form().locator('input[type="file"]');
    await input.setInputFiles(fileOf('bad.csv', `number,reason\n${IMPORTANT},老客户\nabc,不是号码\n`));
    await form().locator('[data-test="problems"] li').first().waitFor();
    expect(await form().locator('[data-test="problems"]').innerText()).toContain('第 3 行');
    const many = Array.from({ length: 900 }, (_, at) => `1380013${String(8000 + at)},客户 ${at}`);
    await input.setInputFiles(fileOf('good.csv', `number,reason\n${many.join('\n')}\n${IMPORTANT},老客户\n`));
    await saved('导入 901 个号码');
    expect((await ui.api<NumberList>('GET', '/number-lists/vip')).entries).toBe(901);
    await page.locator('[data-entry]').first().waitFor();
    // never more rows than can be seen, and the last one is reached
    expect(await page.locator('.scroller .row').count()).toBeLessThan(60);
    await eventually(async () => {
      await page.evaluate(`document.querySelector('.scroller').scrollTo(0, 1e6)`);
      return page.locator(`[data-entry="${IMPORTANT}"]`).count();
    }).toBe(1);
    await page.locator('input[name="search"]').fill('139');
    await eventually(() => page.locator('.scroller [data-entry]').count()).toBe(1);
    await page.locator('input[name="search"]').fill('');
    await page.getByRole('button', { name: '导出' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('重要客户.csv');
    // a few come from a sheet that has headings of its own, seen before they are taken
    await page.locator('[data-act="import"]').click();
    await page
      .locator('.el-dialog input[type="file"]')
      .setInputFiles(fileOf('few.csv', '号码,原因\n13700000001,新客户\n13700000002,新客户\n'));
    await page.locator('tr[data-state="new"]').nth(1).waitFor();
    await page.locator('[data-test="import-apply"]').click();
    await page.locator('[data-test="import-done"]').waitFor();
    await page.keyboard.press('Escape');
    await eventually(async () => (await ui.api<NumberList>('GET', '/number-lists/vip')).entries).toBe(903);
    await shoot('lines-list', '.scroller [data-entry]');

    // what a number tells of itself
    await page.goto(`${ui.origin}/lines/lists`);
    await page.locator('input[name="lookUp"]').fill('139 1111 2222');
    await page.keyboard.press('Enter');
    const look = page.locator('[data-test="look-up"] [data-what="lists"]');
    await look.waitFor();
    expect(await look.innerText()).toBe('重要客户');
    await shoot('lines-lists', '[data-list]');
  },
  LIMIT_MS,
);
