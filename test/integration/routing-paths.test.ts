// The whole paths of routing, with real calls over two virtual E1: which trunk carries a call out and under which number, which route
// takes one that comes in, and what lists and days off do to it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Call, NumberInfo, SpecialDaysImport } from '../../daemon/src/contract/index.js';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type { Box } from '../../daemon/src/main/box.js';
import {
  callIn,
  nothingLeaks,
  phase,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { until } from '../support/turns.js';

const running = whileRunning();
let box: Box;
let api: LocalApi;

beforeAll(async () => {
  box = await startTestBox({ env: { CORDBOARD_VIRTUAL_SPANS: '2', CORDBOARD_TIME_ZONE: 'Asia/Shanghai' } }, running);
  api = new LocalApi(box.config.home);
  await api.request('PATCH', '/trunks/e1', { spans: [1] });
  await api.request('POST', '/trunks', { id: 'second', kind: 'e1', name: 'Second', spans: [2] });
  const [route] = await api.request<{ id: string }[]>('GET', '/outbound-routes');
  await api.request('PATCH', `/outbound-routes/${route!.id}`, { trunks: ['e1', 'second'] });
}, 180_000);
afterAll(() => running.end());
afterEach(() => nothingLeaks(box));

/** Station 1 calls out, is answered and hangs up; what the exchange saw, and what was stored. */
async function out(number: string) {
  box.exchange.subscribers.setPlan('13900139000', { answerAfterMs: 0 });
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  await box.exchange.lift(1);
  await box.exchange.dial(1, `${number}#`);
  return hangUpWhenTalking(await arrived);
}

async function hangUpWhenTalking(callId: string) {
  await phase(box, callId, 'talking');
  const seen = box.exchange.subscribers.list()[0]!;
  const { legs } = await box.engine.command('engine.snapshot', {});
  const span = legs.find(({ leg }) => leg === seen.leg)!.span - 100;
  await box.exchange.hangUpPhone(1);
  const stored = await storedCall(box, callId);
  await stationFree(box, 1);
  return { ...seen, span, ...stored };
}

const dialled = (segments: { kind: string; data: unknown }[]) => segments.find(({ kind }) => kind === 'dial')?.data;

/** Comes in, and is wherever it leads to. */
async function released(plan: Parameters<typeof callIn>[1]) {
  const { callId } = await callIn(box, plan);
  return (await storedCall(box, callId)).row;
}

test('a call out takes the next trunk when the first is full, and when it is down; with none left the caller is told that the network is out of order', async () => {
  const first = await out('013900139000');
  expect(first.span).toBe(1);
  expect(first.row).toMatchObject({ direction: 'out', cause: 16 });

  await api.request('PATCH', '/trunks/e1', { maxCalls: 1 });
  const { callId, exchangeId } = await callIn(box, { span: 1 });
  await phase(box, callId, 'inFlow');
  const second = await out('013900139000');
  expect(second.span, 'the one call of the first trunk is taken').toBe(2);
  await box.exchange.hangUp(exchangeId);
  await storedCall(box, callId);
  await api.request('PATCH', '/trunks/e1', { maxCalls: 10_000 });

  onTestFinished(async () => {
    for (const span of [1, 2]) await box.exchange.setAlarm(span, { alarm: 'los', active: false });
  });
  await box.exchange.setAlarm(1, { alarm: 'los', active: true });
  await waitFor(box.live, 'span.updated', () => box.trunks.find(1)?.dchannelUp === false);
  const third = await out('013900139000');
  expect(third.span).toBe(2);
  await box.exchange.setAlarm(2, { alarm: 'los', active: true });
  await waitFor(box.live, 'span.updated', () => box.trunks.find(2)?.dchannelUp === false);
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  await box.exchange.lift(1);
  await box.exchange.dial(1, '013900139000#');
  const lost = await storedCall(box, await arrived);
  expect(lost.row).toMatchObject({ cause: 38, releasedBy: 'system', answeredAt: null });
  expect(dialled(lost.segments)).toMatchObject({ attempts: [{ to: expect.anything() }, { to: expect.anything() }] });
  for (const span of [1, 2]) await box.exchange.setAlarm(span, { alarm: 'los', active: false });
  for (const span of [1, 2]) await waitFor(box.live, 'span.updated', () => box.trunks.find(span)?.dchannelUp === true);
  await until(() => !box.exchange.phones()[0]!.offHook, 'the telephone is put down');
  await stationFree(box, 1);
});

test('one who is called and busy is not called over another trunk', async () => {
  box.exchange.subscribers.setPlan('13900139001', { refuseCause: 17 });
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  await box.exchange.lift(1);
  await box.exchange.dial(1, '013900139001#');
  const { row, segments } = await storedCall(box, await arrived);
  expect(row.cause).toBe(17);
  expect((dialled(segments) as { attempts: unknown[] }).attempts).toHaveLength(1);
  await until(() => !box.exchange.phones()[0]!.offHook, 'the telephone is put down');
  await stationFree(box, 1);
});

test('the number that is shown outside is that of the route, or one that the agent at the telephone may choose', async () => {
  const [route] = await api.request<{ id: string }[]>('GET', '/outbound-routes');
  await api.request('PATCH', `/outbound-routes/${route!.id}`, { callingNumber: '02166668888' });
  expect((await out('013900139000')).callingNumber).toBe('02166668888');

  const choose = (callingNumber: string) =>
    api.request<Call>('POST', '/calls', { to: '013900139000', station: 1, callingNumber });
  const lift = async (call: Call): Promise<string> => {
    await until(() => box.exchange.phones()[0]!.ringing, 'the telephone rings');
    await box.exchange.lift(1);
    return call.id;
  };
  // Nobody has allowed it.
  await expect(choose('02155554444')).rejects.toThrow(/013900139000/);
  expect(box.calls.live()).toEqual([]);

  await api.request('PUT', '/dial-rights/agent:2001', { callingNumbers: ['02155554444'], calendar: null });
  await box.exchange.lift(1);
  await box.exchange.dial(1, '*112001#');
  await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.station === 1);
  await box.exchange.hangUpPhone(1);
  await stationFree(box, 1);
  const chosen = await hangUpWhenTalking(await lift(await choose('02155554444')));
  expect(chosen.callingNumber).toBe('02155554444');
  await api.request('PATCH', `/outbound-routes/${route!.id}`, { callingNumber: '' });
});

