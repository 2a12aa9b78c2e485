// What those hear who wait or are on hold: playlists, each a folder of pieces. Bundled ones are read where they lie; a box's own are in
// <home>/music/<id>, with playlist.json beside the pieces.
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ClipName, MusicPlaylistPut, Slug, type MusicPiece, type MusicPlaylist } from '../contract/index.js';
import { AppError, type Clock, type Log } from '../platform/index.js';
import { convertUpload, wavLengthMs } from './convert.js';

export interface BundledMusic {
  id: string;
  name: string;
  folder: string;
  shuffle: boolean;
}

export interface MusicStoreOptions {
  folder: string;
  bundled: readonly BundledMusic[];
  /** heard where nothing else is asked for */
  standard: string;
  /** whether a queue plays it */
  usedBy: (id: string) => Promise<string | undefined>;
  /** 0 ≤ x < 1 */
  random?: (() => number) | undefined;
  clock: Clock;
  log: Log;
}

interface Kept {
  own: boolean;
  folder: string;
  name: string;
  shuffle: boolean;
  order: readonly string[];
}

const MOST_PLAYLISTS = 100;
const MOST_PIECES = 200;
/** What a playlist holds is taken to be so for this time, ms: in a rush a hundred callers a second ask. */
const KNOWN_MS = 1000;
const NOTE = 'playlist.json';
const Note = MusicPlaylistPut.extend({ order: z.array(ClipName).default([]) });

export class MusicStore {
  readonly #options: MusicStoreOptions;
  readonly #known = new Map<string, { files: string[]; shuffle: boolean; untilMs: number }>();

  constructor(options: MusicStoreOptions) {
    this.#options = options;
  }

  /** The files of one who begins to listen, in the order in which he hears them; undefined: there is nothing to hear. */
  async listen(id: string | null): Promise<string[] | undefined> {
    const { standard, random = Math.random, clock } = this.#options;
    const name = id ?? standard;
    const nowMs = clock.monotonicMs();
    let known = this.#known.get(name);
    if (known === undefined || known.untilMs <= nowMs) {
      const kept = await this.#find(name);
      const pieces = kept === undefined ? [] : await piecesOf(kept);
      const files = pieces.map((piece) => join(kept?.folder ?? '', `${piece.name}.wav`));
      known = { files, shuffle: kept?.shuffle ?? false, untilMs: nowMs + KNOWN_MS };
      this.#known.set(name, known);
    }
    if (known.files.length === 0) return undefined;
    return known.shuffle ? shuffled(known.files, random) : known.files;
  }

