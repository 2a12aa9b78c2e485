// What one who calls hears before anybody answers: ringing, what the far end has to say, busy; over SIP, E1 and analog lines.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callIn, nothingLeaks, stationFree, storedCall, waitFor, whileRunning } from '../support/box.js';
import { share } from '../support/dtmf.js';
import type { HandPhone } from '../support/hand-phone.js';
import { carrier, registered, startSipBox, type SipBox } from '../support/sip-box.js';
import { until } from '../support/turns.js';
import { loudness, stereoAlaw, toAlaw } from '../support/wav.js';

let sip: SipBox;
let next = 1000;
const running = whileRunning();
beforeAll(async () => {
  sip = await startSipBox({ env: { CORDBOARD_VIRTUAL_STATIONS: '2' } }, running);
});
afterAll(() => running.end());

const phone = (settings = {}): Promise<HandPhone> => registered(sip, (next += 1), settings);
const tone = (hertz: number, ms: number): Uint8Array =>
  Uint8Array.from({ length: ms * 8 }, (_, i) => toAlaw(Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / 8000))));

/** For how many ms the tone is heard, alone. */
function toneMs(octets: Uint8Array, hertz: number): number {
  let ms = 0;
  for (let at = 0; at + 400 <= octets.length; at += 400)
    if (share(octets.subarray(at, at + 400), hertz) > 0.8) ms += 50;
  return ms;
}

/** The far end of the cables is the exchange's. */
async function farPort(of: (leg: { analog: number; span: number }) => boolean): Promise<number> {
  const { legs } = await sip.box.engine.command('engine.snapshot', {});
  return legs.find(of)!.port;
}

async function record(port: number, name: string): Promise<{ path: string; stop: () => Promise<void> }> {
  const path = join(sip.box.config.home, name);
  const { recording } = await sip.box.engine.command('recording.start', { port, path });
  return { path, stop: async () => void (await sip.box.engine.command('recording.stop', { recording })) };
}

const arrived = (): Promise<string> =>
  new Promise((resolve) => sip.box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)));

it('a telephone that calls another is told that it rings, and makes the tone itself', async () => {
  const [one, other] = [await phone(), await phone()];
  const call = one.call(String(next));
  const incoming = await other.called();
  await incoming.respond(180);
  const ringing = await one.nextResponse('180 INVITE');
  expect(ringing.body).toHaveLength(0);
  await incoming.respond(486);
  expect((await call.final).status).toBe(486);
  await nothingLeaks(sip.box);
});

it('an answer that comes once more is acknowledged once more', async () => {
  const [one, other] = [await phone(), await phone()];
  const call = one.call(String(next));
  const incoming = await other.called();
  await incoming.answer();
  await call.connected();
  // The ACK was lost on the way, for all the telephone knows.
  await incoming.respond(200, other.sdp());
  await until(() => other.repeated.includes('ACK'), 'the ACK comes once more');
  await Promise.all([call.bye(), incoming.take('BYE')]);
  await nothingLeaks(sip.box);
});

it('a telephone hears what a carrier has to say before the answer', async () => {
  const one = await phone();
  const trunk = await carrier(sip, 'early');
  await sip.api.request('POST', '/outbound-routes', { name: 'early', pattern: '0138.', trunks: ['early'] });
  const call = one.call('013800138000');
  const outside = await trunk.called();
  await outside.respond(183, trunk.sdp());
  trunk.talk((await outside.invite).body);
  const early = await one.nextResponse('183 INVITE');
  expect(early.body.toString()).toContain('m=audio');
  one.talk(early.body);
  await Promise.all([
    trunk.rtp.say(tone(440, 2000)),
    one.rtp.until(({ heard }) => heard.call(one.rtp).length > 0, 'something is heard'),
  ]);
  await one.rtp.until((end) => toneMs(end.heard(), 440) > 1500, 'the tone is heard');
  const ack = outside.answer();
  await call.connected();
  await ack;
  await Promise.all([call.bye(), outside.take('BYE')]);
  await nothingLeaks(sip.box);
});

it('one who calls over the E1 is told that a SIP telephone rings, and hears what it has to say', async () => {
  const other = await phone();
  const { callId, exchangeId } = await callIn(sip.box, { calledNumber: String(next) });
  const incoming = await other.called();
  await incoming.respond(180);
  const { callers } = sip.box.exchange;
  await waitFor(callers.events, 'call.changed', () => sip.box.exchange.find(exchangeId)?.state === 'alerting');
  await incoming.respond(183, other.sdp());
  other.talk((await incoming.invite).body);
  const heard = await record(await farPort(({ span }) => span === 101), 'e1-heard.wav');
  await other.rtp.say(tone(440, 2000));
  await heard.stop();
  expect(toneMs(stereoAlaw(heard.path).left, 440)).toBeGreaterThan(1500);
  await incoming.respond(486);
  expect((await storedCall(sip.box, callId)).row).toMatchObject({ cause: 17, releasedBy: 'callee', answeredAt: null });
  await nothingLeaks(sip.box);
});

it('an analog telephone hears ringing while a SIP telephone rings, and is released as busy when that one is', async () => {
  const other = await phone();
  const id = arrived();
  await sip.box.exchange.lift(1);
  await sip.box.exchange.dial(1, String(next));
  const callId = await id;
  const incoming = await other.called();
  const ear = await record(await farPort(({ analog }) => analog === 10_001), 'analog-heard.wav');
  await incoming.respond(180);
  await waitFor(sip.box.live, 'station.updated', () => sip.box.stations.find(next)?.ringing === true);
  const ticks = async (): Promise<number> => (await sip.box.engine.command('engine.snapshot', {})).tick.ticks;
  const hear = async (blocks: number): Promise<void> => {
    const end = (await ticks()) + blocks;
    while ((await ticks()) < end);
  };
  await hear(60);
  await ear.stop();
  expect(toneMs(stereoAlaw(ear.path).left, 450), 'ringing, one long').toBeGreaterThan(700);
  // Busy tone is the engine's, once the telephone has had its gap in the battery; call control says why.
  await incoming.respond(486);
  expect((await storedCall(sip.box, callId)).row).toMatchObject({ cause: 17, releasedBy: 'callee' });
  await stationFree(sip.box, 1);
  await nothingLeaks(sip.box);
});

it('one who was answered by the menu hears its prompt, and a tone or music while an agent is rung', async () => {
  const agent = await phone();
  const signIn = agent.call('*112001');
  await signIn.connected();
  await waitFor(sip.box.live, 'agent.updated', () => sip.box.agents.find('2001')?.state === 'ready');
  await agent.nextRequest('BYE').catch(() => undefined);
  const trunk = await carrier(sip, 'inside', { sources: ['127.0.0.1'] });
  const call = trunk.call('95001');
  await call.connected();
  await trunk.rtp.until((end) => toneMs(end.heard(), 500) > 150, 'the prompt is heard');
  trunk.rtp.press('1');
  const offered = await agent.called();
  await offered.respond(180);
  trunk.rtp.forget();
  await trunk.rtp.until((end) => end.heard().length > 16_000, 'two seconds are heard');
  expect(loudness(trunk.rtp.heard())).toBeGreaterThan(100);
  const ack = offered.answer();
  await ack;
  trunk.rtp.forget();
  await agent.rtp.say(tone(700, 1000));
  await trunk.rtp.until((end) => toneMs(end.heard(), 700) > 700, 'the agent is heard');
  await Promise.all([call.bye(), offered.take('BYE')]);
  await nothingLeaks(sip.box);
});
