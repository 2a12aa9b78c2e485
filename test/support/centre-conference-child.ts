// The program of the figure: fifty who come over two E1 into one room of a box in this process, one who speaks, and then another. Its last
// line is one JSON object.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Box } from '../../daemon/src/main.js';
import { samplesOf } from './audio-match.js';
import { heardWell, speech } from './speech.js';

const PARTIES = 50;
const ASKED = 8;
const IDLE_MS = 10_000;
const SAID_S = 3;
const LIMIT_MS = 180_000;

const { startBox } = (await import(
  join(process.cwd(), 'daemon/dist/main.js')
)) as typeof import('../../daemon/src/main.js');
const home = mkdtempSync(join(tmpdir(), 'cordboard-conference-'));
const env = {
  ...{ CORDBOARD_HTTP_PORT: '0', CORDBOARD_SIP_ENABLED: 'false', CORDBOARD_LANGUAGE: 'en' },
  ...{ CORDBOARD_VIRTUAL_SPANS: '2', CORDBOARD_LOG_LEVEL: 'warn' },
};
const box = await startBox({ home, env });
try {
  process.stdout.write(`${JSON.stringify(await measure(box))}\n`);
} finally {
  await box.stop();
  rmSync(home, { recursive: true, force: true });
}

async function measure({ engine, exchange, conferences, trunks, archive, url, config }: Box): Promise<object> {
  await until(() => trunks.list().every(({ dchannelUp }) => dchannelUp));
  const token = readFileSync(join(home, 'local-token'), 'utf8').trim();
  const made = await fetch(`${url}api/v1/conferences`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'room', number: '8000', name: 'Room', announce: 'none', record: 'always' }),
  });
  if (made.status !== 201) throw new Error(await made.text());
  const idle = await cpuPer(IDLE_MS);
  const missedBefore = (await ticks()).missed;
  const begun = performance.now();
  for (let i = 0; i < PARTIES; i += 1) {
    const callingNumber = `138000${String(10_000 + i)}`;
    await exchange.callers.place({ calledNumber: '8000', callingNumber, span: 1 + (i % 2) });
  }
  await until(() => conferences.status('room').parties.length === PARTIES && conferences.status('room').recording);
  const joinMs = performance.now() - begun;
  const busy = await cpuPer(IDLE_MS);

  const { legs } = await engine.command('engine.snapshot', {});
  const ports = legs.filter(({ span }) => span !== undefined && span > 100).map(({ port }) => port);
  const matches: number[] = [];
  for (const [index, sayer] of [ports[0]!, ports[25]!].entries()) {
    const said = speech(index);
    const hearers = ports.filter((port) => port !== sayer).filter((_, i) => i % Math.ceil(PARTIES / ASKED) === index);
    const paths = hearers.map((port) => join(home, `heard-${index}-${port}.wav`));
    const recordings = await Promise.all(
      hearers.map((port, i) => engine.command('recording.start', { port, path: paths[i]! })),
    );
    const { play } = await engine.command('play.start', { port: sayer, files: [said.path] });
    while ((await engine.command('play.position', { play })).positionMs < SAID_S * 1000) await sleep(50);
    await engine.command('play.stop', { play });
    for (const { recording } of recordings) await engine.command('recording.stop', { recording });
    matches.push(...paths.map((path) => heardWell(samplesOf(path, 1), said)));
  }
  const after = await ticks();
  await conferences.act('room', 'end', 'figures');
  await until(() => conferences.status('room').parties.length === 0);
  const [recording] = await conferences.recordings('room');
  await until(async () => (await conferences.recordings('room'))[0]?.state === 'complete');
  const source = await archive.read(await archive.find(recording!.id));
  const file = join(config.home, 'room.wav');
  writeFileSync(file, await source.read(0, source.bytes));
  await source.close();
  const room = samplesOf(file, 2);
  const recorded = Math.min(heardWell(room, speech(0)), heardWell(room, speech(1)));
  return {
    ...{ parties: PARTIES, asked: matches.length, heard: matches.filter((match) => match > 0.55).length },
    ...{ worst: Math.min(...matches), missed: after.missed - missedBefore, tickP50Us: after.p50Us, joinMs, recorded },
    ...{ cores: busy, coresIdle: idle },
  };

  async function ticks() {
    return (await engine.command('engine.snapshot', {})).tick;
  }
}

/** cores of this process, all its threads */
async function cpuPer(ms: number): Promise<number> {
  const [before, begun] = [process.cpuUsage(), performance.now()];
  await sleep(ms);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - begun);
}

/** There is no event for all of it. */
async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!(await so())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${so.toString()}`);
    await sleep(20);
  }
}
