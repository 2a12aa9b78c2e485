// Updates on a machine made of files: what is refused and why, what a power cut leaves, which slot is booted then.
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { AppError, type Clock } from '../../daemon/src/platform/index.js';
import {
  MAGIC,
  bootStateBlock,
  bringBackOlderData,
  compareVersions,
  confirm,
  findMachine,
  goBack,
  installUpdate,
  judge,
  readBootState,
  reject,
  writeBootState,
  type BootState,
  type Machine,
} from '../../daemon/src/updates/index.js';
import { applyPendingRestore } from '../../daemon/src/config/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { createHash } from 'node:crypto';

const ours = generateKeyPairSync('ed25519');
const SLOT_BYTES = 64 * 1024;
const root = Buffer.alloc(20_000, 'root of another version. ');

interface Wanted {
  version?: string;
  bytes?: Buffer;
  key?: KeyObject;
  manifest?: object;
}

function bundle({ version = '1.1.0', bytes = root, key = ours.privateKey, manifest = {} }: Wanted = {}): Buffer {
  const text = Buffer.from(
    JSON.stringify({
      ...{ format: 1, product: 'cordboard', architecture: 'amd64', version, builtAt: 1 },
      root: { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
      ...manifest,
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([MAGIC, length, text, sign(null, text, key), bytes]);
}

async function* inPieces(bytes: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

let machine: Machine;
beforeEach(() => {
  const folder = temporaryFolder();
  const file = (name: string, bytes: Buffer): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  machine = {
    release: { version: '1.0.0', builtAt: 0 },
    ...{ slot: 'a', onTrial: false, keys: [ours.publicKey] },
    trialOver: join(folder, 'trial-over'),
    state: file('state', onDisk({ slot: 'a', trial: '', left: 0, failed: '', spoiled: 'b' })),
    slots: { a: file('a', Buffer.alloc(SLOT_BYTES, 'A')), b: file('b', Buffer.alloc(SLOT_BYTES, 'B')) },
    slotBytes: { a: SLOT_BYTES, b: SLOT_BYTES },
  };
});

/** In the middle of a file system, as the boot loader has it. */
function onDisk(state: BootState): Buffer {
  return Buffer.concat([Buffer.alloc(7 * 512, 'FAT'), bootStateBlock(state), Buffer.alloc(2048)]);
}

const install = (bytes: Buffer, size?: number) =>
  installUpdate({ machine, source: inPieces(bytes, size), slotBytes: SLOT_BYTES, dropCache: () => undefined });
const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );

describe('an update', () => {
  test.each([1, 7, 1000, 100_000])(
    'is written to the other slot and put on trial, in pieces of %d octets',
    async (size) => {
      expect(await install(bundle(), size)).toEqual({ version: '1.1.0', slot: 'b' });
      expect(readFileSync(machine.slots.b).subarray(0, root.length).equals(root)).toBe(true);
      expect(readFileSync(machine.slots.a).equals(Buffer.alloc(SLOT_BYTES, 'A'))).toBe(true);
      expect(readBootState(machine.state)).toEqual({ slot: 'a', trial: 'b', left: 3, failed: '', spoiled: '' });
    },
  );

  test.each<[string, () => Buffer, string]>([
    ['another signature', () => bundle({ key: generateKeyPairSync('ed25519').privateKey }), 'update_signature_wrong'],
    ['an older version', () => bundle({ version: '0.9.9' }), 'update_older'],
    ['the same version', () => bundle({ version: '1.0.0' }), 'update_same'],
    ['more than a slot holds', () => bundle({ bytes: Buffer.alloc(SLOT_BYTES + 1) }), 'update_too_large'],
    ['another product', () => bundle({ manifest: { product: 'other' } }), 'update_not_for_this'],
    ['some other file', () => Buffer.alloc(5000, 'x'), 'update_not_bundle'],
    ['nothing at all', () => Buffer.alloc(0), 'update_not_bundle'],
    ['an endless manifest', () => Buffer.concat([MAGIC, Buffer.alloc(4, 0xff), root]), 'update_not_bundle'],
    ['a changed manifest', () => changed(bundle(), MAGIC.length + 20), 'update_signature_wrong'],
    ['a cut manifest', () => bundle().subarray(0, 60), 'update_damaged'],
  ])('with %s is refused before anything is written', async (_what, make, reason) => {
    const before = readFileSync(machine.state);
    expect(await code(install(make()))).toBe(reason);
    expect(readFileSync(machine.slots.b).equals(Buffer.alloc(SLOT_BYTES, 'B'))).toBe(true);
    expect(readFileSync(machine.state).equals(before)).toBe(true);
  });

  test.each<[string, (whole: Buffer) => Buffer]>([
    ['damaged', (whole) => changed(whole, whole.length - 5)],
    ['cut short', (whole) => whole.subarray(0, whole.length - 1)],
    ['longer than it says', (whole) => Buffer.concat([whole, Buffer.from('x')])],
  ])('whose root is %s is never booted', async (_what, spoil) => {
    expect(await code(install(spoil(bundle())))).toBe('update_damaged');
    expect(readBootState(machine.state)).toMatchObject({ slot: 'a', trial: '', spoiled: 'b' });
    expect(() => goBack(machine)).toThrow(expect.objectContaining({ code: 'update_nothing_to_go_back_to' }));
  });

  test('that the disk does not keep is not booted', async () => {
    const rotten = installUpdate({
      ...{ machine, source: inPieces(bundle()), slotBytes: SLOT_BYTES },
      dropCache: (device) => writeFileSync(device, changed(readFileSync(device), 17)),
    });
    expect(await code(rotten)).toBe('update_not_written');
    expect(readBootState(machine.state)).toMatchObject({ trial: '', spoiled: 'b' });
  });

  test('is not installed over one that is on trial', async () => {
    machine.onTrial = true;
    expect(await code(install(bundle()))).toBe('update_on_trial');
  });

  test('stays when it is good, and goes when it is not', async () => {
    await install(bundle());
    const tried: Machine = { ...machine, slot: 'b', onTrial: true };
    confirm(tried);
    expect(readBootState(machine.state)).toEqual({ slot: 'b', trial: '', left: 0, failed: '', spoiled: '' });
    reject(tried);
    expect(readBootState(machine.state)).toEqual({ slot: 'a', trial: '', left: 0, failed: 'b', spoiled: '' });
  });
});

test('versions are put in order as Debian does', () => {
  const order = ['0.9.0', '1.0.0~rc1', '1.0.0', '1.0.0+1', '1.0.1', '1.2.0', '1.10.0', '2.0.0'];
  for (let i = 0; i < order.length; i += 1)
    for (let j = 0; j < order.length; j += 1)
      expect(Math.sign(compareVersions(order[i] ?? '', order[j] ?? ''))).toBe(Math.sign(i - j));
});

test('the boot state is one sector that the boot loader can read; what nobody wrote is slot a', () => {
  const block = bootStateBlock({ slot: 'b', trial: 'a', left: 2, failed: '', spoiled: '' });
  expect(block.length).toBe(1024);
  expect(block.toString('latin1')).toMatch(
    /^# GRUB Environment Block\nslot=b\ntrial=a\nleft=2\nfailed=\nspoiled=\n#+$/,
  );
  const state: BootState = { slot: 'b', trial: 'a', left: 1, failed: '', spoiled: '' };
  writeBootState(machine.state, state);
  expect(readFileSync(machine.state).equals(onDisk(state))).toBe(true);
  writeFileSync(machine.state, Buffer.alloc(1024));
  expect(readBootState(machine.state)).toMatchObject({ slot: 'a', trial: '' });
  expect(() => writeBootState(machine.state, state)).toThrow(expect.objectContaining({ code: 'update_no_boot_state' }));
});

test('the partitions are those beside the root that runs, whatever they are called', () => {
  const at = temporaryFolder();
  const put = (path: string, text: string): void => {
    mkdirSync(join(at, path, '..'), { recursive: true });
    writeFileSync(join(at, path), text);
  };
  expect(findMachine(at)).toBeUndefined();
  for (const number of [3, 4, 5, 6]) {
    put(`sys/devices/nvme/nvme0n1/nvme0n1p${number}/partition`, `${number}\n`);
    put(`sys/devices/nvme/nvme0n1/nvme0n1p${number}/size`, `${number * 100}\n`);
  }
  mkdirSync(join(at, 'sys/dev/block'), { recursive: true });
  symlinkSync('../../devices/nvme/nvme0n1/nvme0n1p5', join(at, 'sys/dev/block/259:5'));
  put('proc/cmdline', 'root=PARTUUID=1 cordboard.slot=b cordboard.trial=1 quiet\n');
  put('proc/self/mountinfo', '22 1 259:5 / / ro - squashfs /dev/root ro\n');
  put('usr/lib/cordboard-image/release.json', '{"version":"1.0.0","builtAt":5}');
  put('usr/lib/cordboard-image/update-key.pem', ours.publicKey.export({ type: 'spki', format: 'pem' }) as string);
  expect(findMachine(at)).toMatchObject({
    ...{ slot: 'b', onTrial: true, state: join(at, 'dev/nvme0n1p3') },
    slots: { a: join(at, 'dev/nvme0n1p4'), b: join(at, 'dev/nvme0n1p5') },
    slotBytes: { a: 400 * 512, b: 500 * 512 },
  });
  // Once it is good it may be updated again or left; the kernel's words stay what they were.
  put('run/cordboard-trial-over', '');
  expect(findMachine(at)).toMatchObject({ slot: 'b', onTrial: false });
});

describe('an older version that comes back', () => {
  const known = new Set(['1', '2']);
  /** A database is made of the names of its steps. */
  const unknownSteps = (file: string): Promise<string[]> =>
    Promise.resolve(
      readFileSync(file, 'utf8')
        .split(' ')
        .filter((name) => !known.has(name)),
    );
  let home: string;
  const text = (name: string): string => readFileSync(join(home, name), 'utf8');
  const prepare = () => bringBackOlderData({ home, settingsVersion: 3, nowMs: 0, unknownSteps });
  beforeEach(() => {
    home = temporaryFolder();
    mkdirSync(join(home, 'backups'));
    writeFileSync(join(home, 'cordboard.sqlite'), '1 2 3');
    writeFileSync(join(home, 'cordboard.sqlite-wal'), 'newer');
    writeFileSync(join(home, 'backups/cordboard.sqlite.20260101T000000.000Z.before-2'), '1');
    writeFileSync(join(home, 'backups/cordboard.sqlite.20260201T000000.000Z.before-3'), '1 2');
    writeFileSync(join(home, 'settings.json'), '{"version":4}');
    writeFileSync(join(home, 'settings.json.v3'), '{"version":3}');
  });

  test('has its own data again; those of the newer one are kept', async () => {
    expect(await prepare()).toHaveLength(2);
    expect(await prepare()).toEqual([]);
    applyPendingRestore(home);
    expect([text('cordboard.sqlite'), text('settings.json')]).toEqual(['1 2', '{"version":3}']);
    expect(existsSync(join(home, 'cordboard.sqlite-wal'))).toBe(false);
    const [kept = ''] = readdirSync(home).filter((name) => name.startsWith('newer-'));
    expect([text(join(kept, 'cordboard.sqlite')), text(join(kept, 'cordboard.sqlite-wal'))]).toEqual([
      '1 2 3',
      'newer',
    ]);
    expect(await prepare()).toEqual([]);
  });

  test('leaves alone what it can read', async () => {
    copyFileSync(join(home, 'settings.json.v3'), join(home, 'settings.json'));
    writeFileSync(join(home, 'cordboard.sqlite'), '1 2');
    expect(await prepare()).toEqual([]);
  });

  test('says so when there is no copy that it can read', async () => {
    known.delete('1');
    expect(await code(prepare())).toBe('update_no_way_back');
    known.add('1');
  });
});

describe('what is on trial', () => {
  let ms = 0;
  const clock = { monotonicMs: () => ms } as Clock;
  const replies = (more: Record<string, unknown>): Record<string, unknown> => ({
    '/system': { version: '1.1.0' },
    '/system/health': { concerns: [] },
    '/boards': { problems: [{ fault: true, code: 'driverMissing', text: 'no driver' }] },
    '/settings': { settings: [{ path: 'virtual.spans', value: 1 }] },
    '/exchange/calls': { id: '1', state: 'calling', answeredAt: null, cause: null },
    '/exchange/calls/1': { id: '1', state: 'answered', answeredAt: 5, cause: null },
    ...more,
  });
  const verdict = (more: Record<string, unknown> = {}) =>
    judge({
      request: <T>(_method: string, path: string) => {
        const reply = replies(more)[path];
        return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply as T);
      },
      ...{ version: '1.1.0', faultsBefore: ['driverMissing'], clock },
      wait: (wait) => Promise.resolve(void (ms += wait)),
    });

  test('is good when the service, its database, its boards and a call are', async () => {
    expect(await verdict()).toEqual({ good: true, step: null, reason: '' });
    expect(await verdict({ '/exchange/calls/1': { state: 'released', answeredAt: null, cause: 1 } })).toMatchObject({
      good: true,
    });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['does not answer', { '/system': new Error('refused') }, 'service'],
    ['is another version', { '/system': { version: '1.0.0' } }, 'service'],
    ['has a damaged database', { '/system/health': { concerns: [{ kind: 'database' }] } }, 'database'],
    ['has lost a board', { '/boards': { problems: [{ fault: true, code: 'spanMissing', text: 'gone' }] } }, 'cards'],
    ['takes no call', { '/exchange/calls/1': { state: 'released', answeredAt: null, cause: 41 } }, 'call'],
    ['answers no call', { '/exchange/calls/1': { state: 'calling', answeredAt: null, cause: null } }, 'call'],
  ])('is not when it %s', async (_what, more, step) => {
    expect(await verdict(more)).toMatchObject({ good: false, step });
  });
});

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
