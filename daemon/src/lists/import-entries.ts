// Entries of a list from CSV, and back: columns number, reason, expires, level, agent.
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { NumberListEntryCreate, type ImportProblem, type Language } from '../contract/index.js';
import type { NumberListEntryRow } from '../db/index.js';
import { check, errorText, problemLine } from '../platform/index.js';

export const MOST_ROWS = 200_000;
const MOST_PROBLEMS = 200;
const NAMES: Readonly<Record<string, string>> = {
  ...{
    号码: 'number',
    电话: 'number',
    电话号码: 'number',
    手机: 'number',
    phone: 'number',
    原因: 'reason',
    备注: 'reason',
  },
  ...{ 到期: 'expires', 有效期: 'expires', expiresat: 'expires', 级别: 'level', 坐席: 'agent', agentid: 'agent' },
};

export interface ImportedEntries {
  entries: NumberListEntryCreate[];
  problems: ImportProblem[];
  problemCount: number;
}

/** so many lines are read before calls have their turn */
const TURN_ROWS = 200;
const SLICE = 65_536;

function* slices(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += SLICE) yield text.slice(at, at + SLICE);
}

/** `endOfDay`: when a day of the box is over, for `expires` without a time. */
export async function entriesFromCsv(
  text: string,
  language: Language,
  endOfDay: (date: string) => number,
): Promise<ImportedEntries> {
  const result: ImportedEntries = { entries: [], problems: [], problemCount: 0 };
  const problem = (line: number, en: string, zh: string): void => {
    result.problemCount += 1;
    if (result.problems.length < MOST_PROBLEMS) result.problems.push({ line, message: language === 'en' ? en : zh });
  };
  const seen = new Set<string>();
  let columns: string[] | undefined;
  let rows = 0;
  const take = (record: readonly string[], line: number): void => {
    const cell = (name: string): string => (record[columns?.indexOf(name) ?? -1] ?? '').replace(/^'(?=[=+\-@])/, '');
    const expires = cell('expires');
    const checked = check(NumberListEntryCreate, {
      ...{ number: cell('number'), reason: cell('reason') },
      expiresAt: expires === '' ? null : expiryOf(expires, endOfDay),
      level: cell('level') === '' ? null : Number(cell('level')),
      agentId: cell('agent') === '' ? null : cell('agent'),
    });
    if (!checked.ok) {
      const sentence = problemLine(checked.problems(language)).slice(0, 300);
      problem(line, sentence, sentence);
    } else if (seen.has(checked.value.number)) {
      problem(line, `${checked.value.number} stands in the file twice.`, `${checked.value.number} 在文件中重复。`);
    } else {
      seen.add(checked.value.number);
      result.entries.push(checked.value);
    }
  };
  const parser = Readable.from(slices(text)).pipe(
    parse({
      ...{ bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true },
      ...{ max_record_size: 4096, delimiter: [',', ';', '\t'] },
    }),
  );
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (columns === undefined) {
        const head = record.map((name) => NAMES[name.toLowerCase()] ?? name.toLowerCase());
        const named = head.includes('number');
        columns = named ? head : ['number', 'reason', 'expires', 'level', 'agent'];
        if (named) continue;
      }
      if ((rows += 1) > MOST_ROWS) {
        problem(info.lines, `More than ${MOST_ROWS} lines at a time are not taken.`, `一次最多导入 ${MOST_ROWS} 行。`);
        break;
      }
      take(record, info.lines);
      if (rows % TURN_ROWS === 0) await turn();
    }
  } catch (error) {
    const reason = errorText(error).slice(0, 120);
    const line = Math.max(1, (error as { lines?: number }).lines ?? 1);
    problem(line, `The file is no CSV: ${reason}`, `不是有效的 CSV：${reason}`);
  }
  return result;
}

/** NaN, which no schema takes, for what is no time. */
function expiryOf(text: string, endOfDay: (date: string) => number): number {
  const day = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text);
  if (day !== null) return endOfDay(`${day[1]}-${day[2]?.padStart(2, '0')}-${day[3]?.padStart(2, '0')}`);
  return Date.parse(text);
}

export const CSV_HEAD = 'number,reason,expires,level,agent\r\n';

/** Cells that a spreadsheet would take for a formula are escaped. */
export function entriesToCsv(rows: readonly NumberListEntryRow[]): string {
  return stringify(
    rows.map(({ number, reason, expiresAt, level, agentId }) => [
      ...[number, reason, expiresAt === null ? '' : new Date(expiresAt).toISOString(), level ?? '', agentId ?? ''],
    ]),
    { escape_formulas: true, record_delimiter: 'windows' },
  );
}
