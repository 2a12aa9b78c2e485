// Routes in: of those whose pattern fits the number called, the most specific first, then by priority, the first whose every condition
// holds.
import type { RouteRow } from '../db/index.js';
import { canBecome, compareSpecificity, compilePattern, matches, type Pattern } from './pattern.js';
import type { NoteStep } from './steps.js';

/** Who calls, how, and what the calendars say. */
export interface InboundCall {
  /** as he is called back from here; '': withheld */
  caller: string;
  lists: readonly string[];
  trunk: string | null;
  isOpen: (calendarId: string) => boolean;
}

interface InboundRoute {
  row: RouteRow;
  called: Pattern | undefined;
  calling: Pattern | undefined;
}

const ANY: Pattern = { sets: [], open: true };

export class InboundRoutes {
  readonly #routes: readonly InboundRoute[];

  constructor(rows: readonly RouteRow[]) {
    const compile = (text: string): Pattern | undefined => (text === '' ? undefined : compilePattern(text));
    this.#routes = rows
      .filter(({ enabled }) => enabled)
      .map((row) => ({ row, called: compile(row.calledNumber), calling: compile(row.callingNumber) }))
      .sort(
        (a, b) =>
          Number(a.called === undefined) - Number(b.called === undefined) ||
          compareSpecificity(a.called ?? ANY, b.called ?? ANY) ||
          a.row.priority - b.row.priority ||
          conditions(b.row) - conditions(a.row) ||
          (a.row.id < b.row.id ? -1 : 1),
      );
  }

  choose(digits: string, call: InboundCall, note: NoteStep): RouteRow | undefined {
    for (const { row, called, calling } of this.#routes) {
      if (called !== undefined && !matches(called, digits)) continue;
      const fails = failing(row, calling, call);
      if (fails === undefined) {
        note({ code: 'routeTaken', routeId: row.id, params: { name: nameOf(row) } });
        return row;
      }
      note({ code: fails, routeId: row.id, params: { name: nameOf(row), calendar: row.calendar?.calendarId ?? '' } });
    }
    return undefined;
  }

  /** Whether more digits may lead to another route. */
  mayGrow(digits: string): boolean {
    return this.#routes.some(({ called }) => called !== undefined && canBecome(called, digits));
  }
}

/** Of routes with the same pattern and priority, the one that asks more goes first. */
const conditions = ({ callingNumber, callingList, trunk, calendar }: RouteRow): number =>
  [callingNumber !== '', callingList !== null, trunk !== null, calendar !== null].filter(Boolean).length;

export const nameOf = ({ name, calledNumber }: Pick<RouteRow, 'name' | 'calledNumber'>): string =>
  name || calledNumber || '*';

function failing(row: RouteRow, calling: Pattern | undefined, call: InboundCall) {
  if (calling !== undefined && !(call.caller !== '' && matches(calling, call.caller))) return 'otherCaller';
  if (row.callingList !== null && !call.lists.includes(row.callingList)) return 'notOnList';
  if (row.trunk !== null && row.trunk !== call.trunk) return 'otherTrunk';
  if (row.calendar !== null && call.isOpen(row.calendar.calendarId) !== (row.calendar.when === 'open'))
    return row.calendar.when === 'open' ? 'calendarClosed' : 'calendarOpen';
  return undefined;
}
