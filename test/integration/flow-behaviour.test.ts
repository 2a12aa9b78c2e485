// What flows do with their callers, heard over the virtual card: questions and look-ups, opening hours, queues and the way out of them, a
// flow in the middle of a talk, and changes while somebody is inside.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Calendar,
  Flow,
  FlowDefinitionInput,
  FlowTrace,
  Segment,
  SignedIn,
} from '../../daemon/src/contract/index.js';
import { findSound, samplesOf } from '../support/audio-match.js';
import { callIn, nothingLeaks, phase, signInByPhone, stationFree, waitFor, whileRunning } from '../support/box.js';
import { TONE, shareOf, startFlowBox, tonesIn, type FlowBox } from '../support/flow-box.js';
import { until } from '../support/turns.js';
import { writeTone } from '../support/wav.js';

const HEARD = 0.8;
const running = whileRunning();
let on: FlowBox;

beforeAll(async () => {
  on = await startFlowBox(running, { dataSources: { crm: { kind: 'sqlite', file: 'crm.sqlite' } } });
  const crm = new sqlite3.Database(join(on.box.config.home, 'crm.sqlite'));
  const customers = "CREATE TABLE customers (number TEXT, name TEXT); INSERT INTO customers VALUES ('4711', 'Li')";
  await new Promise<void>((resolve, reject) =>
    crm.exec(customers, (error) => (error === null ? crm.close(() => resolve()) : reject(error))),
  );
});
afterAll(() => running.end());

/** Resolves when the caller is at this node. */
async function at(callId: string, node: string): Promise<void> {
  await waitFor(on.box.live, 'flow.step', () =>
    Object.values(on.box.flows.positions.callersOf(on.box.calls.find(callId)?.flowId ?? '').callers).some(
      (one) => one.callId === callId && one.node === node,
    ),
  );
}

const press = (exchangeId: string, keys: string) => on.box.exchange.callers.sendDigits(exchangeId, keys);
const play = (prompt: string, next = 'bye') => ({ type: 'play', prompts: [prompt], next });
const bye = { type: 'hangup', cause: 17 };

it('a number is asked for until it is one, looked up, and what was found is spoken', async () => {
  await on.flow('5101', {
    start: 'ask',
    variables: { name: { type: 'string' }, greeting: { type: 'string' } },
    nodes: {
      ask: {
        ...{ type: 'collect', prompts: ['main-menu'], variable: 'account', minDigits: 4, maxDigits: 4 },
        ...{ invalidPrompts: ['invalid-choice'], retries: 2, next: 'look', timeout: 'bye' },
      },
      look: {
        ...{ type: 'sql', source: 'crm', sql: 'SELECT name FROM customers WHERE number = $number' },
        ...{ bind: { number: 'account' }, results: { name: '$.name' }, next: 'put', empty: 'unknown' },
      },
      put: {
        type: 'set',
        assign: [{ variable: 'greeting', value: 'if(len(name) < 3, "Mister " + name, name)' }],
        next: 'which',
      },
      which: { type: 'branch', cases: [{ when: 'greeting == "Mister Li"', next: 'greet' }], otherwise: 'unknown' },
      greet: { type: 'speak', texts: { en: 'Good morning {greeting}, your order is on its way.' }, next: 'bye' },
      unknown: play('no-agent'),
      bye,
    },
  });
  const known = await callIn(on.box, { calledNumber: '5101' });
  await at(known.callId, 'ask');
  // Too short, then right.
  await press(known.exchangeId, '47#');
  await until(() => on.box.calls.find(known.callId)?.digits.endsWith('#') === true, 'the keys have come');
  await press(known.exchangeId, ',,,4711');
  const { heard, tones, way, traces } = await on.story(known.callId);
  expect(tones).toContain(TONE.invalid);
  expect(way).toEqual([...['ask:collected', 'look:answered', 'put:next', 'which:case', 'greet:next', 'bye:callEnded']]);
  expect(traces[0]?.steps[2]?.changed).toEqual({ greeting: 'Mister Li' });
  const spoken = await on.box.flows.ports.speaker!.speak('Good morning Mister Li, your order is on its way.', 'en');
  const words = samplesOf(spoken);
  const loud = words.findIndex((sample) => Math.abs(sample) > 300);
  expect(findSound(heard, words.subarray(loud, loud + 8000)).peak).toBeGreaterThan(HEARD);

  const stranger = await on.whole('5101', { digits: '9999' });
  expect(stranger.tones.at(-1)).toBe(TONE.noAgent);
  expect(stranger.traces[0]?.steps[1]?.why).toBe('empty');
});