test('of routes for one number the one is taken that fits the trunk and the caller', async () => {
  const hangUp = (cause: number) => ({ kind: 'hangUp', cause });
  const route = (over: object) => api.request('POST', '/routes', { calledNumber: '95009', language: 'en', ...over });
  await route({ target: hangUp(31), priority: 100 });
  await route({ target: hangUp(18), priority: 10, trunk: 'second' });
  await route({ target: hangUp(20), priority: 10, callingNumber: '0755.' });
  const cause = async (span: number, callingNumber: string): Promise<number | null> =>
    (await released({ calledNumber: '95009', span, callingNumber })).cause;
  expect(await cause(1, '13800138000')).toBe(31);
  expect(await cause(2, '13800138000')).toBe(18);
  expect(await cause(1, '075512345678')).toBe(20);
});

test('a caller of the black list is refused before the answer, whatever way his number is written, unless the white list has him', async () => {
  await api.request('POST', '/number-lists', { id: 'black', kind: 'black', name: 'Black' });
  await api.request('POST', '/number-lists/black/entries', { number: '0755.' });
  const first = await released({ callingNumber: '8675586765432' });
  expect(first).toMatchObject({ cause: 21, answeredAt: null, callingNumber: '075586765432' });
  await api.request('POST', '/number-lists', { id: 'white', kind: 'white', name: 'White' });
  await api.request('POST', '/number-lists/white/entries', { number: '+86 755 8676 5432' });
  const { callId, exchangeId } = await callIn(box, { callingNumber: '075586765432' });
  await phase(box, callId, 'inFlow');
  await box.exchange.hangUp(exchangeId);
  expect((await storedCall(box, callId)).row).toMatchObject({ treatment: { lists: ['white', 'black'] } });
  expect((await released({ callingNumber: '075526543210' })).cause).toBe(21);
});

test.each(['csv', 'ics'] as const)('days off from a file (%s) close the number for a real call', async (format) => {
  const id = `office-${format}`;
  const weekly = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, hours: [{ from: 0, to: 1440 }] }));
  await api.request('POST', '/calendars', { id, name: 'Office', weekly });
  const calledNumber = format === 'csv' ? '95011' : '95012';
  const route = { calledNumber, language: 'en' };
  await api.request('POST', '/routes', { ...route, priority: 100, target: { kind: 'hangUp', cause: 31 } });
  const closed = { priority: 10, target: { kind: 'hangUp', cause: 27 }, calendar: { calendarId: id, when: 'closed' } };
  await api.request('POST', '/routes', { ...route, ...closed });
  expect((await released({ calledNumber })).cause, 'open').toBe(31);

  const day = (offset: number): string =>
    new Date(Date.now() + 8 * 3_600_000 + offset * 86_400_000).toISOString().slice(0, 10);
  // Yesterday to tomorrow, in case it is midnight: the end of an event is no part of it.
  const flat = (text: string): string => text.replaceAll('-', '');
  const event = [`DTSTART;VALUE=DATE:${flat(day(-1))}`, `DTEND;VALUE=DATE:${flat(day(2))}`, 'SUMMARY:Holiday'];
  const text =
    format === 'csv'
      ? `date,lastDate,name,kind,hours,yearly\n${day(-1)},${day(1)},Holiday,closed,,\n`
      : ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', ...event, 'END:VEVENT', 'END:VCALENDAR'].join('\r\n');
  const file = join(box.config.home, `days.${format}`);
  writeFileSync(file, text);
  const path = `/calendars/${id}/special-days?format=${format}`;
  const preview = await api.upload<SpecialDaysImport>(path, file);
  expect(preview).toMatchObject({ applied: false, problems: [], days: [{ name: 'Holiday' }] });
  expect((await released({ calledNumber })).cause, 'a preview changes nothing').toBe(31);
  await api.upload<SpecialDaysImport>(`${path}&apply=true`, file);
  expect((await released({ calledNumber })).cause, 'a day off').toBe(27);
  await api.request('PATCH', `/calendars/${id}`, { specialDays: [] });
  expect((await released({ calledNumber })).cause, 'open again').toBe(31);
});

test('the API tells region and carrier of numbers in China, however they are written', async () => {
  const info = (number: string) => api.request<NumberInfo>('GET', `/numbers/${encodeURIComponent(number)}`);
  expect(await info('+86 138 0013 8000')).toMatchObject({
    ...{ number: '13800138000', e164: '+8613800138000', kind: 'mobile', valid: true },
    origin: { country: 'CN', province: { zh: '北京', en: 'Beijing' }, carrier: { en: 'China Mobile' } },
  });
  expect(await info('021-6666 8888')).toMatchObject({ e164: '+862166668888', origin: { city: { zh: '上海' } } });
  expect(await info('+442071838750')).toMatchObject({ number: '00442071838750', origin: { country: 'GB' } });
});
