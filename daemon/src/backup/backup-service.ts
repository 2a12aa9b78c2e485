// Back-ups on demand and by the clock, in the box and wherever else they go; and the way back. One piece of work at a time; what is sent to
// places goes on beside it (place-desk.ts).
//
// long because: making, trying and restoring share one job, one plan and the places
import { copyFile, link, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  checkSettings,
  forgetRestore,
  pendingRestore,
  planRestore,
  readSettingsFile,
  type Config,
} from '../config/index.js';
import {
  BackupName,
  type Backup,
  type BackupCheck,
  type BackupCreate,
  type BackupJob,
  type BackupManifest,
  type BackupPlacePut,
  type BackupPlanPut,
  type BackupState,
  type Language,
} from '../contract/index.js';
import { ZoneClock } from '../calendar/index.js';
import { AppError, errorText, isAppError, type Clock, type Log, type Timer } from '../platform/index.js';
import { ROOTS, digestOf, enoughSpace, makeArchive, noSpace, readArchive, type Progress } from './archive-file.js';
import { BoxKey } from './box-key.js';
import { PlaceDesk, forgetRecordings, keepRecordings, madeHere } from './place-desk.js';
import { inParallel, type Store } from './places/store.js';
import { NO_PROBLEM, PlanFile, inBothLanguages, inOne, type Trial } from './plan-file.js';
import { RecordingVault, VAULT_KEY, fetchRecording, readKey } from './recording-vault.js';
import { tryRestore, type TrialOptions } from './trial-restore.js';

export interface BackupServiceOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  version: string;
  /** Writes a whole and consistent copy of the database to a file that is not there. */
  copyDatabase(file: string): Promise<void>;
  /** Looks into such a copy, with `check` at every page. */
  inspectDatabase: TrialOptions['inspect'];
  /** where /dev and /proc begin */
  systemRoot?: string | undefined;
  clock: Clock;
  log: Log;
}

const LOOK_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BOX = 'box';
const AT_ONCE = 4;

/** Where a back-up is taken from besides the box: a place that is kept, or one that is only written down. */
export type BackupSource = string | BackupPlacePut;

export class BackupService {
  readonly places: PlaceDesk;
  readonly #options: BackupServiceOptions;
  readonly #file: PlanFile;
  readonly #vault: RecordingVault;
  readonly #key: BoxKey;
  #job: BackupJob | undefined;
  #timer: Timer | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #byTheClock: Promise<void> = Promise.resolve();
  readonly #zone: ZoneClock;

