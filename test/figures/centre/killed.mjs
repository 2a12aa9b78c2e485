// kill -9 of a call centre at work, twenty times on one and the same folder: when it is back, and whether anything is as it cannot be.
import { setTimeout as sleep } from 'node:timers/promises';
import { contradictions, journal } from './books.mjs';
import { AGENTS, CallCentre } from './floor.mjs';

const ROUNDS = Number(process.env.FIGURES_KILLS ?? 20);
const TOLD_TO_STORED_MS = 250;
const PER_SECOND = 10;
const TALK = { least: 20_000, most: 36_000 };
/** agents who are away with a reason when the box is killed */
const AWAY = 12;
/** Of the recordings that a round has left, as many are fetched as sound. */
const FETCHED = 5;

export async function killed(report) {
  const centre = new CallCentre();
  const backMs = [];
  const wrong = [];
  let [clean, atWork, cutOff, repaired, away] = [0, 0, 0, 0, 0];
  try {
    await centre.start();
    await centre.furnish({ talkMs: TALK });
    for (let round = 0; round < ROUNDS; round += 1) {
      const calls = callsFor(centre, round);
      const gone = await sendAway(centre, round);
      away += gone.length;
      // The random moment itself, from the first ring to calls that have waited, talked and ended.
      await sleep(4000 + Math.random() * 36_000);
      const before = await centre.snapshotOnce();
      const callbacks = await callbacksOf(centre);
      // What a page has been told is in the books a moment later.
      await sleep(TOLD_TO_STORED_MS);
      await centre.kill();
      await calls.stop();
      const left = await journal(centre.home);
      clean += left.whole ? 1 : 0;
      atWork = Math.max(atWork, left.live.length);
      cutOff += left.live.length;
      backMs.push(await centre.start());
      const now = await centre.snapshotOnce();
      const live = now.calls.map(({ id }) => id);
      const found = [
        ...impossible(now, before),
        ...otherThanJournaled(now, left.agents, gone),
        ...(await contradictions(centre.home, live, left.live)),
      ];
      const after = await callbacksOf(centre);
      if (callbacks !== undefined && after < callbacks) found.push(`${callbacks} callbacks waited, and ${after} do`);
      const heard = await fetchRecordings(centre, left.live);
      repaired += heard.whole;
      wrong.push(...[...found, ...heard.found].map((what) => `round ${round + 1}: ${what}`));
    }
    // What was begun before the last kill is over in the books, and whoever did his paperwork has done it.
    const { calls } = await centre.api('GET', 'calls?state=live&limit=200');
    if (calls.length > 0) wrong.push(`${calls.length} calls are live for ever`);
    await centre
      .until(async () =>
        (await centre.api('GET', 'agents')).every(({ state }) => ['ready', 'notReady'].includes(state)),
      )
      .catch(() => wrong.push('somebody is neither ready nor away a minute after the last call'));
    const { checked, faults } = await centre.api('POST', 'recording-verification');
    report.note(`${checked} recordings at rest checked against the chain of digests`);
    for (const { kind, path, detail } of faults) wrong.push(`recording ${path}: ${kind}, ${detail}`);
  } finally {
    await centre.stop();
  }
  for (const what of wrong.slice(0, 10)) report.note(what);
  report.note(`as many as ${atWork} calls at the moment of a kill, ${cutOff} in all; ${away} times somebody was away`);
  report.add('killsUnderLoad', backMs.length, 'times', ROUNDS);
  report.add('killsDatabaseWhole', clean, 'times', ROUNDS);
  report.add('killsBackAtMost', Math.max(...backMs), 'ms', 10_000, 'most');
  report.add('killsRecordingsHeard', repaired, 'files');
  report.add('killsImpossibleStates', wrong.length, 'states', 0, 'exactly');
}

/** Calls at the usual rate, until the box is dead; those that the kill takes are no errors. */
function callsFor(centre, round) {
  let stopped = false;
  const place = async () => {
    const begun = performance.now();
    for (let i = 0; !stopped; i += 1) {
      const due = begun + (i * 1000) / PER_SECOND;
      if (due > performance.now()) await sleep(due - performance.now());
      if (!stopped) void centre.call(round * 1000 + i).catch(() => undefined);
    }
  };
  const over = place();
  return { stop: () => ((stopped = true), over) };
}

