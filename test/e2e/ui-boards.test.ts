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
import { shootAsItIs, shootOpened } from './ui-opened.js';
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

const english = (): Promise<unknown> =>
  page.evaluate(`localStorage.setItem('cordboard.language', 'en')`).then(() => page.goto(`${ui.origin}/lines/boards`));
const settings = () => readSettings(join(ui.box.config.home, 'settings.json'), {});
const state = (): Promise<BoardsState> => ui.api('GET', '/boards');
const row = (device: number) => page.locator(`tr[data-device="${device}"]`);

/** What cordboard-boards.service does, on the machine of the test. */
async function helper(): Promise<void> {
  rmSync(join(ui.box.config.home, REQUEST));
  await applyBoards({ wanted: wantedBoards(settings()), profiles: readProfiles(), ports: machine.ports() });
}

async function save(): Promise<void> {
  await page.locator('.el-drawer__footer .el-button--primary:visible').click();
  await page.locator('.el-drawer:visible').waitFor({ state: 'detached' });
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
  const fill = async (): Promise<void> => {
    await row(1).locator('[data-act="use"]').click();
    await page.locator('input[name="name"]').fill('北京联通');
    await page.locator('[data-field="signalling"]').click();
    await page.getByRole('option', { name: 'MFC/R2' }).click();
    await page.locator('[data-field="protocol"]').waitFor();
  };
  await shootOpened(page, 'boards-span', `${ui.origin}/lines/boards`, fill, GIVEN);
  await english();
  await fill();
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
  await page.locator('tr[data-channel="128"] [data-act="edit"]').click();
  await page.locator('[data-field="answer"]').click();
  await page.getByRole('option', { name: 'reversal of polarity' }).click();
  await save();
  expect(settings().analogs.find(({ analog }) => analog === 12)).toMatchObject({
    ...{ callerId: 'country', releaseOnBusy: true, line: { answer: 'polarity' } },
  });
  // What the board can light a lamp by is offered, and nothing else.
  await page.locator('tr[data-channel="125"] [data-act="edit"]').click();
  await page.locator('[data-field="lamp"]').click();
  const offered = page.locator('.el-select-dropdown:visible').getByRole('option');
  await expect.poll(() => offered.allInnerTexts()).toEqual(['none', 'polarity', 'message by FSK']);
  await page.getByRole('option', { name: 'polarity', exact: true }).click();
  await save();
  expect(settings().analogs.find(({ analog }) => analog === 9)).toMatchObject({ station: { lamp: 'polarity' } });
  // One that was written by hand and that it cannot is told.
  const { settings: boards, e1, analogs } = await state();
  const neon = analogs.map((one) => (one.analog === 9 ? { ...one, station: { ...one.station, lamp: 'neon' } } : one));
  const tried = await ui.api<BoardsState>('POST', '/boards/preview', { settings: boards, e1, analogs: neon });
  expect(tried.problems.filter(({ code }) => code === 'lampMissing')).toMatchObject([{ port: 9, fault: false }]);
  await page.locator('tr[data-channel="127"] [data-act="drop"]').click();
  await page.locator('.el-message-box .el-button--danger').click();
  await page.locator('[data-problem="portWrongModule"]').waitFor({ state: 'detached' });
});

test('the forms of a port and of what boards have in common keep to their language', async () => {
  const address = `${ui.origin}/lines/boards`;
  await shootOpened(
    page,
    'boards-port',
    address,
    () => page.locator('tr[data-channel="128"] [data-act="edit"]').click(),
    GIVEN,
  );
  await shootOpened(page, 'boards-common', address, () => page.locator('[data-act="general"]').click(), [
    ...GIVEN,
    'CHINA',
  ]);
  await english();
  await row(4).waitFor();
});

test('a draft is tried without being kept, and one that cannot be is refused at its field', async () => {
  const { settings: now, e1, analogs } = await state();
  const more = { ...now, spans: [...now.spans, { span: 3, device: 2, crc4: false }] };
  const tried = await ui.api<BoardsState>('POST', '/boards/preview', { settings: more, e1, analogs });
  expect(tried.files.flatMap(({ lines }) => lines.map(({ text }) => text))).toContain('span=2,2,0,ccs,hdb3');
  expect(settings().boards.spans).toHaveLength(1);
  const twice = { ...now, spans: [...now.spans, { span: 2, device: 2 }] };
  await expect(ui.api('PUT', '/boards', { settings: twice, e1, analogs })).rejects.toThrow(/400/);
});

test('applied: the page follows until the driver is set up', async () => {
  await apply();
  await helper();
  await page.locator('[data-applied="done"]').waitFor();
  await page.locator('[data-test="no-problem"]').waitFor();
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

test('once it runs with them, their timeslots and alarms stand among the others, and the page of trunks leads to those that are not used', async () => {
  const boards = { spans: [{ span: 2, device: 1, name: '北京联通' }] };
  const other = await startUiBox({}, 'zh-CN', { systemRoot: root, settings: { version: 3, boards } });
  try {
    const second = await other.browser();
    await second.page.goto(`${other.origin}/lines`);
    await second.page.locator('[data-span="2"]').waitFor();
    expect(await second.page.locator('[data-span="2"] .cell').count()).toBe(31);
    // the driver is made of a folder: for the engine there is none, so that the line has no signal
    await second.page.getByRole('alert').filter({ hasText: '北京联通' }).waitFor();
    await second.page.locator('[data-test="unused"] a', { hasText: '3' }).click();
    await second.page.locator('tr[data-device="1"][data-used="2"]').waitFor();
    expect(second.complaints).toEqual([]);
  } finally {
    await other.close();
  }
});

test('the wizard takes all E1s that are found, and has the driver set up', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-boards-'));
  const fresh = new BoardMachine(folder, [TE405P], { loaded: false });
  const other = await startUiBox({}, 'zh-CN', { systemRoot: folder });
  const home = other.box.config.home;
  const apply = () => {
    rmSync(join(home, REQUEST));
    const wanted = wantedBoards(readSettings(join(home, 'settings.json'), {}));
    return applyBoards({ wanted, profiles: readProfiles(), ports: fresh.ports() });
  };
  try {
    await other.api('PUT', '/wizard', { step: 'trunk' });
    const { page: wizard, complaints } = await other.browser();
    await wizard.goto(`${other.origin}/set-up`);
    await wizard.locator('label:has(input[value="e1"])').click();
    await wizard.locator('[data-act="use-boards"]').click();
    await wizard.locator('[data-applied="waiting"]').waitFor();
    await apply();
    await wizard.getByText('4 条 E1 尚未使用').waitFor();
    await shootAsItIs(wizard, 'wizard-boards', 'zh-CN', [
      `${TE405P.location}`,
      'Digium TE405P, TE407P, TE410P, TE412P, TE420',
    ]);
    await wizard.locator('[data-act="use-boards"]').click();
    await wizard.locator('[data-applied="waiting"]').waitFor();
    expect((await apply()).state).toBe('done');
    await wizard.getByText('请重新启动本系统').waitFor();
    expect(fresh.read('etc/dahdi/system.conf')).toContain('span=4,4,0,ccs,hdb3,crc4');
    expect(complaints).toEqual([]);
  } finally {
    await other.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
