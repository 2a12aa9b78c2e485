// Updates for people. The box itself has no right to write to disks: it leaves a request in its home, and whoever has the right
// (cordboard-update.path of systemd) answers by doing it; how it went is read from where only root may write.
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../config/index.js';
import type { Language, UpdateRequest, UpdateResult, UpdateState } from '../contract/index.js';
import { AppError, type Clock } from '../platform/index.js';
import { otherSlot } from './boot-state.js';
import { MOST_HEAD, openBundle, type UpdateManifest } from './bundle.js';
import { checkManifest } from './install.js';
import { KeptUpdates, type BothTexts } from './kept.js';
import { findMachine, originOf, type Machine } from './machine.js';

/** In the home of the box. */
export const REQUEST = 'update-request';
export const CANCEL = 'update-cancel';
export const UPLOADED = join('update', 'uploaded.cbu');
/** the largest piece of a file, octets */
export const PIECE_BYTES = 8 << 20;
/** of a whole file */
const MOST_BYTES = 2 ** 31;
/** that calls, recordings and the database keep */
const LEFT_FREE_BYTES = 256 << 20;

export interface UpdatesDeskOptions {
  home: string;
  /** where /proc, /sys and /data begin */
  root: string;
  version: string;
  clock: Clock;
  /** octets that are free in a folder */
  freeBytes?: (folder: string) => number;
}

export class UpdatesDesk {
  readonly #options: UpdatesDeskOptions;
  readonly #kept: KeptUpdates;
  #checked: UpdateManifest | undefined;

  constructor(options: UpdatesDeskOptions) {
    this.#options = options;
    this.#kept = new KeptUpdates(options.root);
  }

  state(language: Language): UpdateState {
    const { root, version } = this.#options;
    const machine = findMachine(root);
    const spoken = (text: BothTexts): string => (language === 'en' ? text.en : text.zh);
    const uploadedBytes = this.#uploaded;
    const { version: brought = '', builtAt = 0 } = this.#checked ?? {};
    return {
      possible: machine !== undefined,
      origin: originOf(root, machine),
      version: machine?.release.version ?? version,
      slot: machine?.slot ?? null,
      onTrial: machine?.onTrial ?? false,
      trial: this.#kept.trial ?? null,
      other: this.#other(machine),
      uploadedBytes,
      uploaded:
        this.#checked === undefined || uploadedBytes === 0 ? null : { version: brought, builtAt, bytes: uploadedBytes },
      last: this.#last(spoken),
      history: this.#kept.history.map((one) => ({ ...one, text: spoken(one.text) })),
    };
  }

