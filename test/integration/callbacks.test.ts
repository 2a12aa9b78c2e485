// Customers who give up waiting and keep their place: they are called back over the virtual E1 when it is their turn, and talk.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Callback, CallbackList } from '../../daemon/src/contract/index.js';
import type { Box } from '../../daemon/src/main/box.js';
import {
  callIn,
  nothingLeaks,
  phase,
  recordingOf,
  signInByPhone,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { samplesOf } from '../support/audio-match.js';
import { heardWell, speech } from '../support/speech.js';

const CUSTOMER = '13800138000';
const WELL = 0.9;
const agentSays = speech(1);
const customerSays = speech(4);
const running = whileRunning();
let box: Box;
let queues = 97_000;
/** of this test */
let number = '';
let queueId = '';

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const response = await fetch(new URL(`api/v1${path}`, box.url), {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'accept-language': 'en' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

beforeAll(async () => {
  box = await startTestBox({ env: { CORDBOARD_RECORDINGS_ENCRYPT: 'false' } }, running);
  await signInByPhone(box, '2001', 1);
});
afterAll(() => running.end());

beforeEach(async () => {
  number = String((queues += 1));
  queueId = `q${number}`;
  await box.agents.notReady('2001', 'meeting');
  const exits = [{ key: '7', target: { to: 'callback' } }];
  await api('POST', '/queues', { id: queueId, name: queueId, wrapUpMs: 0, shortAbandonMs: 0, exits });
  await api('PUT', `/queues/${queueId}/members`, [{ agentId: '2001' }]);
  await api('POST', '/routes', { calledNumber: number, language: 'en', target: { kind: 'queue', queueId } });
  await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.queues.includes(queueId) === true);
  await box.exchange.setBehaviour(1, {
    ...{ answer: true, answerAfterMs: 20, play: null, hangUpAfterMs: null, hangUpOnTone: true },
  });
});
afterEach(async () => {
  for (const { id } of box.callbacks.book.open()) await box.callbacks.book.cancel(id).catch(() => undefined);
  await stationFree(box, 1);
  await nothingLeaks(box);
});

const open = (): Callback | undefined => box.callbacks.book.open().find((row) => row.queueId === queueId);
const state = (id: string, wanted: Callback['state']): Promise<void> => {
  let last: Callback | undefined;
  const off = box.live.on('callback.updated', (row) => void (row.id === id ? (last = row) : undefined));
  return waitFor(
    box.live,
    'callback.updated',
    () => (last ?? box.callbacks.book.find(id))?.state === wanted,
    30_000,
  ).finally(off);
};

/** Waits in the queue, presses the key, hangs up; resolves with the callback and his call. */
async function takesOne(
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
  callingNumber = CUSTOMER,
): Promise<{ callback: Callback; callId: string }> {
  const { callId, exchangeId } = await callIn(box, { calledNumber: number, callingNumber });
  await phase(box, callId, 'queued');
  await meanwhile();
  const taken = waitFor(box.live, 'callback.updated', () => open()?.number === callingNumber);
  await box.exchange.callers.sendDigits(exchangeId, '7');
  await taken;
  await box.exchange.callers.hangUp(exchangeId).catch(() => undefined);
  return { callback: open()!, callId };
}

/** 1: what the one said on whom the call hangs, 2: what he heard */
const ear = async (callId: string, channel: 1 | 2): Promise<Float64Array> =>
  samplesOf(await recordingOf(box, callId), channel);

it('a caller presses a key and hangs up; his place is kept, the agent is rung first, then he is called, and both are heard', async () => {
  await api('PUT', `/queues/${queueId}/callback-rule`, { confirm: false });
  box.exchange.subscribers.setPlan(CUSTOMER, { answerAfterMs: 100, playFile: customerSays.path, hangUpAfterMs: 4000 });
  // Somebody comes after him, before he gives up waiting: he is behind him all the same.
  let later = { callId: '', exchangeId: '' };
  const { callback, callId: original } = await takesOne(async () => {
    later = await callIn(box, { calledNumber: number, callingNumber: '13900139000' });
    await phase(box, later.callId, 'queued');
  });
  expect(callback).toMatchObject({ source: 'queue', state: 'waiting', number: CUSTOMER, language: 'en', tries: 0 });
  const asked = await storedCall(box, original);
  const stay = asked.segments.find(({ kind }) => kind === 'queued')!;
  expect(stay.data).toMatchObject({ outcome: 'key', key: '7' });
  expect(Math.abs(callback.enteredAt - stay.startedAt), 'the place that he had').toBeLessThan(500);
  expect(asked.segments.find(({ kind }) => kind === 'callback')?.data).toMatchObject({ callbackId: callback.id });

  const places = await api<{ kind: string; callId: string; why: { text: string } }[]>(
    'GET',
    `/queues/${queueId}/waiting`,
  );
  expect(places.map(({ kind, callId }) => [kind, callId])).toEqual([
    ['callback', callback.id],
    ['call', later.callId],
  ]);
  expect(places[0]!.why.text).toContain('not ready');

  const order: string[] = [];
  const offs = [
    box.exchange.telephones.events.on('phone.changed', ({ station, ringing }) => {
      if (station === 1 && ringing) order.push('agent rings');
    }),
    box.exchange.subscribers.events.on('call.changed', ({ state: now }) => void order.push(`customer ${now}`)),
  ];
  await box.exchange.setBehaviour(1, {
    answer: true,
    answerAfterMs: 20,
    play: null,
    hangUpAfterMs: null,
    hangUpOnTone: true,
  });
  await box.agents.ready('2001');
  await state(callback.id, 'talking');
  expect(box.agents.find('2001')).toMatchObject({ state: 'talking', callId: open()!.callId });
  expect(box.calls.find(later.callId)?.phase).toBe('queued');
  await box.engine.command('play.start', { port: await telephonePort(), files: [agentSays.path] });
  const { callId } = open()!;
  await state(callback.id, 'done');
  for (const off of offs) off();
  expect(order.slice(0, 2)).toEqual(['agent rings', 'customer ringing']);
  await box.exchange.callers.hangUp(later.exchangeId).catch(() => undefined);

  const { row, segments } = await storedCall(box, callId!);
  expect(row).toMatchObject({
    direction: 'out',
    calledNumber: CUSTOMER,
    queueId,
    agentId: '2001',
    releasedBy: 'callee',
  });
  expect(segments.find(({ kind }) => kind === 'callback')?.data).toEqual({
    callbackId: callback.id,
    originalCallId: original,
  });
  expect(segments.find(({ kind }) => kind === 'talk')?.data).toMatchObject({ agentId: '2001', queueId });
  expect(heardWell(await ear(callId!, 1), customerSays), 'the customer is heard').toBeGreaterThan(WELL);
  expect(heardWell(await ear(callId!, 2), agentSays), 'the agent is heard').toBeGreaterThan(WELL);
  // He who was called back has not given up.
  const { today } = box.queues.list().find(({ id }) => id === queueId)!;
  expect(today.abandoned).toBeLessThanOrEqual(1);
  const { callbacks } = await api<CallbackList>('GET', `/callbacks?queueId=${queueId}`);
  expect(callbacks).toMatchObject([{ state: 'done', lastResult: 'talked', tries: 1, agentId: '2001' }]);
});

/** Of the telephone at the far end of the cable. */
async function telephonePort(): Promise<number> {
  const { legs } = await box.engine.command('engine.snapshot', {});
  return legs.find(({ analog }) => analog === 10_001)!.port;
}

it('a customer who is busy is tried again; a second who asks for the same number is told that there is one', async () => {
  await api('PUT', `/queues/${queueId}/callback-rule`, { confirm: false, busyPauseMs: 1000, tries: 2 });
  box.exchange.subscribers.setPlan(CUSTOMER, { refuseCause: 17 });
  const { callback } = await takesOne();
  await expect(api('POST', '/callbacks', { queueId, number: CUSTOMER })).rejects.toThrow('callback_exists');
  const results: unknown[] = [];
  const off = box.live.on('callback.updated', ({ id, state: now, lastResult, tries }) => {
    if (id === callback.id && (now === 'waiting' || now === 'failed')) results.push([now, lastResult, tries]);
  });
  await box.agents.ready('2001');
  await state(callback.id, 'failed');
  off();
  expect(results).toEqual([
    ['waiting', 'busy', 1],
    ['failed', 'busy', 2],
  ]);
  await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'ready');
});

it('the customer is called first where the rule says so, and waits at his place for the agent', async () => {
  await api('PUT', `/queues/${queueId}/callback-rule`, { confirm: false, order: 'customerFirst' });
  box.exchange.subscribers.setPlan(CUSTOMER, { answerAfterMs: 100, playFile: customerSays.path, hangUpAfterMs: 5000 });
  const { callback } = await takesOne();
  await box.agents.ready('2001');
  await state(callback.id, 'talking');
  const { callId } = open()!;
  expect(box.agents.find('2001')).toMatchObject({ state: 'talking', callId });
  await state(callback.id, 'done');
  const { row, segments } = await storedCall(box, callId!);
  expect(row).toMatchObject({ direction: 'out', calledNumber: CUSTOMER, agentId: '2001', releasedBy: 'callee' });
  const kinds = segments.map(({ kind }) => kind);
  expect(kinds.indexOf('queued')).toBeLessThan(kinds.indexOf('offer'));
  const { today } = box.queues.list().find(({ id }) => id === queueId)!;
  expect(today, 'he came into the queue once').toMatchObject({ offered: 1, abandoned: 0 });
});

it('a caller on the VIP list, of whom the lists say more than his flow, overtakes', async () => {
  await api('POST', '/number-lists', { id: `vip-${number}`, kind: 'vip', name: 'VIP', level: 3 });
  await api('POST', `/number-lists/vip-${number}/entries`, { number: '13700137000' });
  const first = await callIn(box, { calledNumber: number, callingNumber: '13600136000' });
  await phase(box, first.callId, 'queued');
  const vip = await callIn(box, { calledNumber: number, callingNumber: '13700137000' });
  await phase(box, vip.callId, 'queued');
  await box.agents.ready('2001');
  await phase(box, vip.callId, 'talking');
  expect(box.calls.find(first.callId)?.phase).toBe('queued');
  await box.exchange.callers.hangUp(vip.exchangeId);
  const { segments } = await storedCall(box, vip.callId);
  const stay = segments.find(({ kind }) => kind === 'queued')!;
  expect(stay.data).toMatchObject({ vip: true, customerLevel: '3' });
  expect(typeof stay.data['region']).toBe('string');
  await phase(box, first.callId, 'talking');
  await box.exchange.callers.hangUp(first.exchangeId);
  await storedCall(box, first.callId);
});

it('one who withholds his number keys it in and confirms it; another is asked for over REST, and called at its time', async () => {
  await api('PUT', `/queues/${queueId}/callback-rule`, {});
  const { callId, exchangeId } = await callIn(box, { calledNumber: number, callingNumber: '' });
  await phase(box, callId, 'queued');
  const taken = waitFor(box.live, 'callback.updated', () => open()?.number === CUSTOMER);
  await box.exchange.callers.sendDigits(exchangeId, '7');
  await phase(box, callId, 'inFlow');
  await box.exchange.callers.sendDigits(exchangeId, `${CUSTOMER}#1`);
  await taken;
  const own = open()!;
  expect(own).toMatchObject({ source: 'queue', state: 'waiting', originalCallId: callId });
  await storedCall(box, callId);
  await api('DELETE', `/callbacks/${own.id}`);

  box.exchange.subscribers.setPlan(CUSTOMER, { answerAfterMs: 100, hangUpAfterMs: 500 });
  await box.agents.ready('2001');
  const at = Date.now() + 1500;
  const asked = await api<Callback>('POST', '/callbacks', { queueId, number: '+86 138 0013 8000', language: 'en', at });
  expect(asked).toMatchObject({ number: CUSTOMER, source: 'request', dueAt: at, enteredAt: at });
  await state(asked.id, 'done');
  const done = await api<Callback>('GET', `/callbacks/${asked.id}`);
  const { row } = await storedCall(box, done.callId!);
  expect(row.startedAt).toBeGreaterThanOrEqual(at);
  const story = await api<{ segments: { kind: string; data: { whyText?: string } }[] }>('GET', `/calls/${row.id}`);
  expect(story.segments.find(({ kind }) => kind === 'offer')?.data.whyText).toBe('2001: nobody else could be rung.');
});
