// The dial plan of the tables: emergency numbers before everything, then what is inside, then the ways out.
import type { Numbering } from '../config/index.js';
import type { Calendars } from '../calendar/index.js';
import {
  DEFAULT_ALLOWED_CLASSES,
  type CallerTreatment,
  type NumberClass,
  type NumberOrigin,
} from '../contract/index.js';
import type { Db, SipStationRow } from '../db/index.js';
import type {
  DialFrom,
  DialPlan,
  DialRefusal,
  DialResolution,
  LineGroup,
  PickUpReach,
  TreatedResolution,
} from '../lines/index.js';
import type { CallerLists } from '../lists/index.js';
import type { NumberBook } from '../numbers/index.js';
import { isAppError, systemClock, type Clock, type Log } from '../platform/index.js';
import { MOST_DIGITS, NumberingPlan } from './numbering-plan.js';
import type { Caller, Outbound } from './outbound.js';
import type { NoteStep, Step } from './steps.js';
import { TableReader, type Tables } from './tables.js';
import { enterRoom, leadTo, listAction, voicemailFlow } from './targets.js';

/** Q.850 */
const cause = {
  unallocated: 1,
  noRoute: 3,
  subscriberAbsent: 20,
  callRejected: 21,
  invalidNumber: 28,
  noCircuit: 34,
} as const;

export interface TableDialPlanOptions {
  db: Db;
  numbering: Numbering;
  /** numbers of the analog telephones */
  analogStations: () => readonly number[];
  /** left out: calendars are closed, and nobody is on a list */
  calendars?: Calendars | undefined;
  lists?: CallerLists | undefined;
  numbers?: (plan: NumberingPlan) => NumberBook;
  clock?: Clock | undefined;
  log: Log;
}

/** What a number leads to, and why. */
export interface Explained {
  /** as the box reads it */
  number: string;
  resolution: DialResolution;
  treatment: CallerTreatment | null;
  steps: Step[];
}

/** What one question is asked with. */
interface Asked {
  tables: Tables;
  from: DialFrom;
  atMs: number;
  note: NoteStep;
}

export class TableDialPlan implements DialPlan {
  readonly #plan: NumberingPlan;
  readonly #reader: TableReader;
  readonly #analogStations: () => readonly number[];
  /** E1 by trunk, in the order in which they are searched; trunks that are switched off, too: calls come in */
  #spans = new Map<string, readonly number[]>();

  #lines = new Map<string, LineGroup>();

  /** Region and carrier, and the form of numbers; undefined: it was started without */
  readonly numbers: NumberBook | undefined;
  readonly #calendars: Calendars | undefined;
  readonly #lists: CallerLists | undefined;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor({ db, numbering, analogStations, calendars, lists, numbers, clock, log }: TableDialPlanOptions) {
    this.#plan = new NumberingPlan(numbering);
    this.#calendars = calendars;
    this.#lists = lists;
    this.#clock = clock ?? systemClock;
    this.#log = log;
    this.numbers = numbers?.(this.#plan);
    this.#reader = new TableReader(db, this.#plan, log, () => this.#readSpans());
    this.#analogStations = analogStations;
  }

  /** Rejects when the database cannot be read. */
  start(): Promise<void> {
    return this.#reader.start();
  }

  stop(): void {
    this.#reader.stop();
  }

  /** The E1 of a trunk; undefined: there is no such trunk, or it is none of E1. */
  spansOf(trunk: string): readonly number[] | undefined {
    return this.#spans.get(trunk);
  }

  /** The analog lines of a trunk; undefined: there is no such trunk, or it is none of these. */
  linesOf(trunk: string): LineGroup | undefined {
    return this.#lines.get(trunk);
  }

