// The file of a back-up: a sealed tar.gz whose first entry says what the others must be, octet for octet.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Parser, create, type ReadEntry } from 'tar';
import { BackupManifest, type BackupPart } from '../contract/index.js';
import { AppError, isAppError } from '../platform/index.js';
import { HEAD_BYTES, sealing, unsealing } from './sealed-stream.js';

export const MANIFEST = 'manifest.json';
/** where each part stands in the archive */
export const ROOTS: Readonly<Record<string, BackupPart>> = {
  'database.sqlite': 'database',
  'settings.json': 'settings',
  prompts: 'prompts',
  music: 'prompts',
  keys: 'keys',
  tls: 'keys',
  voicemail: 'voicemail',
  'flow-recordings': 'voicemail',
  recordings: 'recordings',
};
/** a recording is 200 octets of it */
const MOST_MANIFEST_BYTES = 256 << 20;
/** left free beside a back-up, for the box goes on meanwhile */
const SPARE_BYTES = 64 << 20;
/** a segment of a path: nothing hidden from people, nothing that leads upwards */
const PATH = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^/\0\\][^\0\\]*$/;

export type Progress = (doneBytes: number, totalBytes: number) => void;
type File = BackupManifest['files'][number];

/** Every regular file under what is at `from`, as it will be named in the archive. */
export async function filesOf(
  root: string,
  from: string,
  skip: (path: string) => boolean,
): Promise<[string, string][]> {
  const info = await stat(from).catch(() => undefined);
  if (info === undefined) return [];
  if (info.isFile()) return [[root, from]];
  const found: [string, string][] = [];
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [name, path] = [`${root}/${entry.name}`, join(from, entry.name)];
    if (skip(name)) continue;
    if (entry.isDirectory()) found.push(...(await filesOf(name, path, skip)));
    else if (entry.isFile()) found.push([name, path]);
  }
  return found;
}

export async function digestOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

export interface MakeOptions {
  /** of the archive to be made; it is not there, or whole */
  target: string;
  /** a folder of its own, empty, on the same disk; whoever made it removes it */
  staging: string;
  /** root in the archive → file or folder */
  sources: Readonly<Record<string, string>>;
  skip: (path: string) => boolean;
  passphrase: string;
  about: Pick<BackupManifest, 'createdAt' | 'version' | 'host' | 'counts' | 'recordings'>;
  progress: Progress;
}

/** backup_no_space */
export async function makeArchive(options: MakeOptions): Promise<BackupManifest> {
  const { target, staging, sources, skip, passphrase, about, progress } = options;
  const listed: [string, string][] = [];
  for (const [root, from] of Object.entries(sources)) listed.push(...(await filesOf(root, from, skip)));
  const files: File[] = [];
  for (const [path, from] of listed) files.push({ path, ...(await digestOf(from)) });
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  await enoughSpace(dirname(target), totalBytes + SPARE_BYTES);
  const parts = [...new Set(files.flatMap(({ path }) => ROOTS[path.split('/')[0] ?? ''] ?? []))];
  const manifest: BackupManifest = { format: 2, ...about, parts, files };
  // The archive is made of links to what there is, so that nothing is copied twice.
  await writeFile(join(staging, MANIFEST), JSON.stringify(manifest), { mode: 0o600 });
  for (const [root, from] of Object.entries(sources)) await symlink(from, join(staging, root));

  const draft = `${target}.part`;
  let doneBytes = 0;
  const pack = create({ cwd: staging, gzip: { level: 6 }, portable: true, follow: true }, [
    MANIFEST,
    ...files.map(({ path }) => path),
  ]);
  try {
    const count = (chunk: Buffer): Buffer => {
      doneBytes += chunk.length;
      // Compressed against uncompressed: never more than there is, and whole at the end.
      progress(Math.min(doneBytes, totalBytes), totalBytes);
      return chunk;
    };
    await pipeline(
      Readable.from(pack as AsyncIterable<Buffer>).map(count),
      await sealing(passphrase),
      createWriteStream(draft, { mode: 0o600, flush: true }),
    );
    await rename(draft, target);
    const folder = await open(dirname(target), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    await rm(draft, { force: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noSpace(dirname(target), totalBytes, 0);
    throw error;
  }
  return manifest;
}

/** backup_no_space */
export async function enoughSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) throw noSpace(folder, needed, bavail * bsize);
}

export function noSpace(folder: string, needed: number, free: number): AppError<'backup_no_space'> {
  const mb = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
  return new AppError('backup_no_space', { folder, neededMb: mb(needed), freeMb: mb(free) });
}

/**
 * Reads all of it and compares every octet with the manifest; with `into`, an empty folder, writes the files there.
 * backup_passphrase_wrong, backup_damaged
 */
export async function readArchive(
  file: string,
  name: string,
  passphrase: string,
  progress: Progress,
  into?: string,
): Promise<BackupManifest> {
  const damaged = (cause?: unknown): AppError => new AppError('backup_damaged', { name }, { cause });
  const { size } = await stat(file);
  const handle = await open(file, 'r');
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    await handle.read(head, 0, HEAD_BYTES, 0);
  } finally {
    await handle.close();
  }
  const unsealed = await unsealing(passphrase, head, name);
  const reader = new Reader(damaged, into);
  let doneBytes = HEAD_BYTES;
  const parser = new Parser({ strict: true, onReadEntry: (entry) => reader.entry(entry) });
  parser.on('error', (error: unknown) => reader.fail(error));
  parser.on('warn', (_code: unknown, message: unknown) => reader.fail(message));
  const ended = new Promise<void>((resolve) => parser.on('end', () => resolve()));
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (reader.failed !== undefined) return done(reader.failed);
      if (parser.write(chunk)) return done();
      parser.once('drain', () => done(reader.failed ?? null));
    },
    final(done) {
      parser.end();
      void Promise.race([ended, reader.broken]).then(() => done(reader.failed ?? null));
    },
  });
  try {
    const source = createReadStream(file, { start: HEAD_BYTES }).map((chunk: Buffer) => {
      progress((doneBytes += chunk.length), size);
      return chunk;
    });
    await pipeline(source, unsealed, sink);
    return await reader.finished();
  } catch (error) {
    await reader.settled();
    if (isAppError(error)) throw error;
    if (isAppError(reader.failed)) throw reader.failed;
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noSpace(into ?? dirname(file), size, 0);
    throw damaged(error);
  }
}

