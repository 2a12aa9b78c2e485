// A back-up and the way back, on whole boxes: made, taken to an empty box, restored there, and everything is as it was. And
// whatever a back-up may suffer on its way is refused without a change.
import { createHash } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { sealing } from '../../daemon/src/backup/sealed-stream.js';
import { readArchive } from '../../daemon/src/backup/archive-file.js';
import { startBox, type Box } from '../../daemon/src/main.js';
import { ANY_SIP_PORTS } from '../support/sip-ports.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PASSPHRASE = 'a cord for every call';
const env = { CORDBOARD_HTTP_PORT: '0', ...ANY_SIP_PORTS, CORDBOARD_ENGINE_REALTIME: 'false' };
let box: Box;
let file: string;
let name: string;

beforeAll(async () => {
  box = await startBox({ home: mkdtempSync(join(tmpdir(), 'cordboard-test-')), env });
  await box.db.write((tx) => tx.agents.insert({ id: '4711', name: '林小满', queues: ['sales'], language: 'zh-CN' }));
  box.box.settings.change({ 'organisation.name': '云帆科技', parkingMs: 45_000 });
  mkdirSync(join(box.config.promptsFolder, 'en'), { recursive: true });
  writeFileSync(join(box.config.promptsFolder, 'en', 'own.wav'), 'a prompt of our own');
  mkdirSync(join(box.config.recordingsFolder, '2026'), { recursive: true });
  writeFileSync(join(box.config.recordingsFolder, '2026', 'talk.cbr'), Buffer.alloc(3_000_000, 7));
  ({ name } = await box.box.backups.create({ passphrase: PASSPHRASE, recordings: true }));
  file = await box.box.backups.fileOf(name);
});
afterAll(async () => {
  await box.stop();
  rmSync(box.config.home, { recursive: true, force: true });
});

it('a wiped box has all of it again after a restore and a restart, and keeps what was there before', async () => {
  const home = temporaryFolder();
  const fresh = await startBox({ home, env });
  await fresh.db.write((tx) => tx.agents.insert({ id: '9999', name: 'only here', queues: [], language: 'en' }));
  await fresh.box.backups.put(name, readFileSync(file));
  const check = await fresh.box.backups.restore(name, PASSPHRASE);
  expect(check.replaces).toEqual(expect.arrayContaining(['database', 'settings', 'prompts', 'keys', 'recordings']));
  expect((await fresh.box.backups.state()).restoring).toBe(name);
  // Not before the restart.
  expect(fresh.agents.find('4711')).toBeUndefined();
  await fresh.stop();

  const restored = await startBox({ home, env });
  onTestFinished(() => void restored.stop());
  expect(restored.agents.find('4711')).toMatchObject({ name: '林小满' });
  expect(restored.agents.find('9999')).toBeUndefined();
  expect(restored.config.settings).toMatchObject({ organisation: { name: '云帆科技' }, parkingMs: 45_000 });
  expect(readFileSync(join(restored.config.promptsFolder, 'en', 'own.wav'), 'utf8')).toBe('a prompt of our own');
  expect(
    readFileSync(join(restored.config.recordingsFolder, '2026', 'talk.cbr')).equals(Buffer.alloc(3_000_000, 7)),
  ).toBe(true);
  const keys = (of: Box): string => readFileSync(join(of.config.home, 'keys', 'recordings.json'), 'utf8');
  expect(keys(restored)).toBe(keys(box));
  expect((await restored.box.backups.state()).restoring).toBeNull();
  const [kept] = readdirSync(home).filter((one) => one.startsWith('before-restore-'));
  expect(existsSync(join(home, kept!, 'database.sqlite'))).toBe(true);
  expect(readdirSync(home).filter((one) => /^restore-/.test(one))).toEqual([]);
  await restored.stop();
});

it('a restore that is taken back changes nothing', async () => {
  await box.box.backups.restore(name, PASSPHRASE);
  box.box.backups.cancelRestore();
  expect((await box.box.backups.state()).restoring).toBeNull();
  expect(existsSync(join(box.config.home, 'restore.json'))).toBe(false);
});

it('tells what is in it, and that nothing of it can be read without the passphrase', async () => {
  const check = await box.box.backups.verify(name, PASSPHRASE);
  expect(check).toMatchObject({ name, parts: expect.arrayContaining(['database', 'recordings']) });
  await expect(box.box.backups.verify(name, 'another passphrase')).rejects.toMatchObject({
    code: 'backup_passphrase_wrong',
  });
  expect(readFileSync(file).includes('a prompt of our own')).toBe(false);
  await expect(box.box.backups.verify('cordboard-20200101T000000Z.cbk', PASSPHRASE)).rejects.toMatchObject({
    code: 'backup_not_found',
  });
});

const nothing = (): void => undefined;
const reading = (of: string, into?: string): Promise<unknown> => readArchive(of, 'x.cbk', PASSPHRASE, nothing, into);

