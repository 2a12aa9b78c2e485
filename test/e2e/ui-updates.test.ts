// The page of updates on a box that was booted from an image: a machine of files, with real signed updates and root's real helper.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UpdateState } from '../../daemon/src/contract/index.js';
import { systemClock } from '../../daemon/src/platform/index.js';
import { RootHelper, findMachine } from '../../daemon/src/updates/index.js';
import { ImageMachine } from '../support/image-machine.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';
import { shootOpened } from './ui-opened.js';

const MB = 1 << 20;
const NEW = '9.1.0';
let folder: string;
let files: string;
let image: ImageMachine;
let ui: UiBox;
let browser: Browser;
let page: Page;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordboard-image-'));
  files = mkdtempSync(join(tmpdir(), 'cordboard-bundles-'));
  image = new ImageMachine(folder, '9.0.0', 16 * MB);
  ui = await startUiBox({}, 'zh-CN', { systemRoot: folder });
  browser = await ui.browser();
  page = browser.page;
  address = `${ui.origin}/system/updates`;
});
afterAll(async () => {
  await ui.close();
  rmSync(folder, { recursive: true, force: true });
  rmSync(files, { recursive: true, force: true });
});

const state = (): Promise<UpdateState> => ui.api<UpdateState>('GET', '/updates');

/** As root's unit does when a request is laid. The waits of it are short: a second of a test is long enough. */
function helper(beforeCall: Promise<void> = Promise.resolve()): RootHelper {
  const machine = findMachine(folder);
  if (machine === undefined) throw new Error('no machine');
  return new RootHelper({
    ...{ machine, root: folder, home: ui.box.config.home, run: image.run, clock: systemClock },
    request: async (method, path, body) => {
      if (method === 'POST' && path === '/exchange/calls') await beforeCall;
      return ui.api(method, path, body);
    },
    wait: (ms) => sleep(Math.min(ms, 200)),
    told: () => undefined,
  });
}

async function upload(name: string, bytes: Buffer): Promise<void> {
  writeFileSync(join(files, name), bytes);
  await page.locator('[data-test="file"]').setInputFiles(join(files, name));
}
const begin = (): Promise<void> => page.locator('.el-drawer__footer:visible .el-button--primary').click();

test('what cannot be installed is refused before it has come whole, with its reason', async () => {
  await page.goto(address);
  await page.locator('[data-test="updates"]').waitFor();
  const refusal = page.locator('[data-test="refusal"]');
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const flipped = image.bundle({ version: NEW });
  flipped[flipped.length - 3] = (flipped[flipped.length - 3] ?? 0) ^ 1;
  const cases: [string, Buffer, string][] = [
    ['wrong.cbu', image.bundle({ version: NEW, key: stranger, root: Buffer.alloc(9 * MB) }), '签名不符'],
    ['damaged.cbu', flipped, '更新文件已损坏'],
    ['older.cbu', image.bundle({ version: '8.0.0' }), '正在运行的是更新的 9.0.0'],
    ['same.cbu', image.bundle({ version: '9.0.0' }), '版本 9.0.0 已在运行'],
    ['large.cbu', image.bundle({ version: NEW, root: Buffer.alloc(17 * MB) }), '可用空间只有'],
    ['other.cbu', Buffer.alloc(9000, 'x'), '这不是 Cordboard 更新文件'],
    ['photo.jpg', Buffer.alloc(9000, 'x'), '请选择文件名以 .cbu 结尾'],
  ];
  for (const [name, bytes, says] of cases) {
    await upload(name, bytes);
    await refusal.filter({ hasText: says }).waitFor();
    expect((await state()).uploaded).toBeNull();
  }
  expect(image.ran).toEqual([]);
  expect(await page.locator('[data-act="install"]').count()).toBe(0);
});

test('an update is brought, shown, installed, and its restart waits for the call', async () => {
  const root = Buffer.alloc(12 * MB, NEW);
  await upload('cordboard-9.1.0.cbu', image.bundle({ version: NEW, root }));
  await page.locator('[data-test="uploaded"]', { hasText: NEW }).waitFor();
  await shootAll(page, 'system-updates-ready', '[data-test="uploaded"]');
  await shootOpened(page, 'system-updates-start', address, () => page.locator('[data-act="install"]').click());
  await page.goto(address);
  // to a queue in which nobody answers
  const call = await ui.api<{ id: string }>('POST', '/exchange/calls', { calledNumber: '95001', digits: '1' });
  await expect.poll(async () => (await ui.api<{ count: number }>('GET', '/calls/count?state=live')).count).toBe(1);
  await page.locator('[data-act="install"]').click();
  await begin();
  await page.locator('[data-last="waiting"]').waitFor();
  const working = helper().answer();
  await page.locator('[data-last="restarting"]').waitFor();
  expect(image.written('b', root.length).equals(root)).toBe(true);
  expect(image.restarts).toBe(0);
  await shootAll(page, 'system-updates-calls', '[data-last="restarting"]');
  // Put off: it stays installed, and the call goes on.
  await page.locator('[data-act="cancel"]').click();
  await working;
  await page.locator('[data-last="installed"]').waitFor();
  expect(image.restarts).toBe(0);

  await page.locator('[data-act="restart"]').click();
  await begin();
  await page.locator('[data-last="waiting"]').waitFor();
  const again = helper().answer();
  await page.locator('[data-last="restarting"]').waitFor();
  await ui.api('DELETE', `/exchange/calls/${call.id}`);
  await again;
  expect(image.restarts).toBe(1);
});

