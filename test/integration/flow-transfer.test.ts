// Flows that put their callers through, over the virtual card: ringing is heard, then the one who was called; who is not reached is heard
// of in the flow.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowCallers, FlowDefinitionInput, FlowStep } from '../../daemon/src/contract/index.js';
import { callIn, nothingLeaks, phase, signInByPhone, stationFree, waitFor, whileRunning } from '../support/box.js';
import { TONE, startFlowBox, type FlowBox } from '../support/flow-box.js';
import { heardWell, secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { until } from '../support/turns.js';

const HEARD = 0.8;
const said = speech(1);
const running = whileRunning();
let on: FlowBox;

beforeAll(async () => {
  on = await startFlowBox(running);
  // What telephones say by themselves.
  const folder = join(on.box.config.home, 'exchange');
  mkdirSync(folder, { recursive: true });
  copyFileSync(said.path, join(folder, 'speech.wav'));
});
afterAll(() => running.end());

/** Whoever is not reached is told so by a tone of its own. */
const transferFlow = (to: object, more: object = {}): FlowDefinitionInput => ({
  start: 'hello',
  nodes: {
    hello: { type: 'play', prompts: ['welcome'], next: 'through' },
    through: {
      ...{ type: 'transfer', to, ringTimeoutMs: 20_000, busy: 'busy', noAnswer: 'nobody', failed: 'failed' },
      ...more,
    },
    busy: { type: 'play', prompts: ['no-agent'], next: 'bye' },
    nobody: { type: 'play', prompts: ['goodbye'], next: 'bye' },
    failed: { type: 'play', prompts: ['invalid-choice'], next: 'bye' },
    bye: { type: 'hangup', cause: 17 },
  },
});

const answers = (station: number, hangUpAfterMs: number | null = 3500, answerAfterMs = 1200) =>
  on.box.exchange.setBehaviour(station, {
    ...{ answer: true, answerAfterMs, play: 'speech', hangUpAfterMs, hangUpOnTone: true },
  });

const ignores = (station: number) =>
  on.box.exchange.setBehaviour(station, {
    ...{ answer: false, answerAfterMs: 1000, play: null, hangUpAfterMs: null, hangUpOnTone: true },
  });

describe('a number', () => {
  it('of a telephone: the caller hears ringing, then who lifts; the call is recorded and told as it was', async () => {
    await on.flow('5001', transferFlow({ kind: 'number', number: '3' }));
    await answers(3);
    const steps: FlowStep[] = [];
    const off = on.box.live.on('flow.step', (step) => void steps.push(step));
    const { callId } = await callIn(on.box, { calledNumber: '5001' });
    await phase(on.box, callId, 'dialling');
    const ringing = await on.api.request<FlowCallers>('GET', '/flows/flow-5001/callers');
    expect(ringing).toMatchObject({
      nodes: { through: 1 },
      callers: [{ callId, node: 'through', type: 'transfer', phase: 'dialling', version: 1 }],
    });
    await phase(on.box, callId, 'talking');
    expect((await on.api.request<FlowCallers>('GET', '/flows/flow-5001/callers')).callers[0]?.phase).toBe('talking');
    const { tones, heard, segments, traces, cause, releasedBy } = await on.story(callId);
    off();
    expect(tones.slice(0, 2)).toEqual([TONE.welcome, TONE.ringback]);
    expect(heardWell(heard, said)).toBeGreaterThan(HEARD);
    expect([cause, releasedBy]).toEqual([16, 'callee']);
    expect(segments.find(({ kind }) => kind === 'transferred')?.data).toEqual({
      ...{ by: 'flow', to: '3', outcome: 'answered' },
    });
    expect(segments.find(({ kind }) => kind === 'talk')?.data).toMatchObject({ station: 3 });
    expect(traces[0]?.steps.at(-1)).toMatchObject({
      node: 'through',
      why: 'callEnded',
      detail: 'talks with station 3',
    });
    expect(steps.map(({ from, node, why }) => [from, node, why])).toEqual([
      [null, 'hello', ''],
      ['hello', 'through', 'next'],
      ['through', null, 'next'],
    ]);
    expect((await on.api.request<FlowCallers>('GET', '/flows/flow-5001/callers')).callers).toEqual([]);
    await nothingLeaks(on.box);
  });

  it('of a telephone that nobody lifts, or that is busy: he is back in the flow', async () => {
    await on.flow('5002', transferFlow({ kind: 'number', number: '3' }, { ringTimeoutMs: 2500 }));
    await ignores(3);
    const nobody = await on.whole('5002');
    expect(nobody.tones).toEqual([TONE.welcome, TONE.ringback, TONE.goodbye]);
    expect(nobody.way).toEqual(['hello:next', 'through:noAnswer', 'nobody:next', 'bye:callEnded']);
    expect(nobody.cause).toBe(17);
    await stationFree(on.box, 3);
    await on.box.exchange.lift(3);
    await waitFor(on.box.live, 'station.updated', () => on.box.stations.find(3)?.offHook === true);
    const busy = await on.whole('5002');
    expect(busy.tones).toEqual([TONE.welcome, TONE.noAgent]);
    expect(busy.way[1]).toBe('through:busy');
    await on.box.exchange.hangUpPhone(3);
    await stationFree(on.box, 3);
    await nothingLeaks(on.box);
  });

  it('that nobody has is unknown; one outside is called with the rights of flows, and no others', async () => {
    await on.flow('5003', {
      start: 'ask',
      nodes: {
        ask: {
          type: 'collect',
          prompts: ['agent-signed-in'],
          variable: 'number',
          minDigits: 1,
          maxDigits: 20,
          timeout: 'bye',
          next: 'through',
        },
        through: transferFlow({ kind: 'number', number: '{number}' }).nodes['through']!,
        ...Object.fromEntries(
          Object.entries(transferFlow({}).nodes).filter(([name]) => !['hello', 'through'].includes(name)),
        ),
      },
    } as FlowDefinitionInput);
    // Unknown; international; the police, with and without the prefix.
    for (const [number, why] of [
      ['7777777', 'unknown'],
      ['0008525551234', 'failed'],
      ['110', 'failed'],
      ['0110', 'failed'],
    ] as const) {
      const { way, tones } = await on.whole('5003', { digits: `${number}#` });
      expect([number, way[1]]).toEqual([number, `through:${why}`]);
      expect(tones.at(-1)).toBe(TONE.invalid);
      expect(tones).not.toContain(TONE.ringback);
    }
    on.box.exchange.subscribers.setPlan('13912345678', {
      answerAfterMs: 1500,
      playFile: said.path,
      hangUpAfterMs: 3500,
    });
    const out = await on.whole('5003', { digits: '013912345678#' });
    expect(out.tones).toContain(TONE.ringback);
    expect(heardWell(out.heard, said)).toBeGreaterThan(HEARD);
    expect(out.traces[0]?.steps.at(-1)?.detail).toMatch(/^talks with E1 \d\/\d+$/);
  });

  it('of a ring group, of a flow and of a queue leads there', async () => {
    await on.api.request('POST', '/ring-groups', { number: 6001, stations: [4, 5], strategy: 'all' });
    await on.flow('5004', transferFlow({ kind: 'number', number: '6001' }));
    await answers(5);
    const group = await on.whole('5004');
    expect(heardWell(group.heard, said)).toBeGreaterThan(HEARD);
    expect(group.segments.find(({ kind }) => kind === 'talk')?.data).toMatchObject({ station: 5 });

    await on.flow('5005', {
      start: 'say',
      nodes: { say: { type: 'play', prompts: ['agent-ready'], next: 'end' }, end: { type: 'hangup', cause: 21 } },
    });
    await on.flow('5006', transferFlow({ kind: 'number', number: '5005' }));
    const flow = await on.whole('5006');
    expect(flow.tones).toEqual([TONE.welcome, TONE.ready]);
    expect(flow.cause).toBe(21);
    expect(flow.traces.map(({ flowId }) => flowId)).toEqual(['flow-5006', 'flow-5005']);

    await on.api.request('POST', '/routes', {
      calledNumber: '5007',
      target: { kind: 'queue', queueId: 'sales' },
      language: 'en',
    });
    await on.flow('5008', transferFlow({ kind: 'number', number: '5007' }));
    const queued = await callIn(on.box, { calledNumber: '5008' });
    await phase(on.box, queued.callId, 'queued');
    expect(on.box.calls.find(queued.callId)?.queueId).toBe('sales');
    await on.box.exchange.hangUp(queued.exchangeId);
    await on.story(queued.callId);

    // Round and round: some flows later the caller is told that it cannot be done.
    await on.flow('5009', transferFlow({ kind: 'number', number: '5009' }));
    const circle = await on.whole('5009');
    expect(circle.cause).toBe(17);
    expect(circle.tones.at(-1)).toBe(TONE.invalid);
    expect(circle.traces).toHaveLength(11);
  });
});

describe('an agent', () => {
  it('is reached at his telephone and counts as talking: no queue rings him; afterwards he is ready', async () => {
    await on.flow('5010', transferFlow({ kind: 'agent', agent: '2001' }, { ringTimeoutMs: 5000 }));
    // Nobody is there.
    expect((await on.whole('5010')).way[1]).toBe('through:noAnswer');
    await answers(1, null);
    await signInByPhone(on.box, '2001', 1);
    await stationFree(on.box, 1);
    const first = await callIn(on.box, { calledNumber: '5010' });
    await phase(on.box, first.callId, 'talking');
    expect(on.box.agents.find('2001')).toMatchObject({ state: 'talking', callId: first.callId });
    expect(on.box.calls.find(first.callId)).toMatchObject({ agentId: '2001', queueId: null });
    // A second caller is told that he is busy; one who waits in his queue is not given to him.
    const second = await on.whole('5010');
    expect(second.way[1]).toBe('through:busy');
    expect(second.tones).toEqual([TONE.welcome, TONE.noAgent]);
    const waits = await callIn(on.box, { calledNumber: '5007' });
    await phase(on.box, waits.callId, 'queued');
    const waiting = await on.api.request<{ why: { code: string } }[]>('GET', '/queues/sales/waiting');
    expect(waiting[0]?.why.code).not.toBe('offered');
    expect(on.box.agents.find('2001')?.state).toBe('talking');
    expect(on.box.calls.find(waits.callId)?.phase).toBe('queued');
    await talkFor(on.box, 2000);
    await on.box.exchange.hangUp(first.exchangeId);
    const story = await on.story(first.callId);
    expect(secondsHeard(story.heard, said, HEARD)).toBeGreaterThan(0.7);
    // Ready without wrap-up: the one who waits rings him now, as soon as he has put down.
    await phase(on.box, waits.callId, 'talking');
    expect(on.box.agents.find('2001')).toMatchObject({ state: 'talking', callId: waits.callId });
    await on.box.exchange.hangUp(waits.exchangeId);
    await on.story(waits.callId);
    await stationFree(on.box, 1);
    await on.api.request('POST', '/agents/2001/state', { state: 'signedOut' });
  });

  it('of no such number is refused when the flow is to go live', async () => {
    await expect(on.flow('5011', transferFlow({ kind: 'agent', agent: '9999' }))).rejects.toThrow(/agent.*9999/);
  });
});

describe('a rota', () => {
  it('is called one after the other until somebody lifts; nobody on duty is nobody reached', async () => {
    await on.api.request('POST', '/duty-groups', {
      ...{ id: 'night', name: 'Night' },
      shifts: [
        {
          name: 'all',
          people: [
            { name: 'Li', number: '6' },
            { name: 'Wang', number: '7' },
          ],
        },
      ],
    });
    await on.flow('5012', transferFlow({ kind: 'duty', rota: 'night' }, { ringTimeoutMs: 1500 }));
    await ignores(6);
    await answers(7, 3500, 300);
    const story = await on.whole('5012');
    expect(heardWell(story.heard, said)).toBeGreaterThan(HEARD);
    expect(
      story.segments.filter(({ kind }) => kind === 'transferred').map(({ data }) => [data['to'], data['outcome']]),
    ).toEqual([
      ['6', 'failed'],
      ['7', 'answered'],
    ]);
    await on.api.request('PATCH', '/duty-groups/night', { shifts: [] });
    const nobody = await on.whole('5012');
    expect(nobody.tones).toEqual([TONE.welcome, TONE.goodbye]);
    await expect(on.flow('5013', transferFlow({ kind: 'duty', rota: 'day' }))).rejects.toThrow(/rota.*day/);
  });
});

it('who hangs up while it rings leaves nothing behind', async () => {
  await ignores(3);
  await on.flow('5014', transferFlow({ kind: 'number', number: '3' }));
  const { callId, exchangeId } = await callIn(on.box, { calledNumber: '5014' });
  await until(() => on.box.exchange.phones()[2]!.ringing, 'the telephone rings');
  await on.box.exchange.hangUp(exchangeId);
  const { releasedBy, segments } = await on.story(callId);
  expect(releasedBy).toBe('caller');
  expect(segments.find(({ kind }) => kind === 'dial')?.data).toMatchObject({ outcome: 'callerGone' });
  await nothingLeaks(on.box);
});
