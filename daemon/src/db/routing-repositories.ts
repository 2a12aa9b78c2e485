// Calendars, lists and routing: what may be asked of the database and done to it (repositories.ts says how).
import type {
  AuditRow,
  CalendarRow,
  DialRightRow,
  DutyGroupRow,
  NumberListEntryRow,
  NumberListRow,
} from './routing-rows.js';

type Patch<Row> = { [K in Exclude<keyof Row, 'id'>]?: Row[K] | undefined };

interface Named<Row> {
  find(id: string): Promise<Row | null>;
  /** by id */
  list(): Promise<Row[]>;
}
interface NamedWrite<Row> extends Named<Row> {
  insert(row: Row): Promise<void>;
  update(id: string, patch: Patch<Row>): Promise<boolean>;
  remove(id: string): Promise<boolean>;
}

export type CalendarsRead = Named<CalendarRow>;
/** insert: calendar_exists; remove: calendar_in_use */
export type CalendarsWrite = NamedWrite<CalendarRow>;
export type DutyGroupsRead = Named<DutyGroupRow>;
/** insert: duty_group_exists */
export type DutyGroupsWrite = NamedWrite<DutyGroupRow>;

/** What a look-up needs of an entry. */
export type ScannedEntry = Pick<NumberListEntryRow, 'id' | 'listId' | 'number' | 'pattern' | 'expiresAt'>;

export interface NumberListsRead extends Named<NumberListRow> {
  findEntry(id: number): Promise<NumberListEntryRow | null>;
  countEntries(listId: string): Promise<number>;
  /** by id; `number`: those that begin so */
  entries(query: {
    listId: string;
    number?: string | undefined;
    after: number;
    limit: number;
  }): Promise<NumberListEntryRow[]>;
  /** every entry of every list, by id, many at a time */
  scan(): AsyncIterable<ScannedEntry[]>;
  entriesByNumber(listId: string, numbers: readonly string[]): Promise<NumberListEntryRow[]>;
}
export interface NumberListsWrite extends NumberListsRead {
  /** number_list_exists */
  insert(row: NumberListRow): Promise<void>;
  update(id: string, patch: Patch<NumberListRow>): Promise<boolean>;
  /** with its entries; number_list_in_use when a route asks it */
  remove(id: string): Promise<boolean>;
  /** inserts, or replaces those of the list with the same number */
  putEntries(rows: readonly Omit<NumberListEntryRow, 'id'>[]): Promise<void>;
  /** null: there is none */
  removeEntry(id: number): Promise<NumberListEntryRow | null>;
}

export interface DialRightsRead {
  find(subject: string): Promise<DialRightRow | null>;
  list(): Promise<DialRightRow[]>;
}
export interface DialRightsWrite extends DialRightsRead {
  /** inserts or replaces */
  put(row: DialRightRow): Promise<void>;
  remove(subject: string): Promise<boolean>;
}

export interface AuditRead {
  /** newest first */
  list(query: {
    actor?: string | undefined;
    objectKind?: string | undefined;
    objectId?: string | undefined;
    before?: string | undefined;
    limit: number;
  }): Promise<AuditRow[]>;
}
export interface AuditWrite extends AuditRead {
  insert(row: AuditRow): Promise<void>;
}
