// A recording at rest: AES-256-GCM in chunks of 64 kB, so that any place of it can be read without the rest.
//
//   0   magic "CBR1", chunk size (32 bits), plain bytes (64 bits), id of the file (16 bytes)          authenticated: `fixed`
//   32  id of the key (16), nonce (12), data key (32) wrapped with that key, tag (16)                 the key slot
//   108 chunk 0 and its tag (16), chunk 1 and its tag, …
//
// Every file has a data key of its own, which a key of the key file wraps. A chunk's nonce is its number: no data key is used
// twice, so no nonce is (NIST SP 800-38D 8.2.1). `fixed` and the number are authenticated with every chunk, and `fixed` with the
// key slot: a chunk at another place, of another file, or a file cut short is noticed. The digest leaves the key slot
// out: wrapping the data key with a newer key does not change the recording.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../platform/index.js';
import { besideOf, syncFolder, writeDurable, type DurableOptions } from './durable.js';
import { readExactly, type PlainSource } from './plain-source.js';

export const CHUNK_BYTES = 65_536;
const MAGIC = 'CBR1';
const FIXED_BYTES = 32;
const KEY_ID_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const SLOT_BYTES = KEY_ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES;
export const SEALED_HEADER_BYTES = FIXED_BYTES + SLOT_BYTES;
const CIPHER = 'aes-256-gcm';

/** Keys by their ids (16 characters). */
export interface SealingKeys {
  current(): { id: string; key: Buffer };
  /** undefined: there is none of that id */
  find(id: string): Buffer | undefined;
}

export interface Sealed {
  /** SHA-256 of all but the key slot, hexadecimal */
  digest: string;
  /** size of the file */
  bytes: number;
  keyId: string;
}

/** AppError recording_damaged: not what was written. */
const damaged = (path: string, reason: string): AppError => new AppError('recording_damaged', { path, reason });

/** Writes a source into an encrypted file, which is there whole or not at all. Does not close the source. */
export async function sealFile(
  source: PlainSource,
  path: string,
  keys: SealingKeys,
  options: DurableOptions = {},
): Promise<Sealed> {
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.write(MAGIC, 0, 'latin1');
  fixed.writeUInt32BE(CHUNK_BYTES, 4);
  fixed.writeBigUInt64BE(BigInt(source.bytes), 8);
  randomBytes(16).copy(fixed, 16);
  const dataKey = randomBytes(KEY_BYTES);
  const { id: keyId, key } = keys.current();
  const hash = createHash('sha256').update(fixed);
  try {
    const bytes = await writeDurable(
      path,
      async (file) => {
        await writeAll(file, Buffer.concat([fixed, wrap(dataKey, keyId, key, fixed)]), 0);
        let at = SEALED_HEADER_BYTES;
        for (let index = 0; index < chunksOf(source.bytes); index++) {
          const start = index * CHUNK_BYTES;
          const plain = await source.read(start, Math.min(CHUNK_BYTES, source.bytes - start));
          const chunk = sealChunk(dataKey, fixed, index, plain);
          hash.update(chunk);
          await writeAll(file, chunk, at);
          at += chunk.length;
        }
        return at;
      },
      options,
    );
    return { digest: hash.digest('hex'), bytes, keyId };
  } finally {
    dataKey.fill(0);
  }
}

