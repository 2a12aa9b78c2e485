// A folder of this machine as a place for back-ups: another disk, a share that is mounted, a USB disk.
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../platform/index.js';
import { placeReason } from './reason.js';
import type { Store, StoredFile } from './store.js';

/** `root`: is there already; `sub` under it is made. backup_place_folder */
export async function openFolder(root: string, sub = ''): Promise<Store> {
  const folder = sub === '' ? root : join(root, sub);
  try {
    if (!isAbsolute(root) || !(await stat(root)).isDirectory())
      throw Object.assign(new Error('no folder'), { code: 'ENOTDIR' });
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new AppError('backup_place_folder', { folder, reason: placeReason(error) }, { cause: error });
  }
  return new FolderStore(folder);
}

class FolderStore implements Store {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(folder: string, deep = false): Promise<StoredFile[]> {
    const at = join(this.#folder, folder);
    const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw this.#refused(folder, error);
    });
    const found: StoredFile[] = [];
    for (const entry of entries) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isFile()) found.push({ name, bytes: (await stat(join(at, entry.name))).size });
      else if (deep && entry.isDirectory()) found.push(...(await this.list(name, true)));
    }
    return found;
  }

  async put(name: string, file: string, progress?: (bytes: number) => void): Promise<void> {
    const target = join(this.#folder, name);
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await pipeline(
        createReadStream(file).map((chunk: Buffer) => counted(chunk, progress)),
        createWriteStream(`${target}.part`, { mode: 0o600, flush: true }),
      );
      await rename(`${target}.part`, target);
      const folder = await open(dirname(target), 'r');
      // Not every file system has it; a USB stick of the FAT kind has not.
      await folder
        .sync()
        .catch(() => undefined)
        .finally(() => folder.close());
    } catch (error) {
      await rm(`${target}.part`, { force: true }).catch(() => undefined);
      throw this.#refused(name, error);
    }
  }

  async get(name: string, file: string, progress?: (bytes: number) => void): Promise<void> {
    try {
      await pipeline(
        createReadStream(join(this.#folder, name)).map((chunk: Buffer) => counted(chunk, progress)),
        createWriteStream(file, { mode: 0o600, flags: 'wx', flush: true }),
      );
    } catch (error) {
      throw codeOf(error) === 'ENOENT' ? new AppError('backup_place_gone', { name }) : this.#refused(name, error);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true }).catch((error: unknown) => {
      throw this.#refused(name, error);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #refused(name: string, error: unknown): AppError {
    return new AppError(
      'backup_place_folder',
      { folder: join(this.#folder, name), reason: placeReason(error) },
      { cause: error },
    );
  }
}

function counted(chunk: Buffer, progress: ((bytes: number) => void) | undefined): Buffer {
  progress?.(chunk.length);
  return chunk;
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
