// Back-ups on demand and by the clock, in one folder or two; and the way back. One piece of work at a time.
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import {
  checkSettings,
  forgetRestore,
  pendingRestore,
  planRestore,
  readSettingsFile,
  writeWhole,
  type Config,
} from '../config/index.js';
import {
  BackupName,
  BackupPlanPut,
  type Backup,
  type BackupCheck,
  type BackupCreate,
  type BackupJob,
  type BackupManifest,
  type BackupState,
  type Language,
} from '../contract/index.js';
import { ZoneClock } from '../calendar/index.js';
import { AppError, errorText, isAppError, type Clock, type Log, type Timer } from '../platform/index.js';
import { ROOTS, enoughSpace, makeArchive, noSpace, readArchive, type Progress } from './archive-file.js';

export interface BackupServiceOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  version: string;
  /** Writes a whole and consistent copy of the database to a file that is not there. */
  copyDatabase(file: string): Promise<void>;
  clock: Clock;
  log: Log;
}

const InBoth = z.strictObject({ en: z.string(), zh: z.string() });
const Plan = BackupPlanPut.extend({
  passphrase: z.string().default(''),
  /** when the hour was chosen: what was due before is not made up for */
  since: z.number().default(0),
  last: z
    .strictObject({
      at: z.number(),
      ok: z.boolean(),
      problem: z.union([InBoth, z.string().transform((text) => ({ en: text, zh: text }))]),
    })
    .nullable()
    .default(null),
});
type Plan = z.infer<typeof Plan>;
const NO_PLAN: Plan = {
  ...{ enabled: false, hour: 3, keep: 14, secondFolder: '', recordings: false, passphrase: '', since: 0, last: null },
};
const LOOK_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NO_PROBLEM = { en: '', zh: '' };

export class BackupService {
  readonly #options: BackupServiceOptions;
  #plan: Plan = NO_PLAN;
  #job: BackupJob | undefined;
  #timer: Timer | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #byTheClock: Promise<void> = Promise.resolve();
  readonly #zone: ZoneClock;

