// Three hundred callers of the E1 against eight telephones, with everything that people do at random: they hang up while they wait, while it
// rings and in the talk, agents do not lift, hang up, put their callers through. No agent is ever rung or in talk for two calls; when it
// is over all agents are ready and no leg, port, conference, playback or recording is left.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBox as startCompiledBox } from '../../daemon/dist/main.js';
import type { Box } from '../../daemon/src/main.js';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import { nothingLeaks, startTestBox, stationFree, waitFor, whileRunning } from '../support/box.js';
import { until } from '../support/turns.js';

const CALLS = 300;
/** of the thirty channels of the E1 */
const AT_ONCE = 24;
const STATIONS = [1, 2, 3, 4, 5, 6, 7, 8];
const QUEUES = [
  { id: 'storm-a', strategy: 'random', calledNumber: '96201' },
  { id: 'storm-b', strategy: 'longest_idle', calledNumber: '96202' },
  { id: 'storm-c', strategy: 'ring_all', calledNumber: '96203' },
] as const;
const SEED = 20_240_817;

const running = whileRunning();
let box: Box;
let api: LocalApi;

/** Numbers in [0, 1), the same in every run (mulberry32). */
function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const draw = lots(SEED);
const between = (low: number, high: number): number => Math.round(low + draw() * (high - low));

beforeAll(async () => {
  box = await startTestBox({ start: startCompiledBox, env: { CORDBOARD_RECORDINGS_ENCRYPT: 'false' } }, running);
  api = new LocalApi(box.config.home);
  for (const [at, { id, strategy, calledNumber }] of QUEUES.entries()) {
    await api.request('POST', '/queues', {
      ...{ id, name: id, strategy, wrapUpMs: at === 1 ? 50 : 0, ringTimeoutMs: 1000, maxWaitMs: 60_000 },
      ...{ noAnswer: { action: 'stayReady', restMs: 0 }, overflow: { to: 'hangUp' }, routing: { ringAllMost: 3 } },
    });
    // Most agents are in several queues.
    const members = STATIONS.filter((station) => station % 3 !== at).map((station) => ({
      agentId: String(2000 + station),
    }));
    await api.request('PUT', `/queues/${id}/members`, members);
    await api.request('POST', '/routes', { calledNumber, language: 'en', target: { kind: 'queue', queueId: id } });
  }
  for (const station of STATIONS) {
    await box.agents.signIn(String(2000 + station), station);
    behave(station);
  }
});
afterAll(() => running.end());

/** What he does with the next call: lifts sooner or later, or too late; hangs up, or waits for the caller to do so. */
function behave(station: number): void {
  box.exchange.telephones.setPlan(station, {
    ...{ answer: draw() < 0.92, answerAfterMs: between(10, 250), play: null, hangUpOnTone: true },
    hangUpAfterMs: draw() < 0.4 ? between(30, 500) : null,
  });
}

interface Rule {
  agent: string;
  calls: string[];
}

it('nobody is rung for two calls, and nothing is left of three hundred', async () => {
  const broken: Rule[] = [];
  let [talks, rings, moved, ended] = [0, 0, 0, 0];
  /** the calls that ring or talk with an agent, as call control tells it */
  const busy = new Map<string, Set<string>>();
  const take = (agent: string | null, call: string): void => {
    if (agent === null) return;
    const calls = busy.get(agent) ?? new Set();
    busy.set(agent, calls.add(call));
    if (calls.size > 1) broken.push({ agent, calls: [...calls] });
  };
  const free = (agent: string | null, call: string): void => void (agent === null || busy.get(agent)?.delete(call));
  const { events } = box.calls;
  events.on('call.offered', ({ call, agentId, station }) => {
    rings += 1;
    take(agentId, call.id);
    behave(station);
  });
  events.on('call.requeued', ({ call, agentId }) => free(agentId, call.id));
  events.on('call.connected', ({ call, agentId }) => {
    talks += 1;
    // Of those who were rung at once the others are free.
    for (const [agent, calls] of busy) if (agent !== agentId) calls.delete(call.id);
    take(agentId, call.id);
    const { station = null } = agentId === null ? {} : (box.agents.find(agentId) ?? {});
    if (station === null || draw() > 0.15) return;
    // He puts him into another queue, holds him, or parks him.
    const to = QUEUES[between(0, QUEUES.length - 1)]!.id;
    const what = draw();
    const action =
      what < 0.6
        ? ({ action: 'transferToQueue', queueId: to } as const)
        : ({ action: what < 0.8 ? 'hold' : 'park' } as const);
    // He or the caller may have hung up meanwhile.
    box.calls.act(call.id, station, action).then(
      () => void (moved += 1),
      () => undefined,
    );
  });
  events.on('call.transferred', ({ call, agentId }) => free(agentId, call.id));
  events.on('call.released', ({ call }) => {
    ended += 1;
    for (const calls of busy.values()) calls.delete(call.id);
  });

  for (let placed = 0; placed < CALLS; placed += 1) {
    await waitFor(events, 'call.released', () => placed - ended < AT_ONCE, 60_000);
    const { calledNumber } = QUEUES[between(0, QUEUES.length - 1)]!;
    // Nobody waits for ever, not even one who was parked.
    const patience = draw() < 0.3 ? between(50, 1500) : between(2000, 4000);
    await box.exchange.callers.place({
      ...{ calledNumber, callingNumber: `1380013${String(placed).padStart(4, '0')}` },
      ...{ talkMs: between(50, 500), hangUpAfterMs: patience },
    });
  }
  await waitFor(events, 'call.released', () => ended === CALLS, 60_000);

  expect(broken).toEqual([]);
  expect({ talks: talks > CALLS / 3, moved: moved > 5, rings: rings > talks }).toEqual({
    ...{ talks: true, moved: true, rings: true },
  });
  for (const station of STATIONS) await stationFree(box, station);
  await until(
    () => box.agents.list().every(({ state, callId }) => state === 'ready' && callId === null),
    'all are ready',
  );
  await nothingLeaks(box);
  const { conferences } = await box.engine.command('engine.snapshot', {});
  expect(conferences).toEqual([]);
  expect(box.calls.live()).toEqual([]);
  for (const { id } of QUEUES) expect(await api.request('GET', `/queues/${id}/waiting`)).toEqual([]);
  const stored = await box.db.calls.list({ limit: 500 });
  expect(stored.filter(({ state }) => state !== 'ended')).toEqual([]);
  expect(stored).toHaveLength(CALLS);
}, 180_000);
