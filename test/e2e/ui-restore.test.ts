// Places for back-ups and the certificate as an administrator has them, and a new box that is restored in its wizard.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBox } from '../../daemon/dist/main.js';
import { selfSigned } from '../../daemon/dist/config/self-signed.js';
import { ANY_SIP_PORTS } from '../support/sip-ports.js';
import { sftpServer } from '../support/sftp-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import { openBrowser, type Browser } from './ui-browser.js';

const PASSPHRASE = 'a cord for every call';
let ui: UiBox;
let browser: Browser;

beforeAll(async () => {
  ui = await startUiBox();
  browser = await ui.browser();
});
afterAll(() => ui.close());

test('a place is tried from the page, refused with the reason, kept with the key of its server, and shown with its state', async () => {
  const { page } = browser;
  const server = await sftpServer(temporaryFolder());
  const folder = join(temporaryFolder(), 'box');
  await page.goto(`${ui.origin}/system/backups`);
  await page.locator('[data-test="places"]').waitFor();
  await page.locator('[data-act="add-place"]').click();
  const form = page.locator('.el-drawer');
  await form.locator('input[name="name"]').fill('NAS');
  await form.locator('input[name="host"]').fill('127.0.0.1');
  await form.locator('[data-field="port"] input').fill(String(server.port));
  await form.locator('[data-field="port"] input').blur();
  await form.locator('input[name="username"]').fill(server.username);
  await form.locator('input[name="folder"]').fill(folder);
  await form.locator('[data-field="auth"] label', { hasText: '本机密钥' }).click();
  const publicKey = await form.locator('[data-test="public-key"]').innerText();
  await form.locator('[data-act="test"]').click();
  await form.locator('.rest', { hasText: '拒绝' }).waitFor();
  server.authorize(publicKey);
  await form.locator('[data-act="test"]').click();
  await form.locator('[data-test="tested"]').waitFor();
  expect(await form.locator('input[name="hostKey"]').inputValue()).toBe(server.fingerprint);
  await form.locator('.el-button--primary').click();
  await page.locator('tr[data-place="nas"]').waitFor();

  const gone = mkdtempSync(join(tmpdir(), 'cordboard-test-'));
  await ui.api('PUT', '/backup-places/disk', { kind: 'folder', name: 'Disk', keep: 3, path: gone });
  rmSync(gone, { recursive: true });
  const { name } = await ui.api<{ name: string }>('POST', '/backups', { passphrase: PASSPHRASE });
  await page.locator('tr[data-place="nas"] .is-ready').waitFor();
  await page.locator('tr[data-place="disk"] .is-fault').waitFor();
  await ui.api('POST', `/backups/${name}/verify`, { passphrase: PASSPHRASE, place: 'nas' });
  await shootAll(page, 'system-backup-places', 'tr[data-place="nas"] .is-ready', [
    'NAS',
    'Disk',
    'SFTP',
    `${server.username}@127.0.0.1:${folder}`,
    gone,
  ]);
  mkdirSync(gone);
  await page.locator('tr[data-place="disk"] [data-act="send"]').click();
  await page.locator('tr[data-place="disk"] .is-ready').waitFor();
  await page.locator('tr[data-place="nas"] [data-act="edit"]').click();
  await form.locator('input[name="hostKey"]').waitFor();
  await page.locator('.el-drawer__footer:visible .el-button').nth(1).click();
  rmSync(gone, { recursive: true });
});

test('a certificate is refused with the reason, taken, and shown', async () => {
  const { page } = browser;
  await page.goto(`${ui.origin}/system/certificate`);
  await page.locator('[data-test="certificate"]').waitFor();
  const now = Date.now();
  const { key, cert } = selfSigned({ names: ['pbx.example.com'], notBefore: now - 86_400_000, notAfter: now + 1e9 });
  await page.locator('[data-act="upload"]').click();
  await page.locator('textarea[name="cert"]').fill(cert);
  await page.locator('textarea[name="key"]').fill('no key');
  await page.locator('.el-drawer__footer:visible .el-button--primary').click();
  await page.locator('.el-drawer__footer:visible .rest').waitFor();
  await page.locator('textarea[name="key"]').fill(key);
  await page.locator('.el-drawer__footer:visible .el-button--primary').click();
  await expect.poll(() => page.locator('dl').innerText()).toContain('pbx.example.com');
  const { fingerprint } = await ui.api<{ fingerprint: string }>('GET', '/tls');
  const given = ['HTTPS', 'SHA-256', 'SIP', 'pbx.example.com', fingerprint];
  await shootAll(page, 'system-certificate', '[data-test="certificate"]', given);
  // The browser itself complains of the one that was refused.
  expect(browser.complaints.filter((text) => !/status of 422/.test(text))).toEqual([]);
});

test('a new box is restored in its wizard from a file, with the set-up code and the passphrase', async () => {
  const { name } = await ui.api<{ name: string }>('POST', '/backups', { passphrase: PASSPHRASE });
  const answer = await fetch(`${ui.origin}/api/v1/backups/${name}`, {
    headers: { Authorization: `Bearer ${ui.token}` },
  });
  const home = mkdtempSync(join(tmpdir(), 'cordboard-ui-'));
  const env = { CORDBOARD_HTTP_PORT: '0', ...ANY_SIP_PORTS, CORDBOARD_ENGINE_REALTIME: 'false' };
  let restarts = 0;
  const fresh = await startBox({ home, env, restart: () => void (restarts += 1) });
  const { origin } = new URL(fresh.url);
  const stranger = await openBrowser(origin, 'en');
  try {
    const { page } = stranger;
    const file = join(home, name);
    writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
    await page.goto(`${origin}/set-up`);
    await page.locator('[data-act="next"]').click();
    await page.locator('[data-act="restore"]').click();
    await page.locator('input[name="code"]').fill('WRONG-CODE');
    await page.locator('[data-act="next"]').click();
    await page.locator('.refusal').waitFor();
    await page.locator('input[name="code"]').fill(fresh.setupCode!);
    await page.locator('[data-act="next"]').click();
    await page.locator('input[type="file"]').setInputFiles(file);
    await page.locator('input[name="passphrase"]').fill('another passphrase');
    await page.locator('[data-act="next"]').click();
    await page.locator('.refusal', { hasText: 'does not open' }).waitFor();
    await page.locator('input[name="passphrase"]').fill(PASSPHRASE);
    await page.screenshot({ path: join(import.meta.dirname, '../../build/screens/wizard-restore.png') });
    await page.locator('[data-act="next"]').click();
    await expect.poll(() => restarts).toBe(1);
    expect((await fresh.box.backups.state()).restoring).toBe(name);
  } finally {
    await stranger.close();
    await fresh.stop();
    rmSync(home, { recursive: true, force: true });
  }
});
