// A technician sets an E1 up for No. 7 on the page: a new link set with two links, and the second E1 that joins it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { readSettings } from '../../daemon/dist/config/index.js';
import { BoardMachine, TDM800P, TE405P } from '../support/board-machine.js';
import { startUiBox, type UiBox } from './ui-box.js';
import { shootAsItIs } from './ui-opened.js';
import type { Browser } from './ui-browser.js';

const root = mkdtempSync(join(tmpdir(), 'cordboard-links-'));
const GIVEN = [TE405P.location, TDM800P.location, '电信'];
let ui: UiBox;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  new BoardMachine(root, [TE405P, TDM800P]);
  const boards = {
    spans: [1, 2].map((device) => ({ span: device + 1, device })),
    ports: [{ analog: 9, channel: 125, kind: 'fxs' }],
  };
  ui = await startUiBox({}, 'zh-CN', { systemRoot: root, settings: { version: 3, boards } });
  browser = await ui.browser();
  ({ page } = browser);
});
afterAll(async () => {
  expect(browser.complaints.filter((text) => !/status of 400/.test(text))).toEqual([]);
  await ui.close();
  rmSync(root, { recursive: true, force: true });
});

const settings = () => readSettings(join(ui.box.config.home, 'settings.json'), {});
const form = (): Locator => page.locator('.el-drawer:visible');
const save = (): Promise<void> => form().getByRole('button', { name: '保存' }).click();

async function choose(field: string, option: string): Promise<void> {
  await form().locator(`[data-field="${field}"]`).click();
  await page.locator('.el-select-dropdown:visible').getByRole('option', { name: option }).first().click();
}

async function open(row: string): Promise<void> {
  await page.goto(`${ui.origin}/lines/boards`);
  await page.locator(`tr[${row}]`).locator('[data-act="edit"]').click();
  await form().waitFor();
}

test('a link set with two links is made with its first E1; the second E1 joins it', async () => {
  await open('data-device="1"');
  await choose('signalling', 'SS7');
  await form().locator('input[name="linkSetName"]').fill('电信');
  await form().locator('input[name="pointCode"]').fill('23-2-300');
  await form().locator('input[name="destination"]').fill('23-10-1');
  await form().locator('[data-act="addLink"]').click();
  expect(await form().locator('[data-link]').count()).toBe(2);
  // a part of 8 bits is 255 at most: refused where it stands
  await save();
  await form().locator('.el-form-item__error').first().waitFor();
  await form().locator('input[name="pointCode"]').fill('23-2-3');
  await shootAsItIs(page, 'boards-link-set', 'zh-CN', GIVEN);
  await save();
  await form().waitFor({ state: 'hidden' });
  expect(settings().linkSets).toMatchObject([
    {
      ...{ name: '电信', variant: 'china', pointCode: '23-2-3', destination: '23-10-1' },
      links: [
        { span: 2, timeslot: 16, code: 0 },
        { span: 3, timeslot: 16, code: 1 },
      ],
    },
  ]);
  expect(settings().e1).toMatchObject([{ span: 2, signalling: 'ss7', ss7: { linkSet: '电信', firstCircuit: 1 } }]);

  await open('data-device="2"');
  await choose('signalling', 'SS7');
  await save();
  await form().waitFor({ state: 'hidden' });
  expect(settings().e1[1]).toMatchObject({ span: 3, signalling: 'ss7', ss7: { linkSet: '电信', firstCircuit: 33 } });
  expect(settings().linkSets).toHaveLength(1);

  // a telephone's port: the polarity of its loop
  await open('data-channel="125"');
  await form().locator('[data-field="reverseOnAnswer"]').click();
  await shootAsItIs(page, 'boards-port', 'zh-CN', GIVEN);
  await save();
  await form().waitFor({ state: 'hidden' });
  expect(settings().analogs).toMatchObject([{ analog: 9, station: { reverseOnAnswer: true } }]);
}, 200_000);
