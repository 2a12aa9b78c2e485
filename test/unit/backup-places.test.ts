// Places that back-ups go to, each against a real peer: OpenSSH's server, Debian's s3cmd beside us at one bucket, folders, volumes.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { openFolder } from '../../daemon/src/backup/places/folder-store.js';
import { openS3, type S3Options } from '../../daemon/src/backup/places/s3-store.js';
import { signS3 } from '../../daemon/src/backup/places/s3-signature.js';
import { openSftp, type SftpOptions } from '../../daemon/src/backup/places/sftp-store.js';
import type { Store } from '../../daemon/src/backup/places/store.js';
import { mountPointOf, mountedVolumes } from '../../daemon/src/backup/places/volumes.js';
import { systemClock } from '../../daemon/src/platform/index.js';
import { S3_BUCKET, S3_KEYS, s3Server } from '../support/s3-server.js';
import { sftpServer } from '../support/sftp-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** What every place must do. */
async function behaves(store: Store): Promise<void> {
  const own = temporaryFolder();
  const [sent, again, back] = ['sent', 'again', 'back'].map((name) => join(own, name)) as [string, string, string];
  writeFileSync(sent, randomBytes(300_000));
  writeFileSync(again, 'another one');
  expect(await store.list('')).toEqual([]);
  let counted = 0;
  await store.put('a.cbk', sent, (bytes) => (counted += bytes));
  expect(counted).toBe(300_000);
  for (const name of ['x', 'y', 'z', "ä+ &='!"]) await store.put(`recordings/ab/${name}`, again);
  expect(await store.list('')).toEqual([{ name: 'a.cbk', bytes: 300_000 }]);
  const deep = (await store.list('recordings', true)).sort((a, b) => (a.name < b.name ? -1 : 1));
  expect(deep.map(({ name }) => name)).toEqual(['x', 'y', 'z', "ä+ &='!"].map((name) => `recordings/ab/${name}`));
  expect(deep[0]?.bytes).toBe(11);
  await store.get('a.cbk', back);
  expect(readFileSync(back).equals(readFileSync(sent))).toBe(true);
  // Under the same name: the new one takes its place.
  await store.put('a.cbk', again);
  await store.get('a.cbk', join(own, 'new'));
  expect(readFileSync(join(own, 'new'), 'utf8')).toBe('another one');
  await store.remove('a.cbk');
  await store.remove('a.cbk');
  expect(await store.list('')).toEqual([]);
  await expect(store.get('a.cbk', join(own, 'gone'))).rejects.toMatchObject({ code: 'backup_place_gone' });
  await store.put('empty', writeEmpty(own));
  expect(await store.list('')).toEqual([{ name: 'empty', bytes: 0 }]);
}

function writeEmpty(folder: string): string {
  writeFileSync(join(folder, 'empty'), '');
  return join(folder, 'empty');
}

test('a folder: whole or not at all; one that is missing or not to be written is refused with its name', async () => {
  const folder = temporaryFolder();
  const store = await openFolder(folder, 'cordboard');
  await behaves(store);
  expect(readdirSync(join(folder, 'cordboard')).sort()).toEqual(['empty', 'recordings']);
  await expect(openFolder('/not/there')).rejects.toMatchObject({
    code: 'backup_place_folder',
    message: expect.stringContaining('/not/there'),
  });
  await expect(openFolder('relative')).rejects.toMatchObject({ code: 'backup_place_folder' });
});

