// Cases of the image in which the power is cut. Each is run once, with every write and flush of its disk kept; then the disk is had as a cut at so
// many random moments would have left it, with any part of what no flush had followed lost (disk-history.mjs), and is looked at: which slot
// is booted, is it whole, does the service come up, is all there that was acknowledged. The first of them are booted in the machine
// itself. The run itself ends with its power cut.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { bringBackOlderData } from '../../daemon/dist/updates/index.js';
import { PARTITIONS } from '../../install/image/layout.mjs';
import { CASES } from './cases.mjs';
import { databaseOf, nextBoot, rootOf, secondProgram, slotDigest, withService } from './afterwards.mjs';
import { copyDisk } from './disk-history.mjs';
import { dataOf, forgetData, readDisk, secretsOf } from './disks.mjs';
import { WORK_MS, call, check, nameOf, settled, sleep, storedCalls } from './bench.mjs';
import { FIRST } from './versions.mjs';

const PASSPHRASE = 'a passphrase of the test';
/** At most so much of a recording is lost: RELIABILITY of the product. */
const RECORDING_LOSS_MS = 2000;
const TICK_MS = 20;
const partition = ({ start, bytes }) => [start, start + bytes];

/** Looks at a run's disk after each of `moments`; what is not right there is told with the seed and the moment. */
async function eachMoment(bench, { name, base, history, moments }, look, boot) {
  const work = bench.at(`${name}.work`);
  mkdirSync(work, { recursive: true });
  const disk = join(work, 'disk');
  const failed = [];
  try {
    for (const [index, { count, where }] of moments.entries()) {
      forgetData(disk);
      const lost = history.diskAt(base, disk, count, bench.random);
      const told = `cut ${index + 1} of ${moments.length}, ${where}, step ${count} of ${history.steps.length}: ${lost.unflushed} writes not flushed, ${lost.lostBytes} octets of them lost`;
      try {
        const booted = boot !== undefined && index < bench.boots;
        if (booted) copyDisk(disk, bench.at(`${name}.disk`));
        const found = await look({ disk, work, count });
        if (booted) await boot(await bench.box(name, { disk: bench.at(`${name}.disk`) }), { count });
        bench.say(`${told}: ${found}${booted ? ', booted' : ''}`);
      } catch (error) {
        failed.push(error.message);
        bench.say(`${told}: WRONG: ${error.message}`);
      }
      bench.figures['cuts made'] = (bench.figures['cuts made'] ?? 0) + 1;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  bench.figures['cuts survived'] = (bench.figures['cuts survived'] ?? 0) + moments.length - failed.length;
  check(failed.length === 0, `seed ${bench.seed}: ${failed.length} of ${moments.length} cuts: ${failed[0]}`);
}

/** So many moments from step `from` up to step `to`, in their order. */
function moments(bench, count, where, from, to) {
  check(from >= 0 && to > from, `${where}: nothing was written`);
  return Array.from({ length: count }, () => ({
    count: from + 1 + Math.floor(bench.random() * (to - from)),
    where,
  })).sort((a, b) => a.count - b.count);
}

/** Text of the last mark that begins so, before step `count`. */
function lastMark(history, begin, count) {
  const found = history.steps.slice(0, count).findLast(({ mark }) => mark?.startsWith(begin));
  return found?.mark.slice(begin.length);
}

const allMarks = (history, begin, count) =>
  history.steps
    .slice(0, count)
    .filter(({ mark }) => mark?.startsWith(begin))
    .map(({ mark }) => mark.slice(begin.length));

/** The number behind `Box ` of the setting that the witness changes. */
const turnOf = (name) => Number(/\d+$/.exec(name ?? '')?.[0] ?? 0);

async function acknowledgedIsThere(box, history, count) {
  const name = await nameOf(box);
  const least = turnOf(lastMark(history, 'setting ', count));
  check(turnOf(name) >= least, `the setting is ${name}, and Box ${least} was acknowledged`);
  const stored = new Set((await storedCalls(box)).map(({ id }) => id));
  const calls = allMarks(history, 'call ', count);
  check(
    calls.every((id) => stored.has(id)),
    'a call that was shown as ended is lost',
  );
  return `${calls.length} calls and ${least} settings acknowledged are there`;
}

/** Of an update: the run of the case `update`, which others may have left. */
async function updateHistory(bench) {
  if (!bench.kept('configured') || bench.history('update') === undefined) await CASES.update(bench);
  const history = bench.history('update');
  const second = rootOf(bench.versions.bundle);
  const first = rootOf(bench.versions.firstBundle);
  const switches = [];
  const [from, to] = partition(PARTITIONS.state);
  for (let at = -1; (at = history.firstWrite(from, to, at + 1)) >= 0;) switches.push(at);
  return { history, first, second, switches, program: secondProgram(bench.at('second')) };
}

/** Old or new: the slot that is booted is whole, its service comes up with the data, and these have the form of that version. */
async function oldOrNew({ history, first, second, program }, { disk, work, count }, earliest) {
  const { boots, onTrial, spoiled } = nextBoot(disk, work);
  const root = boots === 'a' ? first : second;
  check(spoiled !== boots, `slot ${boots} is booted and spoiled`);
  check(boots === 'a' || count > earliest, 'slot b is booted before it was switched to');
  check(slotDigest(disk, boots, root.bytes) === root.sha256, `slot ${boots} is booted and not whole`);
  const own = boots === 'b' ? { program } : {};
  const said = await withService({ disk, work, ...own }, async (box) => {
    const { second: form, whole } = await databaseOf(box.home);
    check(whole === 'ok', `the database: ${whole}`);
    check(form === (boots === 'b'), `mixed: slot ${boots}, database of the ${form ? 'second' : 'first'} version`);
    return acknowledgedIsThere(box, history, count);
  });
  if (onTrial)
    // Its boots may be used up, too: then the first version comes back to data that the second may have changed.
    await withService({ disk, work, prepare: olderData }, async (box) => {
      const { second: form, whole } = await databaseOf(box.home);
      check(whole === 'ok' && !form, `after the return: ${whole}, second form: ${form}`);
      await acknowledgedIsThere(box, history, count);
    });
  return `slot ${boots}${onTrial ? ' on trial, and back again' : ''}, version ${root.version}, ${said}`;
}

const olderData = (home) => bringBackOlderData({ home, settingsVersion: Number.MAX_SAFE_INTEGER, nowMs: Date.now() });

/** In the machine: whatever is on trial is judged; version and slot are a pair. */
async function bootedIsOneOf(bench, box, history, count) {
  await bench.boot(box, 'after the cut');
  const { version, slot } = await settled(box);
  check(slot === (version === FIRST ? 'a' : 'b'), `mixed: ${version} in slot ${slot}`);
  await acknowledgedIsThere(box, history, count);
  await call(box);
  await box.machine.cut(bench.random);
  dataOf(box.disk);
  forgetData(box.disk);
}

export const CUTS = {
  /** First boot: from power to the wizard. */
  async 'cut-first-boot'(bench) {
    if (bench.history('first-boot') === undefined) await bench.firstBoot();
    const history = bench.history('first-boot');
    const base = bench.at('fresh.disk');
    bench.freshDisk(base);
    const chosen = moments(bench, bench.cuts, 'first boot', 0, history.find('answers'));
    await eachMoment(
      bench,
      { name: 'first', base, history, moments: chosen },
      async ({ disk, work }) => {
        const { boots } = nextBoot(disk, work);
        check(boots === 'a', `slot ${boots}`);
        const halves = readDisk(disk, (cat, list) =>
          list('/state/etc/ssh').filter(
            (name) =>
              name.endsWith('_key') && !/END OPENSSH PRIVATE KEY/.test(cat(`/state/etc/ssh/${name}`).toString()),
          ),
        );
        check(halves.length === 0, `half a key: ${halves.join()}`);
        await withService({ disk, work }, async ({ api }) =>
          check((await api.request('GET', '/setup')).needed, 'there is no wizard'),
        );
        return 'the wizard is there';
      },
      async (box) => {
        await bench.boot(box, 'after the cut');
        await bench.setUp(box);
        await box.machine.cut(bench.random);
        const own = secretsOf(box.disk);
        check(own.size >= 5 && [...own.values()].every((secret) => secret !== ''), 'a key is empty');
      },
    );
    rmSync(base);
  },

  /** An update: while it is written, at each switch of the boot loader's state, on the way to its trial and in it, and at the last word. */
  async 'cut-update'(bench) {
    const run = await updateHistory(bench);
    const { history, switches } = run;
    const trial = history.find('trial');
    // Spoiled; on trial; counted by the boot loader; good.
    const [spoiled, onTrial] = switches;
    const good = switches.at(-1);
    check(switches.length >= 4 && spoiled < onTrial && onTrial < trial && good > trial, `switches: ${switches}`);
    const parts = [
      ['being brought', 0, spoiled],
      ['being written', spoiled, onTrial],
      ['being written', spoiled, onTrial],
      ['at the switch', onTrial - 2, onTrial + 4],
      ['at the switch', onTrial - 2, onTrial + 4],
      ['going down', onTrial, trial],
      ['on trial', trial, good],
      ['on trial', trial, good],
      ['at the last word', good - 3, good + 3],
      ['after it', good, history.steps.length],
    ];
    const chosen = Array.from({ length: bench.cuts }, (_, i) => parts[i % parts.length]).flatMap(([where, from, to]) =>
      moments(bench, 1, where, from, Math.min(to, history.steps.length)),
    );
    // The trial is what the machine itself has to show first.
    const order = [...chosen].sort((a, b) => Number(b.where === 'on trial') - Number(a.where === 'on trial'));
    await eachMoment(
      bench,
      { name: 'cut-update', base: bench.at('configured.disk'), history, moments: order },
      (cut) => oldOrNew(run, cut, onTrial),
      (box, { count }) => bootedIsOneOf(bench, box, history, count),
    );
  },

  /** While the form of the database is changed. */
  async 'cut-migration'(bench) {
    const run = await updateHistory(bench);
    const { history, switches } = run;
    const [from, to] = partition(PARTITIONS.data);
    const begin = history.firstWrite(from, to, history.find('trial'));
    const chosen = moments(bench, bench.cuts, 'changing the database', begin, history.find('answers'));
    await eachMoment(
      bench,
      { name: 'cut-migration', base: bench.at('configured.disk'), history, moments: chosen },
      (cut) => oldOrNew(run, cut, switches[1]),
      (box, { count }) => bootedIsOneOf(bench, box, history, count),
    );
  },

  /** A call that is being recorded: it is stored and over, and of what was said at most two seconds are lost. */
  async 'cut-recording'(bench) {
    const box = await bench.ready('recording', { history: 'recording' });
    const { history, api } = box;
    const placed = await call(box, 600_000);
    const stored = await api.until(
      async () => (await storedCalls(box)).find(({ state, answeredAt }) => state === 'live' && answeredAt !== null),
      WORK_MS,
      'the call is not stored',
    );
    // Its media tick tells how much was said: a box that is starved of its processor leaves some out.
    const ticks = async () => (await api.request('GET', '/system')).tick.ticks;
    const first = await ticks();
    const begun = history.mark('answered');
    let last = begun;
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
      const talked = ((await ticks()) - first) * TICK_MS;
      // The menu gives up on a caller who presses nothing: from then on nothing is said.
      const { state } = await api.request('GET', `/exchange/calls/${placed.id}`);
      if (state === 'released') break;
      last = history.mark(`talked ${talked}`);
    }
    bench.say(`talked for ${lastMark(history, 'talked ', last + 1) ?? 0} ms`);
    bench.keepHistory(box);
    await box.machine.cut(bench.random);
    await eachMoment(
      bench,
      {
        ...{ name: 'cut-recording', base: bench.at('configured.disk'), history },
        moments: moments(bench, bench.cuts, 'in the call', begun + 20, last),
      },
      async ({ disk, work, count }) =>
        withService({ disk, work }, (found) => recordingIsThere(found, stored.id, lastMark(history, 'talked ', count))),
      async (again, { count }) => {
        await bench.boot(again, 'after the cut');
        await again.api.signIn();
        bench.say(await recordingIsThere(again, stored.id, lastMark(history, 'talked ', count)));
        await again.machine.cut(bench.random);
      },
    );
  },

  /** A back-up: whole or absent, and one that was acknowledged is there. */
  async 'cut-backup'(bench) {
    const box = await bench.ready('backup', { history: 'backup' });
    const { history, api } = box;
    const begun = history.mark('asked');
    const made = await api.request('POST', '/backups', { passphrase: PASSPHRASE, recordings: true }, WORK_MS);
    const done = history.mark(`backup ${made.name}`);
    await sleep(3000);
    bench.keepHistory(box);
    await box.machine.cut(bench.random);
    const before = moments(bench, bench.cuts - 1, 'in the back-up', begun, done);
    const after = moments(bench, 1, 'after it', done, done + 1);
    await eachMoment(
      bench,
      { name: 'cut-backup', base: bench.at('configured.disk'), history, moments: [...after, ...before] },
      async ({ disk, work, count }) => withService({ disk, work }, (found) => backupsAreWhole(found, history, count)),
      async (again, { count }) => {
        await bench.boot(again, 'after the cut');
        await again.api.signIn();
        bench.say(await backupsAreWhole(again, history, count));
        await again.machine.cut(bench.random);
      },
    );
  },
};

async function recordingIsThere(box, callId, talkedMs) {
  const { api } = box;
  const call = await api.until(
    async () => {
      const found = (await storedCalls(box)).find(({ id }) => id === callId);
      check(found !== undefined, 'the call is lost');
      return found.state !== 'live' && found;
    },
    60_000,
    'the call is still live',
  );
  const recording = await api.until(
    async () => (await api.request('GET', '/recordings')).recordings.find((one) => one.callId === callId),
    60_000,
    'the recording is lost',
  );
  const reply = await fetch(`${api.url}/api/v1/recordings/${recording.id}/audio`, {
    headers: { authorization: `Bearer ${api.token}` },
  });
  const bytes = (await reply.arrayBuffer()).byteLength;
  check(reply.ok && bytes > 44, `it cannot be heard: ${reply.status}`);
  const lostMs = Number(talkedMs ?? 0) - recording.durationMs;
  check(lostMs <= RECORDING_LOSS_MS, `${lostMs} ms of ${talkedMs ?? 0} are lost`);
  return `call ${call.state}, ${recording.durationMs} ms of ${talkedMs ?? 0} can be heard`;
}

async function backupsAreWhole({ api }, history, count) {
  const { backups } = await api.request('GET', '/backups');
  const acknowledged = lastMark(history, 'backup ', count);
  check(
    acknowledged === undefined || backups.some(({ name }) => name === acknowledged),
    `${acknowledged} was acknowledged and is not there`,
  );
  for (const { name } of backups)
    await api.request('POST', `/backups/${name}/verify`, { passphrase: PASSPHRASE }, WORK_MS);
  const next = await api.request('POST', '/backups', { passphrase: PASSPHRASE, recordings: true }, WORK_MS);
  await api.request('POST', `/backups/${next.name}/verify`, { passphrase: PASSPHRASE }, WORK_MS);
  return `${backups.length === 0 ? 'absent' : `${backups.length} whole`}, the next one is made`;
}
