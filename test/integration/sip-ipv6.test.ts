// Over IPv6: telephones and carriers at ::1 register, call and are called, and are heard by those of IPv4, octet by octet.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SipRegistration } from '../../daemon/src/contract/index.js';
import { RATE_HZ, samplesOf } from '../support/audio-match.js';
import { nothingLeaks, recordingOf, storedCall, waitFor, whileRunning } from '../support/box.js';
import { eventually } from '../support/daemon-process.js';
import { HandPhone } from '../support/hand-phone.js';
import { registered, startSipBox, station, type SipBox } from '../support/sip-box.js';
import { secondsHeard, speech, type Speech } from '../support/speech.js';
import { fromAlaw, speechAlaw } from '../support/wav.js';

const SIX = '::1';
const PROMPT = speech(5);
const SAID_S = 3;
/** Of two who use the same samples nothing but what came late is different: on a busy machine that may be much. */
const SAME = 0.9;
const ENOUGH_S = 1;

let sip: SipBox;
let next = 1000;
const running = whileRunning();
beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-box-'));
  running.onEnd(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, 'prompts', 'en'), { recursive: true });
  cpSync(PROMPT.path, join(home, 'prompts', 'en', 'welcome.wav'));
  // every address of both families
  const env = { CORDBOARD_SIP_HOST: '::', CORDBOARD_SIP_TRUSTED: '127.0.0.1,::1' };
  sip = await startSipBox({ home, env }, running);
});
afterAll(async () => {
  try {
    await nothingLeaks(sip.box);
  } finally {
    await running.end();
  }
});

/** A telephone at ::1 that can be called. */
async function sixPhone(): Promise<HandPhone> {
  const number = (next += 1);
  const { phone } = await station(sip, number, {}, { host: SIX });
  expect((await phone.register()).status).toBe(200);
  await waitFor(sip.box.live, 'station.updated', () => sip.box.stations.find(number)?.reachable === true);
  return phone;
}

const heard = (phone: HandPhone): Float64Array => Float64Array.from(phone.rtp.heard(), fromAlaw);
const secondsOf = (samples: Float64Array, { path, samples: said }: Speech): number =>
  secondsHeard(samples, { path, samples: said.subarray(0, SAID_S * RATE_HZ) }, SAME);
const say = (phone: HandPhone, { path }: Speech): Promise<void> =>
  phone.rtp.say(speechAlaw(path).subarray(0, SAID_S * RATE_HZ));

it('a telephone hears the menu, and the menu hears it', async () => {
  const one = await sixPhone();
  const binding = await eventually(
    async () =>
      (await sip.api.request<SipRegistration[]>('GET', '/sip/registrations')).find(({ station: at }) => at === next),
    (found) => found !== undefined,
  );
  expect(binding?.contact).toBe(`sip:${next}@[::1]:${one.port}`);
  const call = one.call('95001');
  const answer = await call.connected();
  expect(answer.body.toString()).toMatch(/^c=IN IP6 ::1\r$/m);
  const { id } = sip.box.calls.live()[0]!;
  await say(one, speech(0));
  await call.bye();
  await storedCall(sip.box, id);
  expect(secondsOf(heard(one), PROMPT), 'the telephone hears the menu').toBeGreaterThan(ENOUGH_S);
  const path = await recordingOf(sip.box, id);
  expect(secondsOf(samplesOf(path, 1), speech(0)), 'what it says is recorded').toBeGreaterThan(ENOUGH_S);
  expect(secondsOf(samplesOf(path, 2), PROMPT), 'and what it hears').toBeGreaterThan(ENOUGH_S);
});

it.each([
  ['::1', '127.0.0.1'],
  ['127.0.0.1', '::1'],
  ['::1', '::1'],
])('a telephone at %s calls one at %s, and both hear each other', async (from, to) => {
  const open = (host: string): Promise<HandPhone> => (host === SIX ? sixPhone() : registered(sip, (next += 1)));
  const one = await open(from);
  const other = await open(to);
  const call = one.call(String(next));
  const incoming = await other.called();
  expect((await incoming.invite).body.toString()).toContain(`c=IN IP${to === SIX ? 6 : 4} ${to}\r\n`);
  await incoming.respond(180);
  await incoming.answer();
  await call.connected();
  const { id } = sip.box.calls.live()[0]!;
  await Promise.all([say(one, speech(1)), say(other, speech(2))]);
  await Promise.all([call.bye(), incoming.take('BYE')]);
  await storedCall(sip.box, id);
  expect(secondsOf(heard(one), speech(2)), 'who called').toBeGreaterThan(ENOUGH_S);
  expect(secondsOf(heard(other), speech(1)), 'who was called').toBeGreaterThan(ENOUGH_S);
});

it('a carrier is called, and calls', async () => {
  const trunk = await HandPhone.open({ server: sip.port, number: 'carrier', host: SIX });
  await sip.api.request('POST', '/trunks', {
    ...{ id: 'six', kind: 'sip', mode: 'address', optionsIntervalS: 0 },
    hosts: [{ host: SIX, port: trunk.port }],
  });
  await sip.api.request('POST', '/outbound-routes', { name: 'six', pattern: '0138.', trunks: ['six'] });
  const one = await registered(sip, (next += 1));
  const out = one.call('013800138000');
  const outside = await trunk.called();
  await outside.answer();
  await out.connected();
  await Promise.all([say(one, speech(3)), say(trunk, speech(4))]);
  await Promise.all([out.bye(), outside.take('BYE')]);
  expect(secondsOf(heard(one), speech(4)), 'the telephone').toBeGreaterThan(ENOUGH_S);
  expect(secondsOf(heard(trunk), speech(3)), 'the carrier').toBeGreaterThan(ENOUGH_S);

  trunk.rtp.forget();
  const call = trunk.call('95001');
  await call.connected();
  await say(trunk, speech(6));
  await call.bye();
  expect(secondsOf(heard(trunk), PROMPT), 'the carrier hears the menu').toBeGreaterThan(ENOUGH_S);
});
