// What agents have on their desks besides calls: what a call came to, whom they dial and under which number, and why they were not
// let dial. Everything is a row before it is answered.
import type { AgentBook } from '../agents/index.js';
import type { CallControl } from '../calls/index.js';
import type {
  AgentToday,
  Call,
  CallNote,
  CallNotePut,
  DialledNumber,
  Disposition,
  Language,
  LiveEvents,
  MissedCall,
  ShownNumbers,
  SpeedDial,
} from '../contract/index.js';
import { noteId, type CallNoteQuery, type CallNoteRow, type Db, type SpeedDialRow } from '../db/index.js';
import type { DialPlan, DialResolution } from '../lines/index.js';
import { AppError, newUlid, type Clock, type Log, type TypedEmitter } from '../platform/index.js';
import { agentToday, midnight, missedCalls } from './agent-figures.js';
import { refusalOf } from './refusals.js';

export interface DeskServiceOptions {
  db: Db;
  agents: Pick<AgentBook, 'find' | 'atStation' | 'settle'>;
  calls: Pick<CallControl, 'find' | 'originate'>;
  plan: DialPlan;
  live: TypedEmitter<LiveEvents>;
  findPrompt: (name: string, language: Language) => Promise<string | undefined>;
  /** of a telephone where nobody is signed in */
  language: Language;
  clock: Clock;
  log: Log;
}

const MOST_SHOWN = 20;
const MOST_READ = 200;
const MISSED_DAYS_MS = 7 * 86_400_000;
/** *66 and *0: what stands for a number */
type KnownNumber = { verb: 'redial' } | { verb: 'speedDial'; slot: string };
type Refused = Extract<DialResolution, { kind: 'refused' }>;

export class DeskService {
  readonly #options: DeskServiceOptions;

  constructor(options: DeskServiceOptions) {
    this.#options = options;
  }

  /** The dial plan, told of the agent at the telephone: what he may, and the number that he shows. */
  static planFor(plan: DialPlan, db: Db, agentAt: (station: number) => { id: string; queues: string[] } | undefined) {
    const resolve: DialPlan['resolve'] = async (number, from) => {
      const agent = from.station === null ? undefined : agentAt(from.station);
      if (agent === undefined) return plan.resolve(number, from);
      // A disk that does not answer must not keep anybody from dialling; he is then shown as his telephone is.
      const { shownNumber } = await db.desk.of(agent.id).catch(() => ({ shownNumber: null }));
      return plan.resolve(number, {
        ...{ ...from, agentId: agent.id, queues: agent.queues },
        shownNumber: from.shownNumber ?? shownNumber ?? undefined,
      });
    };
    return {
      resolve,
      mayContinue: (number, from) => plan.mayContinue(number, from),
      pickUp: (number, station) => plan.pickUp(number, station),
      originOf: (number) => plan.originOf(number),
      callerFrom: (number, trunk) => plan.callerFrom(number, trunk),
    } satisfies DialPlan;
  }

  // What calls came to

  notesOf(callId: string): Promise<CallNote[]> {
    return this.#options.db.desk.notesOf(callId).then((rows) => rows.map(toNote));
  }

  notes(query: CallNoteQuery): Promise<CallNote[]> {
    return this.#options.db.desk.notes(query).then((rows) => rows.map(toNote));
  }