/** AppError recording_key_missing, recording_damaged; or the file system's error. */
export async function openSealed(path: string, keys: SealingKeys): Promise<PlainSource & { keyId: string }> {
  const file = await open(path, 'r');
  try {
    const { fixed, slot, bytes } = await readHeader(file, path);
    const dataKey = unwrap(slot, fixed, keys, path);
    return {
      bytes,
      keyId: keyIdOf(slot),
      close: () => file.close(),
      read: (start, length) => readSealed({ file, path, fixed, dataKey, bytes }, start, length),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** SHA-256 of a file that may have been tampered with; says what sealFile said when it was not. */
export async function digestOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hash = createHash('sha256').update(await readExactly(file, 0, Math.min(FIXED_BYTES, size)));
    for (let at = SEALED_HEADER_BYTES; at < size; at += CHUNK_BYTES)
      hash.update(await readExactly(file, at, Math.min(CHUNK_BYTES, size - at)));
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

/**
 * Wraps the data key of a file with the key in force; false when it is so already. The file is there at any moment, with
 * the old key slot or the new one.
 */
export async function rewrapFile(path: string, keys: SealingKeys): Promise<boolean> {
  const { fixed, slot } = await withFile(path, (file) => readHeader(file, path));
  const { id, key } = keys.current();
  if (keyIdOf(slot) === id) return false;
  const dataKey = unwrap(slot, fixed, keys, path);
  const beside = besideOf(path);
  try {
    // Shares the blocks where the file system can.
    await copyFile(path, beside, constants.COPYFILE_FICLONE);
    const file = await open(beside, 'r+');
    try {
      await writeAll(file, wrap(dataKey, id, key, fixed), FIXED_BYTES);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    dataKey.fill(0);
  }
  await syncFolder(dirname(path));
  return true;
}

/** The key that a file needs. AppError recording_damaged. */
export function keyIdOfFile(path: string): Promise<string> {
  return withFile(path, async (file) => keyIdOf((await readHeader(file, path)).slot));
}

interface Opened {
  file: FileHandle;
  path: string;
  fixed: Buffer;
  dataKey: Buffer;
  bytes: number;
}

async function readSealed(opened: Opened, start: number, length: number): Promise<Buffer> {
  const { file, path, fixed, dataKey, bytes } = opened;
  if (start < 0 || length < 0 || start + length > bytes) throw new RangeError(`there is no byte ${start + length}`);
  const pieces: Buffer[] = [];
  for (let at = start; at < start + length;) {
    const index = Math.floor(at / CHUNK_BYTES);
    const plainAt = index * CHUNK_BYTES;
    const plainBytes = Math.min(CHUNK_BYTES, bytes - plainAt);
    const sealedAt = SEALED_HEADER_BYTES + index * (CHUNK_BYTES + TAG_BYTES);
    const chunk = await readExactly(file, sealedAt, plainBytes + TAG_BYTES);
    const plain = openChunk(dataKey, fixed, index, chunk, path);
    const piece = plain.subarray(at - plainAt, Math.min(plainBytes, start + length - plainAt));
    pieces.push(piece);
    at += piece.length;
  }
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

async function readHeader(file: FileHandle, path: string): Promise<{ fixed: Buffer; slot: Buffer; bytes: number }> {
  const { size } = await file.stat();
  if (size < SEALED_HEADER_BYTES) throw damaged(path, 'it has no header');
  const header = await readExactly(file, 0, SEALED_HEADER_BYTES);
  const fixed = header.subarray(0, FIXED_BYTES);
  const plainBytes = fixed.readBigUInt64BE(8);
  if (fixed.toString('latin1', 0, 4) !== MAGIC || fixed.readUInt32BE(4) !== CHUNK_BYTES)
    throw damaged(path, 'it is no recording of this form');
  const bytes = plainBytes > BigInt(Number.MAX_SAFE_INTEGER) ? NaN : Number(plainBytes);
  const expected = SEALED_HEADER_BYTES + bytes + chunksOf(bytes) * TAG_BYTES;
  if (size !== expected) throw damaged(path, `it is ${size} bytes long, and not ${expected}`);
  return { fixed, slot: header.subarray(FIXED_BYTES), bytes };
}

const chunksOf = (bytes: number): number => Math.ceil(bytes / CHUNK_BYTES);
const keyIdOf = (slot: Buffer): string => slot.toString('latin1', 0, KEY_ID_BYTES);

function chunkNonce(index: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(index, NONCE_BYTES - 4);
  return nonce;
}

function sealChunk(dataKey: Buffer, fixed: Buffer, index: number, plain: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, dataKey, chunkNonce(index)).setAAD(fixed);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function openChunk(dataKey: Buffer, fixed: Buffer, index: number, chunk: Buffer, path: string): Buffer {
  const decipher = createDecipheriv(CIPHER, dataKey, chunkNonce(index), { authTagLength: TAG_BYTES }).setAAD(fixed);
  decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw damaged(path, `chunk ${index} is not what was written`);
  }
}

function wrap(dataKey: Buffer, keyId: string, key: Buffer, fixed: Buffer): Buffer {
  const id = Buffer.from(keyId, 'latin1');
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.concat([fixed, id]));
  return Buffer.concat([id, nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
}

function unwrap(slot: Buffer, fixed: Buffer, keys: SealingKeys, path: string): Buffer {
  const id = keyIdOf(slot);
  const key = keys.find(id);
  if (key === undefined) throw new AppError('recording_key_missing', { path, key: id.replace(/[^\w-]/g, '?') });
  const nonceEnd = KEY_ID_BYTES + NONCE_BYTES;
  const nonce = slot.subarray(KEY_ID_BYTES, nonceEnd);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([fixed, slot.subarray(0, KEY_ID_BYTES)]));
  decipher.setAuthTag(slot.subarray(nonceEnd + KEY_BYTES));
  try {
    return Buffer.concat([decipher.update(slot.subarray(nonceEnd, nonceEnd + KEY_BYTES)), decipher.final()]);
  } catch {
    throw damaged(path, 'its header is not what was written, or the key is another one of the same name');
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
