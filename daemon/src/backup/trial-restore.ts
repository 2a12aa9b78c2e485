// A back-up is good when it can be restored: so it is, into a folder of its own, the database is opened and counted, and some of the
// recordings beside it are fetched.
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupManifest } from '../contract/index.js';
import { AppError, errorText, isAppError } from '../platform/index.js';
import { enoughSpace, readArchive, type Progress } from './archive-file.js';
import type { Store } from './places/store.js';
import { VAULT, VAULT_KEY, fetchRecording, objectName, readKey } from './recording-vault.js';
import { sealedBytes } from './sealed-stream.js';

export interface TrialOptions {
  file: string;
  name: string;
  passphrase: string;
  /** for a folder of the trial's own, removed at the end */
  folder: string;
  /** of the place that it is from, whose recordings are looked at; undefined: it has none */
  store: Store | undefined;
  inspect: (file: string, check: boolean) => Promise<{ problem: string | undefined; counts: Record<string, number> }>;
  progress: Progress;
}

export interface TrialResult {
  manifest: BackupManifest;
  tables: number;
  rows: number;
  recordings: number;
}

/** so many recordings are fetched; that the others are there and as long as they must be is seen in the list */
const FETCHED = 20;

/** backup_passphrase_wrong, backup_damaged, backup_trial_…, backup_no_space, as the store */
export async function tryRestore(options: TrialOptions): Promise<TrialResult> {
  const { file, name, passphrase, folder, store, inspect, progress } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await enoughSpace(folder, 2 * (await stat(file)).size);
  const staging = await mkdtemp(join(folder, 'making-'));
  try {
    const manifest = await readArchive(file, name, passphrase, progress, staging);
    const counts = await counted(join(staging, 'database.sqlite'), name, inspect);
    for (const [table, was] of Object.entries(manifest.counts ?? {})) {
      const is = counts[table] ?? 0;
      if (is !== was) throw new AppError('backup_trial_counts', { name, table, was, is });
    }
    const recordings = store === undefined ? 0 : await recordingsTried(store, manifest, name, staging);
    const rows = Object.values(counts).reduce((sum, one) => sum + one, 0);
    return { manifest, tables: Object.keys(counts).length, rows, recordings };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function counted(
  database: string,
  name: string,
  inspect: TrialOptions['inspect'],
): Promise<Record<string, number>> {
  const bad = (reason: string, cause?: unknown): AppError =>
    new AppError('backup_trial_database', { name, reason }, { cause });
  if (!existsSync(database)) throw bad('there is none');
  try {
    const { problem, counts } = await inspect(database, true);
    if (problem !== undefined) throw bad(problem);
    return counts;
  } catch (error) {
    throw isAppError(error) ? error : bad(errorText(error), error);
  }
}

/** What is damaged is removed, so that the next back-up sends it again. */
async function recordingsTried(
  store: Store,
  { recordings = [] }: BackupManifest,
  name: string,
  staging: string,
): Promise<number> {
  if (recordings.length === 0) return 0;
  const key = readKey(join(staging, VAULT_KEY));
  const there = new Map((await store.list(VAULT, true)).map((one) => [one.name, one.bytes]));
  const whole = recordings.filter(({ sha256, bytes }) => there.get(objectName(key, sha256)) === sealedBytes(bytes));
  let missing = recordings.length - whole.length;
  let tried = 0;
  // The newest ones: they have never been looked at.
  for (const one of [...whole].sort((a, b) => (a.path < b.path ? 1 : -1)).slice(0, FETCHED)) {
    const target = join(staging, 'recording');
    try {
      await fetchRecording(store, key, one, target);
      tried += 1;
    } catch (error) {
      if (!isAppError(error, 'backup_damaged') && !isAppError(error, 'backup_place_gone')) throw error;
      missing += 1;
      await store.remove(objectName(key, one.sha256));
    } finally {
      await rm(target, { force: true });
    }
  }
  if (missing > 0) throw new AppError('backup_trial_recordings', { name, missing, count: recordings.length });
  return tried;
}