  constructor(options: BackupServiceOptions) {
    this.#options = options;
    this.#zone = new ZoneClock(options.config.settings.timeZone);
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    if (existsSync(this.#planFile)) this.#plan = Plan.parse(JSON.parse(readFileSync(this.#planFile, 'utf8')));
    // Of work that a stop has cut off.
    for (const name of await readdir(this.#folder)) {
      if (name.endsWith('.part') || name.startsWith('making-'))
        await rm(join(this.#folder, name), { recursive: true, force: true });
    }
    this.#look();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.idle();
  }

  /** Resolves when what is being done is done. */
  async idle(): Promise<void> {
    await Promise.all([this.#byTheClock, this.#running.catch(() => undefined)]);
  }

  async state(language: Language = 'en'): Promise<BackupState> {
    const { passphrase, since: _since, last, ...plan } = this.#plan;
    return {
      folder: this.#folder,
      backups: await this.#list(),
      plan: { ...plan, hasPassphrase: passphrase !== '' },
      job: this.#job === undefined ? null : { ...this.#job },
      last: last === null ? null : { ...last, problem: language === 'en' ? last.problem.en : last.problem.zh },
      restoring: pendingRestore(this.#options.config.home)?.name ?? null,
    };
  }

  get lastAt(): number | undefined {
    return this.#newest;
  }

  /** The last one that was to be made by the clock was not. */
  get failed(): boolean {
    return this.#plan.enabled && this.#plan.last?.ok === false;
  }
  #newest: number | undefined;

  /** backup_plan_invalid */
  async setPlan({ passphrase, ...plan }: z.infer<typeof BackupPlanPut>): Promise<void> {
    const before = this.#plan;
    const sameHour = before.enabled && plan.enabled && before.hour === plan.hour;
    const since = sameHour ? before.since : this.#options.clock.wallMs();
    const next = { ...before, ...plan, since, passphrase: passphrase ?? before.passphrase };
    if (next.enabled && next.passphrase === '') throw new AppError('backup_no_passphrase');
    if (next.secondFolder !== '') {
      const folder = next.secondFolder;
      const usable =
        isAbsolute(folder) &&
        (await stat(folder)
          .then((one) => one.isDirectory())
          .catch(() => false));
      if (!usable) throw new AppError('backup_folder_missing', { folder });
    }
    this.#plan = next;
    this.#keepPlan();
  }

  /** Answers when it is made. backup_busy, backup_no_space */
  create({ passphrase, recordings }: BackupCreate): Promise<Backup> {
    return this.#work('create', async (progress) => {
      const name = await this.#freeName();
      await this.#make(join(this.#folder, name), passphrase, recordings, progress);
      await this.#toSecond(name);
      return this.#find(name);
    });
  }

  /** backup_not_found */
  async fileOf(name: string): Promise<string> {
    for (const folder of this.#folders) {
      const file = join(folder, BackupName.parse(name));
      if (existsSync(file)) return file;
    }
    throw new AppError('backup_not_found', { name });
  }

  /** Of a file from elsewhere. backup_exists */
  async put(name: string, file: Buffer): Promise<Backup> {
    const target = join(this.#folder, name);
    if (existsSync(target)) throw new AppError('backup_exists', { name });
    await enoughSpace(this.#folder, file.length);
    writeFileSync(`${target}.part`, file, { mode: 0o600, flush: true });
    await rename(`${target}.part`, target);
    return this.#find(name);
  }

  async remove(name: string): Promise<void> {
    await this.fileOf(name);
    for (const folder of this.#folders) await rm(join(folder, name), { force: true });
  }

  /** Reads all of it. backup_not_found, backup_passphrase_wrong, backup_damaged, backup_busy */
  verify(name: string, passphrase: string): Promise<BackupCheck> {
    return this.#work('verify', async (progress) => {
      const file = await this.fileOf(name);
      return this.#check(name, await readArchive(file, name, passphrase, progress));
    });
  }

  /** Lays everything ready; it takes effect at the next start. As verify, and backup_no_space. */
  restore(name: string, passphrase: string): Promise<BackupCheck> {
    return this.#work('restore', async (progress) => {
      const { home } = this.#options.config;
      const file = await this.fileOf(name);
      this.#forgetPending();
      await enoughSpace(home, 2 * (await stat(file)).size);
      const staging = await mkdtemp(join(home, 'restore-'));
      try {
        const manifest = await readArchive(file, name, passphrase, progress, staging);
        planRestore(home, { name, staging, moves: this.#moves(manifest, staging) });
        this.#options.log.warn({ backup: name }, 'a back-up takes effect at the next start');
        return this.#check(name, manifest);
      } catch (error) {
        await rm(staging, { recursive: true, force: true });
        throw error;
      }
    });
  }

  /** As if it had not been asked for. */
  cancelRestore(): void {
    this.#forgetPending();
  }

  #forgetPending(): void {
    const { home } = this.#options.config;
    const pending = pendingRestore(home);
    if (pending === undefined) return;
    forgetRestore(home);
    void rm(pending.staging, { recursive: true, force: true });
  }

  /** By the settings that are restored, which may name other places than those in force. settings_invalid */
  #moves(manifest: BackupManifest, staging: string): { from: string; to: string; kept: string }[] {
    const { config, env, clock } = this.#options;
    const own = join(staging, 'settings.json');
    const settings = existsSync(own) ? checkSettings(readSettingsFile(own), env) : config.settings;
    const places: Record<string, string> = {
      ...this.#places(),
      'database.sqlite': resolve(config.home, settings.database.file),
      prompts: resolve(config.home, settings.prompts.folder),
      recordings: resolve(config.home, settings.recordings.folder),
    };
    const kept = join(config.home, `before-restore-${stamp(clock.wallMs())}`);
    const roots = new Set(manifest.files.map(({ path }) => path.split('/')[0] ?? ''));
    const moves = [...roots].map((root) => ({
      from: join(staging, root),
      to: places[root] ?? join(config.home, root),
      kept: join(kept, root),
    }));
    // What the old database had not yet taken over belongs to the old one.
    const database = places['database.sqlite'] ?? '';
    const wal = ['-wal', '-shm'].map((end) => ({
      from: '',
      to: database + end,
      kept: join(kept, `database.sqlite${end}`),
    }));
    return [...wal, ...moves];
  }

  #places(): Record<string, string> {
    const { home, promptsFolder, recordingsFolder, settingsFile } = this.#options.config;
    return {
      ...Object.fromEntries(Object.keys(ROOTS).map((root) => [root, join(home, root)])),
      'settings.json': settingsFile,
      prompts: promptsFolder,
      recordings: recordingsFolder,
    };
  }

  async #make(target: string, passphrase: string, recordings: boolean, progress: Progress): Promise<void> {
    const { config, clock, version, copyDatabase } = this.#options;
    const staging = await mkdtemp(join(this.#folder, 'making-'));
    const copy = await mkdtemp(join(this.#folder, 'making-'));
    try {
      await enoughSpace(this.#folder, 2 * (await stat(config.databaseFile)).size);
      const database = join(copy, 'database.sqlite');
      await copyDatabase(database).catch(async (error: unknown) => {
        if (!/SQLITE_FULL|ENOSPC/.test(errorText(error))) throw error;
        throw noSpace(this.#folder, (await stat(config.databaseFile)).size, 0);
      });
      const { recordings: sound, ...others } = this.#places();
      const sources = { ...others, 'database.sqlite': database, ...(recordings && sound ? { recordings: sound } : {}) };
      await makeArchive({
        ...{ target, staging, sources, passphrase, progress },
        // What is being recorded is no file yet.
        skip: (path) => path === 'recordings/journal' || path.endsWith('.part') || path.endsWith('.new'),
        about: { createdAt: clock.wallMs(), version, host: hostname() },
      });
    } finally {
      await rm(staging, { recursive: true, force: true });
      await rm(copy, { recursive: true, force: true });
    }
  }

  async #toSecond(name: string): Promise<void> {
    const { secondFolder } = this.#plan;
    if (secondFolder === '') return;
    const target = join(secondFolder, name);
    await enoughSpace(secondFolder, (await stat(join(this.#folder, name))).size);
    await copyFile(join(this.#folder, name), `${target}.part`);
    await rename(`${target}.part`, target);
  }

  async #prune(): Promise<void> {
    for (const folder of this.#folders) {
      const names = await backupsIn(folder);
      for (const name of names.slice(this.#plan.keep)) await rm(join(folder, name), { force: true });
    }
  }

  #look(): void {
    this.#timer = this.#options.clock.after(LOOK_MS, () => this.#look());
    this.#byTheClock = this.#byClock().catch((error: unknown) =>
      this.#options.log.error({ err: error }, 'the back-up by the clock failed'),
    );
  }

  async #byClock(): Promise<void> {
    this.#newest = (await this.#list())[0]?.createdAt;
    const { passphrase, recordings } = this.#plan;
    const at = this.#options.clock.wallMs();
    if (!this.#isDue(at) || this.#job !== undefined) return;
    const failure: { error?: unknown } = {};
    await this.create({ passphrase, recordings }).catch((error: unknown) => (failure.error = error));
    // Also after one that reached the first folder and not the second: else these would pile up day by day.
    await this.#prune();
    const problem = 'error' in failure ? inBothLanguages(failure.error) : NO_PROBLEM;
    this.#plan = { ...this.#plan, last: { at, ok: !('error' in failure), problem } };
    this.#keepPlan();
    if ('error' in failure) throw failure.error;
  }

  /** Once a day, by the clock of the box; later when the box was off at that hour, and once more an hour after a failure. */
  #isDue(at: number): boolean {
    const { enabled, hour, since, last } = this.#plan;
    if (!enabled) return false;
    const wall = this.#zone.wallOf(at);
    const today = wall - (wall % DAY_MS) + hour * HOUR_MS;
    const due = [today, today - DAY_MS].map((one) => this.#instantOf(one)).find((instant) => instant <= at) ?? at;
    if (since > due) return false;
    if (last === null || last.at < due) return true;
    return !last.ok && at - last.at >= HOUR_MS;
  }

  /** An hour that the clocks leave out is the next one. */
  #instantOf(wall: number): number {
    return this.#zone.instantsOf(wall)[0] ?? this.#zone.instantsOf(wall + HOUR_MS)[0] ?? wall;
  }

  async #work<T>(kind: BackupJob['kind'], work: (progress: Progress) => Promise<T>): Promise<T> {
    if (this.#job !== undefined) throw new AppError('backup_busy');
    const job: BackupJob = { kind, startedAt: this.#options.clock.wallMs(), doneBytes: 0, totalBytes: 0 };
    this.#job = job;
    const running = work((doneBytes, totalBytes) => Object.assign(job, { doneBytes, totalBytes }));
    this.#running = running;
    try {
      return await running;
    } finally {
      this.#job = undefined;
    }
  }

  #check(name: string, manifest: BackupManifest): BackupCheck {
    const { files, format: _format, ...about } = manifest;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { name, ...about, files: files.length, bytes, replaces: manifest.parts };
  }

  async #list(): Promise<Backup[]> {
    const found = new Map<string, Backup>();
    for (const [index, folder] of this.#folders.entries()) {
      for (const name of await backupsIn(folder)) {
        const { size } = await stat(join(folder, name));
        const known = found.get(name) ?? { name, createdAt: timeOf(name), bytes: size, places: [] };
        known.places.push(index === 0 ? 'first' : 'second');
        found.set(name, known);
      }
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? 1 : -1));
  }

  async #find(name: string): Promise<Backup> {
    const found = (await this.#list()).find((one) => one.name === name);
    if (found === undefined) throw new AppError('backup_not_found', { name });
    this.#newest = Math.max(this.#newest ?? 0, found.createdAt);
    return found;
  }

  async #freeName(): Promise<string> {
    const base = `cordboard-${stamp(this.#options.clock.wallMs())}`;
    for (let i = 0; ; i += 1) {
      const name = `${base}${i === 0 ? '' : `-${i}`}.cbk`;
      if (!this.#folders.some((folder) => existsSync(join(folder, name)))) return Promise.resolve(name);
    }
  }

  #keepPlan(): void {
    writeWhole(this.#planFile, JSON.stringify(this.#plan));
  }

  get #folder(): string {
    return join(this.#options.config.home, 'backups', 'box');
  }

  get #folders(): string[] {
    return this.#plan.secondFolder === '' ? [this.#folder] : [this.#folder, this.#plan.secondFolder];
  }

  /** With the passphrase in it: the owner's alone, and never in a back-up. */
  get #planFile(): string {
    return join(this.#options.config.home, 'backup-plan.json');
  }
}

function inBothLanguages(error: unknown): { en: string; zh: string } {
  if (isAppError(error)) return { en: error.text('en'), zh: error.text('zh-CN') };
  const text = errorText(error);
  return { en: text, zh: text };
}

/** Newest first; none where the folder is away. */
async function backupsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .filter((name) => BackupName.safeParse(name).success)
    .sort()
    .reverse();
}

function stamp(ms: number): string {
  return `${new Date(ms).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
}

function timeOf(name: string): number {
  const [, y, mo, d, h, mi, s] = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name) ?? [];
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
}
