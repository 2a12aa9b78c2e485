// Voice messages: left by callers, kept encrypted, listened to, handed on. A message is a row from its first second on, so that one
// that a power cut has cut off is kept as far as it goes.
import type {
  Language,
  LiveEvents,
  VoiceMessage,
  VoiceMessageState,
  VoicemailBox,
  VoicemailBoxCreate,
  VoicemailBoxPatch,
} from '../contract/index.js';
import type { Db, Writes, VoiceMessageRow, VoicemailBoxRow } from '../db/index.js';
import {
  AppError,
  errorText,
  hashPin,
  newUlid,
  type Clock,
  type Log,
  type Timer,
  type TypedEmitter,
} from '../platform/index.js';
import { tryPin } from './pin-tries.js';

export interface VoiceSource {
  readonly bytes: number;
  read(start: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Where messages lie, by their ids. */
export interface VoiceStore {
  /** of the WAV that the engine writes while the message is left */
  incoming(id: string): Promise<string>;
  /** Repairs the WAV if it was cut off, and encrypts it; its length. Rejects when there is none. */
  keep(id: string): Promise<{ durationMs: number }>;
  /** Removes what is in the clear, but of those that are being left. */
  tidy(beingLeft: ReadonlySet<string>): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  open(id: string): Promise<VoiceSource>;
  remove(id: string): Promise<void>;
}

export interface VoicemailOptions {
  db: Db;
  store: VoiceStore;
  /** undefined: no mail is sent */
  mail:
    | ((to: string, language: Language, values: Record<string, string>, wav: Buffer | undefined) => Promise<void>)
    | undefined;
  /** whether it is open by a calendar; undefined: there is no such calendar */
  isOpen: (calendarId: string, at: number) => boolean | undefined;
  /** lights the lamps of a telephone */
  lamp: (station: number, counts: { fresh: number; old: number }) => void;
  /** somebody may have to be called for one */
  newMessage?: (() => void) | undefined;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

/** What is shorter was no message: somebody has hung up. */
const SHORTEST_MS = 1000;
const MOST_MAIL_BYTES = 5_000_000;
const EXPIRE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** The prompt of one that was recorded by telephone. */
export const ownGreeting = (boxId: string, which: number): string => `greeting-${boxId}-${which}`;

export class VoicemailService {
  readonly #options: VoicemailOptions;
  #timer: Timer | undefined;
  /** being left now, by callers of this run */
  readonly #beingLeft = new Set<string>();

  constructor(options: VoicemailOptions) {
    this.#options = options;
  }

  /** Keeps what a crash has cut off, and shows every lamp as it is to be. */
  async start(): Promise<void> {
    const { db, clock, log } = this.#options;
    const cutOff = (await db.voicemail.recording()).filter(({ id }) => !this.#beingLeft.has(id));
    for (const { id } of cutOff)
      await this.finish(id).catch((error: unknown) =>
        log.error({ message: id, err: error }, `a voice message was not kept: ${errorText(error)}`),
      );
    await this.#options.store.tidy(this.#beingLeft);
    for (const { id } of await db.voicemail.boxes()) await this.#changed(id);
    this.#timer = clock.every(EXPIRE_EVERY_MS, () => {
      this.expire().catch((error: unknown) => log.error({ err: error }, `voicemail: ${errorText(error)}`));
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async boxes(): Promise<VoicemailBox[]> {
    return Promise.all((await this.#options.db.voicemail.boxes()).map((row) => this.#shown(row)));
  }

  /** AppError voicemail_box_not_found. */
  async box(id: string): Promise<VoicemailBoxRow> {
    const row = await this.#options.db.voicemail.box(id);
    if (row === null) throw new AppError('voicemail_box_not_found', { id });
    return row;
  }

  async create({ pin, ...box }: VoicemailBoxCreate): Promise<VoicemailBox> {
    const row = { ...box, pinHash: pin === null ? null : await hashPin(pin), failedPins: 0, lockedUntil: 0 };
    await this.#options.db.write((tx) => tx.voicemail.insertBox(row));
    return this.#shown(row);
  }

  /** A new PIN also ends a lock. */
  async change(id: string, { pin, ...patch }: VoicemailBoxPatch): Promise<VoicemailBox> {
    const secret =
      pin === undefined ? {} : { pinHash: pin === null ? null : await hashPin(pin), failedPins: 0, lockedUntil: 0 };
    await this.#options.db.write((tx) => tx.voicemail.updateBox(id, { ...patch, ...secret }));
    if (pin !== undefined) await this.#options.db.write((tx) => tx.voice.forgetTriesOf(id));
    const row = await this.box(id);
    await this.#changed(id);
    return this.#shown(row);
  }

  /** With its messages. */
  async removeBox(id: string): Promise<void> {
    const { db, store } = this.#options;
    const row = await this.box(id);
    const messages = await db.voicemail.messages(id);
    await db.write(async (tx) => {
      for (const message of messages) await tx.voicemail.removeMessage(message.id);
      await tx.voicemail.removeBox(id);
    });
    for (const message of messages) await store.remove(message.id);
    for (const station of row.stations) this.#options.lamp(station, { fresh: 0, old: 0 });
  }

  /** The prompt that a caller hears now; undefined: that of every box. */
  greeting(
    { id, chosenGreeting, greetings }: Pick<VoicemailBoxRow, 'id' | 'chosenGreeting' | 'greetings'>,
    at: number,
  ): string | undefined {
    if (chosenGreeting > 0) return ownGreeting(id, chosenGreeting);
    return greetings.find(({ calendarId, when }) => {
      if (when === 'always') return true;
      const open = calendarId === null ? undefined : this.#options.isOpen(calendarId, at);
      return open !== undefined && open === (when === 'open');
    })?.prompt;
  }

  /**
   * A message is about to be left: the engine records it into `path`, for `maxMs` at most. AppError voicemail_box_not_found,
   * voicemail_box_full.
   */
  async begin(
    boxId: string,
    from: { callId: string | null; callingNumber: string },
  ): Promise<{ id: string; path: string; maxMs: number }> {
    const { db, store, clock } = this.#options;
    const { maxMessages, maxMessageMs } = await this.box(boxId);
    const id = newUlid();
    const path = await store.incoming(id);
    await db.write(async (tx) => {
      if ((await tx.voicemail.count(boxId)).all >= maxMessages) throw new AppError('voicemail_box_full', { id: boxId });
      const receivedAt = clock.wallMs();
      await tx.voicemail.insertMessage({
        ...{ id, boxId, ...from, receivedAt, durationMs: 0, state: 'recording', changedBy: null },
      });
    });
    this.#beingLeft.add(id);
    return { id, path, maxMs: maxMessageMs };
  }

  /** Nothing was said. */
  async discard(id: string): Promise<void> {
    this.#beingLeft.delete(id);
    await this.#drop(id);
  }

  /** It has been left, or was cut off; undefined when it was too short to be one. */
  async finish(id: string): Promise<VoiceMessage | undefined> {
    const { db, store } = this.#options;
    const row = await this.#message(id);
    this.#beingLeft.delete(id);
    const kept = await store.keep(id).catch(async (error: unknown) => {
      await this.#drop(id);
      throw error;
    });
    if (kept.durationMs < SHORTEST_MS) {
      await this.#drop(id);
      return undefined;
    }
    await db.write(async (tx) => {
      await tx.voicemail.updateMessage(id, { state: 'new', durationMs: kept.durationMs });
      await this.#announce(tx, id, row.boxId);
    });
    await store.tidy(this.#beingLeft);
    await this.#changed(row.boxId);
    this.#options.newMessage?.();
    const message = await this.find(id);
    await this.#tell(message).catch((error: unknown) =>
      this.#options.log.error({ message: id, err: error }, `nobody was told of a voice message: ${errorText(error)}`),
    );
    return message;
  }

  /** AppError voice_message_not_found. */
  async find(id: string): Promise<VoiceMessage> {
    const row = await this.#message(id);
    if (row.state === 'recording') throw new AppError('voice_message_not_found', { id });
    return { ...row, state: row.state };
  }

  async messages(boxId: string): Promise<VoiceMessage[]> {
    return (await this.#options.db.voicemail.messages(boxId)) as VoiceMessage[];
  }

  open(id: string): Promise<VoiceSource> {
    return this.#options.store.open(id);
  }

  async setState(id: string, state: VoiceMessageState, by: string): Promise<VoiceMessage> {
    const { boxId } = await this.find(id);
    await this.#options.db.write((tx) => tx.voicemail.updateMessage(id, { state, changedBy: by }));
    await this.#changed(boxId);
    return this.find(id);
  }

  /** A colleague gets it as a new one; here it is handled. AppError voicemail_box_not_found, voicemail_box_full. */
  async forward(id: string, to: string, by: string): Promise<VoiceMessage> {
    const { db, store } = this.#options;
    const message = await this.find(id);
    const { maxMessages } = await this.box(to);
    const copy = newUlid();
    await store.copy(id, copy);
    try {
      await db.write(async (tx) => {
        if ((await tx.voicemail.count(to)).all >= maxMessages) throw new AppError('voicemail_box_full', { id: to });
        await tx.voicemail.insertMessage({ ...message, id: copy, boxId: to, state: 'new', changedBy: by });
        await tx.voicemail.updateMessage(id, { state: 'handled', changedBy: by });
        await this.#announce(tx, copy, to);
      });
    } catch (error) {
      await store.remove(copy);
      throw error;
    }
    await this.#changed(message.boxId);
    await this.#changed(to);
    this.#options.newMessage?.();
    return this.find(copy);
  }

  async remove(id: string): Promise<void> {
    const { boxId } = await this.find(id);
    await this.#drop(id);
    await this.#changed(boxId);
  }

  /**
   * By telephone. After five wrong ones he who calls from there does not get in for a quarter of an hour, with the right one either.
   * `caller`: his number, or his telephone's as station:NUMBER.
   */
  async checkPin(boxId: string, pin: string, caller = ''): Promise<'right' | 'wrong' | 'locked'> {
    const { db, clock } = this.#options;
    return tryPin(db, await this.box(boxId), pin, caller, clock.wallMs());
  }

  /** Removes what is older than its box keeps. */
  async expire(): Promise<number> {
    const { db, clock } = this.#options;
    await db.write((tx) => tx.voice.forgetTriesBefore(clock.wallMs() - 30 * DAY_MS));
    let removed = 0;
    for (const { id, keepDays } of await db.voicemail.boxes()) {
      if (keepDays === null) continue;
      const old = await db.voicemail.before(id, clock.wallMs() - keepDays * DAY_MS);
      for (const message of old) await this.#drop(message.id);
      removed += old.length;
      if (old.length > 0) await this.#changed(id);
    }
    return removed;
  }

  /** Somebody is to be called for it. */
  async #announce(tx: Writes, id: string, boxId: string): Promise<void> {
    if (((await tx.voicemail.box(boxId))?.notifyNumber ?? null) === null) return;
    const nextAt = this.#options.clock.wallMs();
    await tx.voice.insertNotice({ id, boxId, state: 'waiting', tries: 0, nextAt, lastResult: null });
  }

  async #message(id: string): Promise<VoiceMessageRow> {
    const row = await this.#options.db.voicemail.message(id);
    if (row === null) throw new AppError('voice_message_not_found', { id });
    return row;
  }

  async #drop(id: string): Promise<void> {
    await this.#options.db.write((tx) => tx.voicemail.removeMessage(id));
    await this.#options.store.remove(id);
  }

  async #changed(boxId: string): Promise<void> {
    const { db, live, lamp } = this.#options;
    const row = await db.voicemail.box(boxId);
    if (row === null) return;
    const { fresh, old } = await db.voicemail.count(boxId);
    const { agents, queueId } = row;
    live.emit('voicemail.updated', { boxId, fresh, old, agents, queueId });
    for (const station of row.stations) lamp(station, { fresh, old });
  }

  async #tell({ id, boxId, callingNumber, durationMs, receivedAt }: VoiceMessage): Promise<void> {
    const { mail } = this.#options;
    const { email, emailAudio, language, name } = await this.box(boxId);
    if (email === null || mail === undefined) return;
    const seconds = Math.round(durationMs / 1000);
    const length = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    const values = { box: name, from: callingNumber || '-', length, at: new Date(receivedAt).toISOString() };
    await mail(email, language, values, emailAudio ? await this.#wav(id) : undefined);
  }

  /** undefined: too much for a mail */
  async #wav(id: string): Promise<Buffer | undefined> {
    const source = await this.#options.store.open(id);
    try {
      return source.bytes > MOST_MAIL_BYTES ? undefined : await source.read(0, source.bytes);
    } finally {
      await source.close();
    }
  }

  async #shown(row: VoicemailBoxRow): Promise<VoicemailBox> {
    const { pinHash, failedPins: _failed, lockedUntil: _until, ...box } = row;
    const { fresh, old } = await this.#options.db.voicemail.count(row.id);
    return { ...box, hasPin: pinHash !== null, fresh, old };
  }
}