test('the version that was booted is judged by a real call, step by step, and stays', async () => {
  expect(image.boot(NEW)).toEqual({ slot: 'b', onTrial: true });
  await page.locator('[data-test="on-trial"]').waitFor();
  expect(await page.locator('[data-act="back"]').isDisabled()).toBe(true);
  const { version } = await ui.api<{ version: string }>('GET', '/system');
  // The call waits for who looks: it may be faster than the page asks.
  const watching = page.locator('[data-test="trial"] [data-step="call"][data-state="running"]').waitFor();
  const judged = helper(watching).judgeBoot(version);
  await watching;
  expect((await judged)?.good).toBe(true);
  await page.locator('[data-test="trial"] [data-step="call"][data-state="good"]').waitFor();
  await shootAll(page, 'system-updates-trial', '[data-step="call"][data-state="good"]');
  image.boot();
  await expect.poll(async () => (await state()).onTrial).toBe(false);
  await page.locator('[data-past="good"]').waitFor();
});

test('a stick is looked at; the version before comes back; the history has it all', async () => {
  await page.locator('[data-act="usb"]').click();
  await page.locator('[data-last="waiting"]').waitFor();
  await helper()
    .answer()
    .catch(() => undefined);
  await page.locator('[data-last="refused"]', { hasText: 'USB stick' }).waitFor();
  image.stick = { 'cordboard-9.2.0.cbu': image.bundle({ version: '9.2.0' }) };
  await page.locator('[data-act="usb"]').click();
  await page.locator('[data-last="waiting"]').waitFor();
  await helper().answer();
  await page.locator('[data-test="on-stick"]', { hasText: '9.2.0' }).waitFor();

  await page.locator('[data-act="back"]', { hasText: '9.0.0' }).click();
  await page.locator('.el-drawer:visible label:has(input[value="now"])').click();
  await begin();
  await page.locator('[data-last="waiting"]').waitFor();
  await helper().answer();
  expect(image.restarts).toBe(2);
  expect(image.boot()).toEqual({ slot: 'a', onTrial: true });
  // It says another version than it should: not what was meant to come back.
  expect(await helper().judgeBoot('0.0.1')).toMatchObject({ good: false, step: 'service' });
  expect(image.boot()).toEqual({ slot: 'b', onTrial: false });
  await page.locator('[data-last="rejected"]').waitFor();
  expect(
    await page.locator('[data-past]').evaluateAll((all) => all.map((one) => one.getAttribute('data-past'))),
  ).toEqual(['rejected', 'back', 'refused', 'good', 'installed', 'installed']);
  await shootAll(page, 'system-updates', '[data-past="rejected"]', ['.cbu', 'it says that it is version']);
  expect(browser.complaints.filter((one) => !/status of 4(09|22)/.test(one))).toEqual([]);
});

test.each(['package', 'source'])('a box from a %s says how updates come there', async (origin) => {
  const other = mkdtempSync(join(tmpdir(), 'cordboard-plain-'));
  if (origin === 'package') {
    mkdirSync(join(other, 'var/lib/dpkg/info'), { recursive: true });
    writeFileSync(join(other, 'var/lib/dpkg/info/cordboard.list'), '');
  }
  const plain = await startUiBox({}, 'zh-CN', { systemRoot: other });
  try {
    const { page: own, complaints } = await plain.browser();
    await own.goto(`${plain.origin}/system/updates`);
    await own.locator('code', { hasText: origin === 'package' ? 'apt-get install' : 'npm run setup' }).waitFor();
    expect(await own.locator('[data-test="file"]').count()).toBe(0);
    await shootAll(own, `system-updates-${origin}`, 'code');
    expect(complaints).toEqual([]);
  } finally {
    await plain.close();
    rmSync(other, { recursive: true, force: true });
  }
});
