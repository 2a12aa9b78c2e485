// A telephone whose user has forwarded his calls answers with 302: the box follows that inside and outside, as far as the
// telephone itself may call.
import { expect, it } from 'vitest';
import type { CallDetail, OutboundRoute } from '../../daemon/src/contract/index.js';
import { storedCall } from '../support/box.js';
import type { HandCall, HandPhone } from '../support/hand-phone.js';
import { carrier, registered, startSipBox, type SipBox } from '../support/sip-box.js';
import { until } from '../support/turns.js';

const AWAY = '203.0.113.7:5060';

interface Office {
  sip: SipBox;
  outside: HandPhone;
  caller: HandPhone;
  /** its user is elsewhere */
  away: HandPhone;
}

/** 1001 calls, 1002 is forwarded; everything that is not inside goes out over a carrier. */
async function office(): Promise<Office> {
  const sip = await startSipBox();
  const outside = await carrier(sip, 'out', { diversionHeader: 'both' });
  // What a new box has: 0 for outside, over E1.
  for (const { id } of await sip.api.request<OutboundRoute[]>('GET', '/outbound-routes'))
    await sip.api.request('DELETE', `/outbound-routes/${id}`);
  await sip.api.request('POST', '/outbound-routes', { pattern: 'X.', trunks: ['out'] });
  const caller = await registered(sip, 1001);
  const away = await registered(sip, 1002, { callingNumber: '01066668888' });
  return { sip, outside, caller, away };
}

/** 1001 calls 1002, whose telephone names another number. */
async function sentOn({ caller, away }: Office, number: string): Promise<HandCall> {
  const call = caller.call('1002');
  const ringing = await away.called();
  await ringing.respond(302, undefined, [['Contact', `<sip:${number}@${AWAY}>`]]);
  return call;
}

async function lastCall({ sip }: Office): Promise<Pick<CallDetail, 'segments'> & { row: object }> {
  const [row] = await sip.box.db.calls.list({ limit: 1 });
  return storedCall(sip.box, row!.id);
}

it('to somebody outside: the carrier hears who has sent the call on, and the two talk', async () => {
  const all = await office();
  const call = await sentOn(all, '13800138000');
  const out = await all.outside.called();
  const invite = await out.invite;
  expect([invite.uri.user, invite.from.uri.user]).toEqual(['13800138000', '01066668888']);
  expect(invite.headers.get('Diversion')).toMatch(/<sip:01066668888@.*>;reason=deflection/);
  expect(invite.headers.list('History-Info')).toEqual([
    expect.stringMatching(/^<sip:01066668888@[^>]*>;index=1$/),
    expect.stringMatching(/^<sip:13800138000@127\.0\.0\.1:\d+;cause=480>;index=1\.1;mp=1$/),
  ]);
  await Promise.all([out.answer(), call.connected()]);
  const { caller, outside } = all;
  await until(() => caller.rtp.packets > 20 && outside.rtp.packets > 20, 'both hear something');
  await Promise.all([call.bye(), out.take('BYE')]);
  const { segments, row } = await lastCall(all);
  expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
  expect(segments.find(({ kind }) => kind === 'dial')?.data).toMatchObject({
    attempts: [
      { to: 'station 1002', outcome: 'forwarded', forwardedTo: '13800138000' },
      { to: 'trunk out 13800138000', outcome: 'answered' },
    ],
  });
});

it('to another telephone: it hears who has sent the call on', async () => {
  const all = await office();
  const other = await registered(all.sip, 1003);
  const call = await sentOn(all, '1003');
  const rung = await other.called();
  const invite = await rung.invite;
  expect([invite.from.uri.user, invite.headers.get('Diversion')]).toEqual([
    '1001',
    expect.stringContaining('sip:1002@'),
  ]);
  await Promise.all([rung.answer(), call.connected()]);
  await Promise.all([call.bye(), rung.take('BYE')]);
});

it.each([
  ['abroad, which the telephone may not call', '0085212345678', 403],
  ['what costs extra', '16812345', 403],
  ['the police', '110', 403],
  ['itself', '1002', 483],
  ['the one who calls', '1001', 486],
  ['nowhere', 'sales', 484],
])('to %s: the caller hears why not, and nobody is called', async (_what, number, status) => {
  const all = await office();
  const call = await sentOn(all, number);
  expect((await call.final).status).toBe(status);
  expect(all.outside.received.some((message) => message.kind === 'request' && message.method === 'INVITE')).toBe(false);
});

it('to several: the one of the lower q is called when the first is busy', async () => {
  const all = await office();
  const [first, second] = [await registered(all.sip, 1003), await registered(all.sip, 1004)];
  const call = all.caller.call('1002');
  const contacts = `<sip:1004@${AWAY}>;q=0.3, <sip:0085212345678@${AWAY}>;q=0.7, <sip:1003@${AWAY}>;q=0.9`;
  await (await all.away.called()).respond(300, undefined, [['Contact', contacts]]);
  await (await first.called()).respond(486);
  const rung = await second.called();
  await Promise.all([rung.answer(), call.connected()]);
  await Promise.all([call.bye(), rung.take('BYE')]);
  const { segments } = await lastCall(all);
  expect(segments.find(({ kind }) => kind === 'dial')?.data).toMatchObject({
    attempts: [
      { to: 'station 1002', outcome: 'forwarded', forwardedTo: '1003, 0085212345678, 1004' },
      { to: 'station 1003', outcome: 'failed', cause: 17 },
      { to: 'station 1004', outcome: 'answered' },
    ],
  });
});

it('in a ring group: it counts as busy', async () => {
  const all = await office();
  await all.sip.api.request('POST', '/ring-groups', { number: 2000, stations: [1002] });
  const call = all.caller.call('2000');
  await (await all.away.called()).respond(302, undefined, [['Contact', `<sip:13800138000@${AWAY}>`]]);
  expect((await call.final).status).toBe(486);
  expect(all.outside.received.some((message) => message.kind === 'request' && message.method === 'INVITE')).toBe(false);
});
