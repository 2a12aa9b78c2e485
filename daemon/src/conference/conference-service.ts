// Conference rooms: callers come to them through a flow's node, by which every dialled room number and every route leads in too, and
// are in them until they leave, are removed, or it is over. What moderators do by page, command line or keys comes by here, and is in
// the audit log before it is answered.
//
//   flow → entrance (which, when, PIN, name) → room (live-room.ts) → back into the flow
//   call out → answered → "press 1" → room
import { join } from 'node:path';
import type { CallControl, CallRecorder, FlowSession, PreparedFlow } from '../calls/index.js';
import { Playbacks, programFlow } from '../calls/index.js';
import type {
  ConferenceAction,
  ConferenceInvite,
  ConferencePartyAction,
  ConferenceRecording,
  ConferenceStatus,
  JsonObject,
  LiveEvents,
} from '../contract/index.js';
import type { ConferenceRoomRow, Db } from '../db/index.js';
import type { EngineClient } from '../engine/index.js';
import type { Lines } from '../lines/index.js';
import {
  AppError,
  errorText,
  isAppError,
  newUlid,
  type Clock,
  type Log,
  type TypedEmitter,
  type Unsubscribe,
} from '../platform/index.js';
import { Entrance } from './entrance.js';
import { LiveRoom, type Left, type Party } from './live-room.js';
import { NameTaker } from './name-taker.js';
import { RoomBook } from './room-book.js';
import { listenToKeys } from './room-keys.js';
import { RoomRecording } from './room-recording.js';
import { writeSilence } from './silence.js';
import { Voice, type Prompts } from './voice.js';

export interface ConferenceOptions {
  engine: EngineClient;
  lines: Lines;
  calls: Pick<CallControl, 'callOut' | 'release' | 'act' | 'originate' | 'events' | 'find'>;
  recorder: CallRecorder;
  db: Db;
  prompts: Prompts;
  /** names and silence, absolute */
  cacheFolder: string;
  music: (() => Promise<string[] | undefined>) | undefined;
  isOpen: (calendarId: string, at: number) => boolean | undefined;
  agentAt: (station: number) => string | null;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

/** How long somebody is rung who is called into a room, and how often he is told to press 1. */
const RING_MS = 45_000;
const ASKED = 3;
const ANSWER_MS = 7000;
const NORMAL_CLEARING = 16;
const MOST_RECORDINGS = 200;
/** of an analog telephone, which sends a key in a fifth of a second */
const STRAY_MS = 400;

type Outcome = { outcome: 'done' | 'refused' | 'full' | 'failed'; values?: JsonObject };

export class ConferenceService {
  readonly #options: ConferenceOptions;
  readonly book: RoomBook;
  readonly #voice: Voice;
  readonly #names: NameTaker;
  readonly #playbacks: Playbacks;
  readonly #entrance: Entrance;
  readonly #silence: string;
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #recordings = new Map<LiveRoom, Promise<RoomRecording>>();
  readonly #offs: Unsubscribe[] = [];

  constructor(options: ConferenceOptions) {
    this.#options = options;
    const { engine, db, log, prompts, cacheFolder, isOpen, agentAt, clock } = options;
    this.book = new RoomBook(db, log);
    this.#voice = new Voice(prompts, log);
    this.#playbacks = new Playbacks(engine, log);
    this.#names = new NameTaker(join(cacheFolder, 'conference-names'), engine, this.#voice, log);
    this.#silence = join(cacheFolder, 'silence.wav');
    this.#entrance = new Entrance({
      ...{ isOpen, agentAt, clock, voice: this.#voice },
      find: (id) => this.book.find(id),
      byNumber: (number) => this.book.byNumber(number),
      stateOf: (room) => this.#stateOf(room),
      takeName: (session) => this.#names.take(session),
    });
  }

