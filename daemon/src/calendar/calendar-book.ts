// The calendars and duty groups in force. They are kept in memory and read anew after each change; while the database cannot be
// read, what was known holds.
import type { Calendar, DutyPerson, LiveEvents, OnDuty, OpenState } from '../contract/index.js';
import type { CalendarRow, Db, DutyGroupRow } from '../db/index.js';
import {
  AppError,
  errorText,
  type Clock,
  type Log,
  type Timer,
  type TypedEmitter,
  type Unsubscribe,
} from '../platform/index.js';
import { DAY_MS, dateOf, dayNumber } from './day-plan.js';
import { OpenHours } from './open-hours.js';
import { ZoneClock } from './zone-clock.js';

export interface CalendarBookOptions {
  db: Db;
  /** of the IANA database */
  timeZone: string;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

/** What others ask of calendars. */
export interface Calendars {
  /** AppError calendar_not_found */
  isOpen(calendarId: string, atMs: number): OpenState;
  /** AppError duty_group_not_found */
  onDuty(groupId: string, atMs: number): OnDuty;
}

export class CalendarBook implements Calendars {
  readonly zone: ZoneClock;
  readonly #options: CalendarBookOptions;
  #calendars = new Map<string, { row: CalendarRow; hours: OpenHours; timer: Timer | undefined }>();
  #groups = new Map<string, DutyGroupRow>();
  #offs: Unsubscribe[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor(options: CalendarBookOptions) {
    this.#options = options;
    this.zone = new ZoneClock(options.timeZone);
  }

  /** Rejects when the database cannot be read. */
  async start(): Promise<void> {
    const { db } = this.#options;
    this.#offs = [
      db.events.on('calendar.changed', () => this.#again(true)),
      db.events.on('dutyGroup.changed', () => this.#again(false)),
    ];
    await this.#read();
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
    for (const { timer } of this.#calendars.values()) timer?.cancel();
  }

  /** Resolves when every change that was committed before is in force. */
  applied(): Promise<void> {
    return this.#reading;
  }

  isOpen(calendarId: string, atMs: number): OpenState {
    const calendar = this.#calendars.get(calendarId);
    if (calendar === undefined) throw new AppError('calendar_not_found', { id: calendarId });
    return calendar.hours.isOpen(atMs);
  }

  onDuty(groupId: string, atMs: number): OnDuty {
    const group = this.#groups.get(groupId);
    if (group === undefined) throw new AppError('duty_group_not_found', { id: groupId });
    const day = Math.floor(this.zone.wallOf(atMs) / DAY_MS);
    const date = dateOf(day);
    for (const shift of group.shifts) {
      if (shift.from !== null && date < shift.from) continue;
      if (shift.to !== null && date > shift.to) continue;
      if (shift.calendarId !== null && !this.isOpen(shift.calendarId, atMs).open) continue;
      return { people: turnOf(shift.people, shift.rotateDays, shift.from, day), shift: shift.name };
    }
    return { people: [], shift: null };
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#calendars.keys());
  }

  /** of duty groups */
  groupIds(): ReadonlySet<string> {
    return new Set(this.#groups.keys());
  }

  list(atMs = this.#options.clock.wallMs()): Calendar[] {
    return [...this.#calendars.values()].map((one) => this.#dto(one, atMs));
  }

  find(id: string, atMs = this.#options.clock.wallMs()): Calendar | undefined {
    const one = this.#calendars.get(id);
    return one === undefined ? undefined : this.#dto(one, atMs);
  }

  #dto({ row, hours }: { row: CalendarRow; hours: OpenHours }, atMs: number): Calendar {
    const { override } = row;
    const over = override !== null && override.until !== null && override.until <= this.#options.clock.wallMs();
    return { ...row, override: over ? null : override, state: hours.isOpen(atMs) };
  }

  #again(calendars: boolean): Promise<void> {
    this.#reading = this.#reading
      .then(() => this.#read(calendars))
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, `the calendars stay as they are: ${errorText(error)}`),
      );
    return this.#reading;
  }

  async #read(tell = false): Promise<void> {
    const { db, live } = this.#options;
    const [rows, groups] = await Promise.all([db.calendars.list(), db.dutyGroups.list()]);
    this.#groups = new Map(groups.map((row) => [row.id, row]));
    const before = this.#calendars;
    for (const { timer } of before.values()) timer?.cancel();
    this.#calendars = new Map(
      rows.map((row) => [row.id, { row, hours: new OpenHours(row, this.zone), timer: undefined }]),
    );
    for (const row of rows) {
      this.#watch(row.id);
      const changed = tell && JSON.stringify(before.get(row.id)?.row) !== JSON.stringify(row);
      const calendar = changed ? this.find(row.id) : undefined;
      if (calendar !== undefined) live.emit('calendar.updated', calendar);
    }
  }

  /** Tells the pages when a calendar opens or closes. */
  #watch(id: string): void {
    const { clock, live } = this.#options;
    const calendar = this.#calendars.get(id);
    if (calendar === undefined) return;
    const now = clock.wallMs();
    const { open, until } = calendar.hours.isOpen(now);
    // Not longer than a day: somebody may set the clock.
    const waitMs = Math.min((until ?? Infinity) - now, DAY_MS);
    calendar.timer = clock.after(Math.max(waitMs, 1), () => {
      const dto = this.find(id);
      if (dto !== undefined && dto.state.open !== open) live.emit('calendar.updated', dto);
      this.#watch(id);
    });
  }
}

/** Of those who take turns the one whose turn it is comes alone; else all of them. */
function turnOf(people: readonly DutyPerson[], rotateDays: number, from: string | null, day: number): DutyPerson[] {
  if (rotateDays === 0 || from === null) return [...people];
  const turn = Math.floor((day - dayNumber(from)) / rotateDays) % people.length;
  const person = people[turn];
  return person === undefined ? [] : [person];
}
