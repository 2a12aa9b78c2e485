// Files that a power cut leaves either as they were or as they are to be: written beside, made safe, and put in place at once.
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What has been done when the next thing is about to be; tests end the process there. */
export type DurableStep = 'written' | 'synced' | 'renamed' | 'folderSynced';

export interface DurableOptions {
  mode?: number;
  step?: ((step: DurableStep) => void | Promise<void>) | undefined;
}

/** Where a file is written before it is put in place: one that is found there after a crash means nothing. */
export function besideOf(path: string): string {
  return `${path}.new`;
}

/** `write` fills the new file; when it rejects nothing has changed. */
export async function writeDurable<T>(
  path: string,
  write: (file: FileHandle) => Promise<T>,
  options: DurableOptions = {},
): Promise<T> {
  const beside = besideOf(path);
  const step = options.step ?? (() => undefined);
  let result: T;
  const file = await open(beside, 'w', options.mode ?? 0o640);
  try {
    try {
      result = await write(file);
      await step('written');
      await file.sync();
      await step('synced');
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await step('renamed');
  await syncFolder(dirname(path));
  await step('folderSynced');
  return result;
}

/** Names in a folder are on the disk only when the folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes files for good; one that is not there is no matter. */
export async function removeDurable(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    await syncFolder(folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  }
}