it.each([
  ['cut off in the middle', (whole: Buffer) => whole.subarray(0, whole.length >> 1)],
  ['without its last octet', (whole: Buffer) => whole.subarray(0, -1)],
  ['with something behind it', (whole: Buffer) => Buffer.concat([whole, Buffer.from('more')])],
  ['with one bit turned far inside', (whole: Buffer) => flipped(whole, whole.length - 40)],
  ['empty', () => Buffer.alloc(0)],
  ['something else', () => Buffer.from('PK\x03\x04 this is a zip file and no back-up at all')],
])('one that is %s is refused', async (_what, damage) => {
  const damaged = join(temporaryFolder(), 'damaged');
  writeFileSync(damaged, damage(readFileSync(file)));
  await expect(reading(damaged)).rejects.toMatchObject({
    code: expect.stringMatching(/^backup_(damaged|passphrase_wrong)$/),
  });
});

function flipped(whole: Buffer, at: number): Buffer {
  const copy = Buffer.from(whole);
  copy[at]! ^= 1;
  return copy;
}

/** Sealed with the right passphrase by somebody who means harm. */
async function forged(manifest: object, entries: string[], prepare: (folder: string) => void): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  prepare(folder);
  const target = join(temporaryFolder(), 'forged');
  const pack = create({ cwd: folder, gzip: true, portable: true, preservePaths: true }, ['manifest.json', ...entries]);
  await pipeline(Readable.from(pack as AsyncIterable<Buffer>), await sealing(PASSPHRASE), createWriteStream(target));
  return target;
}

const manifestOf = (...paths: string[]): object => ({
  ...{ format: 1, createdAt: 1, version: '1', host: 'x', parts: ['prompts'] },
  files: paths.map((path) => ({ path, bytes: 4, sha256: createHash('sha256').update('evil').digest('hex') })),
});

it.each(['../escaped', 'prompts/../../escaped', '/tmp/cordboard-escaped', 'prompts/./x', 'etc/passwd', 'prompts/a\\b'])(
  'a path that leads out, %s, is refused and nothing is written',
  async (path) => {
    const target = await forged(manifestOf(path), [], nothing);
    const into = temporaryFolder();
    await expect(reading(target, into)).rejects.toMatchObject({ code: 'backup_damaged' });
    expect(readdirSync(into)).toEqual([]);
  },
);

it('links, files that nobody named, other contents and missing files are refused', async () => {
  const evil = (folder: string): void => {
    mkdirSync(join(folder, 'prompts'));
    writeFileSync(join(folder, 'prompts', 'x'), 'evil');
    writeFileSync(join(folder, 'prompts', 'y'), 'good');
    symlinkSync('/etc/passwd', join(folder, 'prompts', 'link'));
  };
  const into = (): string => temporaryFolder();
  const good = await forged(manifestOf('prompts/x'), ['prompts/x'], evil);
  await expect(reading(good, into())).resolves.toMatchObject({ version: '1' });
  for (const [named, packed] of [
    [['prompts/link'], ['prompts/link']],
    [['prompts/x'], ['prompts/x', 'prompts/y']],
    [['prompts/y'], ['prompts/y']],
    [['prompts/x', 'prompts/z'], ['prompts/x']],
  ] as [string[], string[]][]) {
    const target = await forged(manifestOf(...named), packed, evil);
    await expect(reading(target, into()), packed.join()).rejects.toMatchObject({ code: 'backup_damaged' });
  }
});

it('a plan needs a passphrase; a place gets a copy, and nothing secret is told', async () => {
  const plan = { enabled: true, hour: 3, keep: 2, trialDays: 0 };
  const { backups } = box.box;
  await expect(backups.setPlan(plan)).rejects.toMatchObject({ code: 'backup_no_passphrase' });
  const second = temporaryFolder();
  await backups.setPlan({ ...plan, enabled: false, passphrase: PASSPHRASE });
  backups.places.put('second', {
    ...{ kind: 'folder', name: 'Second', enabled: true, keep: 2, recordings: true, path: second },
  });
  const made = await backups.create({ passphrase: PASSPHRASE, recordings: false });
  await expect.poll(async () => (await backups.state()).backups[0]?.places).toEqual(['box', 'second']);
  expect(readdirSync(second).sort()).toEqual([made.name, made.name.replace('.cbk', '.refs'), 'recordings']);
  expect(JSON.stringify(await backups.state())).not.toContain(PASSPHRASE);
  // All of it, from there, with the database opened and its rows counted.
  const check = await backups.verify(made.name, PASSPHRASE, 'second');
  expect(check.trial).toMatchObject({ ok: true, recordings: 1 });
  expect(check.trial!.tables).toBeGreaterThan(50);
  expect(check.trial!.rows).toBeGreaterThan(50);
  await backups.remove(made.name);
  expect(readdirSync(second)).toEqual(['recordings']);
});
