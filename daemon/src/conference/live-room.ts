// A room in which somebody is: who sits in the engine's conference and how, who waits outside it for a moderator, and what is
// said to all. It begins with the first who comes and ends with the last who goes.
//
//   join ─> waiting (music) ─> seated: talk, or listen when he is muted or holds ─> gone
//           └ a moderator is there, or the room does not wait for one ┘
import type { FlowParty, FlowSession, Playback, Playbacks } from '../calls/index.js';
import type { ConferenceParty, ConferenceStatus } from '../contract/index.js';
import type { ConferenceRoomRow } from '../db/index.js';
import type { EngineClient } from '../engine/index.js';
import { AppError, newUlid, type Clock, type Log } from '../platform/index.js';
import type { Voice } from './voice.js';

/** More seats than people: the recorder has one, and a room may be made larger while somebody is in it. */
const SEATS = 208;

/** How a party has left. */
export type Left = 'left' | 'removed' | 'ended' | 'moderatorLeft' | 'hungUp';

export interface Party {
  readonly id: string;
  readonly session: FlowSession;
  readonly at: FlowParty;
  readonly moderator: boolean;
  readonly joinedAt: number;
  /** his name, as he has said it */
  readonly nameFile: string | undefined;
  waiting: boolean;
  muted: boolean;
  deaf: boolean;
  held: boolean;
  gainDb: number;
  talking: boolean;
  /** music while he waits, silence while he is deaf */
  background: Promise<Playback | undefined> | undefined;
  over: boolean;
  /** resolves when he is to go, or has gone */
  readonly left: Promise<Left>;
  leave: (how: Left) => void;
}

export interface LiveRoomOptions {
  /** as it is laid down now */
  row: () => ConferenceRoomRow;
  engine: EngineClient;
  playbacks: Playbacks;
  voice: Voice;
  /** what those hear who wait; undefined: nothing */
  music: (() => Promise<string[] | undefined>) | undefined;
  /** a second of silence */
  silence: string;
  clock: Clock;
  log: Log;
  changed: () => void;
}

export interface Hall {
  conference: number;
  announcer: number | undefined;
}

export class LiveRoom {
  readonly #options: LiveRoomOptions;
  readonly parties = new Map<string, Party>();
  readonly since: number;
  locked = false;
  /** who is being called into it, by call */
  readonly invitations = new Map<string, { callId: string; number: string; state: 'calling' | 'answered' }>();
  recording = false;
  /** the engine's conference */
  #hall: Promise<Hall> | undefined;
  #conference: number | undefined;
  #speaker: number | undefined;

  constructor(options: LiveRoomOptions) {
    this.#options = options;
    this.since = options.clock.wallMs();
  }

  get row(): ConferenceRoomRow {
    return this.#options.row();
  }

  get empty(): boolean {
    return this.parties.size === 0 && this.invitations.size === 0;
  }

  get conference(): number | undefined {
    return this.#conference;
  }

  get waitsForModerator(): boolean {
    return this.row.waitForModerator && ![...this.parties.values()].some(({ moderator }) => moderator);
  }

