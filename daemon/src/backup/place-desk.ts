// The places that back-ups go to. Each is sent to by itself, with a state of its own: one that cannot be reached holds up no other.
//
//   made ──> due ──sending──> there          every minute: what is newest in the box and not there
//             ^        │
//             └─1, 5, 15, 60 min── failed
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  BackupName,
  BackupPlaceId,
  type BackupPlace,
  type BackupPlacePut,
  type BackupPlaceTested,
  type BackupVolume,
  type Language,
} from '../contract/index.js';
import { AppError, errorText, type Clock, type Log } from '../platform/index.js';
import type { BoxKey } from './box-key.js';
import { openPlace } from './places/open-place.js';
import type { Store } from './places/store.js';
import { mountedVolumes } from './places/volumes.js';
import { NO_PROBLEM, inBothLanguages, inOne, type KeptPlace, type PlanFile } from './plan-file.js';
import { VAULT, readRefs, refsName, writeRefs, type KeptRecording, type RecordingVault } from './recording-vault.js';

export interface PlaceDeskOptions {
  /** of the box's own back-ups */
  folder: string;
  plan: PlanFile;
  vault: RecordingVault;
  key: BoxKey;
  clock: Clock;
  log: Log;
  /** where /dev and /proc begin */
  systemRoot: string;
}

const MOST_PLACES = 8;
const AGAIN_AFTER_MS = [60_000, 5 * 60_000, 15 * 60_000, 3_600_000];
const STOP_MS = 5000;

export class PlaceDesk {
  readonly #options: PlaceDeskOptions;
  readonly #sending = new Map<string, { doneBytes: number; totalBytes: number; store?: Store; ended: Promise<void> }>();
  #stopped = false;

  constructor(options: PlaceDeskOptions) {
    this.#options = options;
  }

