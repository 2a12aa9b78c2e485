// kill -9 of a call centre at work, twenty times on one and the same folder: when it is back, and whether anything is as it cannot be.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENTS, CallCentre } from './floor.mjs';

const ROUNDS = Number(process.env.FIGURES_KILLS ?? 20);
const TOLD_TO_STORED_MS = 250;
const PER_SECOND = 10;
const TALK = { least: 20_000, most: 36_000 };

export async function killed(report) {
  const centre = new CallCentre();
  const backMs = [];
  const wrong = [];
  let [clean, atWork] = [0, 0];
  try {
    await centre.start();
    await centre.furnish({ talkMs: TALK });
    for (let round = 0; round < ROUNDS; round += 1) {
      // The random moment itself, from the first ring to calls that have waited, talked and ended.
      const working = callsFor(centre, round, 4 + Math.random() * 36);
      await working.over;
      const before = await centre.snapshotOnce();
      // What a page has been told is in the books a moment later.
      await sleep(TOLD_TO_STORED_MS);
      atWork = Math.max(atWork, before.calls.length);
      await centre.kill();
      clean += databaseIsWhole(join(centre.home, 'cordboard.sqlite')) ? 1 : 0;
      backMs.push(await centre.start());
      wrong.push(...impossible(await centre.snapshotOnce(), before).map((what) => `round ${round + 1}: ${what}`));
    }
    // What was begun before the last kill is over in the books.
    const { calls } = await centre.api('GET', 'calls?state=live&limit=200');
    if (calls.length > 0) wrong.push(`${calls.length} calls are live for ever`);
  } finally {
    await centre.stop();
  }
  for (const what of wrong.slice(0, 10)) report.note(what);
  report.note(`as many as ${atWork} calls at the moment of a kill`);
  report.add('killsUnderLoad', ROUNDS, 'times');
  report.add('killsDatabaseWhole', clean, 'times', ROUNDS);
  report.add('killsBackAtMost', Math.max(...backMs), 'ms', 10_000, 'most');
  report.add('killsImpossibleStates', wrong.length, 'states', 0, 'exactly');
}

/** Calls at the usual rate for some seconds; those that the kill takes are no errors. */
function callsFor(centre, round, seconds) {
  const place = async () => {
    const begun = performance.now();
    for (let i = 0; i < seconds * PER_SECOND; i += 1) {
      const due = begun + (i * 1000) / PER_SECOND;
      if (due > performance.now()) await sleep(due - performance.now());
      void centre.call(round * 1000 + i).catch(() => undefined);
    }
  };
  return { over: place() };
}

/** What contradicts itself, or was lost, in what a page sees after the box has come back. */
function impossible(now, before) {
  const found = [];
  const calls = new Map(now.calls.map((call) => [call.id, call]));
  for (const { id, state, callId, station } of now.agents) {
    const was = before.agents.find((agent) => agent.id === id);
    if (was.state !== 'signedOut' && state === 'signedOut')
      found.push(`agent ${id} was ${was.state}, and is signed out`);
    if (was.station !== station) found.push(`agent ${id} was at ${was.station}, and is at ${station}`);
    if (['ringing', 'talking'].includes(state) && !calls.has(callId))
      found.push(`agent ${id} is ${state} without a call`);
    if (was.state === 'notReady' && state !== 'notReady') found.push(`agent ${id} was not ready, and is ${state}`);
  }
  for (const { id, waiting, offering, talking, today } of now.queues) {
    const mine = now.calls.filter(({ queueId }) => queueId === id);
    if (waiting + talking > mine.length)
      found.push(`queue ${id} has ${waiting} waiting and ${talking} talking of ${mine.length}`);
    if (offering > waiting) found.push(`queue ${id} offers ${offering} of ${waiting}`);
    const was = before.queues.find((queue) => queue.id === id);
    if (today.answered < was.today.answered)
      found.push(`queue ${id} had ${was.today.answered} answered, and has ${today.answered}`);
  }
  if (now.agents.length < AGENTS) found.push(`${now.agents.length} agents of ${AGENTS}`);
  const busy = now.spans.flatMap(({ timeslots }) => timeslots).filter((slot) => slot.busy).length;
  if (busy > now.calls.length) found.push(`${busy} timeslots are busy for ${now.calls.length} calls`);
  return found;
}

/** Opens the database read-only, as anybody could, before the service has seen it. */
function databaseIsWhole(file) {
  const check = `
    import sqlite3 from 'sqlite3';
    const db = new sqlite3.Database(${JSON.stringify(file)}, sqlite3.OPEN_READONLY);
    db.get('PRAGMA integrity_check', (error, row) => { console.log(error?.message ?? row.integrity_check); db.close(); });`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', check], { cwd: import.meta.dirname });
  return stdout.toString().trim() === 'ok';
}