class Reader {
  failed: Error | undefined;
  readonly broken: Promise<void>;
  readonly #damaged: (cause?: unknown) => AppError;
  readonly #into: string | undefined;
  readonly #work: Promise<void>[] = [];
  #break: () => void = () => undefined;
  #manifest: BackupManifest | undefined;
  #expected = new Map<string, File>();

  constructor(damaged: (cause?: unknown) => AppError, into: string | undefined) {
    this.#damaged = damaged;
    this.#into = into;
    this.broken = new Promise((resolve) => (this.#break = resolve));
  }

  fail(cause: unknown): void {
    this.failed ??= isAppError(cause) || isNoSpace(cause) ? (cause as Error) : this.#damaged(cause);
    this.#break();
  }

  entry(entry: ReadEntry): void {
    const work = this.#take(entry).catch((error: unknown) => {
      this.fail(error);
      entry.resume();
    });
    this.#work.push(work);
  }

  async settled(): Promise<void> {
    await Promise.race([Promise.all(this.#work), this.broken]);
  }

  async finished(): Promise<BackupManifest> {
    await this.settled();
    if (this.failed !== undefined) throw this.failed;
    if (this.#manifest === undefined || this.#expected.size > 0) throw this.#damaged();
    return this.#manifest;
  }

  async #take(entry: ReadEntry): Promise<void> {
    // Links and devices have no place in a back-up, nor has a path that leads out of it.
    if (entry.type !== 'File' && entry.type !== 'OldFile') throw this.#damaged(`${entry.type} ${entry.path}`);
    if (this.#manifest === undefined) {
      if (entry.path !== MANIFEST || entry.size > MOST_MANIFEST_BYTES) throw this.#damaged('it has no manifest');
      const chunks: Buffer[] = [];
      // Read in the same turn: no later entry is looked at before this one is known.
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      await new Promise<void>((resolve) => entry.on('end', () => resolve(this.#begin(Buffer.concat(chunks)))));
      return;
    }
    const expected = this.#expected.get(entry.path);
    if (expected === undefined || expected.bytes !== entry.size) throw this.#damaged(entry.path);
    this.#expected.delete(entry.path);
    const hash = createHash('sha256');
    if (this.#into === undefined) {
      entry.on('data', (chunk: Buffer) => hash.update(chunk));
      await new Promise<void>((resolve) => entry.on('end', () => resolve()));
    } else {
      const target = join(this.#into, expected.path);
      const chunks = Readable.from(entry as AsyncIterable<Buffer>).map((chunk: Buffer) => {
        hash.update(chunk);
        return chunk;
      });
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await pipeline(chunks, createWriteStream(target, { mode: 0o600, flags: 'wx', flush: true }));
    }
    if (hash.digest('hex') !== expected.sha256) throw this.#damaged(entry.path);
  }

  #begin(text: Buffer): void {
    let manifest: BackupManifest;
    try {
      manifest = BackupManifest.parse(JSON.parse(text.toString('utf8')));
    } catch (error) {
      this.fail(error);
      return;
    }
    for (const file of manifest.files) {
      const root = file.path.split('/')[0] ?? '';
      if (!PATH.test(file.path) || ROOTS[root] === undefined || this.#expected.has(file.path)) {
        this.fail(`a path that is none: ${file.path}`);
        return;
      }
      this.#expected.set(file.path, file);
    }
    for (const { path } of manifest.recordings ?? []) {
      if (!PATH.test(path) || !path.startsWith('recordings/')) {
        this.fail(`a recording that is none: ${path}`);
        return;
      }
    }
    this.#manifest = manifest;
  }
}

const isNoSpace = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === 'ENOSPC';