  get #places(): readonly KeptPlace[] {
    return this.#options.plan.plan.places;
  }

  list(language: Language): BackupPlace[] {
    return this.#places.map(({ id, settings, secret, last, nextAt, backups, recordings, trial }) => {
      const { secret: _secret, ...shown } = { secret: '', ...settings };
      const sending = this.#sending.get(id);
      return {
        ...{ id, settings: shown as BackupPlacePut, hasSecret: secret !== '', nextAt, recordings },
        last: last === null ? null : inOne(last, language),
        trial: trial === null ? null : inOne(trial, language),
        sending: sending === undefined ? null : { doneBytes: sending.doneBytes, totalBytes: sending.totalBytes },
        backups: backups.length,
      };
    });
  }

  /** Some place that is in use did not get what it was to get. */
  get failed(): boolean {
    return this.#places.some(({ settings, last }) => settings.enabled && last?.ok === false);
  }

  get wantRecordings(): boolean {
    return this.#places.some(({ settings }) => settings.enabled && settings.recordings);
  }

  /** Those that have a back-up, as far as is known. */
  having(name: string): string[] {
    return this.#places.filter(({ backups }) => backups.some((one) => one.name === name)).map(({ id }) => id);
  }

  get known(): { name: string; bytes: number }[] {
    return this.#places.flatMap(({ backups }) => backups);
  }

  /** backup_places_many */
  put(id: string, { secret, ...settings }: BackupPlacePut & { secret?: string | undefined }): void {
    const { plan } = this.#options;
    const before = this.#places.find((one) => one.id === id);
    if (before === undefined && this.#places.length >= MOST_PLACES)
      throw new AppError('backup_places_many', { most: MOST_PLACES });
    const same = before !== undefined && placeOf(before.settings) === placeOf(settings as BackupPlacePut);
    const place: KeptPlace = {
      ...{ id: BackupPlaceId.parse(id), settings: settings as BackupPlacePut, failures: 0, nextAt: null },
      ...{ last: before?.last ?? null, trial: same ? before.trial : null },
      backups: same ? before.backups : [],
      recordings: same ? before.recordings : null,
      // One that belongs to another server is not shown to this one.
      secret: secret ?? (same ? before.secret : ''),
    };
    plan.change({
      places:
        before === undefined ? [...this.#places, place] : this.#places.map((one) => (one.id === id ? place : one)),
    });
  }

  /** What is there stays there. backup_place_not_found */
  remove(id: string): void {
    this.#find(id);
    this.#options.plan.change({ places: this.#places.filter((one) => one.id !== id) });
  }

  /** Goes in, writes, reads back and removes. With `id`: the secret that is kept where none is given. As openPlace. */
  async test(draft: BackupPlacePut, id?: string): Promise<BackupPlaceTested> {
    const { store, hostKey } = await this.openDraft(draft, id);
    const folder = await mkdtemp(join(this.#options.folder, 'making-'));
    try {
      const text = `written ${this.#options.clock.wallMs()}\n`;
      await writeFile(join(folder, 'sent'), text);
      await store.put('cordboard-test', join(folder, 'sent'));
      await store.get('cordboard-test', join(folder, 'back'));
      await store.remove('cordboard-test');
      if ((await readFile(join(folder, 'back'), 'utf8')) !== text)
        throw new AppError('backup_place_folder', {
          folder: 'cordboard-test',
          reason: 'it reads otherwise than written',
        });
      return { hostKey, backups: (await backupsIn(store)).map(({ name }) => name) };
    } finally {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  volumes(): Promise<BackupVolume[]> {
    return mountedVolumes(this.#options.systemRoot);
  }

  openDraft(draft: BackupPlacePut, id?: string): Promise<{ store: Store; hostKey: string }> {
    const kept = this.#places.find((one) => one.id === id);
    const given = 'secret' in draft ? draft.secret : undefined;
    const same = kept !== undefined && placeOf(kept.settings) === placeOf(draft);
    return this.#open(draft, given ?? (same ? kept.secret : ''));
  }

  /** Of a place that is kept; its server's key is pinned when it is seen first. backup_place_not_found, as openPlace */
  async open(id: string): Promise<Store> {
    const { settings, secret } = this.#find(id);
    const { store, hostKey } = await this.#open(settings, secret);
    if (settings.kind === 'sftp' && settings.hostKey === '' && hostKey !== '')
      this.#options.plan.changePlace(id, { settings: { ...settings, hostKey } });
    return store;
  }

  /** Sends the newest back-up of the box to whoever has not got it and is not waiting for another try. */
  sendDue(): void {
    const { clock, folder } = this.#options;
    if (this.#stopped) return;
    for (const { id, settings, nextAt } of this.#places) {
      if (!settings.enabled || this.#sending.has(id) || (nextAt !== null && nextAt > clock.wallMs())) continue;
      const newest = this.#newestMade;
      if (newest === undefined || this.having(newest).includes(id) || !existsSync(join(folder, newest))) continue;
      const state = { doneBytes: 0, totalBytes: 0, ended: Promise.resolve() };
      this.#sending.set(id, state);
      state.ended = this.#send(id, newest).finally(() => this.#sending.delete(id));
    }
  }
  #newestMade: string | undefined;

  /** The newest back-up of this box that is in it: others do not travel by themselves. */
  set newestMade(name: string | undefined) {
    this.#newestMade = name;
  }

  /** At once, whatever it is waiting for. backup_place_not_found */
  sendNow(id: string): void {
    this.#find(id);
    this.#options.plan.changePlace(id, { nextAt: null });
    this.sendDue();
  }

  /** From every place that has it; rejects with the first place's error, when all have been asked. */
  async removeBackup(name: string): Promise<void> {
    const asked = await Promise.allSettled(
      this.having(name).map(async (id) => {
        const store = await this.open(id);
        try {
          await store.remove(name);
          await store.remove(refsName(name));
          await this.#look(id, store);
        } finally {
          await store.close();
        }
      }),
    );
    const failed = asked.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    await Promise.all([...this.#sending.values()].map(({ ended }) => ended));
  }

  /** What is being sent is cut off and sent after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { store } of this.#sending.values()) void store?.close().catch(() => undefined);
    const waited = new AbortController();
    await Promise.race([this.idle(), this.#options.clock.sleep(STOP_MS, waited.signal).catch(() => undefined)]);
    waited.abort();
  }

  async #send(id: string, name: string): Promise<void> {
    const { plan, clock, log } = this.#options;
    const failure: { error?: unknown } = {};
    try {
      const store = await this.open(id);
      const state = this.#sending.get(id);
      if (state !== undefined) state.store = store;
      try {
        await this.#deliver(this.#find(id), store, name);
        await this.#prune(this.#find(id), store, name);
      } finally {
        await store.close();
      }
    } catch (error) {
      failure.error = error;
    }
    const place = this.#places.find((one) => one.id === id);
    if (this.#stopped || place === undefined) return;
    const at = clock.wallMs();
    if (!('error' in failure)) {
      plan.changePlace(id, { last: { at, ok: true, problem: NO_PROBLEM }, failures: 0, nextAt: null });
      return;
    }
    const failures = place.failures + 1;
    const afterMs = AGAIN_AFTER_MS[Math.min(failures, AGAIN_AFTER_MS.length) - 1] ?? 0;
    log.warn({ place: id, failures, reason: errorText(failure.error) }, 'a back-up did not reach its place');
    plan.changePlace(id, {
      ...{ last: { at, ok: false, problem: inBothLanguages(failure.error) }, failures, nextAt: at + afterMs },
    });
  }

  /** Recordings first, the back-up that names them last: what is there is whole at any moment. */
  async #deliver({ id, settings }: KeptPlace, store: Store, name: string): Promise<void> {
    const { folder, vault } = this.#options;
    const file = join(folder, name);
    const recordings = settings.recordings ? await readKept(folder, name) : [];
    const state = this.#sending.get(id);
    const total = (await stat(file)).size + recordings.reduce((sum, { bytes }) => sum + bytes, 0);
    if (state !== undefined) state.totalBytes = total;
    const progress = (bytes: number): void => {
      if (state !== undefined) state.doneBytes = Math.min(state.doneBytes + bytes, total);
    };
    await mkdir(folder, { recursive: true });
    const staging = await mkdtemp(join(folder, 'making-'));
    try {
      const there = new Map((await store.list(VAULT, true)).map((one) => [one.name, one.bytes]));
      await vault.send(store, recordings, there, staging, progress);
      const refs = join(staging, 'refs');
      await writeRefs(refs, await vault.key(), recordings);
      await store.put(refsName(name), refs);
      await store.put(name, file, progress);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  /** Older back-ups than are kept go, and then the recordings that none of those left needs. */
  async #prune({ id, settings }: KeptPlace, store: Store, sent: string): Promise<void> {
    for (const { name } of (await backupsIn(store)).slice(settings.keep)) {
      if (name === sent) continue;
      // The back-up first: what is left of its list alone keeps nothing alive.
      await store.remove(name);
      await store.remove(refsName(name));
    }
    const kept = await backupsIn(store);
    const needed = await this.#needed(store, kept);
    const there = await store.list(VAULT, true);
    let left = there.length;
    if (needed !== undefined) {
      for (const { name } of there) {
        const digest = /([0-9a-f]{64})\.cbr$/.exec(name)?.[1];
        if (digest === undefined || needed.has(digest)) continue;
        await store.remove(name);
        left -= 1;
      }
    }
    this.#options.plan.changePlace(id, { backups: kept, recordings: left });
  }

  /** undefined: it is not known of every back-up, so nothing may go. */
  async #needed(store: Store, kept: readonly { name: string }[]): Promise<Set<string> | undefined> {
    const needed = new Set<string>();
    const staging = await mkdtemp(join(this.#options.folder, 'making-'));
    try {
      for (const [i, { name }] of kept.entries()) {
        const file = join(staging, String(i));
        await store.get(refsName(name), file);
        for (const digest of await readRefs(file)) needed.add(digest);
      }
      return needed;
    } catch (error) {
      this.#options.log.warn({ err: error }, 'no recording is removed from a place: not every list there can be read');
      return undefined;
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  async #look(id: string, store: Store): Promise<void> {
    this.#options.plan.changePlace(id, { backups: await backupsIn(store) });
  }

  #open(settings: BackupPlacePut, secret: string): Promise<{ store: Store; hostKey: string }> {
    const { key, clock, systemRoot } = this.#options;
    return openPlace(settings, { secret, privateKey: () => key.privateKey, clock, systemRoot });
  }

  #find(id: string): KeptPlace {
    const place = this.#places.find((one) => one.id === id);
    if (place === undefined) throw new AppError('backup_place_not_found', { id });
    return place;
  }
}

/** Newest first. */
export async function backupsIn(store: Store): Promise<{ name: string; bytes: number }[]> {
  return (await store.list(''))
    .filter(({ name }) => BackupName.safeParse(name).success)
    .sort((a, b) => (a.name < b.name ? 1 : -1));
}

/** Where it is and who goes in there: what a secret and the books of a place belong to. */
function placeOf(settings: BackupPlacePut): string {
  switch (settings.kind) {
    case 'folder':
      return settings.path;
    case 'usb':
      return `${settings.volume}/${settings.folder}`;
    case 'sftp':
      return `${settings.username}@${settings.host}:${settings.port}/${settings.folder}`;
    case 's3':
      return `${settings.accessKeyId}@${settings.endpoint}/${settings.bucket}/${settings.folder}`;
  }
}

/** Beside a back-up of the box's own: the recordings that go with it. That it is there tells that this box has made it. */
const keptName = (name: string): string => name.replace(/\.cbk$/, '.recordings');

export async function keepRecordings(
  folder: string,
  name: string,
  recordings: readonly KeptRecording[],
): Promise<void> {
  await writeFile(join(folder, keptName(name)), gzipSync(JSON.stringify(recordings)), { mode: 0o600, flush: true });
}

export async function forgetRecordings(folder: string, name: string): Promise<void> {
  await rm(join(folder, keptName(name)), { force: true });
}

export const madeHere = (folder: string, name: string): boolean => existsSync(join(folder, keptName(name)));

async function readKept(folder: string, name: string): Promise<KeptRecording[]> {
  return JSON.parse(gunzipSync(await readFile(join(folder, keptName(name)))).toString('utf8')) as KeptRecording[];
}
