// Prompts recorded and announcements switched by telephone.
//
//   *90 code #     records the prompt for which somebody was given the code, once
//   *91 number #   says how an announcement stands: 1 on, 0 off, 2 records it
//
// A code, or the telephone that it rings, is the right to record. An announcement is switched at the telephone of an agent who is a
// supervisor or an administrator, else with its PIN.
import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { FlowSession } from '../calls/flow-session.js';
import { BUILT_IN_PERMISSIONS, type Language, type Permission, type PromptTicket } from '../contract/index.js';
import type { AnnouncementNumberRow, AnnouncementRow, Db } from '../db/index.js';
import { AppError, isAppError, type Clock, type Log } from '../platform/index.js';
import type { PromptStore } from './prompt-store.js';
import type { Talk } from './talk.js';

export interface PhoneDeskOptions {
  db: Db;
  talk: Talk;
  store: PromptStore;
  /** a name for a file that somebody speaks into */
  freshFile: () => string;
  /** the agent who is signed in at a telephone */
  agentAt: (station: number) => string | null;
  pinFits: (hash: string, pin: string) => Promise<boolean>;
  clock: Clock;
  log: Log;
}

interface Ticket extends PromptTicket {
  by: string;
}

const TICKET_MS = 15 * 60_000;
const MOST_TICKETS = 200;
const LONGEST_MS = 5 * 60_000;
const PIN_DIGITS = 10;
const PIN_TRIES = 5;
const PIN_LOCK_MS = 900_000;
const SILENCES = 3;

export class PhoneDesk {
  readonly #options: PhoneDeskOptions;
  readonly #tickets = new Map<string, Ticket>();
  /** wrong PINs, by announcement and who calls; a start begins anew */
  readonly #wrong = new Map<string, { failed: number; untilMs: number }>();

  constructor(options: PhoneDeskOptions) {
    this.#options = options;
  }

  /** AppError too_many_prompt_tickets. */
  ticket(name: string, language: Language, by: string): PromptTicket {
    const now = this.#options.clock.wallMs();
    for (const [code, { expiresAt }] of this.#tickets) if (expiresAt <= now) this.#tickets.delete(code);
    if (this.#tickets.size >= MOST_TICKETS) throw new AppError('too_many_prompt_tickets');
    let code: string;
    do code = String(randomInt(1e7, 1e8));
    while (this.#tickets.has(code));
    const ticket = { code, name, language, expiresAt: now + TICKET_MS };
    this.#tickets.set(code, { ...ticket, by });
    return ticket;
  }

  /** The caller has dialled a code. */
  async record(session: FlowSession, code: string): Promise<void> {
    const { talk, clock } = this.#options;
    const ticket = this.#tickets.get(code);
    if (ticket === undefined || ticket.expiresAt <= clock.wallMs())
      return talk.say(session, ['record-code-unknown'], { bargeIn: false });
    this.#tickets.delete(code);
    session.setLanguage(ticket.language);
    // Who has hung up too early, or did not like it, may try again.
    if (
      !(await this.#dictate(session, ticket.name, ticket.language, ticket.by).catch((error: unknown) => {
        this.#tickets.set(code, ticket);
        throw error;
      }))
    )
      this.#tickets.set(code, ticket);
  }

  /** The caller has dialled the number of an announcement. */
  async announcement(session: FlowSession, number: string): Promise<void> {
    const { db, talk, clock, log } = this.#options;
    const named = (await db.voice.announcementNumbers()).find((one) => one.number === number);
    const row = named === undefined ? null : await db.announcements.find(named.id);
    if (named === undefined || row === null) return talk.say(session, ['announcement-unknown'], { bargeIn: false });
    const by = await this.#mayBe(session, named);
    if (by === undefined) return;
    for (let silent = 0; silent < SILENCES;) {
      const now = (await db.announcements.find(named.id)) ?? row;
      const on = now.active && (now.until === null || now.until > clock.wallMs());
      await talk.say(session, [on ? 'announcement-on' : 'announcement-off', 'announcement-menu']);
      const key = await talk.key(session);
      if (key === '#') return talk.say(session, ['goodbye'], { bargeIn: false });
      if (key === undefined) silent += 1;
      if (key === '2') await this.#rerecord(session, now, by);
      if (key !== '1' && key !== '0') continue;
      const active = key === '1';
      await this.#put({ ...now, active, until: null }, by);
      log.info({ announcement: named.id, active, by, callId: session.callId }, 'announcement switched by telephone');
    }
  }

  /** What callers hear of it is what is said now. */
  async #rerecord(session: FlowSession, row: AnnouncementRow, by: string): Promise<void> {
    const name = `announcement-${row.id}`;
    if (await this.#dictate(session, name, session.language, by)) await this.#put({ ...row, prompts: [name] }, by);
  }

  async #put(row: AnnouncementRow, by: string): Promise<void> {
    const updatedAt = this.#options.clock.wallMs();
    await this.#options.db.write((tx) => tx.announcements.put({ ...row, updatedAt, updatedBy: by }));
  }