  /**
   * Gives the octets that are there now. With `total` there is looked whether all of them have room, and, as soon as its manifest is there,
   * whether it could be installed. update_piece_misplaced, update_not_here, update_no_room, and what check() throws
   */
  async piece(at: number, bytes: Buffer, total?: number): Promise<number> {
    const machine = this.#machine();
    const { home } = this.#options;
    const part = this.#part;
    mkdirSync(join(home, 'update'), { recursive: true, mode: 0o700 });
    const there = at === 0 ? 0 : this.#uploaded;
    if (at !== there) throw new AppError('update_piece_misplaced', { at, there });
    if (at + bytes.length > MOST_BYTES) throw new AppError('body_too_large', { limitBytes: MOST_BYTES });
    this.#checked = undefined;
    // A file that was brought before gives its room.
    if (at === 0) rmSync(part, { force: true });
    this.#mustHaveRoom(Math.max(bytes.length, (total ?? 0) - at));
    const handle = openSync(part, at === 0 ? 'w' : 'r+', 0o600);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done, bytes.length - done, at + done);
    } finally {
      closeSync(handle);
    }
    const now = at + bytes.length;
    // What nobody has signed is not brought to its end.
    if (total !== undefined && at < MOST_HEAD && now >= Math.min(MOST_HEAD, total)) await this.#look(machine, false);
    return now;
  }

  /** Takes what was brought away. */
  drop(): void {
    this.#checked = undefined;
    rmSync(this.#part, { force: true });
  }

  /**
   * update_not_here, update_busy, update_on_trial, update_not_uploaded; of a file that was brought and is to be looked at, what openBundle
   * and checkManifest throw, as a sentence and in what came of it last
   */
  async ask(request: UpdateRequest, language: Language): Promise<UpdateState> {
    const machine = this.#machine();
    if (machine.onTrial) throw new AppError('update_on_trial');
    if (existsSync(this.#request)) throw new AppError('update_busy');
    const { source, checkOnly } = request;
    if (source === 'upload') {
      if (!existsSync(this.#part)) throw new AppError('update_not_uploaded');
      if (checkOnly) {
        this.#checked = await this.#look(machine, true);
        return this.state(language);
      }
      const handle = openSync(this.#part, 'r+');
      fsyncSync(handle);
      closeSync(handle);
      renameSync(this.#part, this.#file);
      this.#checked = undefined;
    }
    rmSync(this.#cancel, { force: true });
    writeWhole(this.#request, JSON.stringify(request));
    return this.state(language);
  }

  /** What nobody has begun is forgotten; a restart that waits for calls does not come. update_nothing_to_cancel */
  cancel(language: Language): UpdateState {
    if (existsSync(this.#request)) rmSync(this.#request);
    else if (this.#kept.result?.state === 'restarting') writeWhole(this.#cancel, '');
    else throw new AppError('update_nothing_to_cancel');
    return this.state(language);
  }

  #machine(): Machine {
    const machine = findMachine(this.#options.root);
    if (machine === undefined) throw new AppError('update_not_here');
    return machine;
  }

  /** `whole`: to its last octet. What cannot be installed is removed. */
  async #look(machine: Machine, whole: boolean): Promise<UpdateManifest> {
    const stream = createReadStream(this.#part, { highWaterMark: 2 ** 20 });
    try {
      const { manifest, root } = await openBundle(stream, machine.keys);
      checkManifest(manifest, machine, machine.slotBytes[otherSlot(machine.slot)]);
      if (whole) for await (const chunk of root()) void chunk;
      return manifest;
    } catch (error) {
      this.drop();
      throw error;
    } finally {
      stream.destroy();
    }
  }

  #mustHaveRoom(bytes: number): void {
    const folder = join(this.#options.home, 'update');
    const free = (this.#options.freeBytes ?? freeBytes)(folder) - LEFT_FREE_BYTES;
    if (bytes > free)
      throw new AppError('update_no_room', { neededMb: Math.ceil(bytes / 1e6), freeMb: Math.max(0, free / 1e6) | 0 });
  }

  #other(machine: Machine | undefined): UpdateState['other'] {
    if (machine === undefined) return null;
    const slot = otherSlot(machine.slot);
    const version = this.#kept.versionIn(slot);
    return version === undefined ? null : { slot, version };
  }

  get #request(): string {
    return join(this.#options.home, REQUEST);
  }

  get #cancel(): string {
    return join(this.#options.home, CANCEL);
  }

  get #file(): string {
    return join(this.#options.home, UPLOADED);
  }

  get #part(): string {
    return `${this.#file}.part`;
  }

  get #uploaded(): number {
    return statSync(this.#part, { throwIfNoEntry: false })?.size ?? 0;
  }

  #last(spoken: (text: BothTexts) => string): UpdateResult | null {
    const asked = statSync(this.#request, { throwIfNoEntry: false });
    const plain = { version: null, donePercent: null, calls: null, until: null };
    if (asked !== undefined) return { state: 'waiting', at: Math.round(asked.mtimeMs), text: '', ...plain };
    const kept = this.#kept.result;
    return kept === undefined ? null : { ...kept, text: spoken(kept.text) };
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