it('a calendar leads him by the hour, and says why and until when', async () => {
  await on.api.request('POST', '/calendars', { id: 'office', name: 'Office', weekly: [] });
  await on.flow('5102', {
    start: 'hours',
    variables: { why: { type: 'string' }, change: { type: 'number' } },
    nodes: {
      hours: {
        ...{ type: 'schedule', calendar: 'office', open: 'open', closed: 'closed' },
        ...{ reasonVariable: 'why', untilVariable: 'change' },
      },
      open: play('welcome'),
      closed: play('goodbye'),
      bye,
    },
  });
  const closed = await on.whole('5102');
  expect([closed.tones, closed.way[0]]).toEqual([[TONE.goodbye], 'hours:closed']);
  expect(closed.traces[0]?.steps[0]).toMatchObject({ detail: 'hours', changed: { why: 'hours', change: 0 } });
  const until_ = Date.now() + 3_600_000;
  await on.api.request<Calendar>('PUT', '/calendars/office/override', { open: true, reason: 'sale', until: until_ });
  const open = await on.whole('5102');
  expect([open.tones, open.way[0]]).toEqual([[TONE.welcome], 'hours:open']);
  expect(open.traces[0]?.steps[0]?.changed).toEqual({ why: 'override sale', change: until_ });
  await expect(
    on.flow('5103', {
      start: 'a',
      nodes: { a: { type: 'schedule', calendar: 'shop', open: 'bye', closed: 'bye' }, bye },
    }),
  ).rejects.toThrow(/"a".*calendar "shop"/);
});

describe('a queue', () => {
  const definition: FlowDefinitionInput = {
    start: 'wait',
    nodes: {
      wait: { type: 'queue', queue: 'service', overflow: 'late' },
      late: play('no-agent'),
      pressed: play('agent-ready'),
      bye,
    },
  };

  it('gives back who waited too long, and who presses its key, where it says', async () => {
    await on.flow('5104', definition);
    await on.api.request('PATCH', '/queues/service', {
      maxWaitMs: 1500,
      exits: [{ key: '1', target: { to: 'flow', node: 'pressed' } }],
    });
    const late = await on.whole('5104');
    // Music first, which is no tone.
    expect(late.tones.at(-1)).toBe(TONE.noAgent);
    expect(late.way).toEqual(['wait:overflow', 'late:next', 'bye:callEnded']);
    const left = await callIn(on.box, { calledNumber: '5104' });
    await phase(on.box, left.callId, 'queued');
    await press(left.exchangeId, '1');
    const keyed = await on.story(left.callId);
    expect(keyed.tones.at(-1)).toBe(TONE.ready);
    expect(keyed.way).toEqual(['wait:key', 'pressed:next', 'bye:callEnded']);
  });

  it('sends him to a service by its key, and he is back in the flow when that does not want him', async () => {
    const { ports } = on.box.flows;
    const file = join(on.box.config.home, 'service.wav');
    writeTone(file, TONE.notSignedIn, 300);
    const asked: unknown[] = [];
    const before = { voicemail: ports.voicemail, callback: ports.callback };
    for (const name of ['voicemail', 'callback'] as const)
      ports[name] = {
        ids: () => new Set(),
        run: async (session, id, options) => {
          asked.push([name, id, options['key'] ?? null]);
          await (
            await session.play([file])
          ).ended;
          return { outcome: 'refused' };
        },
      };
    await on.api.request('PATCH', '/queues/service', {
      ...{ maxWaitMs: 20_000 },
      exits: [
        { key: '2', target: { to: 'callback' } },
        { key: '3', target: { to: 'queue', queueId: 'sales' } },
      ],
    });
    await on.api.request('PATCH', '/queues/sales', { exits: [{ key: '2', target: { to: 'callback' } }] });
    for (const [keys, queue] of [
      ['2', 'service'],
      ['3', 'sales'],
    ] as const) {
      const { callId, exchangeId } = await callIn(on.box, { calledNumber: '5104' });
      await phase(on.box, callId, 'queued');
      await press(exchangeId, keys);
      // By way of another queue it is that one he is called back from.
      if (queue === 'sales') {
        await waitFor(on.box.live, 'call.updated', () => on.box.calls.find(callId)?.queueId === 'sales');
        await press(exchangeId, '2');
      }
      const { tones, traces } = await on.story(callId);
      expect(tones.slice(-2)).toEqual([TONE.notSignedIn, TONE.noAgent]);
      expect(traces[0]?.steps[0]).toMatchObject({ node: 'wait', why: 'callback', detail: 'refused', next: 'late' });
      expect(asked.at(-1)).toEqual(['callback', queue, '2']);
    }
    Object.assign(ports, before);
    await on.api.request('PATCH', '/queues/sales', { exits: [] });
    await on.api.request('PATCH', '/queues/service', { exits: [] });
  });
});

