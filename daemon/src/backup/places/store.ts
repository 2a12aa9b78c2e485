// What is asked of a place for back-ups, whatever it is made of: names with / between folders, files that are there whole or not at all.
import type { AppError } from '../../platform/index.js';

export interface StoredFile {
  /** from the root of the place */
  name: string;
  bytes: number;
}

/** Each rejects with an AppError that says what a person can do: backup_place_…, backup_host_key_changed, backup_volume_missing. */
export interface Store {
  /** Plain files in `folder` ('' is the root), with `deep` those in its folders too; none where it is not there. */
  list(folder: string, deep?: boolean): Promise<StoredFile[]>;
  /** Under the name when all of it has arrived; replaces. */
  put(name: string, file: string, progress?: (bytes: number) => void): Promise<void>;
  /** To a file that is not there. backup_place_gone: there is no such name. */
  get(name: string, file: string, progress?: (bytes: number) => void): Promise<void>;
  /** Nothing where it is not there. */
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

export type StoreError = AppError<
  'backup_place_unreachable' | 'backup_place_refused' | 'backup_place_folder' | 'backup_place_gone'
>;

/** `work` for each, so many at once; the first error ends it when what is under way is done. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failure: { error?: unknown } = {};
  const lane = async (): Promise<void> => {
    while (next < items.length && !('error' in failure)) {
      const item = items[next++] as T;
      await work(item).catch((error: unknown) => (failure.error ??= error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  if ('error' in failure) throw failure.error;
}
