// A browser from which nothing comes: while its user says nothing (DTX, RFC 7587 3.1.3), which is no fault, and for good, which ends its call.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { samplesOf } from '../support/audio-match.js';
import { nothingLeaks, storedCall, waitFor, whileRunning } from '../support/box.js';
import { LossyLink } from '../support/lossy-link.js';
import { addStation, DOMAIN, startSipBox, type SipBox } from '../support/peer-box.js';
import { recordAt } from '../support/recorded.js';
import { heardWell, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { lookAgain } from '../support/turns.js';
import { WebPhone } from '../support/web-phone.js';

const STATION = 1001;
const CALLED = '13800138009';
const RATE_HZ = 8000;
const [SPEECH_S, PAUSE_S] = [3, 3];
const PACKETS_A_SECOND = 50;
const WELL = 0.8;
const TIMER_EXPIRED = 102;
const LOOKS = { leastMs: 20, mostMs: 200 };

/** Some speech, a pause in which nothing at all is to be heard, and other speech. */
const [first, second] = [speech(0), speech(1)];
const says = new Float64Array((2 * SPEECH_S + PAUSE_S) * RATE_HZ);
says.set(first.samples.subarray(0, SPEECH_S * RATE_HZ));
says.set(second.samples.subarray(0, SPEECH_S * RATE_HZ), (SPEECH_S + PAUSE_S) * RATE_HZ);

let box: SipBox;
let link: LossyLink;
let phone: WebPhone;
let holds = false;
const running = whileRunning();

beforeAll(async () => {
  box = await startSipBox({ env: { CORDBOARD_SIP_WS_PORT: '0', CORDBOARD_SIP_WEBRTC_PORT: '0' } }, running);
  link = await LossyLink.open(running);
  const secret = await addStation(box, STATION, { digest: ['md5'], codecs: ['opus'] });
  box.exchange.subscribers.setPlan(CALLED, { answerAfterMs: 100 });
  phone = await WebPhone.start(
    {
      ...{ url: `ws://127.0.0.1:${box.sip!.ports!.wsPort}`, number: STATION, secret, domain: DOMAIN, says },
      // as a telephone that wants pauses to cost nothing
      // which JsSIP makes inactive of when it holds
      describe: (sdp) => (holds ? sdp.replace(/^a=sendrecv/m, 'a=recvonly') : sdp),
      heardOf: (sdp) => link.through(sdp.replace(/^a=fmtp:\d+ useinbandfec=1/gm, '$&;usedtx=1')),
    },
    running,
  );
});
afterAll(async () => {
  try {
    await nothingLeaks(box);
  } finally {
    await running.end();
  }
});

async function talk(): Promise<{ id: string; leg: number; port: number }> {
  const arrived = new Promise<string>((resolve) => {
    const off = box.calls.events.on('call.arrived', ({ call }) => {
      off();
      resolve(call.id);
    });
  });
  await phone.dial(`0${CALLED}`);
  const id = await arrived;
  await waitFor(box.live, 'call.updated', () => box.calls.find(id)?.phase === 'talking');
  const { legs, streams } = await box.engine.command('engine.snapshot', {});
  return { id, leg: streams[0]!.leg, port: legs.find(({ span }) => span === 101)!.port };
}

it('takes pauses of which nothing is sent for what they are', async () => {
  const { id, leg, port } = await talk();
  const file = join(box.config.home, 'outside.wav');
  const whole = await recordAt(box, port, file);
  phone.speak();
  await talkFor(box, (2 * SPEECH_S + PAUSE_S + 1) * 1000);
  const stream = await box.engine.command('stream.statistics', { leg });
  phone.hangUp();
  await whole();
  await storedCall(box, id);

  const heard = samplesOf(file);
  const peaks = [heardWell(heard, first), heardWell(heard, second)];
  const { packetsReceived, lost, concealedMs, mosReceived } = stream;
  const wholeTime = (2 * SPEECH_S + PAUSE_S) * PACKETS_A_SECOND;
  console.log(
    `heard ${peaks.map((peak) => peak.toFixed(2)).join(' and ')}; ${packetsReceived} packets in place of ${wholeTime}, ` +
      `${lost} lost, ${concealedMs} ms concealed, MOS ${mosReceived}`,
  );
  expect(packetsReceived).toBeLessThan(wholeTime - (PAUSE_S * PACKETS_A_SECOND) / 2);
  expect(lost).toBe(0);
  expect(mosReceived).toBeGreaterThan(4);
  for (const peak of peaks) expect(peak).toBeGreaterThan(WELL);
});

it('ends the call of one that is gone while it is held, once it has not been heard of for half a minute', async () => {
  const { id, leg } = await talk();
  phone.speak();
  const began = performance.now();
  while ((await box.engine.command('stream.statistics', { leg })).packetsReceived < PACKETS_A_SECOND)
    await lookAgain(began, LOOKS);
  // Nothing need be sent then: only the checks of ICE say that somebody is there (RFC 7675).
  holds = true;
  await phone.hold(true);
  let reason: string | undefined;
  box.engine.events.on('stream.lost', (told) => void (reason = told.leg === leg ? told.reason : reason));
  const lost = waitFor(box.engine.events, 'stream.lost', () => reason !== undefined);
  const goneAt = performance.now();
  link.cut = true;
  phone.vanish();
  await lost;
  console.log(`given up after ${((performance.now() - goneAt) / 1000).toFixed(1)} s`);
  expect(reason).toBe('consent');
  const { row } = await storedCall(box, id);
  expect(row).toMatchObject({ cause: TIMER_EXPIRED, releasedBy: 'fault' });
  expect(box.calls.live()).toEqual([]);
});
