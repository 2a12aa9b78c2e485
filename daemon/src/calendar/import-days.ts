// Special days from files: iCalendar (RFC 5545) and CSV. What is not understood is told by its line; the rest is taken.
import { parse } from 'csv-parse/sync';
import ICAL from 'ical.js';
import { SpecialDay, type HoursSpan, type ImportProblem, type Language } from '../contract/index.js';
import { check, errorText, problemLine } from '../platform/index.js';
import { DAY_MS, dateOf, dayNumber } from './day-plan.js';
import type { ZoneClock } from './zone-clock.js';

export interface ImportedDays {
  days: SpecialDay[];
  problems: ImportProblem[];
}

const MOST_DAYS = 2000;
const MOST_PROBLEMS = 200;
/** of an event that comes again in another way than every year */
const MOST_OCCURRENCES = 400;
/** as the State Council's holidays and calendars made of them write a make-up working day */
const MAKE_UP = /补班|调休上班|上班|工作日|[(（]班[)）]|make-?up|working day/i;
const ROUNDS = { mostRounds: 100_000 };

class Collector {
  readonly days: SpecialDay[] = [];
  readonly problems: ImportProblem[] = [];
  readonly #language: Language;

  constructor(language: Language) {
    this.#language = language;
  }

  problem(line: number, en: string, zh: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ line, message: this.#language === 'en' ? en : zh });
  }