it('an agent lends his caller to a flow, sees what he keys in, and has him back', async () => {
  mkdirSync(join(on.box.config.home, 'exchange'), { recursive: true });
  writeTone(join(on.box.config.home, 'exchange', 'agent.wav'), 1234, 20_000);
  await on.box.exchange.setBehaviour(1, {
    ...{ answer: true, answerAfterMs: 300, play: 'agent', hangUpAfterMs: null, hangUpOnTone: true },
  });
  await signInByPhone(on.box, '2001', 1);
  await stationFree(on.box, 1);
  await on.flow('5105', { start: 'wait', nodes: { wait: { type: 'queue', queue: 'sales' } } });
  const verify = await on.flow('5106', {
    start: 'ask',
    variables: { pin: { type: 'string', secret: true }, account: { type: 'string' } },
    results: ['account', 'pin'],
    nodes: {
      ask: {
        type: 'collect',
        prompts: ['welcome'],
        variable: 'account',
        minDigits: 4,
        maxDigits: 4,
        next: 'pin',
        timeout: 'back',
      },
      pin: {
        type: 'collect',
        prompts: ['agent-ready'],
        variable: 'pin',
        minDigits: 2,
        maxDigits: 2,
        next: 'back',
        timeout: 'back',
      },
      back: { type: 'return' },
    },
  });
  const { callId, exchangeId } = await callIn(on.box, { calledNumber: '5105' });
  await phase(on.box, callId, 'talking');
  const told: Segment[] = [];
  const off = on.box.live.on('call.segment', (segment) => void told.push(segment));
  const body = { action: 'transferToFlow', flowId: verify, back: true, station: 1 };
  await on.api.request('POST', `/calls/${callId}/actions`, body);
  await waitFor(on.box.live, 'flow.step', () => on.box.flows.positions.callersOf(verify).nodes['ask'] === 1);
  await press(exchangeId, ',,4711');
  await waitFor(on.box.live, 'flow.step', () => on.box.flows.positions.callersOf(verify).nodes['pin'] === 1);
  await press(exchangeId, ',,99');
  await phase(on.box, callId, 'talking');
  off();
  const lent = told.findLast(({ kind }) => kind === 'lent');
  expect(lent?.data).toMatchObject({ by: 1, outcome: 'back', results: { account: '4711' } });
  expect(JSON.stringify(told)).not.toContain('"99"');
  // As the agent himself asks for it, of this call and of no other.
  const { id: userId } = await on.api.request<{ id: string }>('POST', '/users', {
    ...{ username: 'agent2001', password: 'correct horse', role: 'agent', agentId: '2001', language: 'en' },
  });
  const base = new URL('api/v1/', on.box.url);
  const signedIn = await fetch(new URL('session', base), {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ username: 'agent2001', password: 'correct horse' }),
  });
  const { token } = (await signedIn.json()) as SignedIn;
  const mine = (id: string) =>
    fetch(new URL(`calls/${id}/flow-traces`, base), { headers: { authorization: `Bearer ${token}` } });
  const seen = (await (await mine(callId)).json()) as FlowTrace[];
  expect(seen.find(({ flowId }) => flowId === verify)?.steps[0]).toMatchObject({
    ...{ node: 'ask', changed: { account: '4711' } },
  });
  const other = await on.whole('5102');
  expect((await mine(other.callId)).status).toBe(404);
  await on.api.request('DELETE', `/users/${userId}`);
  await on.box.exchange.hangUp(exchangeId);
  const { tones, heard, segments } = await on.story(callId);
  expect(tones.slice(-2)).toEqual([TONE.welcome, TONE.ready]);
  expect(segments.filter(({ kind }) => kind === 'talk')).toHaveLength(2);
  // He speaks on: the last second is the agent.
  const late = heard.subarray(heard.length - 4000, heard.length - 800);
  expect(shareOf(late, 1234)).toBeGreaterThan(0.7);
  await stationFree(on.box, 1);
  await on.api.request('POST', '/agents/2001/state', { state: 'signedOut' });
  await nothingLeaks(on.box);
});

