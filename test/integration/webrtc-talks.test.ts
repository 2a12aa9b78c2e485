// Browsers talk with each other and with telephones of SIP, and hand a caller on: JsSIP with libwebrtc at one end, the same or baresip
// at the other. What each hears is judged by correlation with what the other says.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Phone } from '../support/baresip.js';
import { nothingLeaks, storedCall, waitFor, whileRunning } from '../support/box.js';
import { addStation, DOMAIN, startSipBox, type SipBox } from '../support/peer-box.js';
import { heardWell, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { WebPhone } from '../support/web-phone.js';

const [ONE, OTHER, DESK] = [1001, 1002, 1003];
const TALK_MS = 3500;
/** Twice Opus at 24 kbit/s is another wave, and libwebrtc stretches what it plays: it is by so much more like what was said than like anything else. */
const CLEARER = 0.15;

let box: SipBox;
let one: WebPhone;
let other: WebPhone;
let desk: Phone;
const running = whileRunning();

beforeAll(async () => {
  box = await startSipBox({ env: { CORDBOARD_SIP_WS_PORT: '0', CORDBOARD_SIP_WEBRTC_PORT: '0' } }, running);
  const url = `ws://127.0.0.1:${box.sip!.ports!.wsPort}`;
  const browser = async (number: number): Promise<WebPhone> => {
    const secret = await addStation(box, number, { digest: ['md5'], codecs: ['opus', 'pcma'] });
    return WebPhone.start({ url, number, secret, domain: DOMAIN, says: speech(number - ONE).samples }, running);
  };
  [one, other] = [await browser(ONE), await browser(OTHER)];
  const secret = await addStation(box, DESK, { digest: ['md5'] });
  desk = await Phone.start({ number: DESK, secret, port: box.sipPort, says: speech(DESK - ONE).path }, running);
});
afterAll(async () => {
  try {
    await nothingLeaks(box);
  } finally {
    await running.end();
  }
});

const arrived = (): Promise<string> =>
  new Promise((resolve) => {
    const off = box.calls.events.on('call.arrived', ({ call }) => {
      off();
      resolve(call.id);
    });
  });
const talks = (id: string): Promise<void> =>
  waitFor(box.live, 'call.updated', () => box.calls.find(id)?.phase === 'talking');

/** How well a voice is heard, beside one that nobody speaks with. */
function hears(who: string, heard: Float64Array, voice: number): void {
  const [own, nobodys] = [heardWell(heard, speech(voice)), heardWell(heard, speech(9))];
  console.log(`${who} hears ${own.toFixed(3)}; what nobody says: ${nobodys.toFixed(3)}`);
  expect(own).toBeGreaterThan(nobodys + CLEARER);
}

it('a browser calls another, and both hear each other', async () => {
  const answered = other.answer();
  const came = arrived();
  await one.dial(String(OTHER));
  await answered;
  const id = await came;
  await talks(id);
  one.speak();
  other.speak();
  await talkFor(box, TALK_MS);
  const heard = { one: one.ear!.samples, other: other.ear!.samples };
  one.hangUp();
  const { row } = await storedCall(box, id);
  expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
  hears('one browser', heard.one, 1);
  hears('the other browser', heard.other, 0);
});

it('a browser calls a telephone of SIP, and both hear each other', async () => {
  const came = arrived();
  const dialled = one.dial(String(DESK));
  await desk.answer();
  await dialled;
  const id = await came;
  await talks(id);
  one.speak();
  await talkFor(box, TALK_MS);
  const oneHeard = one.ear!.samples;
  await desk.hangUp();
  await storedCall(box, id);
  await desk.event('CALL_CLOSED');
  hears('the browser', oneHeard, 2);
  hears('the telephone', desk.heard().at(-1)!, 0);
});
