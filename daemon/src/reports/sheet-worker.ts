// The thread that makes one file.
import { parentPort, workerData } from 'node:worker_threads';
import { sheetFile } from './sheet-files.js';
import type { FileFormat, Sheet } from './sheet.js';

const { sheet, format } = workerData as { sheet: Sheet; format: FileFormat };
const file = await sheetFile(sheet, format);
parentPort?.postMessage(new Uint8Array(file));
