// The thread that makes one file.
import { makeHere } from '../platform/index.js';
import { sheetFile } from './sheet-files.js';
import type { FileFormat, Sheet } from './sheet.js';

await makeHere(({ sheet, format }: { sheet: Sheet; format: FileFormat }) => sheetFile(sheet, format));