/** Those who were away come back, and others go, by a supervisor's order; who is in a call stays. Resolves with who is away now. */
async function sendAway(centre, round) {
  const agents = await centre.api('GET', 'agents');
  for (const { id } of agents.filter(({ state }) => state === 'notReady'))
    await centre.api('POST', `agents/${id}/state`, { state: 'ready' });
  const ready = agents.filter(({ state }) => state === 'ready');
  const gone = [];
  for (const { id } of ready.slice(round * AWAY).concat(ready)) {
    if (gone.length === AWAY) break;
    const reason = round % 2 === 0 ? 'break' : 'training';
    const sent = await centre.api('POST', `agents/${id}/state`, { state: 'notReady', reason }).catch(() => undefined);
    if (sent !== undefined) gone.push({ id, reason });
  }
  return gone;
}

/** Calls back that wait; undefined where the box takes none. */
async function callbacksOf(centre) {
  const page = await centre.api('GET', 'callbacks?state=waiting&limit=200').catch(() => undefined);
  return (page?.callbacks ?? page)?.length;
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
  }
  for (const { id, waiting, offering, talking, today } of now.queues) {
    const mine = now.calls.filter(({ queueId }) => queueId === id);
    if (waiting + talking > mine.length)
      found.push(`queue ${id} has ${waiting} waiting and ${talking} talking of ${mine.length}`);
    if (offering > waiting) found.push(`queue ${id} offers ${offering} of ${waiting}`);
    const was = before.queues.find((queue) => queue.id === id);
    for (const name of ['answered', 'answeredInTime', 'abandoned'])
      if (today[name] < was.today[name])
        found.push(`queue ${id} had ${was.today[name]} ${name}, and has ${today[name]}`);
  }
  if (now.agents.length < AGENTS) found.push(`${now.agents.length} agents of ${AGENTS}`);
  const busy = now.spans.flatMap(({ timeslots }) => timeslots).filter((slot) => slot.busy).length;
  if (busy > now.calls.length) found.push(`${busy} timeslots are busy for ${now.calls.length} calls`);
  return found;
}

/** Agents who are not what the books say: away for their reason, at their paperwork or done with it, ready after a call that was cut off. */
function otherThanJournaled(now, journaled, gone) {
  const found = [];
  const rows = new Map(journaled.map((row) => [row.agentId, row]));
  for (const { id, reason } of gone) {
    const row = rows.get(id);
    if (row?.state !== 'notReady' || row.reason !== reason)
      found.push(`agent ${id} was told that he is away (${reason}), and the books have ${row?.state} (${row?.reason})`);
  }
  for (const { id, state, reason, station } of now.agents) {
    const row = rows.get(id);
    if (row === undefined) continue;
    const may =
      row.state === 'notReady' || row.state === 'signedOut'
        ? [row.state]
        : row.state === 'wrapUp'
          ? ['wrapUp', 'ready']
          : ['ready'];
    if (!may.includes(state)) found.push(`agent ${id} was journaled as ${row.state}, and is ${state}`);
    if (state === 'notReady' && reason !== row.reason)
      found.push(`agent ${id} was away for ${row.reason}, and is for ${reason}`);
    if (state !== 'signedOut' && station !== row.station)
      found.push(`agent ${id} was journaled at ${row.station}, and is at ${station}`);
  }
  return found;
}

/** Some of the recordings that were cut off, as somebody hears them: their head says how long they are, and they are as long. */
async function fetchRecordings(centre, callIds) {
  const found = [];
  let whole = 0;
  for (let i = 0; i < FETCHED && callIds.length > 0; i += 1) {
    const callId = callIds[Math.floor((i * callIds.length) / FETCHED)];
    const { recording, furtherRecordings } = await centre.api('GET', `calls/${callId}`);
    for (const { id, state, durationMs } of recording === null ? [] : [recording, ...furtherRecordings]) {
      if (state === 'failed' || durationMs === 0) continue;
      const sound = await centre.bytes(`recordings/${id}/audio`).catch((error) => error);
      if (sound instanceof Error) found.push(`recording ${id} (${state}): ${sound.message}`);
      else if (sound.toString('latin1', 0, 4) !== 'RIFF' || sound.readUInt32LE(4) !== sound.length - 8)
        found.push(`recording ${id} (${state}) is no WAV of ${sound.length} bytes`);
      else whole += 1;
    }
  }
  return { found, whole };
}
