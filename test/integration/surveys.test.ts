// Callers who are asked when their agent has hung up, over a virtual E1: what they hear is recorded at the exchange's end, what they
// press are tones on the wire.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { SurveyFigures, SurveyResult, SurveyRule } from '../../daemon/src/contract/index.js';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type { Box } from '../../daemon/src/main/box.js';
import {
  callIn,
  nothingLeaks,
  phase,
  signInByPhone,
  startTestBox,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { share } from '../support/dtmf.js';
import { talkFor } from '../support/talk-time.js';
import { until } from '../support/turns.js';
import { stereoAlaw } from '../support/wav.js';

const TONES = { invitation: 1700, score: 1800, solved: 1900, invalid: 2000, thanks: 2100 };
/** of the 40 ms that are looked at */
const HEARD = 0.5;
const BLOCK = 320;

const running = whileRunning();
let box: Box;
let api: LocalApi;

beforeAll(async () => {
  box = await startTestBox({}, running);
  api = new LocalApi(box.config.home);
  await api.request('PATCH', '/queues/sales', { wrapUpMs: 0 });
  await api.request('POST', '/routes', {
    ...{ calledNumber: '95002', language: 'en', target: { kind: 'queue', queueId: 'sales' } },
  });
  await signInByPhone(box, '2001', 1);
}, 180_000);
afterAll(() => running.end());
afterEach(async () => {
  for (const { id } of await api.request<SurveyRule[]>('GET', '/survey-rules'))
    await api.request('DELETE', `/survey-rules/${id}`);
});

interface Talking {
  callId: string;
  press: (keys: string) => Promise<void>;
  /** Resolves when this part of the survey is being told to him; each telling is waited for once. */
  hears: (part: string) => Promise<void>;
  hangUp: () => Promise<unknown>;
  /** what he has heard, once he has hung up: words in their order */
  heard: () => Promise<string[]>;
}

/** A caller talks with agent 2001 at station 1. */
async function talk(callingNumber: string): Promise<Talking> {
  await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'ready');
  const { callId, exchangeId, timeslot } = await callIn(box, { calledNumber: '95002', callingNumber });
  await phase(box, callId, 'offering');
  await until(() => box.exchange.phones()[0]!.ringing, 'the telephone rings');
  await box.exchange.lift(1);
  await phase(box, callId, 'talking');
  const { legs } = await box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  const person = await listening(callId, port);
  return {
    ...person,
    press: (keys) => box.exchange.sendDigits(exchangeId, keys),
    hangUp: () => box.exchange.hangUp(exchangeId),
  };
}

/** What is heard at the far end of a line. */
async function listening(callId: string, port: number): Promise<Pick<Talking, 'callId' | 'hears' | 'heard'>> {
  const file = join(box.config.home, `${callId}-heard.wav`);
  const { recording } = await box.engine.command('recording.start', { port, path: file });
  let closed = false;
  box.engine.events.on('recording.ended', (ended) => void (closed ||= ended.recording === recording));
  const told: string[] = [];
  box.calls.events.on('call.segment', ({ callId: of, kind, endedAt, data }) => {
    if (of === callId && kind === 'prompt' && endedAt === null) told.push(String(data['survey']));
  });
  return {
    callId,
    async heard() {
      await waitFor(box.engine.events, 'recording.ended', () => closed);
      return wordsIn(stereoAlaw(file).left);
    },
    async hears(part) {
      await waitFor(box.calls.events, 'call.segment', () => told.includes(part));
      told.splice(0, told.indexOf(part) + 1);
      // He answers when he has heard a piece of the question.
      await talkFor(box, 160);
    },
  };
}

/** Tones in place of words, in the order in which they are heard. */
function wordsIn(octets: Uint8Array): string[] {
  const words: string[] = [];
  let last = '';
  for (let at = 0; at + BLOCK <= octets.length; at += BLOCK) {
    const block = octets.subarray(at, at + BLOCK);
    const word = Object.entries(TONES).find(([, hertz]) => share(block, hertz) > HEARD)?.[0] ?? '';
    if (word !== '' && word !== last) words.push(word);
    last = word;
  }
  return words;
}

/** The telephone of one who was left alone: it is put down when it hears the tone of that. */
const putDown = (): Promise<void> => until(() => !box.exchange.phones()[0]!.offHook, 'the telephone is put down');
const ask = (over: object = {}) =>
  api.request('POST', '/survey-rules', { name: 'All', surveyId: 'satisfaction', ...over });
