// Calls that come in over a virtual E1 with ISDN go where list, calendar, caller and trunk say, and what was tried out before is
// what happens.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, afterAll, expect, test } from 'vitest';
import type { Box } from '../../daemon/src/main/box.js';
import { callIn, phase, startTestBox, storedCall, whileRunning } from '../support/box.js';

const running = whileRunning();
let box: Box;
let token: string;

beforeAll(async () => {
  box = await startTestBox({}, running);
  token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
});
afterAll(() => running.end());

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'accept-language': 'en' };
  const text = body === undefined ? null : JSON.stringify(body);
  const response = await fetch(new URL(`api/v1${path}`, box.url), { method, headers, body: text });
  const reply = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${reply}`);
  return (reply === '' ? undefined : JSON.parse(reply)) as T;
}

interface Tried {
  outcome: string;
  target: { flowId?: string; cause?: number };
  steps: { code: string; text: string }[];
}
const tried = (from: string): Promise<Tried> => api('POST', '/routes/try', { to: '95001', from, trunk: 'e1' });

/** The stored call after it was released. */
async function released(callingNumber: string) {
  const { callId } = await callIn(box, { callingNumber });
  return storedCall(box, callId);
}

test('a black list refuses, with the cause that the exchange hears, and the call says from where it came', async () => {
  await api('POST', '/number-lists', { id: 'nuisance', kind: 'black', name: 'Nuisance' });
  await api('POST', '/number-lists/nuisance/entries', { number: '+86 138 0013 8000', reason: 'threats' });
  expect(await tried('13800138000')).toMatchObject({
    outcome: 'refused',
    target: { cause: 21 },
    steps: [{ code: 'blackListed' }, { code: 'refused' }],
  });
  const { row } = await released('13800138000');
  expect(row).toMatchObject({
    ...{ cause: 21, releasedBy: 'system', answeredAt: null },
    treatment: { lists: ['nuisance'], vipLevel: null },
    origin: { province: { en: 'Beijing' }, carrier: { en: 'China Mobile' } },
  });
});

test('closed at once, calls take the other route; a VIP keeps his treatment', async () => {
  await api('POST', '/calendars', { id: 'office', name: 'Office', weekly: [] });
  const day = { weekday: 1, hours: [{ from: 0, to: 1440 }] };
  await api('PATCH', '/calendars/office', { weekly: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ ...day, weekday })) });
  const closed = { calledNumber: '95001', priority: 10, language: 'en', target: { kind: 'hangUp', cause: 31 } };
  await api('POST', '/routes', { ...closed, calendar: { calendarId: 'office', when: 'closed' } });
  await api('POST', '/number-lists', { id: 'gold', kind: 'vip', name: 'Gold', level: 4, priority: 8 });
  await api('POST', '/number-lists/gold/entries', { number: '13900139000', agentId: '2001' });

  expect((await tried('13900139000')).target.flowId).toBe('main');
  const { callId } = await callIn(box, { callingNumber: '13900139000' });
  await phase(box, callId, 'inFlow');
  expect(box.calls.find(callId)).toMatchObject({
    ...{ flowId: 'main', treatment: { vipLevel: 4, priority: 8, agentId: '2001' } },
  });

  await api('PUT', '/calendars/office/override', { open: false, reason: 'fire drill' });
  expect(await tried('13700137000')).toMatchObject({ outcome: 'refused', target: { cause: 31 } });
  expect((await released('13700137000')).row.cause).toBe(31);
  await api('DELETE', '/calendars/office/override');
  expect((await tried('13700137000')).steps.map(({ code }) => code)).toEqual(['calendarOpen', 'routeTaken']);

  const { entries } = await api<{ entries: { action: string; objectId: string }[] }>(
    'GET',
    '/audit?objectKind=calendar',
  );
  expect(entries.map(({ action }) => action)).toEqual(['overrideEnded', 'closed', 'changed', 'created']);
});

test('a route to a queue puts the caller into it without a flow', async () => {
  await api('POST', '/routes', { calledNumber: '95002', language: 'en', target: { kind: 'queue', queueId: 'sales' } });
  const { callId } = await callIn(box, { calledNumber: '95002', callingNumber: '02166668888' });
  await phase(box, callId, 'queued');
  expect(box.calls.find(callId)).toMatchObject({
    ...{ flowId: null, queueId: 'sales', origin: { city: { en: 'Shanghai', zh: '上海' } } },
  });
});
