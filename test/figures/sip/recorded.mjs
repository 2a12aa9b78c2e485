// Recorded calls of two legs with media both ways through the whole box: a trunk calls stations, telephones by the thousand speak
// (rtp_load) and say what they heard; the box says what came.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { api } from '../box.mjs';
import { prepare, program } from '../engine/programs.mjs';
import { withSipBox, quiet } from './sip-box.mjs';

const CALLS = Number(process.env.FIGURES_SIP_CALLS ?? '1000');
const SECONDS = Number(process.env.FIGURES_SIP_SECONDS ?? '20');
const STATIONS = 10;
const SHARES = [1, 0.8, 0.6, 0.4];
/** What Asterisk 22.10 needs on the same machine: us per leg and tick, kB per call. */
const ASTERISK = { legUs: 46, callKb: 400 };

/** Then none of their packets was lost, nobody heard somebody else, and the box kept its clock. */
const ZERO = ['recordedCallsLost', 'recordedPacketsLostByUs', 'recordedHeardWrong', 'recordedTicksMissed'];

export async function recordedCalls(report) {
  await prepare(report);
  let clean = 0;
  // Beside telephones on the same two cores it holds fewer than alone: shown is how many, when those asked for are too many.
  for (const share of SHARES) {
    const figures = {};
    const calls = Math.round(CALLS * share);
    await measured(calls, (name, value, unit, ...goal) => {
      figures[name] = value;
      if (share === 1) report.add(name, value, unit, ...goal);
    });
    if (ZERO.some((name) => figures[name] !== 0)) continue;
    clean = calls;
    break;
  }
  report.add('recordedCallsClean', clean, 'calls', CALLS);
}

async function measured(count, add) {
  const settings = { CORDBOARD_RTP_PORTS: '20000-29999', CORDBOARD_SIP_THREADS: '2' };
  await withSipBox({ env: settings }, async (box, port, counted) => {
    const accounts = [];
    for (let number = 6001; number <= 6000 + STATIONS; number += 1) {
      const { username, secret, domain } = await api(box, 'POST', 'stations/sip', {
        ...{ number, digest: ['md5'], codecs: ['pcma'], maxCalls: 100, security: 'any', srtp: 'none' },
      });
      accounts.push({ username, secret, domain });
    }
    // What the first calls need once is no call's memory.
    const first = startTalkers({ port, calls: 40, rate: 10, accounts, mediaPort: 40_000 });
    await first.next();
    first.stop();
    await first.next();
    await quiet(box, counted);
    const idle = await used();
    const talkers = startTalkers({ port, calls: count, rate: 60, accounts, mediaPort: 40_000 });
    const { streams } = await talkers.next();
    const up = await used();
    const { tick: ticksBefore } = await box.engine.command('engine.snapshot', {});
    const load = await speak(streams);
    const talked = await used();
    const { tick, legs, recordings } = await box.engine.command('engine.snapshot', {});
    const heard = await Promise.all(legs.map(({ leg }) => box.engine.command('stream.statistics', { leg })));
    talkers.stop();
    const { lost: lostCalls } = await talkers.next();
    await quiet(box, counted);

    const sum = (key) => heard.reduce((total, one) => total + one[key], 0);
    const legTicks = legs.length * (tick.ticks - ticksBefore.ticks);
    add('recordedCalls', Math.min(legs.length / 2, recordings.length), 'calls', CALLS);
    add('recordedCallsLost', lostCalls, 'calls', 0, 'exactly');
    add('recordedPacketsSent', load.sent + sum('packetsSent'), 'packets');
    add(
      'recordedPacketsLostByUs',
      Math.max(0, load.sent - sum('packetsReceived')) + load.lostByUs,
      'packets',
      0,
      'exactly',
    );
    add('recordedHeardWrong', load.wrong, 'streams', 0, 'exactly');
    add('recordedLegCpu', ((talked.mediaMs - up.mediaMs) * 1000) / legTicks, 'us', 2.5, 'most');
    add('recordedLegCpuAsterisk', ASTERISK.legUs, 'us');
    add('recordedBoxCpuPerLeg', ((talked.allMs - up.allMs) * 1000) / legTicks, 'us');
    add('recordedCallMemory', (talked.rssKb - idle.rssKb) / count, 'kB', 40, 'most');
    add('recordedCallMemoryAsterisk', ASTERISK.callKb, 'kB');
    add('recordedTickP99', tick.p99Us, 'us', 20_000, 'most');
    add('recordedTicksMissed', tick.missed - ticksBefore.missed, 'ticks', 0, 'exactly');
    add('recordedDelayP99', load.delayP99Ms, 'ms');
    // Of the telephones: what is above 20 ms is no telephone any more.
    add('recordedLoadLateness', load.ownLatenessMaxMs, 'ms');
    add('recordedLoadCpu', load.cpuSeconds / SECONDS, 'cores');
  });
}

/** Processor time of this process since its start and of its threads of the engine, ms; resident memory. */
async function used() {
  const threads = readdirSync('/proc/self/task').map((id) => {
    const [ran] = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ');
    return { name: readFileSync(`/proc/self/task/${id}/comm`, 'utf8'), ms: Number(ran) / 1e6 };
  });
  const total = (some) => some.reduce((sum, { ms }) => sum + ms, 0);
  const rssKb = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  return { allMs: total(threads), mediaMs: total(threads.filter(({ name }) => name.startsWith('cb-'))), rssKb };
}

function startTalkers(options) {
  const path = fileURLToPath(new URL('talkers.mjs', import.meta.url));
  const child = spawn(process.execPath, [path, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = lineReader(child.stdout);
  return { next: async () => JSON.parse(await lines()), stop: () => child.stdin.write('stop\n') };
}

/** The telephones speak for a while; resolves with what rtp_load says. */
function speak(streams) {
  const child = spawn(program('rtp_load'), ['--seconds', String(SECONDS), '--hear', 'partner', '--json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(streams.map((stream) => `${JSON.stringify(stream)}\n`).join(''));
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (output === '') reject(new Error(`rtp_load ended with ${code}`));
      else resolve(JSON.parse(output));
    });
  });
}

/** A function that resolves with the next line of a stream; rejects when there is none any more. */
function lineReader(stream) {
  const lines = [];
  const waiters = [];
  let rest = '';
  let ended = false;
  const serve = () => {
    while (waiters.length > 0 && (lines.length > 0 || ended)) {
      const { resolve, reject } = waiters.shift();
      if (lines.length > 0) resolve(lines.shift());
      else reject(new Error('the talkers have ended'));
    }
  };
  stream.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop();
    lines.push(...parts);
    serve();
  });
  stream.on('close', () => {
    ended = true;
    serve();
  });
  return () =>
    new Promise((resolve, reject) => {
      waiters.push({ resolve, reject });
      serve();
    });
}
