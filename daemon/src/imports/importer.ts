// file → rows → columns → what would become of each → all in one transaction, or nothing
import { setImmediate as turn } from 'node:timers/promises';
import type {
  ErrorDetail,
  ImportKind,
  ImportProgress,
  ImportResult,
  ImportRow,
  ImportTable,
} from '../contract/index.js';
import type { Language } from '../contract/index.js';
import type { Db, Writes } from '../db/index.js';
import { AppError } from '../platform/index.js';
import { csvOf, readRows, xlsxOf } from './files.js';
import { TABLES } from './kinds/index.js';
import { LIMITS } from './limits.js';
import type { Cells, CheckedRow, Column, Surroundings, Table, TableSession, Words } from './table.js';

export interface ImportAsked {
  kind: ImportKind;
  of: string | undefined;
  file: Buffer;
  /** as it was sent */
  mapping: string | undefined;
  apply: boolean;
  skipBad: boolean;
  language: Language;
  /** written with the rows */
  note(tx: Writes, counts: ImportResult['counts']): Promise<void>;
  progress(progress: ImportProgress): void;
}

const MOST_SHOWN = 1000;
/** so many rows are judged before calls have their turn */
const TURN_ROWS = 200;
const ORDER: readonly ImportRow['state'][] = ['bad', 'changed', 'new', 'unchanged'];

const say = ({ zh, en }: Words, language: Language): string => (language === 'en' ? en : zh);

export function tableView(kind: ImportKind, language: Language): ImportTable {
  const { key, needsOf, columns } = TABLES[kind];
  return {
    ...{ kind, key, needsOf },
    columns: columns.map(({ id, title, hint, example, required }) => ({
      ...{ id, title: say(title, language), hint: say(hint, language), example, required: required ?? false },
    })),
  };
}

interface Judged {
  row: ImportRow;
  take: () => void;
}

export async function importFile(db: Db, around: Surroundings, asked: ImportAsked): Promise<ImportResult> {
  const { kind, language, progress } = asked;
  const table = TABLES[kind];
  const of = namedBy(table, asked.of);
  progress({ phase: 'reading', done: 0, total: 0 });
  const { format, encoding, rows } = await readRows(asked.file);
  const [head, ...body] = rows;
  const headings = [...(head?.cells ?? [])];
  const mapping = mappingOf(table, headings, asked.mapping, language);
  const fields = mapping.filter((id) => id !== null);

  const cellsOf = (cells: readonly string[]): Cells =>
    Object.fromEntries(mapping.flatMap((id, at) => (id === null ? [] : [[id, cells[at] ?? '']])));
  const keyColumn = mapping.indexOf(table.key);
  const keys = body.map(({ cells }) => cells[keyColumn] ?? '');
  const session = await table.open(db, of, around, keys);

  const seen = new Map<string, number>();
  const judged: Judged[] = [];
  for (const [at, { line, cells }] of body.entries()) {
    const said = cellsOf(cells);
    const one = judge(session, table, said, line, seen, language);
    judged.push({ ...one, row: { ...one.row, cells: fields.map((id) => said[id] ?? '') } });
    if (at % TURN_ROWS === 0) {
      progress({ phase: 'checking', done: at, total: body.length });
      await turn();
    }
  }
  const count = (state: ImportRow['state']): number => judged.filter(({ row }) => row.state === state).length;
  const counts = { new: count('new'), changed: count('changed'), unchanged: count('unchanged'), bad: count('bad') };
  let secrets: ImportResult['secrets'] = [];
  if (asked.apply) {
    if (counts.bad > 0 && !asked.skipBad) throw badRows(judged, counts.bad);
    for (const { row, take } of judged) if (row.state === 'new' || row.state === 'changed') take();
    progress({ phase: 'writing', done: 0, total: counts.new + counts.changed });
    await session.prepare?.();
    const writing = counts.new + counts.changed;
    if (writing > 0)
      secrets = await db.write(
        async (tx) => {
          const made = await session.write(tx);
          await asked.note(tx, counts);
          return made;
        },
        { limitMs: LIMITS.writeMs + writing * LIMITS.writeRowMs },
      );
  }
  const shown = ORDER.flatMap((state) => judged.map(({ row }) => row).filter((row) => row.state === state));
  return {
    ...{ kind, format, encoding, headings, mapping, fields, counts, applied: asked.apply, secrets },
    rows: shown.slice(0, MOST_SHOWN),
  };
}

function judge(
  session: TableSession,
  table: Table,
  said: Cells,
  line: number,
  seen: Map<string, number>,
  language: Language,
): Judged {
  const bad = (key: string, problems: ErrorDetail[]): Judged => ({
    take: () => undefined,
    row: {
      ...{ line, key, state: 'bad', cells: [], changes: [] },
      problems: problems.map(({ path, message }) => ({ field: fieldOf(table, path), message })),
    },
  });
  const key = session.keyOf(said);
  const before = session.existing.get(key);
  const whole: Cells = { ...before, ...said };
  const missing = table.columns.filter(({ id, required }) => required === true && (whole[id] ?? '') === '');
  if (missing.length > 0) {
    const message = language === 'en' ? 'is missing.' : '没有填写。';
    return bad(
      key,
      missing.map(({ id }) => ({ path: id, message })),
    );
  }
  const earlier = seen.get(key);
  if (earlier !== undefined) {
    const message = language === 'en' ? `stands on line ${earlier} already.` : `与第 ${earlier} 行重复。`;
    return bad(key, [{ path: table.key, message }]);
  }
  seen.set(key, line);
  const checked: CheckedRow = session.check(whole);
  if (!checked.ok) return bad(key, checked.problems(language));
  const changes = table.columns.flatMap(({ id }) => {
    const change = { field: id, before: before?.[id] ?? '', after: checked.cells[id] ?? '' };
    return before === undefined || change.before === change.after ? [] : [change];
  });
  const state = before === undefined ? 'new' : changes.length > 0 ? 'changed' : 'unchanged';
  return { take: checked.take, row: { line, key, state, cells: [], changes, problems: [] } };
}

