// What is stored of calendars, lists and routing, as plain data.
import type {
  CalendarCondition,
  CalendarOverride,
  DutyShift,
  JsonValue,
  ListAction,
  NumberListKind,
  SpecialDay,
  WeeklyHours,
} from '../contract/index.js';

export interface CalendarRow {
  id: string;
  name: string;
  weekly: WeeklyHours;
  specialDays: SpecialDay[];
  override: CalendarOverride | null;
}

export interface DutyGroupRow {
  id: string;
  name: string;
  shifts: DutyShift[];
}

export interface NumberListRow {
  id: string;
  name: string;
  kind: NumberListKind;
  action: ListAction;
  level: number;
  priority: number;
  enabled: boolean;
}

export interface NumberListEntryRow {
  id: number;
  listId: string;
  /** digits as they are dialled in the country, or a pattern */
  number: string;
  pattern: boolean;
  reason: string;
  expiresAt: number | null;
  level: number | null;
  agentId: string | null;
  addedBy: string;
  addedAt: number;
}

export interface DialRightRow {
  /** station:NUMBER or agent:NUMBER */
  subject: string;
  callingNumbers: string[];
  calendar: CalendarCondition | null;
}

export interface AuditRow {
  id: string;
  at: number;
  actor: string;
  action: string;
  objectKind: string;
  objectId: string;
  before: JsonValue;
  after: JsonValue;
}
