// Reads one workbook in a thread of its own: XML of some megabytes keeps a processor busy for seconds, and calls are not to
// wait for it; a hostile file ends with the thread.
import { parentPort, workerData } from 'node:worker_threads';
import { readSheet } from 'read-excel-file/node';
import { LIMITS } from './limits.js';
import { WorkbookError, cleaned } from './workbook.js';

export type ReadWorkbook = { rows: string[][] } | { why: 'unreadable' | 'tooLarge' };

async function read(file: Buffer): Promise<ReadWorkbook> {
  try {
    const rows = (await readSheet(cleaned(file))).map((row) => row.map(cellText));
    const large = rows.some((row) => row.length > MOST_CELLS || row.some((cell) => cell.length > LIMITS.characters));
    return large ? { why: 'tooLarge' } : { rows };
  } catch (error) {
    return { why: error instanceof WorkbookError ? error.why : 'unreadable' };
  }
}

/** beyond the columns with something in them, sheets have empty ones */
const MOST_CELLS = 256;

/** As a person would write it. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().replace('T00:00:00.000Z', '');
  if (typeof value === 'number') return Number.isInteger(value) ? value.toFixed(0) : String(value);
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}

void read(Buffer.from(workerData as Uint8Array)).then((answer) => parentPort?.postMessage(answer));