  /**
   * What an agent says of a call that is or was his. call_not_found, call_not_yours, disposition_not_found, note_required. It ends a
   * wrap-up that waits for it.
   */
  async putNote(callId: string, agentId: string, wanted: CallNotePut): Promise<CallNote> {
    const { db, agents, calls, clock, log } = this.#options;
    const call = calls.find(callId) ?? (await db.calls.find(callId));
    if (call === null) throw new AppError('call_not_found', { id: callId });
    const agent = agents.find(agentId);
    const parties = calls.find(callId)?.parties ?? [];
    const his =
      call.agentId === agentId ||
      agent?.callId === callId ||
      parties.some(({ station }) => station !== null && station === agent?.station) ||
      // what he has begun to write during a call that he dialled himself
      (await db.desk.note(callId, agentId)) !== null;
    if (!his && !(await this.#hasServed(callId, agentId)))
      throw new AppError('call_not_yours', { id: callId, agent: agentId });
    const row = await db.write(async (tx) => {
      const id = noteId(callId, agentId);
      const fresh = { id, callId, agentId, queueId: call.queueId, disposition: null, note: '', followUp: false, at: 0 };
      const before: CallNoteRow = (await tx.desk.note(callId, agentId)) ?? fresh;
      const after: CallNoteRow = {
        ...before,
        note: wanted.note ?? before.note,
        followUp: wanted.followUp ?? before.followUp,
        disposition: wanted.disposition ?? before.disposition,
        at: clock.wallMs(),
      };
      if (after.disposition !== null) {
        const all = await tx.desk.dispositions();
        const chosen = choosable(all, call.queueId).find((one) => one.id === after.disposition);
        if (chosen === undefined) throw new AppError('disposition_not_found', { id: after.disposition });
        if (chosen.requiresNote && after.note.trim() === '') throw new AppError('note_required', { id: chosen.id });
      }
      await tx.desk.putNote(after);
      return after;
    });
    log.info({ callId, agentId, disposition: row.disposition }, 'a call was noted');
    if (row.disposition !== null) agents.settle(agentId, callId);
    return toNote(row);
  }

  async #hasServed(callId: string, agentId: string): Promise<boolean> {
    const segments = await this.#options.db.segments.listByCall(callId);
    return segments.some(({ kind, data }) => kind === 'talk' && data['agentId'] === agentId);
  }

  // Whom agents dial

  /** Written down so that it can be dialled once more; never rejects. */
  dialled(station: number, number: string): void {
    const { db, agents, clock, log } = this.#options;
    const row = { id: newUlid(), station, agentId: agents.atStation(station)?.id ?? null, number, at: clock.wallMs() };
    db.write((tx) => tx.desk.addDialled(row)).catch((error: unknown) =>
      log.error({ err: error, station }, 'a dialled number was not written down'),
    );
  }

  async lastDialled(agentId: string): Promise<DialledNumber[]> {
    const { db, agents } = this.#options;
    const station = agents.find(agentId)?.station ?? null;
    const [own, there] = await Promise.all([
      db.desk.dialled({ agentId }, MOST_READ),
      // At his telephone before anybody signed in.
      station === null ? [] : db.desk.dialled({ station }, MOST_READ),
    ]);
    const all = [...own, ...there.filter((row) => row.agentId === null)].sort((a, b) => (a.id < b.id ? 1 : -1));
    const seen = new Set<string>();
    return all
      .filter(({ number }) => !seen.has(number) && seen.add(number))
      .slice(0, MOST_SHOWN)
      .map(({ number, at, station: from }) => ({ number, at, station: from }));
  }

  /** What a code dials at a telephone: an agent's own numbers come before those of everybody. */
  async numberOf(code: KnownNumber, station: number): Promise<string | undefined> {
    const { db, agents } = this.#options;
    const agent = agents.atStation(station);
    if (code.verb === 'redial') {
      if (agent !== undefined) return (await this.lastDialled(agent.id))[0]?.number;
      return (await db.desk.dialled({ station }, 1))[0]?.number;
    }
    const own = agent === undefined ? null : await db.desk.speedDial(agent.id, code.slot);
    return (own ?? (await db.desk.speedDial('', code.slot)))?.number;
  }

  /** `agentId` null: those of everybody */
  async speedDials(agentId: string | null): Promise<SpeedDial[]> {
    return (await this.#options.db.desk.speedDials(agentId ?? '')).map(toSpeedDial);
  }

  async putSpeedDial({ slot, number, name, owner }: SpeedDial): Promise<SpeedDial> {
    const row = { id: `${owner ?? ''}/${slot}`, owner: owner ?? '', slot, number, name };
    await this.#options.db.write((tx) => tx.desk.putSpeedDial(row));
    return toSpeedDial(row);
  }

  /** speed_dial_not_found */
  async removeSpeedDial(agentId: string | null, slot: string): Promise<void> {
    const gone = await this.#options.db.write((tx) => tx.desk.removeSpeedDial(agentId ?? '', slot));
    if (!gone) throw new AppError('speed_dial_not_found', { slot });
  }

  /** The numbers that an agent may choose to show, and his choice. */
  async shownNumbers(agentId: string): Promise<ShownNumbers> {
    const { db, agents } = this.#options;
    const agent = agents.find(agentId);
    if (agent === undefined) throw new AppError('agent_not_found', { id: agentId });
    const subjects = [`agent:${agentId}`, ...agent.queues.map((id) => `queue:${id}`)];
    if (agent.station !== null) subjects.push(`station:${agent.station}`);
    const rights = (await db.dialRights.list()).filter(({ subject }) => subjects.includes(subject));
    const allowed = [...new Set(rights.flatMap(({ callingNumbers }) => callingNumbers))].sort();
    return { allowed, chosen: (await db.desk.of(agentId)).shownNumber };
  }

  /** It lasts until he chooses another. shown_number_not_allowed */
  async showNumber(agentId: string, number: string | null): Promise<ShownNumbers> {
    const { allowed } = await this.shownNumbers(agentId);
    if (number !== null && !allowed.includes(number))
      throw new AppError('shown_number_not_allowed', { number, allowed: allowed.join(', ') || '-' });
    await this.#options.db.write(async (tx) => tx.desk.put({ ...(await tx.desk.of(agentId)), shownNumber: number }));
    return { allowed, chosen: number };
  }

  /** As CallsPort. Whoever may not dial the number is told at once: dial_refused. */
  async originate(station: number, number: string, shown?: string): Promise<Call> {
    const { plan, calls } = this.#options;
    const found = await plan.resolve(number, { station, shownNumber: shown });
    if (found.kind === 'refused') {
      const { reason } = this.#tell(station, number, found);
      throw new AppError('dial_refused', { number, reason });
    }
    const call = await calls.originate(station, number, shown);
    this.dialled(station, number);
    return call;
  }

  /** A telephone is not let dial: the pages are told why; resolves with the file that says it. */
  async refused(station: number, number: string, found: Refused): Promise<string | undefined> {
    const { prompt } = this.#tell(station, number, found);
    const language = this.#options.agents.atStation(station)?.language ?? this.#options.language;
    return this.#options.findPrompt(prompt, language);
  }

  #tell(station: number, number: string, found: Refused) {
    const { agents, live, clock } = this.#options;
    const refusal = refusalOf(found);
    const agentId = agents.atStation(station)?.id ?? null;
    const { code, reason } = refusal;
    live.emit('dial.refused', { agentId, station, number, code, ...reason, at: clock.wallMs() });
    return refusal;
  }

  // What they did

  today(agentId: string): Promise<AgentToday> {
    return agentToday(this.#options.db, agentId, this.#options.clock.wallMs());
  }

  missed(agentId: string): Promise<MissedCall[]> {
    const { db, clock } = this.#options;
    return missedCalls(db, agentId, midnight(clock.wallMs()) - MISSED_DAYS_MS, MOST_READ);
  }
}

/** Those that a call of this queue can come to: what others stand under is a heading. */
export function choosable(all: readonly Disposition[], queueId: string | null): Disposition[] {
  const headings = new Set(all.map(({ parentId }) => parentId));
  const byId = new Map(all.map((one) => [one.id, one]));
  const holds = (one: Disposition | undefined): boolean =>
    one === undefined || (one.enabled && (one.queueId === null || one.queueId === queueId));
  return all.filter(
    (one) => !headings.has(one.id) && holds(one) && (one.parentId === null || holds(byId.get(one.parentId))),
  );
}

function toNote({ id: _id, ...note }: CallNoteRow): CallNote {
  return note;
}

function toSpeedDial({ slot, number, name, owner }: SpeedDialRow): SpeedDial {
  return { slot, number, name, owner: owner === '' ? null : owner };
}
