// When an older version comes back, its own data come back with it. A newer version that changes the form of the database or of the
// settings keeps a copy of either as it was (db/migrate.ts, config/migrations.ts). Before the service starts, the older version looks
// whether it can read what is there; if not, the newest copy that it can read takes its place. What the newer version wrote is kept.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { planRestore } from '../config/index.js';
import { unknownSteps } from '../db/index.js';
import { AppError } from '../platform/index.js';

export interface OlderDataOptions {
  home: string;
  /** of the settings, that this version reads */
  settingsVersion: number;
  nowMs: number;
  unknownSteps?: (file: string) => Promise<string[]>;
}

/** Names what comes back at the start that follows; empty: all is well as it is. AppError update_no_way_back. */
export async function bringBackOlderData(options: OlderDataOptions): Promise<string[]> {
  const { home, settingsVersion, nowMs } = options;
  // A restore that was begun is ended first; it may well be this one.
  if (existsSync(join(home, 'restore.json'))) return [];
  for (const name of readdirSync(home).filter((one) => one.startsWith('older-')))
    rmSync(join(home, name), { recursive: true, force: true });
  const settingsFile = join(home, 'settings.json');
  const settings = readJson(settingsFile);
  const copies: { name: string; from: string; to: string }[] = [];
  const version = settings['version'];
  if (typeof version === 'number' && version > settingsVersion) {
    const from = `${settingsFile}.v${settingsVersion}`;
    if (!existsSync(from)) throw new AppError('update_no_way_back', { file: settingsFile });
    copies.push({ name: 'settings.json', from, to: settingsFile });
  }
  const database = resolve(home, databaseName(settings));
  const older = await olderDatabase(database, options.unknownSteps ?? unknownSteps);
  if (older !== undefined) copies.push({ name: 'database.sqlite', from: older, to: database });
  if (copies.length === 0) return [];

  const staging = mkdtempSync(join(home, 'older-'));
  const kept = join(home, `newer-${new Date(nowMs).toISOString().replace(/[-:]/g, '').slice(0, 15)}`);
  for (const { name, from } of copies) copyFileSync(from, join(staging, name));
  const moves = copies.map(({ name, to }) => ({ from: join(staging, name), to, kept: join(kept, basename(to)) }));
  // What the newer one had not yet taken over belongs to the newer one.
  const ofNewer = (older === undefined ? [] : ['-wal', '-shm']).map((end) => ({
    from: '',
    to: database + end,
    kept: join(kept, basename(database) + end),
  }));
  planRestore(home, { name: 'update', staging, moves: [...ofNewer, ...moves] });
  return copies.map(({ from }) => from);
}

/** The newest copy that this version can read; undefined: it can read what is there. */
async function olderDatabase(
  database: string,
  unknown: (file: string) => Promise<string[]>,
): Promise<string | undefined> {
  if (!existsSync(database)) return undefined;
  // Not readable at all: the box itself knows what to do then.
  const newer = await unknown(database).catch(() => []);
  if (newer.length === 0) return undefined;
  const folder = join(dirname(database), 'backups');
  const copies = existsSync(folder) ? readdirSync(folder) : [];
  // <file>.<time>.before-<step>: the time sorts.
  const candidates = copies.filter((name) => name.startsWith(`${basename(database)}.`) && name.includes('.before-'));
  for (const name of candidates.sort().reverse()) {
    const file = join(folder, name);
    const found = await unknown(file).catch(() => undefined);
    if (found?.length === 0) return file;
  }
  throw new AppError('update_no_way_back', { file: database });
}

function databaseName(settings: Record<string, unknown>): string {
  const database = settings['database'];
  const file = typeof database === 'object' && database !== null ? (database as Record<string, unknown>)['file'] : '';
  return typeof file === 'string' && file !== '' ? file : 'cordboard.sqlite';
}

function readJson(file: string): Record<string, unknown> {
  if (!existsSync(file)) return {};
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