  /** The trunk that an analog line belongs to. */
  trunkOfLine(line: number): string | null {
    for (const [trunk, { lines }] of this.#lines) if (lines.includes(line)) return trunk;
    return null;
  }

  /** Calls that it may have at a time, emergency calls apart. */
  maxCallsOf(trunk: string): number {
    return this.#reader.current?.trunks.get(trunk)?.maxCalls ?? Infinity;
  }

  /** Calls of a trunk of E1 that are joined are handed to the exchange. */
  mayJoin(trunk: string): boolean {
    return this.#reader.current?.trunks.get(trunk)?.refer ?? false;
  }

  /** The trunk that an E1 belongs to. */
  trunkOf(span: number): string | null {
    for (const [trunk, spans] of this.#spans) if (spans.includes(span)) return trunk;
    return null;
  }

  async resolve(number: string, from: DialFrom): Promise<TreatedResolution> {
    const { resolution, treatment } = await this.explain(number, from);
    return treatment === null ? resolution : { ...resolution, treatment };
  }

  /** The same, with the reasons, and for any time. Rejects when the database cannot be read. */
  async explain(number: string, from: DialFrom, atMs = this.#clock.wallMs()): Promise<Explained> {
    const tables = await this.#reader.fresh();
    const steps: Step[] = [];
    const asked: Asked = { tables, from, atMs, note: (step) => steps.push(step) };
    const digits = this.#clean(number, from, tables);
    if (digits === undefined) {
      const resolution = refused(cause.invalidNumber, 'it is no number');
      return { number, resolution, treatment: null, steps };
    }
    const verdict = await this.#verdict(from, atMs);
    const { treatment } = verdict ?? { treatment: null };
    const found = this.#find(digits, asked, verdict);
    // What is barred or unknown now may be the beginning of a number inside.
    const grows = found.kind === 'refused' && verdict?.refused == null && this.#insideMayGrow(digits, from, tables);
    if (found.kind === 'refused' && !grows)
      steps.push({ code: 'refused', routeId: null, params: { cause: found.cause, reason: found.reason } });
    return { number: digits, resolution: grows ? { kind: 'incomplete' } : found, treatment, steps };
  }

  originOf(number: string): NumberOrigin | null {
    return this.numbers?.origin(number) ?? null;
  }

  /** As it is dialled in the country, for lists: of what people write, with + or without. */
  normalise(number: string): string {
    return this.#plan.asDialled(number.replace(/[^0-9+]/g, ''), false);
  }

  async #verdict({ station, callingNumber, flow }: DialFrom, atMs: number) {
    // Who is in a flow has been let in.
    if (station !== null || flow !== undefined || callingNumber === undefined) return undefined;
    return this.#lists?.verdict(callingNumber, atMs);
  }

  #find(
    digits: string,
    asked: Asked,
    verdict: Awaited<ReturnType<CallerLists['verdict']>> | undefined,
  ): DialResolution {
    const { from, note } = asked;
    const caller = from.callingNumber ?? '';
    if (verdict?.refused != null) {
      const { listId, reason, action } = verdict.refused;
      note({ code: 'blackListed', routeId: null, params: { caller, list: listId, reason: reason || '-' } });
      return listAction(action);
    }
    const lists = verdict?.treatment?.lists ?? [];
    if (lists.length > 0) note({ code: 'whiteListed', routeId: null, params: { caller, lists: lists.join(', ') } });
    if (from.as !== undefined && from.over !== undefined) return this.#over(from.over, digits, from.as, asked);
    if (from.as !== undefined) return this.#fromBox(digits, from.as, asked);
    if (from.flow !== undefined) return this.#fromFlow(digits, from.flow.allowedClasses, asked);
    return from.station === null
      ? this.#fromOutside(digits, asked, lists)
      : this.#fromStation(digits, from.station, asked);
  }

