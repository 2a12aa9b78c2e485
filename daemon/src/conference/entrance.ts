// The door of a room: which room, whether it is open, the PIN, the name. What it refuses is said to the caller.
import type { FlowSession } from '../calls/index.js';
import { ANY_ROOM } from '../contract/index.js';
import type { ConferenceRoomRow } from '../db/index.js';
import { pinFits, type Clock } from '../platform/index.js';
import type { Voice } from './voice.js';

export type Refusal = 'unknown' | 'pin' | 'closed' | 'locked' | 'full';
export type Entry = { room: ConferenceRoomRow; moderator: boolean; nameFile?: string | undefined } | Refusal;

export interface EntranceOptions {
  find: (id: string) => ConferenceRoomRow | undefined;
  byNumber: (number: string) => ConferenceRoomRow | undefined;
  /** whether it is locked, or has as many parties as it may */
  stateOf: (room: ConferenceRoomRow) => 'open' | 'locked' | 'full';
  /** whether it is open by a calendar; undefined: there is no such calendar */
  isOpen: (calendarId: string, at: number) => boolean | undefined;
  /** the agent who is signed in at a telephone */
  agentAt: (station: number) => string | null;
  takeName: (session: FlowSession) => Promise<string | undefined>;
  voice: Voice;
  clock: Clock;
}

const TRIES = 3;
/** Over all calls: a room at whose door so many wrong PINs were keyed in is closed to PINs for the rest of the time. */
const MOST_WRONG = 30;
const WRONG_WITHIN_MS = 900_000;

export class Entrance {
  readonly #options: EntranceOptions;
  /** monotonic, of wrong PINs by room */
  readonly #wrong = new Map<string, number[]>();

  constructor(options: EntranceOptions) {
    this.#options = options;
  }

  /** Rejects with the signal's reason when the call ends. */
  async enter(session: FlowSession, id: string): Promise<Entry> {
    const { find, voice } = this.#options;
    const room = id === ANY_ROOM ? await this.#which(session) : find(id);
    if (room === undefined) {
      if (id !== ANY_ROOM) await voice.say(session, 'conference-unknown');
      return 'unknown';
    }
    const closed = this.#closed(room);
    if (closed !== undefined) {
      await voice.say(session, closed);
      return 'closed';
    }
    const who = await this.#who(session, room);
    if (who === undefined) return 'pin';
    const moderator = who === 'moderator';
    const refusal = await this.#refusal(session, room, moderator);
    if (refusal !== undefined) return refusal;
    const nameFile = room.announce === 'name' ? await this.#options.takeName(session) : undefined;
    // Others have come meanwhile.
    return (await this.#refusal(session, room, moderator)) ?? { room, moderator, nameFile };
  }

  /** Only a moderator comes into a locked room, and nobody into a full one. */
  async #refusal(session: FlowSession, room: ConferenceRoomRow, moderator: boolean): Promise<Refusal | undefined> {
    const state = this.#options.stateOf(room);
    if (state === 'open' || (state === 'locked' && moderator)) return undefined;
    await this.#options.voice.say(session, `conference-${state}`);
    return state;
  }

  async #which(session: FlowSession): Promise<ConferenceRoomRow | undefined> {
    const { voice, byNumber } = this.#options;
    for (let tried = 0; tried < TRIES; tried += 1) {
      await voice.say(session, 'conference-which');
      const number = await voice.digits(session, false);
      const room = number === '' ? undefined : byNumber(number);
      if (room !== undefined) return room;
      await voice.say(session, 'conference-unknown');
    }
    return undefined;
  }

  /** undefined: nobody who may come in. */
  async #who(session: FlowSession, room: ConferenceRoomRow): Promise<'moderator' | 'party' | undefined> {
    const { voice, agentAt } = this.#options;
    const station = session.party?.station ?? null;
    const agent = station === null ? null : agentAt(station);
    if (agent !== null && room.moderators.includes(agent)) return 'moderator';
    if (room.pinHash === null && room.moderatorPinHash === null) return 'party';
    for (let tried = 0; tried < TRIES; tried += 1) {
      if (this.#triedTooOften(room.id)) break;
      // Where the others need none, # alone is theirs.
      await voice.say(session, room.pinHash === null ? 'conference-moderator-pin' : 'conference-pin');
      const typed = await voice.digits(session, true);
      if (typed === '' && room.pinHash === null) return 'party';
      if (room.moderatorPinHash !== null && (await pinFits(room.moderatorPinHash, typed))) return 'moderator';
      if (room.pinHash !== null && (await pinFits(room.pinHash, typed))) return 'party';
      this.#noteWrong(room.id);
      await voice.say(session, 'conference-wrong-pin');
    }
    await voice.say(session, 'conference-too-many-tries');
    return undefined;
  }

  /** The prompt that says why not; undefined: it is open. */
  #closed({ schedule }: ConferenceRoomRow): string | undefined {
    if (schedule === null) return undefined;
    const { clock, isOpen } = this.#options;
    const now = clock.wallMs();
    if (schedule.from !== null && now < schedule.from) return 'conference-not-begun';
    if (schedule.to !== null && now >= schedule.to) return 'conference-over';
    const { calendar } = schedule;
    if (calendar === null) return undefined;
    // A calendar that is not there lets nobody in by mistake.
    const open = isOpen(calendar.calendarId, now);
    return open !== undefined && open === (calendar.when === 'open') ? undefined : 'conference-not-begun';
  }

  #triedTooOften(id: string): boolean {
    const since = this.#options.clock.monotonicMs() - WRONG_WITHIN_MS;
    const recent = (this.#wrong.get(id) ?? []).filter((at) => at > since);
    if (recent.length === 0) this.#wrong.delete(id);
    else this.#wrong.set(id, recent);
    return recent.length >= MOST_WRONG;
  }

  #noteWrong(id: string): void {
    this.#wrong.set(id, [...(this.#wrong.get(id) ?? []), this.#options.clock.monotonicMs()]);
  }
}
