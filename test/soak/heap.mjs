// Loaded into every thread of the soak (`node --expose-gc --import …`): says what its heap holds after a collection, when asked.
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

const NAME = 'soak.heap';
/** A busy thread collects late; one that has answered may not be the only one. */
const LIMIT_MS = 5000;
const MORE_MS = 100;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const channel = new BroadcastChannel(NAME);
channel.unref();
const listeners = new Set();

const used = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};

channel.onmessage = ({ data }) => {
  if (data === 'ask' && !isMainThread) channel.postMessage({ threadId, bytes: used() });
  else if (data.bytes !== undefined) for (const listen of listeners) listen(data);
};

/** Bytes of the main thread and of the largest of the others: that of the SIP stack. */
export async function heaps() {
  const others = new Map();
  const listen = (one) => others.set(one.threadId, one.bytes);
  listeners.add(listen);
  channel.postMessage('ask');
  for (const end = performance.now() + LIMIT_MS; others.size === 0 && performance.now() < end;) await sleep(20);
  await sleep(MORE_MS);
  listeners.delete(listen);
  return { main: used(), stack: Math.max(0, ...others.values()) };
}
