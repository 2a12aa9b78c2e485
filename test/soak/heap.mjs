// Loaded into every thread of the soak (`node --expose-gc --import …`): says what its heap holds after a collection, when asked.
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

const NAME = 'soak.heap';
const WAIT_MS = 300;
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
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  listeners.delete(listen);
  return { main: used(), stack: Math.max(0, ...others.values()) };
}