it('drafts are nobody’s, a change touches nobody inside, and the way back makes an old version the newest', async () => {
  const asks = (prompt: string): FlowDefinitionInput => ({
    start: 'menu',
    nodes: {
      menu: {
        ...{ type: 'menu', prompts: ['main-menu'], choices: { '1': 'one' }, timeoutMs: 30_000 },
        ...{ timeout: 'bye', invalid: 'bye' },
      },
      one: play(prompt),
      bye,
    },
  });
  const id = await on.flow('5107', asks('goodbye'));
  const inside = await callIn(on.box, { calledNumber: '5107' });
  await at(inside.callId, 'menu');
  await on.api.request('PUT', `/flows/${id}/draft`, { name: 'Five', definition: asks('no-agent') });
  const drafted = await on.whole('5107', { digits: ',1' });
  expect([drafted.tones.at(-1), drafted.traces[0]?.version]).toEqual([TONE.goodbye, 1]);
  const second = await on.api.request<Flow>('POST', `/flows/${id}/draft/live`, { note: 'other words' });
  expect(second.version).toBe(2);
  await until(() => on.box.flows.live(id)?.version === 2, 'the second version is in force');
  const changed = await on.whole('5107', { digits: ',1' });
  expect([changed.tones.at(-1), changed.traces[0]?.version]).toEqual([TONE.noAgent, 2]);
  await on.api.request('POST', `/flows/${id}/versions/1/live`, {});
  await until(() => on.box.flows.live(id)?.version === 3, 'the third version is in force');
  const back = await on.whole('5107', { digits: ',1' });
  expect([back.tones.at(-1), back.traces[0]?.version]).toEqual([TONE.goodbye, 3]);
  // Who has been there all the time.
  await press(inside.exchangeId, '1');
  const old = await on.story(inside.callId);
  expect([old.tones.at(-1), old.traces[0]?.version, old.way]).toEqual([
    ...[TONE.goodbye, 1, ['menu:key', 'one:next', 'bye:callEnded']],
  ]);
});

it('what is asked while a flow has the recording paused is in no recording, and the pause is marked', async () => {
  await on.flow('5107', {
    start: 'before',
    nodes: {
      before: play('welcome', 'pause'),
      pause: { type: 'recording', action: 'pause', next: 'again' },
      // It is paused already: that is what was wanted.
      again: { type: 'recording', action: 'pause', next: 'secret' },
      secret: play('invalid-choice', 'resume'),
      resume: { type: 'recording', action: 'resume', next: 'after' },
      after: play('goodbye'),
      bye,
    },
  });
  const { callId, traces } = await on.whole('5107');
  const steps = traces[0]?.steps ?? [];
  expect(steps.map(({ node }) => node)).toEqual(['before', 'pause', 'again', 'secret', 'resume', 'after', 'bye']);
  expect(steps[2]?.warnings?.join()).toContain('pause');
  const [row] = await on.box.db.recordings.listByCall(callId);
  const [mark] = await on.box.db.recordingArchive.marks(row!.id);
  expect(mark).toMatchObject({ kind: 'pause', by: expect.stringContaining('flow') as string });
  // Both sides of the pause are there, and nothing of it.
  const folder = on.box.config.recordingsFolder;
  const parts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes(callId));
  expect(parts).toHaveLength(2);
  const heard = parts.flatMap((file) => tonesIn(samplesOf(join(folder, file), 2)));
  expect(heard).toContain(TONE.welcome);
  expect(heard).toContain(TONE.goodbye);
  expect(heard).not.toContain(TONE.invalid);
});