  /** A calendar that is not there is closed: nobody is let in by mistake. */
  #isOpen(calendarId: string, atMs: number): boolean {
    try {
      return this.#calendars?.isOpen(calendarId, atMs).open ?? false;
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#log.error({ calendarId }, 'a route asks for a calendar that is not there');
      return false;
    }
  }

  async mayContinue(number: string, from: DialFrom): Promise<boolean> {
    const tables = await this.#reader.fresh();
    const digits = this.#clean(number, from, tables);
    if (digits === undefined) return number === '';
    if (digits.length >= MOST_DIGITS) return false;
    if (from.station !== null && this.#plan.isEmergency(digits)) return false;
    if (this.#insideMayGrow(digits, from, tables)) return true;
    return from.station !== null && tables.outbound.mayGrow(digits);
  }

  async pickUp(number: string, station: number): Promise<PickUpReach> {
    const tables = await this.#reader.fresh();
    if (number === '') {
      const own = [...tables.groups.values()].filter(({ stations }) => stations.includes(station));
      return { stations: [...new Set(own.flatMap(({ stations }) => stations))], mayGrow: true };
    }
    const analog = this.#analogStations().map(String);
    const isStation = tables.stations.has(number) || analog.includes(number);
    const stations = isStation ? [Number(number)] : tables.groups.get(number)?.stations;
    const all = [...tables.stations.keys(), ...tables.groups.keys(), ...analog];
    return { stations, mayGrow: all.some((one) => one.length > number.length && one.startsWith(number)) };
  }

  /** By what was read last: whoever calls does not wait for a disk. */
  callerFrom(number: string, trunk: string | null): string {
    const { outbound } = this.#reader.current ?? {};
    const digits = outbound?.callerIn(trunk, number) ?? this.#plan.asDialled(number, false);
    return digits.length <= MOST_DIGITS ? digits : number.replace('+', '');
  }

  /** Digits as they are dialled in the country; undefined: it is no number. A number with + begins with a country code. */
  #clean(number: string, { station, trunk, as, flow }: DialFrom, tables: Tables): string | undefined {
    if (number.length > 2 * MOST_DIGITS) return undefined;
    // Visual separators (RFC 3966 5.1.1) are there for people.
    const bare = number.replace(/[-.()]/g, '');
    if (!/^\+?[0-9]{1,24}$/.test(bare)) return undefined;
    const plus = bare.startsWith('+');
    const digits = plus ? bare.slice(1) : bare;
    if (station !== null || as !== undefined || flow !== undefined) return plus ? this.#plan.fromE164(digits) : digits;
    // What is called by those outside is written as the carrier writes it: a route in may name it so.
    return trunk == null ? digits : tables.outbound.numberIn(trunk, digits);
  }

  #fromOutside(digits: string, asked: Asked, lists: readonly string[]): DialResolution {
    // Never out again, not even to the police: whoever calls in would do so at our expense and under our number.
    return this.#inside(digits, asked, null, lists) ?? refused(cause.unallocated, 'nobody inside has this number');
  }

  /** Somebody is called for a queue: never the police, and nothing that leads into a flow. */
  #fromBox(digits: string, as: Caller, { tables, atMs, note }: Asked): DialResolution {
    if (this.#plan.isEmergency(digits) || tables.outbound.leadsToEmergency(digits))
      return refused(cause.callRejected, 'nobody calls an emergency number back');
    const inside = this.#stationOrGroup(digits, tables, null);
    if (inside !== undefined) {
      if (as.allowedClasses.includes('internal')) return inside;
      return refused(cause.callRejected, 'numbers inside are not called back');
    }
    const holds = ({ calendar }: { calendar: { calendarId: string; when: 'open' | 'closed' } | null }): boolean =>
      calendar === null || this.#isOpen(calendar.calendarId, atMs) === (calendar.when === 'open');
    // The number is as those outside write it, without what a telephone dials before it.
    const dialled = `${tables.outbound.accessPrefix(digits) ?? ''}${digits}`;
    const found = this.#out(tables.outbound.resolve(dialled, as, holds, note), dialled, tables);
    return found.kind === 'out' && found.emergency === true
      ? refused(cause.callRejected, 'nobody calls an emergency number back')
      : found;
  }

  /** A trunk is tried: never with a number of the emergency services. */
  #over(trunk: string, digits: string, as: Caller, { tables }: Asked): DialResolution {
    if (this.#plan.isEmergency(digits))
      return refused(cause.callRejected, 'no trunk is tried with an emergency number');
    return this.#out(tables.outbound.over(trunk, digits, as), digits, tables);
  }

  /** A number that a flow names, or its caller keys in: what it costs is bounded by what flows may dial. */
  #fromFlow(digits: string, allowedClasses: readonly NumberClass[], asked: Asked): DialResolution {
    const { tables, atMs, note } = asked;
    const emergency = refused(cause.callRejected, 'a flow does not call the emergency services');
    if (this.#plan.isEmergency(digits)) return emergency;
    const inside = this.#inside(digits, asked, null, []);
    if (inside !== undefined) return inside;
    const holds = ({ calendar }: { calendar: { calendarId: string; when: 'open' | 'closed' } | null }): boolean =>
      calendar === null || this.#isOpen(calendar.calendarId, atMs) === (calendar.when === 'open');
    // Of no number of its own: the trunk shows what it shows of those who have none.
    const found = tables.outbound.resolve(digits, { allowedClasses, callingNumber: '' }, holds, note);
    const way = this.#out(found, digits, tables);
    return way.kind === 'out' && way.emergency === true ? emergency : way;
  }

  #fromStation(digits: string, station: number, asked: Asked): DialResolution {
    const { tables, atMs, note, from } = asked;
    const caller = this.#caller(station, tables);
    if (this.#plan.isEmergency(digits)) return this.#out(tables.outbound.emergency(digits, caller), digits, tables);
    const inside = this.#inside(digits, asked, station, []);
    if (inside !== undefined) {
      if (caller.allowedClasses.includes('internal')) return inside;
      return refused(cause.callRejected, `telephone ${station} may not call inside`);
    }
    const subjects = [`station:${station}`, ...(from.agentId == null ? [] : [`agent:${from.agentId}`])];
    for (const queueId of from.queues ?? []) subjects.push(`queue:${queueId}`);
    const rights = subjects.flatMap((subject) => tables.rights.get(subject) ?? []);
    const barred = rights.find(
      ({ calendar }) => calendar !== null && this.#isOpen(calendar.calendarId, atMs) !== (calendar.when === 'open'),
    );
    const emergency = tables.outbound.leadsToEmergency(digits);
    if (barred !== undefined && !emergency) {
      note({ code: 'notNow', routeId: null, params: { subject: barred.subject } });
      return refused(cause.callRejected, `${barred.subject} may not dial outside at this time`, 'notNow');
    }
    const chosen = from.shownNumber;
    const mayShow =
      chosen === undefined ||
      chosen === caller.callingNumber ||
      rights.some((one) => one.callingNumbers.includes(chosen));
    if (!mayShow && !emergency)
      return refused(cause.callRejected, `telephone ${station} may not show the number ${chosen}`, 'notShown');
    const holds = ({ calendar }: { calendar: { calendarId: string; when: 'open' | 'closed' } | null }): boolean =>
      calendar === null || this.#isOpen(calendar.calendarId, atMs) === (calendar.when === 'open');
    const found = tables.outbound.resolve(
      digits,
      { ...caller, chosenNumber: mayShow ? chosen : undefined },
      holds,
      note,
    );
    return this.#out(found, digits, tables);
  }

  #inside(digits: string, asked: Asked, station: number | null, lists: readonly string[]): DialResolution | undefined {
    const { tables, from, atMs, note } = asked;
    const found = this.#stationOrGroup(digits, tables, station);
    const room = tables.rooms.get(digits);
    if (room !== undefined) {
      note({ code: 'insideNumber', routeId: null, params: { number: digits } });
      return enterRoom(room.id, room.language);
    }
    if (found !== undefined) {
      note({ code: 'insideNumber', routeId: null, params: { number: digits } });
      return found;
    }
    const box = tables.boxes.get(digits);
    if (box !== undefined) {
      note({ code: 'insideNumber', routeId: null, params: { number: digits } });
      return { kind: 'flow', flowId: voicemailFlow(box.id), language: box.language };
    }
    const route = tables.routes.choose(
      digits,
      {
        ...{
          caller: from.callingNumber ?? (station === null ? '' : String(station)),
          lists,
          trunk: from.trunk ?? null,
        },
        isOpen: (calendarId) => this.#isOpen(calendarId, atMs),
      },
      note,
    );
    if (route === undefined) return undefined;
    return leadTo(route, (number) => this.#stationOrGroup(number, tables, station));
  }

  #stationOrGroup(digits: string, tables: Tables, station: number | null): DialResolution | undefined {
    const account = tables.stations.get(digits);
    if (account !== undefined) {
      return account.enabled
        ? { kind: 'station', station: account.number }
        : refused(cause.subscriberAbsent, `telephone ${digits} is switched off`);
    }
    const analog = this.#analogStations().find((one) => String(one) === digits);
    if (analog !== undefined) return { kind: 'station', station: analog };
    const group = tables.groups.get(digits);
    if (group === undefined) return undefined;
    const { strategy, ringTimeoutMs } = group;
    const stations = group.stations.filter((one) => one !== station && this.#canRing(one, tables));
    if (stations.length === 0) return refused(cause.subscriberAbsent, `nobody is in the ring group ${digits}`);
    return { kind: 'group', stations, strategy, ringTimeoutMs };
  }

  #canRing(station: number, tables: Tables): boolean {
    const account = tables.stations.get(String(station));
    return account === undefined ? this.#analogStations().includes(station) : account.enabled;
  }

  #out(outbound: Outbound, digits: string, tables: Tables): DialResolution {
    switch (outbound.kind) {
      case 'attempts':
        return { kind: 'out', attempts: outbound.attempts, ...(outbound.emergency ? { emergency: true } : {}) };
      case 'closed':
        return refused(cause.callRejected, 'the routes that take it do not hold at this time', 'notNow');
      case 'noTrunk':
        return refused(cause.noCircuit, 'no trunk is switched on for it');
      case 'barred':
        if (outbound.mayGrow) return { kind: 'incomplete' };
        if (outbound.unknown) return refused(cause.unallocated, 'the country has no such number');
        return outbound.classes.length === 0
          ? refused(cause.invalidNumber, 'it has no country code, which the trunk wants')
          : refused(cause.callRejected, `the telephone may not dial ${outbound.classes.join(' and ')} numbers`);
      case 'none':
        return tables.outbound.mayGrow(digits) ? { kind: 'incomplete' } : refused(cause.noRoute, 'no route takes it');
    }
  }

  #caller(station: number, tables: Tables): Caller {
    const account: SipStationRow | undefined = tables.stations.get(String(station));
    if (account !== undefined) return account;
    // A telephone that is not there any more may still be in a call.
    const known = this.#analogStations().includes(station);
    return { allowedClasses: known ? DEFAULT_ALLOWED_CLASSES : [], callingNumber: '' };
  }

  /** Whether more digits can make it something inside, or an emergency number. */
  #insideMayGrow(digits: string, { station }: DialFrom, tables: Tables): boolean {
    if (station !== null && this.#plan.mayBecomeEmergency(digits)) return true;
    const longer = (number: string): boolean => number.length > digits.length && number.startsWith(digits);
    if (tables.routes.mayGrow(digits)) return true;
    for (const table of [tables.stations, tables.groups, tables.rooms, tables.boxes]) {
      for (const number of table.keys()) if (longer(number)) return true;
    }
    return this.#analogStations().some((number) => longer(String(number)));
  }

  #readSpans(): void {
    const rows = [...(this.#reader.current?.trunks.values() ?? [])];
    this.#lines = new Map(rows.filter(({ kind }) => kind === 'fxo').map((row) => [row.id, row]));
    this.#spans = new Map(rows.filter(({ kind }) => kind === 'e1').map(({ id, spans }) => [id, spans]));
  }
}

function refused(code: number, reason: string, why?: DialRefusal): DialResolution {
  return { kind: 'refused', cause: code, reason, ...(why === undefined ? {} : { why }) };
}
