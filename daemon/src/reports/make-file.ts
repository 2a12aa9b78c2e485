import { Worker } from 'node:worker_threads';
import { AppError, errorText } from '../platform/index.js';
import type { FileFormat, Sheet } from './sheet.js';

/** A thread cannot run TypeScript: under test it is the compiled one that is started. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/reports/sheet-worker.js' : './sheet-worker.js',
  import.meta.url,
);

/** Made in a thread of its own: nobody's call waits for it. AppError report_not_exportable. */
export async function makeFile(sheet: Sheet, format: FileFormat): Promise<Buffer> {
  const worker = new Worker(WORKER, { workerData: { sheet, format } });
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      worker.once('message', (bytes: Uint8Array) => resolve(Buffer.from(bytes)));
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread ended')));
    });
  } catch (error) {
    throw new AppError('report_not_exportable', { reason: errorText(error) }, { cause: error });
  } finally {
    await worker.terminate();
  }
}