/** The column that a problem's path begins with. */
function fieldOf(table: Table, path: string): string | null {
  const [first] = path.split('.', 1);
  return table.columns.find(({ id }) => id === first)?.id ?? null;
}

function badRows(judged: readonly Judged[], count: number): AppError {
  const bad = judged.filter(({ row }) => row.state === 'bad').slice(0, 50);
  const details = (): ErrorDetail[] =>
    bad.flatMap(({ row }) => row.problems.map(({ message }) => ({ path: `line ${row.line}`, message })));
  return new AppError('import_has_bad_rows', { count }, { details });
}

function namedBy(table: Table, of: string | undefined): string {
  if (table.needsOf === null) return '';
  if (of === undefined) throw new AppError('import_of_missing');
  return of;
}

function mappingOf(table: Table, headings: string[], sent: string | undefined, language: Language): (string | null)[] {
  const mapping = sent === undefined ? told(table.columns, headings) : parsed(sent, headings.length);
  const ids = mapping.filter((id) => id !== null);
  const known = ids.every((id) => table.columns.some((column) => column.id === id));
  const once = new Set(ids).size === ids.length;
  const key = table.columns.find(({ id }) => id === table.key);
  // A preview without the key is none; which heading it stands under is for the person to say.
  if (!known || !once || !ids.includes(table.key))
    throw new AppError('import_mapping_invalid', { column: key === undefined ? '' : say(key.title, language) });
  return mapping;
}

function told(columns: readonly Column[], headings: readonly string[]): (string | null)[] {
  const taken = new Set<string>();
  const mapping = headings.map((heading) => {
    const written = heading.toLowerCase().replace(/[*＊：:\s]+$/u, '');
    const column = columns.find(
      ({ id, title, also }) =>
        !taken.has(id) && [id.toLowerCase(), title.zh, title.en.toLowerCase(), ...(also ?? [])].includes(written),
    );
    if (column !== undefined) taken.add(column.id);
    return column?.id ?? null;
  });
  // Headings that nobody knows: the first column is what things are most often known by.
  const [key] = columns;
  if (key !== undefined && !taken.has(key.id) && mapping.length > 0 && mapping[0] === null) mapping[0] = key.id;
  return mapping;
}

function parsed(sent: string, length: number): (string | null)[] {
  let list: unknown;
  try {
    list = JSON.parse(sent);
  } catch {
    list = undefined;
  }
  const strings = Array.isArray(list) ? list.map((id: unknown) => (typeof id === 'string' ? id : null)) : [];
  return Array.from({ length }, (_, at) => strings[at] ?? null);
}

export interface ExportAsked {
  kind: ImportKind;
  of: string | undefined;
  format: 'xlsx' | 'csv';
  template: boolean;
  language: Language;
  /** by the key of a row; left out: all */
  only?: ((key: string) => boolean) | undefined;
}

const NAMES: Readonly<Record<ImportKind, Words>> = {
  agents: { zh: '坐席', en: 'Agents' },
  'queue-members': { zh: '队列成员', en: 'Members' },
  'number-list': { zh: '名单', en: 'Numbers' },
  'sip-stations': { zh: '分机', en: 'Telephones' },
  'speed-dials': { zh: '缩位拨号', en: 'Speed dials' },
  users: { zh: '用户', en: 'Users' },
};

/** A whole table, or the headings alone with a second sheet that says what belongs under each. */
export async function exportFile(db: Db, around: Surroundings, asked: ExportAsked): Promise<Buffer> {
  const { kind, format, template, language } = asked;
  const table = TABLES[kind];
  const of = namedBy(table, asked.of);
  const head = table.columns.map(({ title }) => say(title, language));
  const { existing } = await table.open(db, of, around, template ? [] : undefined);
  const shown = [...existing].flatMap(([key, cells]) => (asked.only === undefined || asked.only(key) ? [cells] : []));
  const rows = template ? [] : shown.map((cells) => table.columns.map(({ id }) => cells[id] ?? ''));
  if (format === 'csv') return csvOf([head, ...rows]);
  const help = [
    language === 'en'
      ? ['Column', 'What belongs there', 'For example', 'Required']
      : ['列', '填写内容', '例如', '必填'],
    ...table.columns.map(({ title, hint, example, required }) => [
      ...[say(title, language), say(hint, language), example],
      required === true ? (language === 'en' ? 'yes' : '是') : '',
    ]),
  ];
  const sheet = { name: say(NAMES[kind], language), rows: [head, ...rows] };
  return xlsxOf(template ? [sheet, { name: language === 'en' ? 'Help' : '说明', rows: help }] : [sheet]);
}
