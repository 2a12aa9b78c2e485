// The page of the network and the wizard's step, on a box that owns its network: a machine of files, with what root does done for real.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NetworkPut, type NetworkApplied } from '../../daemon/src/contract/index.js';
import { ANSWER, REQUEST, applyNetwork } from '../../daemon/src/machine-network/index.js';
import { ImageMachine } from '../support/image-machine.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import { openBrowser, type Browser } from './ui-browser.js';
import { shootAsItIs } from './ui-opened.js';

const GIVEN = ['lan0', 'lan1', '52:54:00:12:34:56'];
/** This machine has it as it has 127.0.0.1: the box can be reached there once it listens everywhere. */
const NEW = '127.0.0.9';
let folder: string;
let ui: UiBox;
let browser: Browser;
let page: Page;
let ran: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordboard-network-'));
  machineOf(folder);
  ui = await startUiBox({ CORDBOARD_BIND: '0.0.0.0' }, 'zh-CN', { systemRoot: folder });
  browser = await ui.browser();
  page = browser.page;
});
afterAll(async () => {
  await ui.close();
  rmSync(folder, { recursive: true, force: true });
});

function machineOf(root: string): void {
  new ImageMachine(root, '1.0.0', 1 << 20);
  const put = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('etc/hostname', 'cordboard\n');
  put('etc/hosts', '127.0.0.1 localhost\n');
  for (const zone of ['Etc/UTC', 'UTC', 'Asia/Shanghai']) put(`usr/share/zoneinfo/${zone}`, 'TZif2');
  for (const [name, carrier] of [
    ['lan0', '1'],
    ['lan1', '0'],
  ] as const) {
    put(`sys/class/net/${name}/type`, '1\n');
    put(`sys/class/net/${name}/address`, '52:54:00:12:34:56\n');
    put(`sys/class/net/${name}/carrier`, `${carrier}\n`);
    put(`sys/class/net/${name}/speed`, carrier === '1' ? '1000\n' : '-1\n');
    put(`sys/class/net/${name}/device/vendor`, '0x8086\n');
  }
}

/** As root's unit does when a request is laid; `minutes`: in place of what was asked. */
function helper(home: string, root = folder, confirmWithinMs?: number): Promise<NetworkApplied> {
  const request = NetworkPut.parse(JSON.parse(readFileSync(join(home, REQUEST), 'utf8')));
  rmSync(join(home, REQUEST));
  ran = [];
  const word = join(home, ANSWER);
  return applyNetwork({
    settings: request.settings,
    confirmWithinMs: confirmWithinMs ?? request.confirmWithinMinutes * 60_000,
    said: () => (existsSync(word) ? (readFileSync(word, 'utf8') as 'keep' | 'back') : undefined),
    ports: {
      root,
      run: (command, args) => (ran.push([command, ...args].join(' ')), { code: 0, output: '' }),
      wait: () => sleep(50),
      wallMs: () => Date.now(),
    },
  });
}

const FILE = 'etc/systemd/network/10-cordboard-lan0.network';
const text = (path: string): string => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : '');
const apply = (): Promise<void> => page.locator('[data-act="apply"]').click();
const fixed = (on: Page): Promise<void> => on.locator('[data-port="lan0"] label:has(input[value="fixed"])').click();

test('what cannot be is refused at its field, and nothing is asked', async () => {
  await page.goto(`${ui.origin}/system/network`);
  await page.locator('[data-port="lan0"]').waitFor();
  expect(await page.locator('[data-act="apply"]').isDisabled()).toBe(true);
  await page.locator('[data-test="clock"] .state.is-ready').waitFor();
  await shootAll(page, 'system-network', '[data-port="lan0"]', GIVEN);
  await fixed(page);
  await page.locator('input[name="address-lan0"]').fill('192.168.7.10/24');
  await page.locator('input[name="gateway-lan0"]').fill('192.168.9.1');
  await page.locator('input[name="hostName"]').fill('Front Desk');
  await apply();
  await page.locator('[data-field="settings.ports.0.gateway"] .el-form-item__error').waitFor();
  await page.locator('[data-field="settings.hostName"] .el-form-item__error').waitFor();
  expect(existsSync(join(ui.box.config.home, REQUEST))).toBe(false);
});

test('new addresses that nobody confirms go again', async () => {
  await page.locator('input[name="gateway-lan0"]').fill('192.168.7.1');
  await page.locator('input[name="hostName"]').fill('front-desk');
  await apply();
  await page.locator('[data-applied="waiting"]').waitFor();
  const ended = helper(ui.box.config.home, folder, 6000);
  await page.locator('[data-applied="unconfirmed"]').waitFor();
  expect(text(FILE)).toContain('Address=192.168.7.10/24');
  expect(await page.locator('[data-act="open-new"]').getAttribute('href')).toMatch(
    /^http:\/\/192\.168\.7\.10:\d+\/\?network=[0-9a-f]{32}$/,
  );
  expect((await ended).state).toBe('returned');
  await page.locator('[data-applied="returned"]').waitFor();
  expect(text(FILE)).toBe('');
  expect(text('etc/hostname')).toBe('cordboard\n');
  // what was typed is gone with them
  await expect.poll(() => page.locator('input[name="hostName"]').inputValue()).toBe('cordboard');
});