  /** Throws when the file of the plan cannot be read. */
  constructor(options: BackupServiceOptions) {
    this.#options = options;
    const { config, clock, log, systemRoot = '/' } = options;
    this.#zone = new ZoneClock(config.settings.timeZone);
    this.#file = new PlanFile(config.home);
    this.#vault = new RecordingVault(config.home, config.recordingsFolder);
    this.#key = new BoxKey(config.home);
    this.places = new PlaceDesk({
      ...{ folder: this.#folder, plan: this.#file, vault: this.#vault, key: this.#key, clock, log, systemRoot },
    });
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // Of work that a stop has cut off.
    for (const name of await readdir(this.#folder)) {
      if (name.endsWith('.part') || name.startsWith('making-'))
        await rm(join(this.#folder, name), { recursive: true, force: true });
    }
    await this.#tellNewest();
    this.#look();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await Promise.all([this.places.stop(), this.#byTheClock, this.#running.catch(() => undefined)]);
  }

  /** Resolves when what is being done is done, and sent. */
  async idle(): Promise<void> {
    await Promise.all([this.#byTheClock, this.#running.catch(() => undefined)]);
    await this.places.idle();
  }

  async state(language: Language = 'en'): Promise<BackupState> {
    const { passphrase, last, trial, enabled, hour, keep, trialDays } = this.#file.plan;
    return {
      folder: this.#folder,
      backups: await this.#list(),
      plan: { enabled, hour, keep, trialDays, hasPassphrase: passphrase !== '' },
      places: this.places.list(language),
      trial: trial === null ? null : inOne(trial, language),
      publicKey: this.#key.publicKey,
      job: this.#job === undefined ? null : { ...this.#job },
      last: last === null ? null : inOne(last, language),
      restoring: pendingRestore(this.#options.config.home)?.name ?? null,
    };
  }

  get lastAt(): number | undefined {
    return this.#newest;
  }

  /** The last one that was to be made by the clock was not, has not arrived everywhere, or could not be restored on trial. */
  get failed(): boolean {
    const { enabled, last, trial } = this.#file.plan;
    return (enabled && last?.ok === false) || this.places.failed || trial?.ok === false;
  }
  #newest: number | undefined;

  /** backup_no_passphrase */
  async setPlan({ passphrase, ...plan }: BackupPlanPut): Promise<void> {
    const before = this.#file.plan;
    const sameHour = before.enabled && plan.enabled && before.hour === plan.hour;
    const since = sameHour ? before.since : this.#options.clock.wallMs();
    const next = { ...plan, since, passphrase: passphrase ?? before.passphrase };
    if (next.enabled && next.passphrase === '') throw new AppError('backup_no_passphrase');
    this.#file.change(next);
    return Promise.resolve();
  }

  /** Answers when it is made; it goes to its places after that. backup_busy, backup_no_space */
  create({ passphrase, recordings }: BackupCreate): Promise<Backup> {
    return this.#work('create', async (progress) => {
      const name = await this.#freeName();
      const beside = recordings || !this.places.wantRecordings ? undefined : await this.#vault.look(notYetWhole);
      if (beside !== undefined) await this.#vault.key();
      await this.#make(join(this.#folder, name), passphrase, recordings, beside, progress);
      await keepRecordings(this.#folder, name, beside ?? []);
      await this.#tellNewest();
      this.places.sendDue();
      return this.#find(name);
    });
  }

  /** In the box; brought there from a place where it is only there. backup_not_found, as the places */
  async fileOf(name: string, from?: BackupSource): Promise<string> {
    const file = join(this.#folder, BackupName.parse(name));
    if (existsSync(file)) return file;
    const [source] = from === undefined || from === BOX ? this.places.having(name) : [from];
    if (source === undefined) throw new AppError('backup_not_found', { name });
    const store = await this.#open(source);
    try {
      await rm(`${file}.part`, { force: true });
      await store.get(name, `${file}.part`);
      await rename(`${file}.part`, file);
      return file;
    } catch (error) {
      await rm(`${file}.part`, { force: true });
      throw isAppError(error, 'backup_place_gone') ? new AppError('backup_not_found', { name }) : error;
    } finally {
      await store.close();
    }
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

  /** From the box and from every place. backup_not_found; the error of a place that cannot be reached, when the others are done */
  async remove(name: string): Promise<void> {
    await this.#find(name);
    await rm(join(this.#folder, BackupName.parse(name)), { force: true });
    await forgetRecordings(this.#folder, name);
    await this.#tellNewest();
    await this.places.removeBackup(name);
  }

  /**
   * Restores it on trial, into a folder of its own, and keeps what came of it. backup_not_found, backup_passphrase_wrong, backup_damaged,
   * backup_trial_…, backup_busy, as the places
   */
  verify(name: string, passphrase: string, place?: string): Promise<BackupCheck> {
    return this.#work('verify', (progress) => this.#tryOne(name, passphrase, place ?? BOX, progress));
  }

  async #tryOne(name: string, passphrase: string, place: string, progress: Progress): Promise<BackupCheck> {
    const { clock, inspectDatabase: inspect } = this.#options;
    const local = join(this.#folder, BackupName.parse(name));
    const from = place === BOX && !existsSync(local) ? (this.places.having(name)[0] ?? BOX) : place;
    const keep = (trial: Trial): void => {
      if (from === BOX) this.#file.change({ trial });
      else this.#file.changePlace(from, { trial });
    };
    const nothing = { files: 0, tables: 0, rows: 0, recordings: 0 };
    const fetched = await mkdtemp(join(this.#folder, 'making-'));
    let store: Store | undefined;
    try {
      store = from === BOX ? undefined : await this.places.open(from);
      const file = store === undefined ? local : join(fetched, name);
      if (store === undefined && !existsSync(file)) throw new AppError('backup_not_found', { name });
      await store?.get(name, file);
      const tried = await tryRestore({ file, name, passphrase, folder: fetched, store, inspect, progress });
      const { manifest, tables, rows, recordings } = tried;
      const outcome = { at: clock.wallMs(), ok: true, name, files: manifest.files.length, tables, rows, recordings };
      keep({ ...outcome, problem: NO_PROBLEM });
      return this.#check(name, manifest, { ...outcome, problem: '' });
    } catch (error) {
      // That somebody mistyped says nothing of the back-up.
      if (!isAppError(error, 'backup_passphrase_wrong') && !isAppError(error, 'backup_not_found'))
        keep({ at: clock.wallMs(), ok: false, problem: inBothLanguages(error), name, ...nothing });
      throw error;
    } finally {
      await store?.close();
      await rm(fetched, { recursive: true, force: true });
    }
  }

  /** Lays everything ready; it takes effect at the next start. As verify, and backup_no_space. */
  restore(name: string, passphrase: string, from?: BackupSource): Promise<BackupCheck> {
    return this.#work('restore', async (progress) => {
      const { home } = this.#options.config;
      const file = await this.fileOf(name, from);
      this.#forgetPending();
      await enoughSpace(home, 2 * (await stat(file)).size);
      const staging = await mkdtemp(join(home, 'restore-'));
      try {
        const manifest = await readArchive(file, name, passphrase, progress, staging);
        const withSound = await this.#restoreRecordings(manifest, staging, name, from);
        const moves = this.#moves(manifest, staging, withSound ? ['recordings'] : []);
        planRestore(home, { name, staging, moves });
        this.#options.log.warn({ backup: name }, 'a back-up takes effect at the next start');
        const { replaces, ...check } = this.#check(name, manifest, null);
        return { ...check, replaces: withSound ? [...replaces, 'recordings' as const] : replaces };
      } catch (error) {
        await rm(staging, { recursive: true, force: true });
        throw error;
      }
    });
  }

  /** What was in the place beside it, from there or from what is here and the same. False: there is none, or nobody has it. */
  async #restoreRecordings(
    { recordings = [] }: BackupManifest,
    staging: string,
    name: string,
    from: BackupSource | undefined,
  ): Promise<boolean> {
    if (recordings.length === 0) return false;
    const [source] = from === undefined || from === BOX ? this.places.having(name) : [from];
    if (source === undefined) return false;
    const bytes = recordings.reduce((sum, one) => sum + one.bytes, 0);
    await enoughSpace(staging, bytes);
    const key = readKey(join(staging, VAULT_KEY));
    const { recordingsFolder, home } = this.#options.config;
    const store = await this.#open(source);
    let missing = 0;
    try {
      await mkdir(join(staging, 'recordings'), { recursive: true, mode: 0o700 });
      await inParallel(recordings, AT_ONCE, async (one) => {
        const target = join(staging, one.path);
        const here = join(resolve(home, recordingsFolder), one.path.slice('recordings/'.length));
        const same = (await digestOf(here).catch(() => undefined))?.sha256 === one.sha256;
        if (same) {
          await mkdir(dirname(target), { recursive: true, mode: 0o700 });
          await link(here, target).catch(() => copyFile(here, target));
          return;
        }
        await fetchRecording(store, key, one, target).catch((error: unknown) => {
          if (!isAppError(error, 'backup_place_gone') && !isAppError(error, 'backup_damaged')) throw error;
          missing += 1;
        });
      });
    } finally {
      await store.close();
    }
    if (missing > 0) this.#options.log.warn({ backup: name, missing }, 'recordings of a back-up are not in its place');
    return true;
  }

  #open(source: BackupSource): Promise<Store> {
    return typeof source === 'string'
      ? this.places.open(source)
      : this.places.openDraft(source).then(({ store }) => store);
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
  #moves(
    manifest: BackupManifest,
    staging: string,
    more: readonly string[],
  ): { from: string; to: string; kept: string }[] {
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
    const roots = new Set([...manifest.files.map(({ path }) => path.split('/')[0] ?? ''), ...more]);
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

  async #make(
    target: string,
    passphrase: string,
    recordings: boolean,
    beside: BackupManifest['recordings'],
    progress: Progress,
  ): Promise<void> {
    const { config, clock, version, copyDatabase, inspectDatabase } = this.#options;
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
        skip: notYetWhole,
        about: {
          ...{ createdAt: clock.wallMs(), version, host: hostname() },
          counts: (await inspectDatabase(database, false)).counts,
          ...(beside === undefined ? {} : { recordings: beside }),
        },
      });
    } finally {
      await rm(staging, { recursive: true, force: true });
      await rm(copy, { recursive: true, force: true });
    }
  }

  async #prune(): Promise<void> {
    for (const name of (await backupsIn(this.#folder)).slice(this.#file.plan.keep)) {
      await rm(join(this.#folder, name), { force: true });
      await forgetRecordings(this.#folder, name);
    }
  }

  async #tellNewest(): Promise<void> {
    this.places.newestMade = (await backupsIn(this.#folder)).find((name) => madeHere(this.#folder, name));
  }

  #look(): void {
    this.#timer = this.#options.clock.after(LOOK_MS, () => this.#look());
    this.#byTheClock = this.#byClock().catch((error: unknown) =>
      this.#options.log.error({ err: error }, 'the back-up by the clock failed'),
    );
  }

  async #byClock(): Promise<void> {
    this.#newest = (await this.#list())[0]?.createdAt;
    this.places.sendDue();
    const at = this.#options.clock.wallMs();
    if (this.#job !== undefined) return;
    if (!this.#isDue(at)) return this.#tryDue(at);
    const failure: { error?: unknown } = {};
    const { passphrase } = this.#file.plan;
    await this.create({ passphrase, recordings: false }).catch((error: unknown) => (failure.error = error));
    await this.#prune();
    const problem = 'error' in failure ? inBothLanguages(failure.error) : NO_PROBLEM;
    this.#file.change({ last: { at, ok: !('error' in failure), problem } });
    if ('error' in failure) throw failure.error;
  }

  /** One at a time: whose newest back-up has not been restored on trial for so many days. */
  async #tryDue(at: number): Promise<void> {
    const { trialDays, passphrase, trial, places } = this.#file.plan;
    if (trialDays === 0 || passphrase === '') return;
    const [local] = (await backupsIn(this.#folder)).filter((name) => madeHere(this.#folder, name));
    const wanted = [
      { id: BOX, name: local, trial },
      ...places
        .filter(({ settings, nextAt }) => settings.enabled && nextAt === null)
        .map((one) => ({ id: one.id, name: one.backups[0]?.name, trial: one.trial })),
    ];
    const due = wanted.find(
      (one) => one.name !== undefined && (one.trial === null || at - one.trial.at >= trialDays * DAY_MS),
    );
    if (due?.name === undefined) return;
    try {
      await this.verify(due.name, passphrase, due.id);
    } catch (error) {
      // One that was made by hand may have another passphrase: it is not tried again and again.
      const outcome = {
        at,
        ok: true,
        problem: NO_PROBLEM,
        name: due.name,
        files: 0,
        tables: 0,
        rows: 0,
        recordings: 0,
      };
      if (!isAppError(error, 'backup_passphrase_wrong')) throw error;
      if (due.id === BOX) this.#file.change({ trial: trial ?? outcome });
      else this.#file.changePlace(due.id, { trial: due.trial ?? outcome });
    }
  }

  /** Once a day, by the clock of the box; later when the box was off at that hour, and once more an hour after a failure. */
  #isDue(at: number): boolean {
    const { enabled, hour, since, last } = this.#file.plan;
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

  #check(name: string, manifest: BackupManifest, trial: BackupCheck['trial']): BackupCheck {
    const { files, format: _format, counts: _counts, recordings = [], ...about } = manifest;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const check = { name, ...about, files: files.length, bytes, replaces: manifest.parts };
    return { ...check, recordings: recordings.length, trial };
  }

  async #list(): Promise<Backup[]> {
    const found = new Map<string, Backup>();
    for (const name of await backupsIn(this.#folder)) {
      const { size } = await stat(join(this.#folder, name));
      found.set(name, { name, createdAt: timeOf(name), bytes: size, places: [BOX] });
    }
    for (const { name, bytes } of this.places.known)
      if (!found.has(name)) found.set(name, { name, createdAt: timeOf(name), bytes, places: [] });
    for (const one of found.values()) one.places.push(...this.places.having(one.name));
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
      if (!existsSync(join(this.#folder, name))) return Promise.resolve(name);
    }
  }

  get #folder(): string {
    return join(this.#options.config.home, 'backups', 'box');
  }
}

/** What is being recorded is no file yet. */
const notYetWhole = (path: string): boolean =>
  path === 'recordings/journal' ||
  path.startsWith('recordings/journal/') ||
  path.endsWith('.part') ||
  path.endsWith('.new');

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