const results = (callId: string) => api.request<SurveyResult[]>('GET', `/calls/${callId}/survey`);
/** What was answered is written down when the call is over, and a little after it. */
const settled = (callId: string, as: object) => expect.poll(async () => (await results(callId))[0]).toMatchObject(as);
const words = (...prompts: string[]) => ({ prompts, texts: {} });

test('who stays on the line when his agent hangs up is asked; he presses 4 and 1, kept with the leg of his agent', async () => {
  await ask({ queueId: 'sales', direction: 'in' });
  const said: string[] = [];
  box.live.on('survey.answered', ({ answer }) => void said.push(`${answer.questionId} ${answer.value}`));
  const call = await talk('13800138000');
  await box.exchange.hangUpPhone(1);
  await phase(box, call.callId, 'inFlow');
  // He is free for the next one while his caller is being asked.
  await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'ready');
  await call.hears('service');
  await call.press('4');
  await call.hears('solved');
  await call.press('1');
  const { row, segments } = await storedCall(box, call.callId);
  expect(row).toMatchObject({ cause: 16, releasedBy: 'system', agentId: '2001', queueId: 'sales' });
  const spoken = segments.find(({ kind }) => kind === 'talk')!;
  expect(spoken.data).toMatchObject({ agentId: '2001', releasedBy: 'agent' });
  await settled(call.callId, { state: 'complete' });
  const [result, ...others] = await results(call.callId);
  expect(others).toEqual([]);
  expect(result).toMatchObject({
    ...{ surveyId: 'satisfaction', segmentId: spoken.id, agentId: '2001', queueId: 'sales', trigger: 'rule' },
    ...{ state: 'complete', number: '13800138000', direction: 'in' },
    answers: [
      { questionId: 'service', kind: 'score', value: 4, least: 1, most: 5 },
      { questionId: 'solved', kind: 'yesNo', value: 1 },
    ],
  });
  expect(segments.find(({ kind }) => kind === 'survey')?.data).toMatchObject({ outcome: 'complete', answers: 2 });
  expect(said).toEqual(['service 4', 'solved 1']);
  expect(await call.heard()).toEqual(['score', 'solved', 'thanks']);
  expect(await api.request<SurveyFigures[]>('GET', '/survey-figures?by=agent')).toMatchObject([
    { key: '2001', offered: 1, answered: 1, responseRate: 1, mean: 4, topTwo: 1 },
  ]);
});

test('a key that is no answer is told so, and the question asked again; who hangs up in the middle has answered what he has', async () => {
  await ask();
  const call = await talk('13800138001');
  await box.exchange.hangUpPhone(1);
  await call.hears('service');
  await call.press('9');
  await call.hears('service.invalid');
  await call.hears('service');
  await call.press('2');
  await call.hears('solved');
  // On the disk before the next question is asked.
  const [asked] = await results(call.callId);
  expect(asked).toMatchObject({ state: 'running', answers: [{ questionId: 'service', value: 2 }] });
  await call.hangUp();
  const { row } = await storedCall(box, call.callId);
  expect(row.releasedBy).toBe('caller');
  await settled(call.callId, { state: 'partial', answers: [{ value: 2 }] });
  expect((await call.heard()).slice(0, 3)).toEqual(['score', 'invalid', 'score']);
});

test('nobody is asked who hangs up first, whose rule has no share for him, or who was asked the other day', async () => {
  await ask();
  const first = await talk('13800138002');
  await first.hangUp();
  expect((await storedCall(box, first.callId)).row.releasedBy).toBe('caller');
  await putDown();
  expect(await results(first.callId)).toEqual([]);

  const [all] = await api.request<SurveyRule[]>('GET', '/survey-rules');
  for (const [change, number] of [
    [{ percentage: 0 }, '13800138003'],
    [{ percentage: 100, notAgainDays: 30 }, '13800138001'],
    [{ notAgainDays: 0, minTalkMs: 600_000 }, '13800138004'],
    [{ minTalkMs: 0, queueId: 'service' }, '13800138005'],
  ] as const) {
    await api.request('PATCH', `/survey-rules/${all!.id}`, change);
    const { callId } = await talk(number);
    await box.exchange.hangUpPhone(1);
    const { row, segments } = await storedCall(box, callId);
    expect([number, row.releasedBy]).toEqual([number, 'agent']);
    expect(segments.some(({ kind }) => kind === 'survey')).toBe(false);
    expect(await results(callId)).toEqual([]);
  }
});