  async list(): Promise<MusicPlaylist[]> {
    const own = await readdir(this.#options.folder).catch(() => []);
    const ids = new Set([
      ...this.#options.bundled.map(({ id }) => id),
      ...own.filter((id) => Slug.safeParse(id).success),
    ]);
    const all = await Promise.all([...ids].sort().map((id) => this.#shown(id)));
    return all.filter((one) => one !== undefined);
  }

  /** AppError music_not_found. */
  async get(id: string): Promise<MusicPlaylist> {
    const shown = await this.#shown(id);
    if (shown === undefined) throw new AppError('music_not_found', { id });
    return shown;
  }

  /** Makes or changes a playlist of the box's own. AppError music_bundled, music_full. */
  async put(id: string, { name, shuffle, order }: MusicPlaylistPut, by: string): Promise<MusicPlaylist> {
    const { folder, log } = this.#options;
    this.#mustBeOwn(id);
    const before = await this.#find(id);
    if (before === undefined && (await this.list()).length >= MOST_PLAYLISTS)
      throw new AppError('music_full', { limit: MOST_PLAYLISTS });
    const own = join(folder, id);
    await mkdir(own, { recursive: true });
    await this.#note(own, { name, shuffle, order: order ?? [...(before?.order ?? [])] });
    log.info({ music: id, by }, 'a playlist was changed');
    return this.get(id);
  }

  /** AppError music_not_found, music_bundled, music_full, prompt_invalid, unavailable. */
  async upload(id: string, piece: string, bytes: Buffer, by: string): Promise<MusicPlaylist> {
    const kept = await this.#own(id);
    const pieces = await piecesOf(kept);
    if (!pieces.some(({ name }) => name === piece) && pieces.length >= MOST_PIECES)
      throw new AppError('music_full', { limit: MOST_PIECES });
    const durationMs = await convertUpload(bytes, join(kept.folder, `${ClipName.parse(piece)}.wav`));
    this.#known.delete(id);
    this.#options.log.info({ music: id, piece, durationMs, by }, 'a piece of music was stored');
    return this.get(id);
  }

  /** AppError music_not_found, music_bundled. */
  async removePiece(id: string, piece: string): Promise<MusicPlaylist> {
    const kept = await this.#own(id);
    await rm(await this.file(id, piece));
    await this.#note(kept.folder, { ...kept, order: kept.order.filter((name) => name !== piece) });
    return this.get(id);
  }

  /** AppError music_not_found, music_bundled, music_in_use. */
  async remove(id: string): Promise<void> {
    const { standard, usedBy } = this.#options;
    const { folder } = await this.#own(id);
    const user = id === standard ? 'music.standard' : await usedBy(id);
    if (user !== undefined) throw new AppError('music_in_use', { id, user });
    await rm(folder, { recursive: true, force: true });
    this.#known.delete(id);
  }

  /** Where a piece is; AppError music_not_found. */
  async file(id: string, piece: string): Promise<string> {
    const kept = await this.#find(id);
    const file = kept === undefined ? undefined : join(kept.folder, `${ClipName.parse(piece)}.wav`);
    const there = file !== undefined && (await stat(file).catch(() => undefined))?.isFile() === true;
    if (!there) throw new AppError('music_not_found', { id: kept === undefined ? id : `${id}/${piece}` });
    return file;
  }

  #mustBeOwn(id: string): void {
    if (this.#options.bundled.some((one) => one.id === id)) throw new AppError('music_bundled', { id });
  }

  async #own(id: string): Promise<Kept> {
    this.#mustBeOwn(id);
    const kept = await this.#find(id);
    if (kept === undefined) throw new AppError('music_not_found', { id });
    return kept;
  }

  async #find(id: string): Promise<Kept | undefined> {
    const bundled = this.#options.bundled.find((one) => one.id === id);
    if (bundled !== undefined) return { ...bundled, own: false, order: [] };
    // Only what is a name may become a path.
    if (!Slug.safeParse(id).success) return undefined;
    const folder = join(this.#options.folder, id);
    const text = await readFile(join(folder, NOTE), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const note = Note.safeParse(parsed(text));
    if (!note.success)
      this.#options.log.warn({ music: id }, 'playlist.json cannot be read; the pieces are heard by name');
    const { name, shuffle, order } = note.data ?? { name: id, shuffle: false, order: [] };
    return { ...{ own: true, folder, name, shuffle, order } };
  }

  async #shown(id: string): Promise<MusicPlaylist | undefined> {
    const kept = await this.#find(id);
    if (kept === undefined) return undefined;
    const { name, shuffle, own } = kept;
    return { id, name, shuffle, own, standard: id === this.#options.standard, pieces: await piecesOf(kept) };
  }

  /** In one piece: a power cut leaves the old or the new one. */
  async #note(folder: string, { name, shuffle, order }: Pick<Kept, 'name' | 'shuffle' | 'order'>): Promise<void> {
    const partial = join(folder, `.${NOTE}`);
    await writeFile(partial, JSON.stringify({ name, shuffle, order }));
    await rename(partial, join(folder, NOTE));
    this.#known.clear();
  }
}

async function piecesOf({ folder, order }: Pick<Kept, 'folder' | 'order'>): Promise<MusicPiece[]> {
  const entries = await readdir(folder).catch(() => []);
  const names = entries.flatMap((entry) => (/^[a-z0-9][a-z0-9_-]{0,63}\.wav$/.test(entry) ? [entry.slice(0, -4)] : []));
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  names.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  return Promise.all(
    names.map(async (name) => {
      const file = join(folder, `${name}.wav`);
      return { name, durationMs: await wavLengthMs(file), bytes: (await stat(file)).size };
    }),
  );
}

/** Fisher and Yates. */
function shuffled<T>(all: readonly T[], random: () => number): T[] {
  const mixed = [...all];
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T];
  }
  return mixed;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
