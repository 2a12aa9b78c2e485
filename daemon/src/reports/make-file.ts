import { AppError, errorText, madeInThread } from '../platform/index.js';
import type { FileFormat, Sheet } from './sheet.js';

/** Made in a thread of its own. AppError report_not_exportable. */
export async function makeFile(sheet: Sheet, format: FileFormat): Promise<Buffer> {
  return madeInThread(import.meta.url, './sheet-worker.js', { sheet, format }).catch((error: unknown) => {
    throw new AppError('report_not_exportable', { reason: errorText(error) }, { cause: error });
  });
}