test('a volume is found by label or UUID wherever it is mounted, and told to be missing when it is not', async () => {
  const root = temporaryFolder();
  for (const folder of ['dev/disk/by-label', 'dev/disk/by-uuid', 'proc', 'media/My Disk'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const device of ['sda1', 'sdb1', 'sdc1']) writeFileSync(join(root, 'dev', device), '');
  symlinkSync('../../sdb1', join(root, 'dev/disk/by-label/My\\x20Disk'));
  symlinkSync('../../sdb1', join(root, 'dev/disk/by-uuid/1234-ABCD'));
  symlinkSync('../../sda1', join(root, 'dev/disk/by-uuid/root'));
  symlinkSync('../../sdc1', join(root, 'dev/disk/by-label/away'));
  writeFileSync(
    join(root, 'proc/mounts'),
    ['/dev/sda1 / ext4 rw 0 0', 'proc /proc proc rw 0 0', '/dev/sdb1 /media/My\\040Disk vfat rw 0 0', ''].join('\n'),
  );
  const volumes = await mountedVolumes(root);
  expect(volumes).toEqual([
    { label: 'My Disk', uuid: '1234-ABCD', mountedAt: '/media/My Disk', freeBytes: expect.any(Number) },
  ]);
  expect(volumes[0]!.freeBytes).toBeGreaterThan(0);
  for (const one of ['My Disk', '1234-ABCD']) expect(await mountPointOf(one, root)).toBe(join(root, 'media/My Disk'));
  await expect(mountPointOf('away', root)).rejects.toMatchObject({ code: 'backup_volume_missing' });
});

test('an SFTP server: its key is seen at the first visit, pinned, and nothing is told to who shows another', async () => {
  const folder = temporaryFolder();
  const server = await sftpServer(temporaryFolder());
  const key = ssh2.utils.generateKeyPairSync('ed25519');
  const options: SftpOptions = {
    ...{ host: '127.0.0.1', port: server.port, username: server.username, privateKey: key.private },
    ...{ folder: join(folder, 'deep', 'down'), hostKey: '' },
  };
  await expect(openSftp(options)).rejects.toMatchObject({ code: 'backup_place_refused' });
  server.authorize(key.public);
  const { store, hostKey } = await openSftp(options);
  expect(hostKey).toBe(server.fingerprint);
  await behaves(store);
  await store.close();
  expect(statSync(join(folder, 'deep', 'down')).mode & 0o777).toBe(0o700);

  const pinned = { ...options, hostKey };
  await (await openSftp(pinned)).store.close();
  await server.otherKey();
  await expect(openSftp(pinned)).rejects.toMatchObject({
    code: 'backup_host_key_changed',
    params: { was: hostKey, is: server.fingerprint },
  });
  await expect(openSftp({ ...options, folder: '/dev/null/x' })).rejects.toMatchObject({ code: 'backup_place_folder' });

  await server.stop();
  await expect(openSftp(options)).rejects.toMatchObject({ code: 'backup_place_unreachable' });
});

test("S3: the signature is that of Amazon's own example", () => {
  // Amazon S3 API reference, "Signature calculation: examples", GET object.
  const signed = signS3(
    {
      ...{ method: 'GET', host: 'examplebucket.s3.amazonaws.com', path: ['test.txt'], query: {} },
      ...{ headers: { range: 'bytes=0-9' }, atMs: Date.UTC(2013, 4, 24) },
      bodySha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    },
    {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      region: 'us-east-1',
    },
  );
  expect(signed.headers['authorization']).toContain(
    'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  );
});

test('S3: a bucket, in parts where it is large, again where the connection breaks; refusals say why', async () => {
  const server = await s3Server();
  const options: S3Options = {
    ...{ endpoint: server.endpoint, bucket: S3_BUCKET, folder: 'box 1', pathStyle: true, clock: systemClock },
    ...{ ...S3_KEYS, partBytes: 100_000 },
  };
  await behaves(await openS3(options));

  const own = temporaryFolder();
  writeFileSync(join(own, 'large'), randomBytes(250_001));
  const store = await openS3(options);
  server.fail = { times: 1, status: 503, match: /^PUT box 1\/large/ };
  await store.put('large', join(own, 'large'));
  expect(server.objects.get('box 1/large')?.equals(readFileSync(join(own, 'large')))).toBe(true);
  // Four parts that arrived, of which three count, and none of them in one piece.
  expect(server.asked.filter((one) => one === 'PUT box 1/large')).toHaveLength(4);

  const refused = (change: Partial<S3Options>): Promise<unknown> => openS3({ ...options, ...change });
  await expect(refused({ secretAccessKey: 'wrong' })).rejects.toMatchObject({
    code: 'backup_place_refused',
    message: expect.stringContaining('SignatureDoesNotMatch'),
  });
  await expect(refused({ accessKeyId: 'NOBODY' })).rejects.toMatchObject({ code: 'backup_place_refused' });
  await expect(refused({ bucket: 'nowhere' })).rejects.toMatchObject({ code: 'backup_place_folder' });
  await expect(refused({ endpoint: 'http://127.0.0.1:9' })).rejects.toMatchObject({ code: 'backup_place_unreachable' });
});

test("S3: Debian's s3cmd reads what we wrote and writes what we read", async () => {
  const server = await s3Server();
  const own = temporaryFolder();
  const s3cmd = (...args: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)('s3cmd', [
      ...[`--host=${server.host}`, `--host-bucket=${server.host}`, '--no-ssl', `--region=${S3_KEYS.region}`],
      ...[`--access_key=${S3_KEYS.accessKeyId}`, `--secret_key=${S3_KEYS.secretAccessKey}`, '--no-progress'],
      ...['--config=/dev/null', ...args],
    ]);
  const store = await openS3({
    ...{ endpoint: server.endpoint, bucket: S3_BUCKET, folder: '', pathStyle: true, clock: systemClock, ...S3_KEYS },
  });
  writeFileSync(join(own, 'ours'), randomBytes(70_000));
  await store.put('recordings/ab/ours', join(own, 'ours'));
  await s3cmd('get', `s3://${S3_BUCKET}/recordings/ab/ours`, join(own, 'theirs'));
  expect(readFileSync(join(own, 'theirs')).equals(readFileSync(join(own, 'ours')))).toBe(true);
  await s3cmd('put', join(own, 'ours'), `s3://${S3_BUCKET}/put`);
  await store.get('put', join(own, 'back'));
  expect(readFileSync(join(own, 'back')).equals(readFileSync(join(own, 'ours')))).toBe(true);
  expect((await s3cmd('ls', '--recursive', `s3://${S3_BUCKET}`)).stdout).toContain('recordings/ab/ours');
});
