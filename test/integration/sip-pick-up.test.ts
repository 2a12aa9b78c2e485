// The code that takes a call which rings elsewhere, dialled at SIP and analog telephones of a whole box.
import { beforeEach, expect, it } from 'vitest';
import { parseReasons } from '../../daemon/src/sip/dialog/index.js';
import { storedCall } from '../support/box.js';
import type { HandPhone } from '../support/hand-phone.js';
import { registered, startSipBox, type SipBox } from '../support/sip-box.js';
import { until } from '../support/turns.js';

let sip: SipBox;
let caller: HandPhone;
let called: HandPhone;
let picker: HandPhone;

beforeEach(async () => {
  sip = await startSipBox();
  caller = await registered(sip, 1001);
  called = await registered(sip, 1002);
  picker = await registered(sip, 1003);
});

/** 1001 calls, and 1002 rings. */
async function ringing(number = '1002') {
  const call = caller.call(number);
  const rung = await called.called();
  await rung.respond(180);
  return { call, rung };
}

async function attempts(): Promise<unknown> {
  const [row] = await sip.box.db.calls.list({ limit: 1 });
  const { segments } = await storedCall(sip.box, row!.id);
  return segments.find(({ kind }) => kind === 'dial')?.data['attempts'];
}

it('a telephone takes the call that rings at the number it dials, and the two hear each other', async () => {
  const { call, rung } = await ringing();
  const taken = picker.call('*81002');
  await Promise.all([taken.connected(), call.connected(), rung.take('CANCEL')]);
  await rung.respond(487);
  await until(() => caller.rtp.packets > 20 && picker.rtp.packets > 20, 'both hear something');
  await Promise.all([call.bye(), taken.take('BYE')]);
  expect(await attempts()).toMatchObject([{ to: 'station 1003', pickedUp: 'station 1002', outcome: 'answered' }]);
});

it('with the code alone it takes one that rings in its ring group', async () => {
  await sip.api.request('POST', '/ring-groups', { number: 2000, stations: [1002, 1003], strategy: 'sequence' });
  const { call, rung } = await ringing('2000');
  const taken = picker.call('*8');
  await Promise.all([taken.connected(), call.connected(), rung.take('CANCEL')]);
  await rung.respond(487);
  await Promise.all([taken.bye(), call.take('BYE')]);
});

it('an analog telephone takes it without an end of the number', async () => {
  const { call, rung } = await ringing();
  await sip.box.exchange.lift(1);
  await sip.box.exchange.dial(1, '*81002');
  await Promise.all([call.connected(), rung.take('CANCEL')]);
  await rung.respond(487);
  await until(() => caller.rtp.packets > 20, 'the caller hears something');
  await call.bye();
  expect(await attempts()).toMatchObject([{ to: 'station 1', pickedUp: 'station 1002', outcome: 'answered' }]);
});

it.each([
  ['nothing rings there', '*81002', 480, 'nothing rings at 1002'],
  ['it is in no ring group', '*8', 480, 'nothing rings in a ring group of the telephone'],
  ['nobody has the number', '*81009', 404, 'nobody has the number 1009'],
])('a telephone is told that %s', async (_what, code, status, text) => {
  const answer = await picker.call(code).final;
  expect(answer.status).toBe(status);
  expect(parseReasons(answer)).toMatchObject([{ protocol: 'Q.850', text }]);
});

it('who calls does not take his own call', async () => {
  const { rung } = await ringing();
  expect((await caller.call('*81002').final).status).toBe(480);
  expect(called.received.some((message) => message.kind === 'request' && message.method === 'CANCEL')).toBe(false);
  await rung.respond(486);
});
