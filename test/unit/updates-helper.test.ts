// What the box and root's helper do with an update on a machine of files: from the first piece to a version that runs.
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { generateKeyPairSync } from 'node:crypto';
import { UpdateRequest } from '../../daemon/src/contract/index.js';
import { isAppError, type Clock } from '../../daemon/src/platform/index.js';
import {
  CANCEL,
  REQUEST,
  RootHelper,
  UpdatesDesk,
  findMachine,
  readBootState,
} from '../../daemon/src/updates/index.js';
import { ImageMachine } from '../support/image-machine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MB = 1 << 20;
let image: ImageMachine;
let home: string;
let desk: UpdatesDesk;
let ms: number;
let calls: number[];
let waited: (() => void)[];
const clock = { monotonicMs: () => ms, wallMs: () => 1_000_000 + ms } as Clock;

beforeEach(() => {
  image = new ImageMachine(temporaryFolder(), '1.0.0');
  home = temporaryFolder();
  [ms, calls, waited] = [0, [], []];
  desk = new UpdatesDesk({ home, root: image.root, version: '1.0.0', clock, freeBytes: () => 500 * MB });
});

/** The box's judgement is asked of these. */
const REPLIES: Record<string, unknown> = {
  '/system': { version: '1.0.0' },
  '/system/health': { concerns: [] },
  '/boards': { problems: [] },
  '/settings': { settings: [{ path: 'virtual.spans', value: 0 }] },
};
let replies = REPLIES;

function helper(): RootHelper {
  const machine = findMachine(image.root);
  if (machine === undefined) throw new Error('no machine');
  return new RootHelper({
    ...{ machine, root: image.root, home, run: image.run, clock },
    request: <T>(_method: string, path: string) =>
      Promise.resolve((path.startsWith('/calls/count') ? { count: calls.shift() ?? 0 } : replies[path]) as T),
    wait: (wait) => {
      ms += wait;
      waited.shift()?.();
      return Promise.resolve();
    },
    told: () => undefined,
  });
}

const code = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return 'done';
  } catch (error) {
    return isAppError(error) ? error.code : error;
  }
};

async function bring(bytes: Buffer, size = MB): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) await desk.piece(at, bytes.subarray(at, at + size), bytes.length);
}
const ask = (request: object) => desk.ask(UpdateRequest.parse(request), 'en');
const state = () => desk.state('en');

test('a file is brought, checked, installed, judged after the restart, and taken back', async () => {
  const bytes = image.bundle({ version: '1.1.0', root: Buffer.alloc(3 * MB, 'x') });
  await bring(bytes);
  expect((await ask({ source: 'upload', checkOnly: true })).uploaded).toMatchObject({
    ...{ version: '1.1.0', bytes: bytes.length },
  });
  expect(existsSync(join(home, REQUEST))).toBe(false);
  expect(image.written('b', 4).equals(Buffer.alloc(4))).toBe(true);

  await ask({ source: 'upload', restartWithinMinutes: 10 });
  expect(state().last).toMatchObject({ state: 'waiting' });
  calls = [2, 1, 0];
  await helper().answer();
  expect(image.restarts).toBe(1);
  expect(image.written('b', 3 * MB).equals(Buffer.alloc(3 * MB, 'x'))).toBe(true);
  expect(state()).toMatchObject({ slot: 'a', other: { slot: 'b', version: '1.1.0' }, uploadedBytes: 0 });

  expect(image.boot('1.1.0')).toEqual({ slot: 'b', onTrial: true });
  expect(state()).toMatchObject({ version: '1.1.0', slot: 'b', onTrial: true });
  expect(await code(() => ask({ source: 'back' }))).toBe('update_on_trial');
  expect((await helper().judgeBoot('1.0.0'))?.good).toBe(true);
  const { trial, last } = state();
  expect(trial?.steps.map(({ state }) => state)).toEqual(['good', 'good', 'good', 'good']);
  expect(last).toMatchObject({ state: 'good', version: '1.1.0' });
  image.boot();
  expect(state()).toMatchObject({ onTrial: false, other: { slot: 'a', version: '1.0.0' } });

  await ask({ source: 'back', restartWithinMinutes: 0 });
  calls = [7];
  await helper().answer();
  expect(image.restarts).toBe(2);
  expect(image.boot()).toEqual({ slot: 'a', onTrial: true });
  expect(state().history.map(({ state, version }) => [state, version])).toEqual([
    ['back', '1.0.0'],
    ['good', '1.1.0'],
    ['installed', '1.1.0'],
  ]);
});