test('opened at the new address, the box keeps it; who opens it need not have signed in', async () => {
  await fixed(page);
  await page.locator('input[name="address-lan0"]').fill(`${NEW}/8`);
  await page.locator('input[name="dns-lan0"]').fill('127.0.0.53 9.9.9.9');
  await page.locator('input[name="ntpServers"]').fill('ntp.example.com');
  await apply();
  await page.locator('[data-applied="waiting"]').waitFor();
  const ended = helper(ui.box.config.home);
  await page.locator('[data-applied="unconfirmed"]').waitFor();
  await shootAsItIs(page, 'system-network-probation', 'en', GIVEN);
  const link = (await page.locator('[data-act="open-new"]').getAttribute('href')) ?? '';
  const other = await openBrowser(new URL(link).origin, 'zh-CN');
  try {
    await other.page.goto(link);
    expect(await ended).toMatchObject({ state: 'kept' });
    // the code is not left in the bar
    await other.page.waitForURL((url) => url.pathname === '/sign-in' && !url.search.includes('network'));
    expect(other.complaints).toEqual([]);
  } finally {
    await other.close();
  }
  await page.locator('[data-applied="kept"]').waitFor();
  expect(text(FILE)).toContain(`DNS=127.0.0.53\nDNS=9.9.9.9\nAddress=${NEW}/8\n`);
  expect(text('etc/systemd/timesyncd.conf.d/cordboard.conf')).toContain('NTP=ntp.example.com');
  expect(ran).toEqual(
    expect.arrayContaining(['networkctl reconfigure lan0', 'systemctl try-restart systemd-timesyncd.service']),
  );
  const { entries } = await ui.api<{ entries: { objectId: string }[] }>('GET', '/audit');
  expect(entries.map(({ objectId }) => objectId)).toContain('network');
});

test('other name servers alone lead nowhere else: they are kept on this page', async () => {
  await page.locator('input[name="dns-lan0"]').fill('9.9.9.9');
  await apply();
  await page.locator('[data-applied="waiting"]').waitFor();
  const ended = helper(ui.box.config.home);
  await page.locator('[data-applied="unconfirmed"]').waitFor();
  expect(await page.locator('[data-act="open-new"], [data-test="given"]').count()).toBe(0);
  await page.locator('[data-act="keep"]').click();
  expect(await ended).toMatchObject({ state: 'kept' });
  await page.locator('[data-applied="kept"]').waitFor();
});

test('the old addresses come back at once when somebody wants them', async () => {
  await page.locator('[data-port="lan0"] label:has(input[value="dhcp"])').click();
  await apply();
  await page.locator('[data-applied="waiting"]').waitFor();
  const ended = helper(ui.box.config.home);
  await page.locator('[data-applied="unconfirmed"] [data-test="given"]').waitFor();
  await page.locator('[data-applied="unconfirmed"] [data-act="back"]').click();
  expect((await ended).state).toBe('returned');
  await page.locator('[data-applied="returned"]').waitFor();
  expect(text(FILE)).toContain(`Address=${NEW}/8`);
  expect(browser.complaints.filter((one) => !/status of 400/.test(one))).toEqual([]);
});

test('the wizard asks for network and time, waits for the word, and goes on', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cordboard-network-'));
  machineOf(root);
  const fresh = await startUiBox({}, 'zh-CN', { systemRoot: root });
  try {
    await fresh.api('PUT', '/wizard', { step: 'network' });
    const { page: wizard, complaints } = await fresh.browser();
    await wizard.goto(`${fresh.origin}/set-up`);
    await wizard.locator('.wizard[data-step="network"] [data-port="lan0"]').waitFor();
    await shootAll(wizard, 'wizard-network', '.wizard[data-step="network"] [data-port="lan0"]', GIVEN);
    await wizard.locator('input[name="hostName"]').fill('hall');
    await fixed(wizard);
    await wizard.locator('input[name="address-lan0"]').fill('192.168.7.10/24');
    await wizard.locator('[data-act="next"]').click();
    await wizard.locator('[data-applied="waiting"]').waitFor();
    const ended = helper(fresh.box.config.home, root);
    await wizard.locator('[data-applied="unconfirmed"] [data-act="keep"]').click();
    expect((await ended).state).toBe('kept');
    await wizard.locator('.wizard[data-step="organisation"]').waitFor();
    expect(readFileSync(join(root, 'etc/hostname'), 'utf8')).toBe('hall\n');
    expect(complaints).toEqual([]);
  } finally {
    await fresh.close();
    rmSync(root, { recursive: true, force: true });
  }
});

test('a box on a system of somebody else shows its network and changes nothing', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cordboard-network-'));
  const plain = await startUiBox({}, 'zh-CN', { systemRoot: root });
  try {
    const { page: own, complaints } = await plain.browser();
    await own.goto(`${plain.origin}/system/network`);
    await own.locator('.not-here').waitFor();
    expect(await own.locator('[data-act="apply"]').count()).toBe(0);
    await plain.api('PUT', '/wizard', { step: 'network' });
    await own.goto(`${plain.origin}/set-up`);
    await own.locator('.wizard[data-step="organisation"]').waitFor();
    const { settings } = await plain.api<{ settings: object }>('GET', '/network');
    await expect(plain.api('PUT', '/network', { settings })).rejects.toThrow('network_not_here');
    expect(complaints).toEqual([]);
  } finally {
    await plain.close();
    rmSync(root, { recursive: true, force: true });
  }
});
