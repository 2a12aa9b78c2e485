// Files as rows of text, and back.
import { setImmediate as turn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import writeXlsxFile from 'write-excel-file/node';
import { AppError, decodeText } from '../platform/index.js';
import { LIMITS } from './limits.js';
import type { ReadWorkbook } from './workbook-thread.js';

export interface FileRows {
  format: 'xlsx' | 'csv';
  /** of CSV */
  encoding: string | null;
  /** with the line on which each stands; rows with nothing in them are left out */
  rows: { line: number; cells: string[] }[];
}

const { rows, columns, characters } = LIMITS;
const tooLarge = (): AppError => new AppError('import_too_large', { rows, columns, characters });

/** AppError import_unreadable, import_too_large, import_empty. */
export async function readRows(file: Buffer): Promise<FileRows> {
  const zip = file.subarray(0, 2).toString('latin1') === 'PK';
  const read = zip ? await readWorkbook(file) : await readCsv(file);
  const found: FileRows = { ...read, rows: read.rows.map(bare).filter(({ cells }) => cells.length > 0) };
  if (found.rows.length > LIMITS.rows + 1 || found.rows.some(({ cells }) => cells.length > columns)) throw tooLarge();
  if (found.rows.length < 2) throw new AppError('import_empty');
  return found;
}

/** Without blanks around, without what keeps spreadsheets from taking it for a formula, without empty cells at the end. */
function bare({ line, cells }: FileRows['rows'][number]): FileRows['rows'][number] {
  const clean = cells.map((cell) => cell.replace(NEUTRALISED, '').trim());
  return { line, cells: clean.slice(0, clean.findLastIndex((cell) => cell !== '') + 1) };
}

/** A cell that a spreadsheet would take for a formula, and one that was kept from it; each undoes the other exactly. */
const FORMULA = /^(?=\s*'*\s*[=+\-@\t\r])/;
const NEUTRALISED = /^'(?=\s*'*\s*[=+\-@\t\r])/;
export const neutral = (cell: string): string => cell.replace(FORMULA, "'");

async function readWorkbook(file: Buffer): Promise<FileRows> {
  const thread = new Worker(new URL('./workbook-thread.js', import.meta.url), {
    workerData: file,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  const patience = setTimeout(() => void thread.terminate(), LIMITS.readMs);
  try {
    const answer = await new Promise<ReadWorkbook>((resolve) => {
      thread.once('message', resolve);
      // out of memory, or out of time
      thread.once('error', () => resolve({ why: 'tooLarge' }));
      thread.once('exit', () => resolve({ why: 'tooLarge' }));
    });
    if ('rows' in answer)
      return { format: 'xlsx', encoding: null, rows: answer.rows.map((cells, at) => ({ line: at + 1, cells })) };
    throw answer.why === 'tooLarge' ? tooLarge() : new AppError('import_unreadable');
  } finally {
    clearTimeout(patience);
    await thread.terminate();
  }
}

const SLICE = 65_536;
/** so many lines are read before calls have their turn */
const TURN_ROWS = 500;

function* slices(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += SLICE) yield text.slice(at, at + SLICE);
}

async function readCsv(file: Buffer): Promise<FileRows> {
  const decoded = decodeText(file);
  if (decoded === undefined || decoded.text.trim() === '')
    throw new AppError(file.length === 0 ? 'import_empty' : 'import_unreadable');
  const parser = Readable.from(slices(decoded.text)).pipe(
    parse({
      ...{ bom: true, info: true, relax_column_count: true, skip_empty_lines: true, relax_quotes: true },
      ...{ max_record_size: columns * characters, delimiter: delimiterOf(decoded.text) },
    }),
  );
  const found: FileRows['rows'] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (found.length > LIMITS.rows || record.length > columns || record.some((cell) => cell.length > characters))
        throw tooLarge();
      found.push({ line: info.lines, cells: record });
      if (found.length % TURN_ROWS === 0) await turn();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw (error as { code?: string }).code === 'CSV_MAX_RECORD_SIZE' ? tooLarge() : new AppError('import_unreadable');
  }
  return { format: 'csv', encoding: decoded.encoding, rows: found };
}

/** Cells may hold the others. */
function delimiterOf(text: string): string {
  const [head = ''] = text.split(/\r?\n/, 1);
  const count = (one: string): number => head.split(one).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

/** With the mark by which spreadsheets know UTF-8. */
export function csvOf(table: readonly (readonly string[])[]): Buffer {
  const text = stringify(
    table.map((row) => row.map(neutral)),
    { record_delimiter: 'windows' },
  );
  return Buffer.from(`\ufeff${text}`);
}

export interface Sheet {
  name: string;
  rows: readonly (readonly string[])[];
}

/** Every cell is text: numbers of telephones keep their zeros. The first row stands out and stays in sight. */
export async function xlsxOf(sheets: readonly Sheet[]): Promise<Buffer> {
  return writeXlsxFile(
    sheets.map(({ name, rows: all }) => ({
      data: all.map((row, at) =>
        row.map((cell) => ({
          value: neutral(cell),
          type: String,
          ...(at === 0 ? ({ fontWeight: 'bold' } as const) : {}),
        })),
      ),
      sheet: name,
      stickyRowsCount: 1,
      columns: (all[0] ?? []).map((_, at) => ({
        width: Math.min(60, Math.max(10, ...all.slice(0, 200).map((row) => widthOf(row[at] ?? '') + 2))),
      })),
    })),
  ).toBuffer();
}

/** A Chinese character is as wide as two. */
const widthOf = (text: string): number => [...text].reduce((sum, one) => sum + (one > '\u2e7f' ? 2 : 1), 0);