  add(line: number, day: unknown): void {
    if (this.days.length >= MOST_DAYS)
      return this.problem(line, `More than ${MOST_DAYS} special days are not taken.`, `特殊日最多 ${MOST_DAYS} 个。`);
    const checked = check(SpecialDay, day);
    if (checked.ok) this.days.push(checked.value);
    else {
      const text = problemLine(checked.problems(this.#language)).slice(0, 300);
      this.problem(line, text, text);
    }
  }
}

export interface IcsOptions {
  zone: ZoneClock;
  language: Language;
  /** whose hours a make-up working day has */
  makeUpWeekday: number;
  /** events that come again are read two years from here on */
  nowMs: number;
}

export function daysFromIcs(text: string, options: IcsOptions): ImportedDays {
  const collector = new Collector(options.language);
  const blocks = eventBlocks(text, collector);
  for (const { line, block } of blocks) {
    try {
      const parsed = new ICAL.Component(ICAL.parse(`BEGIN:VCALENDAR\r\n${block}\r\nEND:VCALENDAR`) as unknown[]);
      const component = parsed.getFirstSubcomponent('vevent');
      if (component === null) throw new Error('no VEVENT');
      readEvent(new ICAL.Event(component), line, options, collector);
    } catch (error) {
      const reason = errorText(error).slice(0, 120);
      collector.problem(line, `The event is not understood: ${reason}`, `无法识别该事件：${reason}`);
    }
  }
  if (blocks.length === 0) collector.problem(1, 'There is no event (VEVENT) in it.', '文件中没有事件（VEVENT）。');
  return collector;
}

/** One by one, so that one that is broken costs no other; with the line on which each begins. */
function eventBlocks(text: string, collector: Collector): { line: number; block: string }[] {
  const blocks: { line: number; block: string }[] = [];
  let open: { line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (/^BEGIN:VEVENT\s*$/i.test(line)) {
      if (open !== undefined) collector.problem(open.line, 'The event does not end.', '事件没有结束。');
      open = { line: index + 1, lines: [] };
    }
    open?.lines.push(line);
    if (open !== undefined && open.lines.length > 2000) {
      collector.problem(open.line, 'The event is too long.', '事件过长。');
      open = undefined;
    }
    if (open !== undefined && /^END:VEVENT\s*$/i.test(line)) {
      blocks.push({ line: open.line, block: open.lines.join('\r\n') });
      open = undefined;
    }
  }
  if (open !== undefined) collector.problem(open.line, 'The event does not end.', '事件没有结束。');
  return blocks;
}

function readEvent(event: ICAL.Event, line: number, options: IcsOptions, collector: Collector): void {
  const start = event.startDate as ICAL.Time | null;
  if (start === null) return collector.problem(line, 'The event has no DTSTART.', '事件没有 DTSTART。');
  const name =
    ((event.summary as string | null) ?? '')
      .replace(/[\p{Cc}\p{Cs}]/gu, ' ')
      .trim()
      .slice(0, 80) || '-';
  const makeUp = MAKE_UP.test(name);
  const rule = event.component.getFirstPropertyValue('rrule') as ICAL.Recur | null;
  if (start.isDate) {
    const first = dayNumber(start.toString().slice(0, 10));
    const end = event.endDate as ICAL.Time | null;
    // RFC 5545 3.6.1: the end is the first day after.
    const days = Math.max(1, end === null || !end.isDate ? 1 : dayNumber(end.toString().slice(0, 10)) - first);
    const effect = makeUp ? { kind: 'weekday', weekday: options.makeUpWeekday } : { kind: 'closed', hours: [] };
    const add = (day: number, yearly: boolean): void =>
      collector.add(line, {
        name,
        date: dateOf(day),
        lastDate: days === 1 ? null : dateOf(day + days - 1),
        yearly,
        effect,
      });
    if (rule === null) return add(first, false);
    if (/^FREQ=YEARLY(?:;INTERVAL=1)?$/.test(rule.toString())) return add(first, true);
    return occurrences(event, line, options, collector, (time) => add(dayNumber(time.toString().slice(0, 10)), false));
  }
  if (makeUp) return collector.problem(line, 'A make-up working day must be a whole day.', '补班日必须是全天事件。');
  const length = event.duration.toSeconds() / 60;
  if (length <= 0 || length > 1440)
    return collector.problem(
      line,
      'Hours must be within 24 hours; use whole days.',
      '时段不能超过 24 小时；请使用全天事件。',
    );
  const add = (time: ICAL.Time): void => {
    const wall = wallOf(time, options.zone);
    const day = Math.floor(wall / DAY_MS);
    const from = Math.floor((wall - day * DAY_MS) / 60_000);
    collector.add(line, {
      ...{ name, date: dateOf(day) },
      effect: { kind: 'closed', hours: [{ from, to: from + Math.ceil(length) }] },
    });
  };
  if (rule === null) return add(start);
  occurrences(event, line, options, collector, add);
}

function occurrences(
  event: ICAL.Event,
  line: number,
  { nowMs }: IcsOptions,
  collector: Collector,
  take: (time: ICAL.Time) => void,
): void {
  const [from, to] = [nowMs - 30 * DAY_MS, nowMs + 730 * DAY_MS];
  const iterator = event.iterator();
  let taken = 0;
  for (let round = 0; round < ROUNDS.mostRounds; round += 1) {
    const time = iterator.next() as ICAL.Time | null | undefined;
    if (time === null || time === undefined || time.toUnixTime() * 1000 > to) return;
    if (time.toUnixTime() * 1000 < from) continue;
    if ((taken += 1) > MOST_OCCURRENCES) break;
    take(time);
  }
  collector.problem(
    line,
    `It comes again more than ${MOST_OCCURRENCES} times; the rest is left out.`,
    `重复超过 ${MOST_OCCURRENCES} 次；其余已忽略。`,
  );
}

/** What the wall of the box shows then: UTC and zones of the IANA database; else the time is the box's own. */
function wallOf(time: ICAL.Time, zone: ZoneClock): number {
  const wall = Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute);
  return (time.zone as ICAL.Timezone | null)?.tzid === 'UTC' ? zone.wallOf(wall) : wall;
}

const COLUMNS = ['date', 'lastDate', 'name', 'kind', 'hours', 'yearly'];
const NAMES: Readonly<Record<string, string>> = {
  ...{
    日期: 'date',
    开始日期: 'date',
    结束日期: 'lastDate',
    名称: 'name',
    类型: 'kind',
    时段: 'hours',
    每年: 'yearly',
  },
  ...{ last_date: 'lastDate', last: 'lastDate', to: 'lastDate', lastdate: 'lastDate' },
};
const KINDS: Readonly<Record<string, string>> = {
  休: 'closed',
  休息: 'closed',
  关闭: 'closed',
  开放: 'open',
  班: 'weekday',
  补班: 'weekday',
};

/** Columns date, lastDate, name, kind (closed, open, weekday or weekday:1…7), hours ("09:00-12:00 13:00-18:00"), yearly. */
export function daysFromCsv(text: string, language: Language, makeUpWeekday: number): ImportedDays {
  const collector = new Collector(language);
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      ...{ bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true },
      ...{ max_record_size: 4096, to: MOST_DAYS + 1, delimiter: [',', ';', '\t'] },
    }) as unknown as typeof records;
  } catch (error) {
    const line = (error as { lines?: number }).lines ?? 1;
    const reason = errorText(error).slice(0, 120);
    collector.problem(Math.max(line, 1), `The file is no CSV: ${reason}`, `不是有效的 CSV：${reason}`);
    return collector;
  }
  const [head, ...rows] = records;
  const columns = (head?.record ?? []).map((cell) => NAMES[cell.toLowerCase()] ?? cell);
  if (!columns.includes('date')) {
    const list = COLUMNS.join(', ');
    collector.problem(1, `The first line must name the columns: ${list}.`, `第一行必须是列名：${list}。`);
    return collector;
  }
  for (const { record, info } of rows) {
    const cell = (name: string): string => record[columns.indexOf(name)] ?? '';
    const [kind = '', weekday] = cell('kind').split(':');
    const known = KINDS[kind] ?? (kind === '' ? 'closed' : kind.toLowerCase());
    const hours = hoursOf(cell('hours'));
    if (hours === undefined) {
      collector.problem(
        info.lines,
        'hours must be such as 09:00-12:00 13:00-18:00.',
        '时段格式应为 09:00-12:00 13:00-18:00。',
      );
      continue;
    }
    collector.add(info.lines, {
      ...{ name: cell('name') || '-', date: dateCell(cell('date')) },
      lastDate: cell('lastDate') === '' ? null : dateCell(cell('lastDate')),
      yearly: /^(1|y|yes|true|是)$/i.test(cell('yearly')),
      effect:
        known === 'weekday'
          ? { kind: 'weekday', weekday: weekday === undefined ? makeUpWeekday : Number(weekday) }
          : { kind: known, hours },
    });
  }
  return collector;
}

/** As spreadsheets write a day, too: 2027/2/6. */
function dateCell(text: string): string {
  const match = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text);
  if (match === null) return text;
  return `${match[1]}-${match[2]?.padStart(2, '0')}-${match[3]?.padStart(2, '0')}`;
}

/** Ends that are not later than their beginning are on the next day; undefined: it is not understood. */
export function hoursOf(text: string): HoursSpan[] | undefined {
  const spans: HoursSpan[] = [];
  for (const part of text.split(/[\s,;，；]+/).filter((one) => one !== '')) {
    const match = /^([01]?\d|2[0-4]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)$/.exec(part);
    if (match === null) return undefined;
    const [, h1, m1, h2, m2] = match.map(Number) as [number, number, number, number, number];
    const [from, to] = [h1 * 60 + m1, h2 * 60 + m2];
    spans.push({ from, to: to > from ? to : to + 1440 });
  }
  return spans;
}
