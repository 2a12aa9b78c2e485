// Recordings at rest: any place can be read, nothing can be changed unseen, and a newer key changes nothing but the key slot.
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KeyFile } from '../../daemon/src/recording/key-file.js';
import type { PlainSource } from '../../daemon/src/recording/plain-source.js';
import {
  CHUNK_BYTES,
  SEALED_HEADER_BYTES,
  digestOf,
  keyIdOfFile,
  openSealed,
  rewrapFile,
  sealFile,
} from '../../daemon/src/recording/sealed-file.js';
import { T0 } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const sourceOf = (bytes: Buffer): PlainSource => ({
  bytes: bytes.length,
  read: (start, length) => Promise.resolve(Buffer.from(bytes.subarray(start, start + length))),
  close: () => Promise.resolve(),
});

async function world(bytes: number) {
  const folder = temporaryFolder();
  const keys = await KeyFile.open(join(folder, 'keys/recordings.json'), T0);
  const plain = randomBytes(bytes);
  const path = join(folder, 'a.cbr');
  const sealed = await sealFile(sourceOf(plain), path, keys);
  return { folder, keys, plain, path, sealed };
}

async function whole(path: string, keys: KeyFile): Promise<Buffer> {
  const source = await openSealed(path, keys);
  try {
    return await source.read(0, source.bytes);
  } finally {
    await source.close();
  }
}

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'read',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

describe('an encrypted recording', () => {
  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7])(
    'of %i bytes is read as it was, and nothing of it is in the file',
    async (bytes) => {
      const { keys, plain, path, sealed } = await world(bytes);
      expect((await whole(path, keys)).equals(plain)).toBe(true);
      const file = readFileSync(path);
      expect(file).toHaveLength(sealed.bytes);
      if (bytes > 32) expect(file.includes(plain.subarray(0, 32))).toBe(false);
      expect(await digestOf(path)).toBe(sealed.digest);
    },
  );

  it('is read from any place', async () => {
    const { keys, plain, path } = await world(3 * CHUNK_BYTES + 7);
    const source = await openSealed(path, keys);
    for (const [start, length] of [
      [0, 1],
      [CHUNK_BYTES - 1, 2],
      [CHUNK_BYTES, CHUNK_BYTES],
      [17, 2 * CHUNK_BYTES],
      [plain.length - 1, 1],
      [plain.length, 0],
    ] as const)
      expect((await source.read(start, length)).equals(plain.subarray(start, start + length))).toBe(true);
    await expect(source.read(plain.length, 1)).rejects.toThrow(RangeError);
    await expect(source.read(-1, 1)).rejects.toThrow(RangeError);
    await source.close();
  });

  it('that is changed at any part is refused: header, key slot, chunk, tag', async () => {
    const { keys, path } = await world(CHUNK_BYTES + 100);
    const good = readFileSync(path);
    const places = [
      0,
      5,
      15,
      20,
      33,
      50,
      70,
      100,
      SEALED_HEADER_BYTES,
      SEALED_HEADER_BYTES + CHUNK_BYTES,
      good.length - 1,
    ];
    for (const at of places) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      writeFileSync(path, bad);
      expect([at, await outcome(whole(path, keys))]).toEqual([
        at,
        expect.stringMatching(/^recording_(damaged|key_missing)$/),
      ]);
    }
  });

  it('that was cut short, added to, or whose chunks changed places is refused', async () => {
    const { keys, path, sealed } = await world(3 * CHUNK_BYTES);
    const good = readFileSync(path);
    const stored = CHUNK_BYTES + 16;
    truncateSync(path, sealed.bytes - stored);
    expect(await outcome(whole(path, keys))).toBe('recording_damaged');
    truncateSync(path, 10);
    expect(await outcome(whole(path, keys))).toBe('recording_damaged');
    writeFileSync(path, Buffer.concat([good, Buffer.alloc(stored)]));
    expect(await outcome(whole(path, keys))).toBe('recording_damaged');
    // Cut to two chunks, with a header that says so: the header is authenticated.
    const lying = Buffer.from(good.subarray(0, sealed.bytes - stored));
    lying.writeBigUInt64BE(BigInt(2 * CHUNK_BYTES), 8);
    writeFileSync(path, lying);
    expect(await outcome(whole(path, keys))).toBe('recording_damaged');
    const chunk = (n: number): Buffer =>
      good.subarray(SEALED_HEADER_BYTES + n * stored, SEALED_HEADER_BYTES + (n + 1) * stored);
    writeFileSync(path, Buffer.concat([good.subarray(0, SEALED_HEADER_BYTES), chunk(1), chunk(0), chunk(2)]));
    expect(await outcome(whole(path, keys))).toBe('recording_damaged');
  });

  it('of another box is refused for want of its key, and with another key of the same name as damaged', async () => {
    const { folder, path } = await world(100);
    const other = await KeyFile.open(join(folder, 'other/recordings.json'), T0);
    expect(await outcome(whole(path, other))).toBe('recording_key_missing');
    const id = await keyIdOfFile(path);
    const wrong = { current: () => other.current(), find: (one: string) => (one === id ? randomBytes(32) : undefined) };
    expect(await outcome(openSealed(path, wrong))).toBe('recording_damaged');
  });

  it('gets a newer key without being changed; the older one can then be forgotten', async () => {
    const { folder, keys, plain, path, sealed } = await world(CHUNK_BYTES + 1);
    const old = keys.current().id;
    const fresh = await keys.rotate(T0 + 1);
    expect(await rewrapFile(path, keys)).toBe(true);
    expect(await rewrapFile(path, keys)).toBe(false);
    expect(await keyIdOfFile(path)).toBe(fresh);
    expect(await digestOf(path)).toBe(sealed.digest);
    expect(await keys.forget(fresh)).toBe(false);
    expect(await keys.forget(old)).toBe(true);
    const again = await KeyFile.open(join(folder, 'keys/recordings.json'), T0 + 2);
    expect(again.list()).toEqual([{ id: fresh, createdAt: T0 + 1, current: true }]);
    expect((await whole(path, again)).equals(plain)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['a.cbr', 'keys']);
  });

  it('is not there at all when its source breaks off', async () => {
    const { folder, keys } = await world(1);
    const broken: PlainSource = {
      bytes: 2 * CHUNK_BYTES,
      read: (start, length) =>
        start === 0 ? Promise.resolve(Buffer.alloc(length)) : Promise.reject(new Error('gone')),
      close: () => Promise.resolve(),
    };
    await expect(sealFile(broken, join(folder, 'b.cbr'), keys)).rejects.toThrow('gone');
    expect(readdirSync(folder).sort()).toEqual(['a.cbr', 'keys']);
  });
});

describe('the key file', () => {
  it("is its owner's alone, and is never made anew over one that cannot be read", async () => {
    const { folder } = await world(1);
    const path = join(folder, 'keys/recordings.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const good = readFileSync(path, 'utf8');
    for (const bad of ['', '{', '{}', good.replace('"version": 1', '"version": 2'), good.slice(0, 60)]) {
      writeFileSync(path, bad);
      await expect(KeyFile.open(path, T0)).rejects.toThrow(/cannot be used/);
      expect(readFileSync(path, 'utf8')).toBe(bad);
    }
  });
});
