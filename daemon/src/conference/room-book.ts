// The rooms that were laid down, in memory: whoever dials one does not wait for a disk.
import {
  ANY_ROOM,
  type ConferenceRoom,
  type ConferenceRoomCreate,
  type ConferenceRoomPatch,
} from '../contract/index.js';
import type { ConferenceRoomRow, Db } from '../db/index.js';
import { AppError, errorText, hashPin, type Log, type Unsubscribe } from '../platform/index.js';

export class RoomBook {
  readonly #db: Db;
  readonly #log: Log;
  #rooms: ReadonlyMap<string, ConferenceRoomRow> = new Map();
  #reading: Promise<void> = Promise.resolve();
  #off: Unsubscribe | undefined;

  constructor(db: Db, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  /** A room that was made for one conference is gone with the run in which it was. Rejects when the database cannot be read. */
  async start(): Promise<void> {
    this.#off = this.#db.events.on('conferenceRoom.changed', () => this.#readAgain());
    const over = (await this.#db.conferences.rooms()).filter(({ adHoc }) => adHoc);
    if (over.length > 0)
      await this.#db.write(async (tx) => {
        for (const { id } of over) await tx.conferences.removeRoom(id);
      });
    await this.#read();
  }

  stop(): void {
    this.#off?.();
  }

  /** Resolves when every change that was committed before is in force. */
  applied(): Promise<void> {
    return this.#reading;
  }

  ids(): ReadonlySet<string> {
    return new Set([...this.#rooms.keys(), ANY_ROOM]);
  }

  find(id: string): ConferenceRoomRow | undefined {
    return this.#rooms.get(id);
  }

  byNumber(number: string): ConferenceRoomRow | undefined {
    return [...this.#rooms.values()].find((room) => room.number === number);
  }

  list(): ConferenceRoomRow[] {
    return [...this.#rooms.values()];
  }

  /** AppError conference_not_found. */
  get(id: string): ConferenceRoomRow {
    const room = this.#rooms.get(id);
    if (room === undefined) throw new AppError('conference_not_found', { id });
    return room;
  }

  #readAgain(): Promise<void> {
    this.#reading = this.#reading.then(() =>
      this.#read().catch((error: unknown) =>
        this.#log.error({ err: error }, `conference rooms stay as they were: ${errorText(error)}`),
      ),
    );
    return this.#reading;
  }

  async #read(): Promise<void> {
    this.#rooms = new Map((await this.#db.conferences.rooms()).map((row) => [row.id, row]));
  }
}

/** As it is told: PINs are not. */
export function shownRoom({ pinHash, moderatorPinHash, ...room }: ConferenceRoomRow): ConferenceRoom {
  return { ...room, hasPin: pinHash !== null, hasModeratorPin: moderatorPinHash !== null };
}

export async function roomRow({ pin, moderatorPin, ...room }: ConferenceRoomCreate): Promise<ConferenceRoomRow> {
  const [pinHash, moderatorPinHash] = [await hashed(pin), await hashed(moderatorPin)];
  return { ...room, pinHash, moderatorPinHash, adHoc: false };
}

export async function roomPatch({
  pin,
  moderatorPin,
  ...patch
}: ConferenceRoomPatch): Promise<Partial<Omit<ConferenceRoomRow, 'id'>>> {
  return {
    ...(patch as Partial<ConferenceRoomRow>),
    ...(pin === undefined ? {} : { pinHash: await hashed(pin) }),
    ...(moderatorPin === undefined ? {} : { moderatorPinHash: await hashed(moderatorPin) }),
  };
}

const hashed = async (pin: string | null): Promise<string | null> => (pin === null ? null : hashPin(pin));