describe('refused before a slot is touched', () => {
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const flipped = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy[copy.length - 9] = (copy[copy.length - 9] ?? 0) ^ 1;
    return copy;
  };
  const cases: [string, () => Buffer, string][] = [
    ['a stranger’s signature', () => image.bundle({ key: stranger }), 'update_signature_wrong'],
    ['an older version', () => image.bundle({ version: '0.9.0' }), 'update_older'],
    ['the same version', () => image.bundle({ version: '1.0.0' }), 'update_same'],
    ['more than a slot holds', () => image.bundle({ root: Buffer.alloc(5 * MB) }), 'update_too_large'],
    ['another product', () => image.bundle({ manifest: { product: 'other' } }), 'update_not_for_this'],
    ['no update at all', () => Buffer.alloc(200_000, 'x'), 'update_not_bundle'],
  ];
  test.each(cases)('%s, with its first piece', async (_what, make, wanted) => {
    const bytes = make();
    expect(await code(() => desk.piece(0, bytes.subarray(0, 100_000), bytes.length))).toBe(wanted);
    expect(state()).toMatchObject({ uploadedBytes: 0, uploaded: null });
  });

  test.each(cases)('%s on a stick', async (_what, make, wanted) => {
    const before = readFileSync(image.state);
    image.stick = { 'a.txt': Buffer.alloc(3), 'update.cbu': make() };
    await ask({ source: 'usb', checkOnly: true });
    expect(await code(() => helper().answer())).toBe(wanted);
    expect(state().last).toMatchObject({ state: 'refused' });
    expect(readFileSync(image.state).equals(before)).toBe(true);
    await ask({ source: 'usb' });
    expect(await code(() => helper().answer())).toBe(wanted);
    expect(readFileSync(image.state).equals(before)).toBe(true);
    expect(image.written('b', MB).equals(Buffer.alloc(MB))).toBe(true);
  });

  test('damage, when it has all come', async () => {
    await bring(flipped(image.bundle()));
    expect(await code(() => ask({ source: 'upload', checkOnly: true }))).toBe('update_damaged');
    expect(await code(() => ask({ source: 'upload' }))).toBe('update_not_uploaded');
  });

  test('what has no room in the home', async () => {
    expect(await code(() => desk.piece(0, Buffer.alloc(10), 300 * MB))).toBe('update_no_room');
  });

  test('no stick, and a stick without one', async () => {
    for (const stick of [undefined, { 'a.txt': Buffer.alloc(3) }]) {
      image.stick = stick;
      expect(await code(() => helper().check('usb'))).toBe('update_no_stick');
    }
  });
});

test('a stick is looked at and mounted for reading alone', async () => {
  image.stick = { 'cordboard-1.1.0.cbu': image.bundle({ version: '1.1.0' }) };
  await ask({ source: 'usb', checkOnly: true });
  await helper().answer();
  expect(state().last).toMatchObject({ state: 'checked', version: '1.1.0' });
  expect(image.ran.find((line) => line.startsWith('mount'))).toContain('-o ro,nosuid,nodev,noexec');
  expect(image.restarts).toBe(0);
});

describe('the restart', () => {
  beforeEach(async () => {
    image.stick = { 'u.cbu': image.bundle({ version: '1.1.0' }) };
    await ask({ source: 'usb', restartWithinMinutes: null });
    await helper().answer();
    expect(image.restarts).toBe(0);
  });

  test('comes at the limit whatever is said then', async () => {
    calls = Array.from({ length: 1000 }, () => 3);
    await ask({ source: 'restart', restartWithinMinutes: 2 });
    await helper().answer();
    expect(image.restarts).toBe(1);
    expect(ms).toBe(120_000);
  });

  test('is cancelled while it waits, and the version stays for the next one', async () => {
    calls = Array.from({ length: 1000 }, () => 3);
    waited = [
      () => undefined,
      () => {
        expect(state().last).toMatchObject({ state: 'restarting', calls: 3, until: 1_000_000 + 120_000 });
        desk.cancel('en');
      },
    ];
    await ask({ source: 'restart', restartWithinMinutes: 2 });
    await helper().answer();
    expect(image.restarts).toBe(0);
    expect(existsSync(join(home, CANCEL))).toBe(false);
    expect(state().last).toMatchObject({ state: 'installed', version: '1.1.0' });
    expect(readBootState(image.state).trial).toBe('b');
    expect(await code(() => desk.cancel('en'))).toBe('update_nothing_to_cancel');
  });

  test('is not for nothing', async () => {
    image.boot('1.1.0');
    await helper().judgeBoot('1.0.0');
    image.boot();
    await ask({ source: 'restart' });
    expect(await code(() => helper().answer())).toBe('update_nothing_to_restart_for');
  });
});

test('a version that loses a card goes, and the page says in which step', async () => {
  image.stick = { 'u.cbu': image.bundle({ version: '1.1.0' }) };
  await ask({ source: 'usb' });
  await helper().answer();
  image.boot('1.1.0');
  replies = { ...REPLIES, '/boards': { problems: [{ fault: true, code: 'spanMissing', text: 'span 2 is gone' }] } };
  try {
    expect(await helper().judgeBoot('1.0.0')).toMatchObject({ good: false, step: 'cards' });
  } finally {
    replies = REPLIES;
  }
  expect(state().trial?.steps.map(({ state }) => state)).toEqual(['good', 'good', 'failed', 'waiting']);
  expect(image.restarts).toBe(2);
  expect(image.boot()).toEqual({ slot: 'a', onTrial: false });
  await helper().judgeBoot('1.0.0');
  expect(state()).toMatchObject({ version: '1.0.0', last: { state: 'rejected', version: '1.1.0' } });
  expect(desk.state('zh-CN').last?.text).toContain('板卡');
});

test('what is asked is a file of the box, not a link that it has laid', async () => {
  writeFileSync(join(home, 'other'), '{}');
  symlinkSync(join(home, 'other'), join(home, REQUEST));
  await expect(helper().answer()).rejects.toThrow('ELOOP');
  // It does not start the helper again and again.
  expect(existsSync(join(home, REQUEST))).toBe(false);
});
