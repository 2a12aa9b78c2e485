// A box burns, and another one takes its place: its back-ups and recordings are on an SFTP server (OpenSSH), the new box fetches them in its
// wizard, before it has an administrator, with the set-up code and the passphrase. And the way there by the command line.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { startBox, type Box } from '../../daemon/src/main.js';
import { ANY_SIP_PORTS } from '../support/sip-ports.js';
import { sftpServer } from '../support/sftp-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PASSPHRASE = 'a cord for every call';
const env = { CORDBOARD_HTTP_PORT: '0', ...ANY_SIP_PORTS, CORDBOARD_ENGINE_REALTIME: 'false' };

async function box(home = mkdtempSync(join(tmpdir(), 'cordboard-test-')), restart?: () => void): Promise<Box> {
  const started = await startBox({ home, env, restart });
  onTestFinished(async () => {
    await started.stop();
    rmSync(home, { recursive: true, force: true });
  });
  return started;
}

async function ask(of: Box, method: string, path: string, body: unknown, code?: string) {
  const headers = { 'content-type': 'application/json', ...(code === undefined ? {} : { 'x-setup-code': code }) };
  const text = method === 'GET' ? null : JSON.stringify(body);
  const answer = await fetch(new URL(`/api/v1${path}`, of.url), { method, headers, body: text });
  const reply = (await answer.json()) as Record<string, never> & { error?: { code: string } };
  return { status: answer.status, code: reply.error?.code, reply };
}

it('is restored on a new box from an SFTP server, recordings and administrators among it, and only there', async () => {
  const server = await sftpServer(temporaryFolder());
  const folder = join(temporaryFolder(), 'backups');
  const old = await box();
  const cli = async (...args: string[]): Promise<string> => {
    const all = ['daemon/bin/cordboard.mjs', 'backup', ...args, '--home', old.config.home];
    const withPassphrase = { ...process.env, CORDBOARD_BACKUP_PASSPHRASE: PASSPHRASE, LC_ALL: 'C' };
    return (await promisify(execFile)(process.execPath, all, { env: withPassphrase })).stdout;
  };
  await old.db.write((tx) => tx.agents.insert({ id: '4711', name: '林小满', queues: ['sales'], language: 'zh-CN' }));
  const made = await ask(old, 'POST', '/setup', {
    ...{ code: old.setupCode, username: 'admin', password: 'a longer password', language: 'en' },
  });
  expect(made.status).toBe(201);
  mkdirSync(join(old.config.recordingsFolder, '2026'), { recursive: true });
  for (const name of ['one', 'two'])
    writeFileSync(join(old.config.recordingsFolder, '2026', `${name}.cbr`), name.repeat(100_000));

  const address = ['--host', '127.0.0.1', '--port', String(server.port), '--user', server.username];
  const [, publicKey] = (
    await cli('place', 'nas', '--kind', 'sftp', ...address, '--folder', folder, '--recordings')
  ).split('\n');
  await expect(cli('test', 'nas')).rejects.toMatchObject({ stderr: expect.stringContaining('does not let') });
  server.authorize(publicKey!);
  expect(await cli('test', 'nas')).toContain(server.fingerprint);
  await cli('make');
  const { backups } = old.box;
  await expect.poll(async () => (await backups.state()).places[0]?.last?.ok).toBe(true);
  const { name, places } = (await backups.state()).backups[0]!;
  expect(places).toEqual(['box', 'nas']);
  // Its key was pinned when it was first seen.
  expect((await backups.state()).places[0]!.settings).toMatchObject({ hostKey: server.fingerprint });
  expect(await cli('verify', name, '--place', 'nas')).toMatch(/restored on trial: .* 2 recordings fetched/);
  expect(await cli('places')).toMatch(/nas +sftp +1/);

  const place = {
    ...{ kind: 'sftp', name: 'restore', host: '127.0.0.1', port: server.port, username: server.username },
    ...{ auth: 'key', folder },
  };
  // Who has an administrator is restored by him alone.
  expect(await ask(old, 'POST', '/setup/places', place, 'AAAA-BBBB-CCCC')).toMatchObject({ code: 'setup_done' });

  const home = mkdtempSync(join(tmpdir(), 'cordboard-test-'));
  let restarts = 0;
  const fresh = await box(home, () => (restarts += 1));
  const code = fresh.setupCode!;
  for (const [method, path] of [
    ['GET', '/setup/restore'],
    ['POST', '/setup/places'],
    ['POST', '/setup/restore'],
    ['PUT', `/setup/backups/${name}`],
  ] as const)
    expect([path, (await ask(fresh, method, path, place, 'WRONG')).code]).toEqual([path, 'setup_code_wrong']);
  const offered = await ask(fresh, 'GET', '/setup/restore', {}, code);
  server.authorize(offered.reply['publicKey']!);
  expect((await ask(fresh, 'POST', '/setup/places', place, code)).reply).toEqual({
    ...{ hostKey: server.fingerprint, backups: [name] },
  });
  const restore = (passphrase: string) => ask(fresh, 'POST', '/setup/restore', { name, passphrase, place }, code);
  expect(await restore('another passphrase')).toMatchObject({ code: 'backup_passphrase_wrong' });
  const { reply } = await restore(PASSPHRASE);
  expect(reply).toMatchObject({ restarts: true, recordings: 2 });
  await expect.poll(() => restarts).toBe(1);
  await fresh.stop();

  const again = await box(home);
  expect(again.setupCode).toBeUndefined();
  expect(again.agents.find('4711')).toMatchObject({ name: '林小满' });
  expect((await ask(again, 'POST', '/session', { username: 'admin', password: 'a longer password' })).status).toBe(201);
  for (const one of ['one', 'two'])
    expect(readFileSync(join(again.config.recordingsFolder, '2026', `${one}.cbr`), 'utf8')).toBe(one.repeat(100_000));
  expect(await ask(again, 'POST', '/setup/restore', { name, passphrase: PASSPHRASE }, code)).toMatchObject({
    code: 'setup_done',
  });
  // Ten commands and three boxes, each a process or as good as one.
}, 300_000);
