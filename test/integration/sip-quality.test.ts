// What a call over IP sounded like is measured with real packets, stored with the call, and told.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallDetail } from '../../daemon/src/contract/index.js';
import { storedCall, whileRunning } from '../support/box.js';
import { registered, startSipBox, type SipBox } from '../support/sip-box.js';
import { toAlaw } from '../support/wav.js';

const TALK_MS = 5000;
const PACKETS = TALK_MS / 20;

let sip: SipBox;
const running = whileRunning();
beforeAll(async () => {
  sip = await startSipBox({}, running);
});
afterAll(() => running.end());

const tone = (hertz: number, ms: number): Uint8Array =>
  Uint8Array.from({ length: ms * 8 }, (_, i) => toAlaw(Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / 8000))));

it('a call between two telephones has a line of figures for each, with what one of them lost', async () => {
  const one = await registered(sip, 1001);
  const other = await registered(sip, 1002);
  // One packet of twenty never arrives.
  one.rtp.lose = (index) => index % 20 === 7;
  const call = one.call('1002');
  const incoming = await other.called();
  await incoming.respond(180);
  await incoming.answer();
  await call.connected();
  const { id } = sip.box.calls.live()[0]!;
  await Promise.all([one.rtp.say(tone(400, TALK_MS)), other.rtp.say(tone(700, TALK_MS))]);
  await Promise.all([call.bye(), incoming.take('BYE')]);
  await storedCall(sip.box, id);

  const detail = await sip.api.request<CallDetail>('GET', `/calls/${id}`);
  expect(detail.streams.map(({ role, station, trunk, codec }) => ({ role, station, trunk, codec }))).toEqual([
    { role: 'caller', station: 1001, trunk: null, codec: 'PCMA' },
    { role: 'callee', station: 1002, trunk: null, codec: 'PCMA' },
  ]);
  const [bad, good] = detail.streams as [CallDetail['streams'][0], CallDetail['streams'][0]];
  const share = bad.lost / (bad.lost + bad.packetsReceived);
  expect(share).toBeGreaterThan(0.03);
  expect(share).toBeLessThan(0.07);
  expect(bad.concealedMs).toBeGreaterThan(100);
  expect(good).toMatchObject({ lost: 0, encrypted: false });
  expect(good.packetsReceived).toBeGreaterThan(0.9 * PACKETS);
  expect(good.packetsSent).toBeGreaterThan(0.9 * PACKETS);
  // The telephones answer RTCP, so that the round trip is known: on this machine next to nothing.
  expect(good.roundTripMs).not.toBeNull();
  expect(good.roundTripMs).toBeLessThan(200);
  // 4.4, less what comes late on a busy machine.
  expect(good.mosReceived).toBeGreaterThan(3);
  expect(bad.mosReceived).toBeLessThan(good.mosReceived!);
  expect(detail.streams.every(({ startedAt, endedAt }) => endedAt - startedAt > 0.8 * TALK_MS)).toBe(true);
});

it('a leg that nothing was sent or heard on has no line', async () => {
  const one = await registered(sip, 1003);
  const other = await registered(sip, 1004);
  const call = one.call('1004');
  const incoming = await other.called();
  const { id } = sip.box.calls.live()[0]!;
  await incoming.respond(486);
  expect((await call.final).status).toBe(486);
  await storedCall(sip.box, id);
  expect((await sip.api.request<CallDetail>('GET', `/calls/${id}`)).streams).toEqual([]);
});