  async #dictate(session: FlowSession, name: string, language: Language, by: string): Promise<boolean> {
    const { talk, store, freshFile } = this.#options;
    const path = freshFile();
    try {
      const lengthMs = await talk.dictate(session, path, LONGEST_MS);
      if (lengthMs === undefined) return false;
      await store.adopt(name, language, path, by, lengthMs);
      await talk.say(session, ['record-kept']);
      return true;
    } catch (error) {
      session.signal.throwIfAborted();
      if (!isAppError(error)) throw error;
      await talk.say(session, ['technical-fault']);
      return false;
    } finally {
      await rm(path, { force: true });
    }
  }

  async #usersWhoSwitch(): Promise<{ username: string; agentId: string | null }[]> {
    const { db } = this.#options;
    const builtIn = Object.entries(BUILT_IN_PERMISSIONS).map(([id, permissions]) => ({ id, permissions }));
    const may = (permissions: readonly Permission[]): boolean => permissions.includes('announcements.switch');
    const roles = [...builtIn, ...(await db.roles.list())].filter(({ permissions }) => may(permissions));
    return (await db.users.list()).filter(({ role }) => roles.some(({ id }) => id === role));
  }

  /** Who it is, for the record; undefined: he may not, and was told so. */
  async #mayBe(session: FlowSession, { id, pinHash }: AnnouncementNumberRow): Promise<string | undefined> {
    const { talk, agentAt, pinFits, clock, log } = this.#options;
    const { station } = session;
    const agentId = station === null ? null : agentAt(station);
    const user = agentId === null ? undefined : (await this.#usersWhoSwitch()).find((one) => one.agentId === agentId);
    if (user !== undefined) return user.username;
    const who = `${id}|${station === null ? session.callingNumber : `station:${station}`}`;
    const refused = async (prompt: string): Promise<undefined> => {
      log.warn({ announcement: id, callId: session.callId, who }, 'somebody may not switch an announcement');
      await talk.say(session, [prompt], { bargeIn: false });
      return undefined;
    };
    if (pinHash === null || station === null) return refused('not-allowed');
    for (;;) {
      const wrong = this.#wrong.get(who);
      if (wrong !== undefined && wrong.failed >= PIN_TRIES) {
        if (clock.monotonicMs() < wrong.untilMs) return refused('vm-locked');
        this.#wrong.delete(who);
      }
      await talk.say(session, ['enter-pin']);
      if (await pinFits(pinHash, await talk.digits(session, { maxDigits: PIN_DIGITS, secret: true }))) {
        this.#wrong.delete(who);
        return `telephone ${station}`;
      }
      const failed = (this.#wrong.get(who)?.failed ?? 0) + 1;
      this.#wrong.set(who, { failed, untilMs: clock.monotonicMs() + PIN_LOCK_MS });
      await talk.say(session, ['wrong-number-or-pin']);
    }
  }
}