  /** Before calls come. */
  async start(): Promise<void> {
    const { engine, lines, calls } = this.#options;
    this.#offs.push(
      engine.events.on('conference.speaker', ({ conference, port }) => {
        for (const room of this.#rooms.values()) if (room.conference === conference) room.speaks(port);
      }),
      lines.events.on('leg.held', ({ leg }) => this.#held(leg, true)),
      lines.events.on('leg.retrieved', ({ leg }) => this.#held(leg, false)),
      calls.events.on('call.released', ({ call }) => this.#uninvite(call.id)),
      calls.events.on('call.answered', ({ call }) => this.#invitationAnswered(call.id)),
    );
    await writeSilence(this.#silence);
    await this.#names.start();
    await this.book.start();
  }

  stop(): void {
    for (const off of this.#offs.splice(0)) off();
    this.#playbacks.close();
    this.book.stop();
  }

  /** As a port of flows. */
  ids(): ReadonlySet<string> {
    return this.book.ids();
  }

  /** Leads a caller in, and keeps him. Rejects with the signal's reason when the call has ended. */
  async run(session: FlowSession, id: string): Promise<Outcome> {
    await this.#dropStray(session);
    const entry = await this.#entrance.enter(session, id);
    if (typeof entry === 'string')
      return { outcome: entry === 'full' ? 'full' : 'refused', values: { reason: entry, room: id } };
    return this.#stay(session, entry.room, entry);
  }

  /** The # behind a number that was complete without it would make him leave at once. */
  async #dropStray(session: FlowSession): Promise<void> {
    if (session.party?.station == null) return;
    const { pressed, stop } = session.digits.wait(session.signal);
    const timer = this.#options.clock.after(STRAY_MS, stop);
    await pressed;
    timer.cancel();
    session.digits.drop('#');
  }

  /** Every room in which somebody is. */
  live(): ConferenceStatus[] {
    return [...this.#rooms.values()].map((room) => room.status());
  }

  /** AppError conference_not_found. */
  status(id: string): ConferenceStatus {
    return this.#rooms.get(id)?.status() ?? emptyStatus(this.book.get(id));
  }

  /**
   * AppError conference_not_found, conference_empty, conference_not_lockable, conference_never_recorded, conference_recording_wrong_state,
   * conference_not_recorded. `by`: for the audit log.
   */
  async act(id: string, action: ConferenceAction['action'], by: string): Promise<ConferenceStatus> {
    const room = this.#occupied(id);
    if (action === 'lock' && !room.row.lockable) throw new AppError('conference_not_lockable', { id });
    if (action === 'startRecording') await this.#record(room);
    if (action === 'stopRecording') await this.#stopRecording(room);
    await this.#audit(id, by, { action });
    switch (action) {
      case 'lock':
      case 'unlock':
        room.locked = action === 'lock';
        void room.announce([room.locked ? 'conference-is-locked' : 'conference-is-unlocked']);
        break;
      case 'muteAll':
      case 'unmuteAll':
        room.setAllMuted(action === 'muteAll');
        void room.announce([action === 'muteAll' ? 'conference-all-muted' : 'conference-all-unmuted']);
        break;
      case 'startRecording':
        void room.announce(['conference-recording-on']);
        break;
      case 'stopRecording':
        void room.announce(['conference-recording-off']);
        break;
      case 'end':
        this.#end(room, 'ended');
    }
    this.#changed(room);
    return room.status();
  }

  /** AppError conference_not_found, conference_empty, conference_party_not_found. */
  async actOnParty(id: string, partyId: string, wanted: ConferencePartyAction, by: string): Promise<ConferenceStatus> {
    const room = this.#occupied(id);
    const party = room.parties.get(partyId);
    if (party === undefined) throw new AppError('conference_party_not_found', { id, party: partyId });
    await this.#audit(id, by, { ...wanted, party: partyId, callId: party.session.callId });
    switch (wanted.action) {
      case 'mute':
      case 'unmute':
        room.setMuted(party, wanted.action === 'mute');
        break;
      case 'deafen':
      case 'undeafen':
        room.setDeaf(party, wanted.action === 'deafen');
        break;
      case 'setGain':
        room.setGain(party, wanted.gainDb);
        break;
      case 'remove':
        party.leave('removed');
    }
    return room.status();
  }

  /**
   * Calls a number, over one way out after the other; who answers hears that he is invited and comes in by the key 1. AppError
   * conference_not_found, conference_full, conference_no_station, number_leads_nowhere, or what the line says.
   */
  async invite(
    id: string,
    { number, moderator }: Pick<ConferenceInvite, 'number' | 'moderator'>,
    from: { station: number | null; agentId: string | null; by: string },
  ): Promise<ConferenceStatus> {
    const row = this.book.get(id);
    const station = row.dialOutStation ?? from.station;
    if (station === null) throw new AppError('conference_no_station', { number });
    const room = this.#room(row);
    if (room.parties.size + room.invitations.size >= row.maxParties) throw new AppError('conference_full', { id });
    await this.#audit(id, from.by, { action: 'invite', number, station });
    try {
      const call = await this.#options.calls.callOut({
        ...{ number, from: { station, agentId: from.agentId }, callingNumber: row.number ?? String(station) },
        ...{ callingName: row.name, language: row.language, ringMs: RING_MS },
        flow: this.#invited(id, moderator),
      });
      // Others may have left it empty meanwhile, and he may have gone.
      if (this.#options.calls.find(call.id) !== undefined)
        this.#room(row).invitations.set(call.id, { callId: call.id, number, state: 'calling' });
    } finally {
      this.#changed(this.#room(row));
    }
    return this.status(id);
  }

  /**
   * The partner of who is in talk at this telephone comes into the room, and the telephone is called into it, too, where that is wanted.
   * AppError conference_not_found, conference_no_number, and those of CallControl.act and originate.
   */
  async addCall(id: string, callId: string, station: number, join: boolean, by: string): Promise<ConferenceStatus> {
    const { number } = this.book.get(id);
    if (number === null) throw new AppError('conference_no_number', { id });
    await this.#options.calls.act(callId, station, { action: 'transfer', to: number });
    await this.#audit(id, by, { action: 'addCall', callId, station });
    if (join) await this.#options.calls.originate(station, number);
    return this.status(id);
  }

  /** Newest first. */
  async recordings(id: string): Promise<ConferenceRecording[]> {
    const { db } = this.#options;
    const rows = await db.conferences.recordings(id, MOST_RECORDINGS);
    const found = await Promise.all(rows.map(async (row) => ({ row, of: await db.recordings.find(row.id) })));
    return found.flatMap(({ row, of }) =>
      of === null ? [] : [{ ...row, startedAt: of.startedAt, durationMs: of.durationMs, state: of.state }],
    );
  }

  /** AppError conference_in_use: somebody is in it. */
  mustBeEmpty(id: string): void {
    if (this.#rooms.has(id)) throw new AppError('conference_in_use', { id });
  }

  async #stay(
    session: FlowSession,
    row: ConferenceRoomRow,
    how: { moderator: boolean; nameFile?: string | undefined },
  ) {
    const room = this.#room(row);
    const party = room.join(session, how);
    const segment = session.segment('conference', { room: row.id, moderator: how.moderator });
    let left: Left = 'hungUp';
    // In the turn in which the call ends, for then all that is open is closed.
    session.signal.addEventListener('abort', () => segment.end({ outcome: 'hungUp' }), { once: true });
    try {
      if (row.record === 'always' && room.parties.size === 1)
        void this.#record(room).catch((error: unknown) => {
          if (!isAppError(error, 'conference_recording_wrong_state'))
            this.#options.log.error({ room: row.id, err: error }, `a conference is not recorded: ${errorText(error)}`);
        });
      const greeting = party.waiting ? 'conference-waiting' : room.parties.size === 1 ? 'conference-alone' : undefined;
      if (greeting !== undefined) void room.tell(party, greeting);
      await Promise.race([listenToKeys(room, party, this, this.#options.log), party.left]);
      left = await party.left;
    } finally {
      segment.end({ outcome: left });
      this.#gone(room, party);
    }
    if (left !== 'left')
      await this.#voice.say(session, left === 'moderatorLeft' ? 'conference-moderator-left' : `conference-${left}`);
    return { outcome: 'done', values: { left, room: row.id } } as const;
  }

  #gone(room: LiveRoom, party: Party): void {
    room.gone(party);
    if (party.nameFile !== undefined) {
      // It is being said to the others that he has gone.
      const { nameFile } = party;
      this.#options.clock.after(10_000, () => this.#names.forget(nameFile));
    }
    const { row } = room;
    const moderated = [...room.parties.values()].some(({ moderator }) => moderator);
    if (party.moderator && row.endWhenModeratorLeaves && !moderated) this.#end(room, 'moderatorLeft');
    this.#changed(room);
  }

  #end(room: LiveRoom, how: Left): void {
    for (const party of room.parties.values()) party.leave(how);
    for (const { callId } of room.invitations.values()) this.#options.calls.release(callId, NORMAL_CLEARING);
  }

  /** The room as it lives now, begun when it does not. */
  #room(row: ConferenceRoomRow): LiveRoom {
    const { engine, clock, log, music } = this.#options;
    const { id } = row;
    const before = this.#rooms.get(id);
    if (before !== undefined) return before;
    const room: LiveRoom = new LiveRoom({
      ...{ engine, clock, music, silence: this.#silence, playbacks: this.#playbacks, voice: this.#voice },
      // Who removes a room while the last ones leave it takes nothing from them.
      row: () => this.book.find(id) ?? row,
      log: log.child({ room: id }),
      changed: () => this.#options.live.emit('conference.updated', room.status()),
    });
    this.#rooms.set(id, room);
    return room;
  }

  /** The pages are told, and a room in which nobody is any more is over. */
  #changed(room: LiveRoom): void {
    const { live, db, log } = this.#options;
    const { row } = room;
    if (room.empty && this.#rooms.get(row.id) === room) {
      this.#rooms.delete(row.id);
      const recording = this.#recordings.get(room);
      void recording?.then((one) => one.stop()).catch(() => undefined);
      room.close();
      if (row.adHoc)
        db.write((tx) => tx.conferences.removeRoom(row.id)).catch((error: unknown) =>
          log.error({ room: row.id, err: error }, 'a room for one conference was not removed'),
        );
    }
    live.emit('conference.updated', room.status());
  }

  async #record(room: LiveRoom): Promise<void> {
    const { row } = room;
    const [first] = room.parties.values();
    if (row.record === 'never') throw new AppError('conference_never_recorded', { id: row.id });
    if (first === undefined) throw new AppError('conference_empty', { id: row.id });
    if (this.#recordings.has(room)) throw new AppError('conference_recording_wrong_state', { id: row.id });
    const starting = room
      .hall()
      .then(({ conference }) => RoomRecording.start(this.#options, conference, row, first.session.callId));
    this.#recordings.set(room, starting);
    const over = (): void => {
      this.#recordings.delete(room);
      room.recording = false;
      this.#options.live.emit('conference.updated', room.status());
    };
    try {
      const recording = await starting;
      room.recording = true;
      void recording.ended.then(over);
    } catch (error) {
      over();
      throw error;
    }
    this.#options.live.emit('conference.updated', room.status());
  }

  async #stopRecording(room: LiveRoom): Promise<void> {
    const recording = await this.#recordings.get(room);
    if (recording === undefined) throw new AppError('conference_recording_wrong_state', { id: room.row.id });
    await recording.stop();
  }

  #occupied(id: string): LiveRoom {
    const room = this.#rooms.get(id);
    if (room !== undefined) return room;
    this.book.get(id);
    throw new AppError('conference_empty', { id });
  }

  #stateOf(row: ConferenceRoomRow): 'open' | 'locked' | 'full' {
    const room = this.#rooms.get(row.id);
    if (room === undefined) return 'open';
    if (room.parties.size >= row.maxParties) return 'full';
    return room.locked ? 'locked' : 'open';
  }

  /** What one comes into who was called and has answered. */
  #invited(id: string, moderator: boolean): PreparedFlow {
    return programFlow(async (session) => {
      for (let asked = 0; asked < ASKED; asked += 1) {
        await this.#voice.say(session, 'conference-invited');
        const key = await session.digits.next(ANSWER_MS, session.signal);
        if (key !== '1') continue;
        const row = this.book.find(id);
        this.#forgetInvitation(session.callId);
        if (row === undefined || this.#stateOf(row) === 'full')
          return this.#voice.say(session, row === undefined ? 'conference-ended' : 'conference-full');
        return void (await this.#stay(session, row, { moderator }));
      }
    });
  }

  /** He has come in: the room is his from now on. */
  #forgetInvitation(callId: string): void {
    for (const room of this.#rooms.values()) room.invitations.delete(callId);
  }

  /** The call of one who was invited is over. */
  #uninvite(callId: string): void {
    for (const room of [...this.#rooms.values()]) if (room.invitations.delete(callId)) this.#changed(room);
  }

  #invitationAnswered(callId: string): void {
    for (const room of this.#rooms.values()) {
      const invitation = room.invitations.get(callId);
      if (invitation === undefined) continue;
      invitation.state = 'answered';
      this.#changed(room);
    }
  }

  /** Who has put us on hold is not to be heard: his telephone plays music. */
  #held(leg: number, held: boolean): void {
    for (const room of this.#rooms.values())
      for (const party of room.parties.values()) if (party.at.leg === leg) room.setHeld(party, held);
  }

  async #audit(id: string, actor: string, after: JsonObject): Promise<void> {
    const { db, clock, log } = this.#options;
    log.info({ room: id, by: actor, ...after }, 'a conference is moderated');
    const at = clock.wallMs();
    const entry = { id: newUlid(), at, actor, action: 'moderated', objectKind: 'conference', objectId: id };
    await db.write((tx) => tx.audit.insert({ ...entry, before: null, after }));
  }
}

function emptyStatus({ id, name, number, moderators }: ConferenceRoomRow): ConferenceStatus {
  const nothing = { since: null, locked: false, recording: false, waitsForModerator: false };
  return { id, name, number, moderators, ...nothing, parties: [], invitations: [] };
}
