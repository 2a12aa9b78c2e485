// The stack's thread alone, in a process of its own with an application that answers every call at once. Talks to its parent:
// `ready` with the port; what it used, whenever asked.
import { readFileSync, readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const before = new Set(readdirSync('/proc/self/task'));
const worker = new Worker(new URL('../../../daemon/dist/sip/stack/worker.js', import.meta.url));
const waiters = new Map();
let nextId = 1;
let outbox = [];
let offered = 0;
let released = 0;

/** As the daemon does, what is said in one turn goes in one message. */
function command(name, params) {
  const id = nextId++;
  if (outbox.push({ id, command: name, params }) === 1)
    setImmediate(() => {
      worker.postMessage(outbox);
      outbox = [];
    });
  return new Promise((resolve, reject) => waiters.set(id, { resolve, reject }));
}

worker.on('message', (batch) => {
  for (const message of batch) {
    if ('re' in message) {
      const waiter = waiters.get(message.re);
      waiters.delete(message.re);
      if ('ok' in message) waiter.resolve(message.ok);
      else waiter.reject(new Error(JSON.stringify(message.error)));
    } else if (message.event === 'call.offered') answer(message.data.call);
    else if (message.event === 'call.released') released += 1;
  }
});

function answer(call) {
  offered += 1;
  const gone = () => undefined;
  command('call.media', { call, media: { rtpPort: 20_000, rtcpPort: 20_001 } }).catch(gone);
  command('call.alert', { call, early: false }).catch(gone);
  command('call.answer', { call }).catch(gone);
}

const trunk = {
  ...{
    id: 'load',
    name: 'load',
    mode: 'address',
    username: '',
    secret: '',
    fromUser: '',
    fromDomain: '',
    expiresS: 3600,
  },
  hosts: [{ host: '127.0.0.1', port: 9, transport: 'udp', priority: 0, weight: 1 }],
  ...{ codecs: ['pcma', 'pcmu'], dtmf: 'auto', srtp: 'none', tlsFingerprint: '', sources: ['127.0.0.0/8'] },
  ...{ maxCalls: 0, optionsIntervalS: 0, callerIdHeader: 'from', diversionHeader: 'diversion', enabled: true },
};
const { port } = await command('start', {
  ...{ host: '127.0.0.1', port: 0, tlsPort: undefined, tls: undefined, domain: 'cordboard' },
  ...{ externalAddress: undefined, trusted: [], emergency: [], callsPerHour: 1000, decoyKey: '5c'.repeat(32) },
  ...{ stations: [], trunks: [trunk], bindings: [], dialogs: [] },
});

/** ms of processor time of each thread since its start; the stack's is the one that has used most of those begun with it */
function threads() {
  const used = readdirSync('/proc/self/task').map((id) => {
    const [ran] = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ');
    // Clock ticks of 10 ms in the kernel: mostly what sending and receiving cost.
    const inKernel = readFileSync(`/proc/self/task/${id}/stat`, 'utf8').split(') ')[1].split(' ')[12];
    return { id, ms: Number(ran) / 1e6, kernelMs: Number(inKernel) * 10 };
  });
  const main = used.find(({ id }) => Number(id) === process.pid)?.ms ?? 0;
  const [stack] = used.filter(({ id }) => !before.has(id)).sort((a, b) => b.ms - a.ms);
  return { main, stack: stack.ms, stackKernel: stack.kernelMs };
}

process.on('message', async (asked) => {
  if (asked === 'used') {
    const statistics = await command('statistics', {});
    const heap = await heapUsed();
    process.send({ ...threads(), heap, statistics, offered, released, rss: process.memoryUsage.rss() });
  } else if (asked === 'stop') {
    worker.once('exit', () => process.exit(0));
    command('stop', {}).catch(() => undefined);
  }
});

async function heapUsed() {
  return process.memoryUsage().heapUsed;
}

process.send({ ready: true, port });