  /** AppError conference_full. From now on he has a place; what he hears comes a moment later. */
  join(session: FlowSession, how: { moderator: boolean; nameFile?: string | undefined }): Party {
    const { row } = this;
    const { party: at } = session;
    if (at === undefined) throw new Error('a conference needs a call');
    if (this.parties.size >= row.maxParties) throw new AppError('conference_full', { id: row.id });
    let leave: (how: Left) => void = () => undefined;
    const left = new Promise<Left>((resolve) => (leave = resolve));
    const { moderator, nameFile } = how;
    const party: Party = {
      ...{ id: newUlid(), session, at, moderator, nameFile, joinedAt: this.#options.clock.wallMs(), left },
      ...{ waiting: false, muted: row.muteOnEntry && !moderator, deaf: false, held: false, gainDb: 0, talking: false },
      ...{ background: undefined, over: false },
      leave: (why) => leave(why),
    };
    this.parties.set(party.id, party);
    if (this.waitsForModerator) this.#wait(party, false);
    else for (const one of this.parties.values()) if (one.waiting || one === party) this.#enter(one);
    this.#options.changed();
    return party;
  }

  /** He hears nobody here any more. */
  gone(party: Party): void {
    if (party.over) return;
    party.over = true;
    this.parties.delete(party.id);
    void this.#background(party, undefined);
    if (!party.waiting) {
      this.#quietly(this.#hall?.then(() => this.#leaveSeat(party)));
      void this.announce(party.nameFile === undefined ? [] : [{ file: party.nameFile }, 'conference-left']);
    }
    if (this.waitsForModerator) for (const one of this.parties.values()) if (!one.waiting) this.#wait(one, true);
    this.#options.changed();
  }

  /** The last has gone. */
  close(): void {
    const { engine } = this.#options;
    this.#quietly(this.#hall?.then(({ conference }) => engine.command('conference.close', { conference })));
    this.#hall = undefined;
    this.#conference = undefined;
  }

  /** The engine's conference, made when it is first needed. */
  hall(): Promise<Hall> {
    const { engine } = this.#options;
    const tones = this.row.announce === 'tone' ? { enterTone: 'conferenceEnter', leaveTone: 'conferenceLeave' } : {};
    this.#hall ??= engine.command('conference.create', { maxSeats: SEATS, ...tones }).then((made) => {
      this.#conference = made.conference;
      return { conference: made.conference, announcer: made.announcer };
    });
    return this.#hall;
  }

  setMuted(party: Party, muted: boolean): void {
    party.muted = muted;
    this.#arrange(party);
  }

  setHeld(party: Party, held: boolean): void {
    party.held = held;
    this.#arrange(party);
  }

  setGain(party: Party, gainDb: number): void {
    party.gainDb = gainDb;
    this.#arrange(party);
  }

  setDeaf(party: Party, deaf: boolean): void {
    party.deaf = deaf;
    if (!party.waiting) void this.#background(party, deaf ? [this.#options.silence] : undefined);
    this.#options.changed();
  }

  /** All but moderators. */
  setAllMuted(muted: boolean): void {
    for (const party of this.parties.values()) if (!party.moderator) this.setMuted(party, muted);
  }

  /** The engine tells who is loudest; undefined: nobody. */
  speaks(port: number | undefined): void {
    if (this.#speaker === port) return;
    this.#speaker = port;
    for (const party of this.parties.values()) party.talking = party.at.port === port;
    this.#options.changed();
  }

  /** Says it to everybody who is seated, in the room's language, behind what is being said. Never rejects. */
  async announce(what: readonly (string | { file: string })[]): Promise<void> {
    const { engine, voice, log } = this.#options;
    if (what.length === 0 || this.#hall === undefined) return;
    try {
      const { announcer } = await this.#hall;
      const files: string[] = [];
      for (const one of what)
        files.push(...(typeof one === 'string' ? await voice.files([one], this.row.language) : [one.file]));
      if (announcer === undefined || files.length === 0) return;
      await engine.command('play.start', { port: announcer, files, enqueue: true });
    } catch (error) {
      log.debug({ err: error }, 'an announcement was not heard in a conference');
    }
  }

  /** Says it to one of them, who does not hear the others meanwhile. Never rejects. */
  async tell(party: Party, ...names: readonly (string | number)[]): Promise<void> {
    const { playbacks, voice, log, silence } = this.#options;
    try {
      const files = await voice.files(names, party.session.language);
      if (files.length === 0 || party.over) return;
      await (
        await playbacks.files(party.at.port, files)
      ).ended;
      // What he heard in the background was replaced.
      if (party.over || party.background === undefined) return;
      await this.#background(party, party.waiting ? this.#options.music?.() : [silence]);
    } catch (error) {
      log.debug({ err: error }, 'a party of a conference was not told something');
    }
  }

  status(): ConferenceStatus {
    const { row, waitsForModerator, locked, recording } = this;
    return {
      ...{ id: row.id, name: row.name, number: row.number, moderators: row.moderators },
      ...{ since: this.parties.size === 0 ? null : this.since, locked, recording, waitsForModerator },
      parties: [...this.parties.values()].map(shownParty),
      invitations: [...this.invitations.values()],
    };
  }

  #wait(party: Party, seated: boolean): void {
    party.waiting = true;
    if (seated) this.#quietly(this.#hall?.then(() => this.#leaveSeat(party)));
    void this.#background(party, this.#options.music?.());
  }

  #enter(party: Party): void {
    party.waiting = false;
    void this.#sit(party).then(
      async () => {
        // Under the music, which stops after: nobody hears silence in between.
        await this.#background(party, party.deaf ? [this.#options.silence] : undefined);
        if (party.nameFile !== undefined) await this.announce([{ file: party.nameFile }, 'conference-joined']);
      },
      (error: unknown) => {
        if (party.over) return;
        this.#options.log.error({ err: error, callId: party.session.callId }, 'a party was not let into a conference');
        party.leave('ended');
      },
    );
  }

  async #sit(party: Party): Promise<void> {
    const { conference } = await this.hall();
    if (party.over || party.waiting) return;
    const { engine } = this.#options;
    const { port } = party.at;
    // Who is muted comes as one who talks, for a tick: others are told that he has come.
    const came = engine.command('conference.join', { conference, port, role: 'talk', gainDb: party.gainDb });
    if (silent(party)) this.#quietly(engine.command('conference.join', { conference, port, role: 'listen' }));
    await came;
  }

  #arrange(party: Party): void {
    const { port } = party.at;
    const role = silent(party) ? 'listen' : 'talk';
    const seat = this.#hall?.then(({ conference }) => {
      if (party.over || party.waiting) return;
      return this.#options.engine.command('conference.join', { conference, port, role, gainDb: party.gainDb });
    });
    this.#quietly(seat);
    this.#options.changed();
  }

  #leaveSeat(party: Party): Promise<unknown> {
    return this.#options.engine.command('conference.leave', { port: party.at.port });
  }

  /** What is played to him in place of the others, until he is to hear something else. */
  async #background(party: Party, sound: string[] | Promise<string[] | undefined> | undefined): Promise<void> {
    const before = party.background;
    const { playbacks, log } = this.#options;
    const begin = async (): Promise<Playback | undefined> => {
      const files = await sound;
      return files === undefined ? undefined : playbacks.files(party.at.port, files, true);
    };
    const playing = sound === undefined || party.over ? undefined : begin();
    party.background = playing;
    try {
      if (playing === undefined) (await before)?.stop();
      else await playing;
    } catch (error) {
      log.debug({ err: error }, 'nothing can be played to a party of a conference');
    }
  }

  /** His leg may have gone: what it cannot do is no fault. */
  #quietly(done: Promise<unknown> | undefined): void {
    done?.catch((error: unknown) => this.#options.log.debug({ err: error }, 'a party of a conference has gone before'));
  }
}

const silent = ({ muted, held }: Party): boolean => muted || held;

function shownParty(party: Party): ConferenceParty {
  const { id, session, at, moderator, waiting, muted, deaf, held, gainDb, talking, joinedAt } = party;
  const { callId } = session;
  const name = session.attributes?.['callingName'];
  return {
    ...{ id, callId, number: numberOf(party), name: typeof name === 'string' ? name : '', station: at.station },
    ...{ moderator, waiting, muted, deaf, held, gainDb, talking, joinedAt },
  };
}

/** Of who has called, or was called. */
export function numberOf({ session, at }: Pick<Party, 'session' | 'at'>): string {
  if (at.station !== null) return String(at.station);
  return session.direction === 'out' ? session.calledNumber : session.callingNumber;
}