test('an invitation is refused by any other key, and taken by 1', async () => {
  await api.request('POST', '/surveys', {
    ...{ id: 'short', name: 'Short', invitation: words('survey-invitation') },
    questions: [
      {
        kind: 'choice',
        id: 'why',
        say: words('survey-score'),
        choices: [
          { key: '1', name: 'Bill' },
          { key: '0', name: 'Fault' },
        ],
      },
    ],
  });
  await ask({ surveyId: 'short' });
  for (const [key, state, answers] of [
    ['2', 'refused', []],
    ['1', 'complete', [{ kind: 'choice', choice: 'Fault', value: null }]],
  ] as const) {
    const call = await talk('13800138006');
    await box.exchange.hangUpPhone(1);
    await call.hears('invitation');
    await call.press(key);
    if (key === '1') {
      await call.hears('why');
      await call.press('0');
    }
    await storedCall(box, call.callId);
    await settled(call.callId, { state, answers });
  }
  expect(await api.request<SurveyFigures[]>('GET', '/survey-figures?surveyId=short')).toMatchObject([
    {
      key: 'short',
      offered: 2,
      answered: 1,
      refused: 1,
      responseRate: 0.5,
      mean: null,
      questions: [{ choices: { Fault: 1 } }],
    },
  ]);
});

test('an agent sends his caller into a survey from his page, and by keys at his telephone', async () => {
  const pushed = await talk('13800138007');
  await api.request('POST', `/calls/${pushed.callId}/survey`, { station: 1, surveyId: 'satisfaction' });
  await pushed.hears('service');
  expect(box.agents.find('2001')?.state).toBe('ready');
  await pushed.press('5');
  await pushed.hears('solved');
  await pushed.hangUp();
  await storedCall(box, pushed.callId);
  await settled(pushed.callId, {
    trigger: 'agent',
    agentId: '2001',
    answers: [{ value: 5 }],
  });
  await putDown();

  await ask();
  const keyed = await talk('13800138008');
  await box.exchange.dial(1, '*9');
  await keyed.hears('service');
  await keyed.press('3');
  await keyed.hears('solved');
  await keyed.press('2');
  await storedCall(box, keyed.callId);
  await settled(keyed.callId, {
    trigger: 'agent',
    state: 'complete',
    answers: [{ value: 3 }, { value: 0 }],
  });
  await putDown();
});

test('who was called by an agent is asked, too, when the agent has hung up', async () => {
  await ask({ direction: 'out' });
  box.exchange.subscribers.setPlan('13900139000', { answerAfterMs: 0 });
  await box.exchange.lift(1);
  await box.exchange.dial(1, '013900139000#');
  await waitFor(box.calls.events, 'call.connected', () => box.calls.live()[0]?.phase === 'talking');
  const { id } = box.calls.live()[0]!;
  const { port } = box.exchange.subscribers.list()[0]!;
  const person = await listening(id, port);
  await box.exchange.hangUpPhone(1);
  await person.hears('service');
  await box.engine.command('digits.send', { port, digits: '4' });
  await person.hears('solved');
  await box.exchange.subscribers.hangUp(box.exchange.subscribers.list()[0]!.leg);
  const { row } = await storedCall(box, id);
  expect(row.direction).toBe('out');
  await settled(id, {
    ...{ direction: 'out', agentId: '2001', trigger: 'rule', state: 'partial', number: '013900139000' },
    answers: [{ value: 4 }],
  });
  expect((await person.heard())[0]).toBe('score');
});

test('a flow asks', async () => {
  const definition = {
    start: 'ask',
    nodes: {
      ask: { type: 'survey', to: 'satisfaction', results: { state: 'state' }, next: 'bye' },
      bye: { type: 'hangup', cause: 31 },
    },
    variables: { state: { type: 'string' } },
  };
  await api.request('PUT', '/flows/asking', { name: 'Asking', definition });
  await api.request('POST', '/routes', {
    calledNumber: '95005',
    language: 'en',
    target: { kind: 'flow', flowId: 'asking' },
  });
  const { callId, exchangeId, timeslot } = await callIn(box, { calledNumber: '95005', callingNumber: '13800138009' });
  const { legs } = await box.engine.command('engine.snapshot', {});
  const person = await listening(callId, legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!.port);
  await person.hears('service');
  await box.exchange.sendDigits(exchangeId, '1');
  await person.hears('solved');
  await box.exchange.sendDigits(exchangeId, '1');
  const { row } = await storedCall(box, callId);
  expect(row.cause).toBe(31);
  await settled(callId, {
    trigger: 'flow',
    agentId: null,
    segmentId: null,
    state: 'complete',
  });
  await expect(api.request('DELETE', '/surveys/satisfaction')).rejects.toThrow(/asking/);
  await nothingLeaks(box);
});
