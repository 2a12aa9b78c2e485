import { parentPort, Worker, workerData } from 'node:worker_threads';

/**
 * A file that a thread of its own makes of `data`: nobody's call waits for it. `module`: beside that of `from`. Rejects with what
 * went wrong there.
 */
export async function madeInThread(from: string, module: string, data: unknown): Promise<Buffer> {
  // A thread cannot run TypeScript: under test it is the compiled one that is started.
  const near = from.endsWith('.ts') ? from.replace('/daemon/src/', '/daemon/dist/') : from;
  const worker = new Worker(new URL(module, near), { workerData: data });
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      worker.once('message', (bytes: Uint8Array) => resolve(Buffer.from(bytes)));
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread ended')));
    });
  } finally {
    await worker.terminate();
  }
}

/** In such a thread: makes the file. */
export async function makeHere<T>(make: (data: T) => Promise<Buffer>): Promise<void> {
  parentPort?.postMessage(new Uint8Array(await make(workerData as T)));
}
