// Boards are set up from their page: found, used, previewed, applied by root's helper, and put back when that fails.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { REQUEST, applyBoards, readProfiles, wantedBoards } from '../../daemon/dist/boards/index.js';
import { readSettings } from '../../daemon/dist/config/index.js';
import type { BoardsState } from '../../daemon/dist/contract/index.js';
import { BoardMachine, TDM800P, TE405P } from '../support/board-machine.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';

let ui: UiBox;
let browser: Browser;
let page: Page;
let machine: BoardMachine;
const root = mkdtempSync(join(tmpdir(), 'cordboard-boards-'));
const GIVEN = [TE405P.location, TDM800P.location, '北京联通'];

beforeAll(async () => {
  machine = new BoardMachine(root, [TE405P, TDM800P]);
  ui = await startUiBox({}, 'en', { systemRoot: root });
  browser = await ui.browser({ language: 'en' });
  ({ page } = browser);
});
afterAll(async () => {
  await ui.close();
  rmSync(root, { recursive: true, force: true });
});

const settings = () => readSettings(join(ui.box.config.home, 'settings.json'), {});
const state = (): Promise<BoardsState> => ui.api('GET', '/boards');
const row = (device: number) => page.locator(`tr[data-device="${device}"]`);

/** What cordboard-boards.service does, on the machine of the test. */
async function helper(): Promise<void> {
  rmSync(join(ui.box.config.home, REQUEST));
  await applyBoards({ wanted: wantedBoards(settings()), profiles: readProfiles(), ports: machine.ports() });
}

async function save(): Promise<void> {
  await page.locator('.el-drawer__footer .el-button--primary').click();
  await page.locator('.el-drawer').waitFor({ state: 'hidden' });
}

async function apply(): Promise<void> {
  await page.locator('[data-act="apply"]').click();
  await page.locator('.el-message-box .el-button--danger').click();
  await page.locator('[data-applied="waiting"]').waitFor();
}

test('boards that are found are listed with their lines, and none is used', async () => {
  await page.goto(`${ui.origin}/lines/boards`);
  await row(4).waitFor();
  expect(await page.locator('tr[data-device]').count()).toBe(4);
  expect(await page.locator('tr[data-channel]').count()).toBe(8);
  expect(await page.locator('tr[data-used=""]').count()).toBe(12);
  await shootAll(page, 'boards', 'tr[data-device="4"]', GIVEN);
});

test('a span is used with one action, and the preview has its lines', async () => {
  await row(1).locator('[data-act="use"]').click();
  await page.locator('input[name="name"]').fill('北京联通');
  await page.locator('[data-field="signalling"]').click();
  await page.getByRole('option', { name: 'MFC/R2' }).click();
  await page.locator('[data-field="protocol"]').waitFor();
  await shootAll(page, 'boards-span', 'tr[data-device="4"]', GIVEN);
  // shot in another language, the page has been read again
  await row(1).locator('[data-act="use"]').click();
  await page.locator('input[name="name"]').fill('北京联通');
  await page.locator('[data-field="signalling"]').click();
  await page.getByRole('option', { name: 'MFC/R2' }).click();
  await save();
  await page.locator('tr[data-device="1"][data-used="2"]').waitFor();
  expect(settings().boards.spans).toMatchObject([
    { span: 2, device: 1, name: '北京联通', crc4: true, location: TE405P.location },
  ]);
  expect(settings().e1).toMatchObject([{ span: 2, signalling: 'r2', r2: { protocol: 'cn' } }]);
  await page.locator('[data-problem="timeslotsDiffer"]').waitFor();
  await expectText('[data-file="/etc/dahdi/system.conf"] .come', 'span=1,1,0,cas,hdb3,crc4');
  await page.locator('[data-test="restart"]').waitFor();
});

test('all ports of a board at once; what does not fit is said and holds up the rest', async () => {
  await page.locator('[data-act="use-all"]').click();
  await page.locator('tr[data-channel="130"][data-used="14"]').waitFor();
  expect(
    settings()
      .boards.ports.map(({ kind }) => kind)
      .join(),
  ).toBe('fxs,fxs,fxo,fxo,fxo,fxo');
  await page.locator('tr[data-channel="127"] [data-act="edit"]').click();
  await page.getByText('FXS, for a telephone').last().click();
  await save();
  await page.locator('[data-problem="portWrongModule"]').waitFor();
  expect(await page.locator('[data-act="apply"]').isDisabled()).toBe(true);
  await expect(ui.api('POST', '/boards/apply')).rejects.toThrow('boards_not_possible');
  await page.locator('tr[data-channel="127"] [data-act="drop"]').click();
  await page.locator('.el-message-box .el-button--danger').click();
  await page.locator('[data-problem="portWrongModule"]').waitFor({ state: 'detached' });
});

test('a draft is tried without being kept, and one that cannot be is refused at its field', async () => {
  const { settings: now, e1 } = await state();
  const more = { ...now, spans: [...now.spans, { span: 3, device: 2, crc4: false }] };
  const tried = await ui.api<BoardsState>('POST', '/boards/preview', { settings: more, e1 });
  expect(tried.files.flatMap(({ lines }) => lines.map(({ text }) => text))).toContain('span=2,2,0,ccs,hdb3');
  expect(settings().boards.spans).toHaveLength(1);
  const twice = { ...now, spans: [...now.spans, { span: 2, device: 2 }] };
  await expect(ui.api('PUT', '/boards', { settings: twice, e1 })).rejects.toThrow(/400/);
});

test('applied: the page follows until the driver is set up', async () => {
  await apply();
  await helper();
  await page.locator('[data-applied="done"]').waitFor();
  await page.getByText('The settings fit the boards.').waitFor();
  expect(readFileSync(join(root, 'etc/dahdi/system.conf'), 'utf8')).toContain('cas=1-15,17-31:1101');
  expect((await state()).files.every(({ changed }) => !changed)).toBe(true);
  await shootAll(page, 'boards-applied', '[data-applied="done"]', GIVEN);
});

test('a failure puts everything back and says what the driver said', async () => {
  const before = readFileSync(join(root, 'etc/dahdi/system.conf'), 'utf8');
  await row(1).locator('[data-act="edit"]').click();
  await page.locator('[data-field="crc4"]').click();
  await save();
  await expectText('[data-file="/etc/dahdi/system.conf"] .come', 'span=1,1,0,cas,hdb3');
  machine.twist = (conf) => conf.replace('cas=1-15', 'cas=2-15');
  machine.failing.set('dahdi_cfg -t', 'line 4: Framing should be cas');
  await apply();
  await helper();
  await page.locator('[data-applied="rolledBack"]').waitFor();
  await expectText('[data-applied="rolledBack"] pre', 'Framing should be cas');
  expect(readFileSync(join(root, 'etc/dahdi/system.conf'), 'utf8')).toBe(before);
  expect(browser.complaints).toEqual([]);
});

async function expectText(selector: string, text: string): Promise<void> {
  await page.locator(selector, { hasText: text }).first().waitFor();
}
