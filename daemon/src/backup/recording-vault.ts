// Recordings go to a place once: a file of its own for each, named by a keyed digest of what is in it and sealed under a key that is in
// every back-up. So neither a look at the names nor one at the files tells anything, and only what is new has to travel.
//
//   recordings/ab/ab34….cbr    the recording whose HMAC-SHA256 is ab34…
//   cordboard-<UTC>.cbk        its manifest names path, length and SHA-256 of each recording
//   cordboard-<UTC>.refs       which files of recordings/ it needs, so that the others can go without its passphrase
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { writeWhole } from '../config/index.js';
import type { BackupManifest } from '../contract/index.js';
import { AppError } from '../platform/index.js';
import { digestOf, filesOf } from './archive-file.js';
import { HEAD_BYTES, sealedBytes, sealingByKey, unsealingByKey } from './sealed-stream.js';
import { inParallel, type Store } from './places/store.js';

export type KeptRecording = NonNullable<BackupManifest['recordings']>[number];

const Index = z.record(z.string(), z.tuple([z.number(), z.number(), z.string()]));
export const VAULT = 'recordings';
export const VAULT_KEY = 'keys/backup-recordings.key';
const REFS = z.array(z.string().regex(/^[0-9a-f]{64}$/));
const AT_ONCE = 4;

export class RecordingVault {
  readonly #home: string;
  readonly #folder: string;

  /** `folder`: of the recordings */
  constructor(home: string, folder: string) {
    this.#home = home;
    this.#folder = folder;
  }

  /** Of the box; made when there is none. */
  async key(): Promise<Buffer> {
    const file = join(this.#home, VAULT_KEY);
    if (!existsSync(file)) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      writeWhole(file, `${randomBytes(32).toString('hex')}\n`);
    }
    return readKey(file);
  }

  /** What is there now. Only what has another length or time than when it was last read is read. */
  async look(skip: (path: string) => boolean): Promise<KeptRecording[]> {
    const file = join(this.#home, 'backups', 'recordings-index.json');
    const known = await readFile(file, 'utf8')
      .then((text) => Index.parse(JSON.parse(text)))
      .catch((): z.infer<typeof Index> => ({}));
    const now: z.infer<typeof Index> = {};
    const found: KeptRecording[] = [];
    for (const [path, from] of await filesOf(VAULT, this.#folder, skip)) {
      const info = await stat(from).catch(() => undefined);
      if (info === undefined) continue;
      const [size, time, digest] = known[path] ?? [];
      let sha256 = size === info.size && time === info.mtimeMs ? digest : undefined;
      sha256 ??= (await digestOf(from).catch(() => undefined))?.sha256;
      // Removed meanwhile: it is no recording any more.
      if (sha256 === undefined) continue;
      now[path] = [info.size, info.mtimeMs, sha256];
      found.push({ path, bytes: info.size, sha256 });
    }
    writeWhole(file, JSON.stringify(now));
    return found;
  }

  /**
   * Sends those that are not there yet. `staging`: an empty folder. `there`: names of recordings/ in the place and how long they are. A
   * recording that is removed meanwhile, or is another one by now, is left out.
   */
  async send(
    store: Store,
    wanted: readonly KeptRecording[],
    there: ReadonlyMap<string, number>,
    staging: string,
    progress: (bytes: number) => void,
  ): Promise<void> {
    const key = await this.key();
    const missing = new Map<string, KeptRecording>();
    for (const one of wanted) {
      const name = objectName(key, one.sha256);
      if (there.get(name) === sealedBytes(one.bytes)) progress(one.bytes);
      else missing.set(name, one);
    }
    await inParallel([...missing], AT_ONCE, async ([name, { path, bytes, sha256 }]) => {
      const draft = join(staging, name.slice(name.lastIndexOf('/') + 1));
      const hash = createHash('sha256');
      try {
        const plain = createReadStream(join(this.#folder, path.slice(VAULT.length + 1))).map((chunk: Buffer) => {
          hash.update(chunk);
          return chunk;
        });
        await pipeline(plain, sealingByKey(key), createWriteStream(draft, { mode: 0o600 }));
        if (hash.digest('hex') === sha256) await store.put(name, draft);
        progress(bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      } finally {
        await rm(draft, { force: true });
      }
    });
  }
}

export function readKey(file: string): Buffer {
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
  if (key.length !== 32) throw new Error(`${file} is no key`);
  return key;
}

export function objectName(key: Buffer, sha256: string): string {
  const id = createHmac('sha256', key).update(sha256).digest('hex');
  return `${VAULT}/${id.slice(0, 2)}/${id}.cbr`;
}

/** Fetches a recording to `target`, which is not there. backup_damaged, backup_place_gone, as the store */
export async function fetchRecording(store: Store, key: Buffer, wanted: KeptRecording, target: string): Promise<void> {
  const name = objectName(key, wanted.sha256);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const sealed = `${target}.sealed`;
  try {
    await store.get(name, sealed);
    const handle = await open(sealed, 'r');
    const head = Buffer.alloc(HEAD_BYTES);
    await handle.read(head, 0, HEAD_BYTES, 0).finally(() => handle.close());
    const hash = createHash('sha256');
    await pipeline(
      createReadStream(sealed, { start: HEAD_BYTES }),
      unsealingByKey(key, head, name),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(target, { mode: 0o600, flags: 'wx', flush: true }),
    );
    if (hash.digest('hex') !== wanted.sha256) throw new AppError('backup_damaged', { name });
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await rm(sealed, { force: true });
  }
}

/** Beside a back-up: the recordings that it needs. */
export async function writeRefs(file: string, key: Buffer, recordings: readonly KeptRecording[]): Promise<void> {
  const ids = [...new Set(recordings.map(({ sha256 }) => createHmac('sha256', key).update(sha256).digest('hex')))];
  await writeFile(file, gzipSync(JSON.stringify(ids.sort())), { mode: 0o600 });
}

/** Digests; throws when it is none. */
export async function readRefs(file: string): Promise<string[]> {
  return REFS.parse(JSON.parse(gunzipSync(await readFile(file), { maxOutputLength: 512 << 20 }).toString('utf8')));
}

export const refsName = (backup: string): string => backup.replace(/\.cbk$/, '.refs');
