// A key that one party presses reaches the other once, in the form that the other takes: event, tone or INFO.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nothingLeaks, phase, waitFor, whileRunning } from '../support/box.js';
import { keyTone, keysIn } from '../support/dtmf.js';
import type { HandCall, HandPhone, SdpOptions } from '../support/hand-phone.js';
import { registered, startSipBox, type SipBox } from '../support/sip-box.js';
import { stereoAlaw } from '../support/wav.js';

let sip: SipBox;
let next = 1000;
const running = whileRunning();
beforeAll(async () => {
  sip = await startSipBox({}, running);
});
afterAll(() => running.end());

interface Talk {
  one: HandPhone;
  other: HandPhone;
  call: HandCall;
  incoming: HandCall;
  over: () => Promise<void>;
}

const allHear = (...phones: HandPhone[]): Promise<unknown> =>
  Promise.all(phones.map(({ rtp }) => rtp.until(({ packets }) => packets > 10, 'audio comes')));

async function talk(ofOne: SdpOptions, ofOther: SdpOptions, settings: Record<string, unknown> = {}): Promise<Talk> {
  const one = await registered(sip, (next += 1));
  const other = await registered(sip, (next += 1), settings);
  const call = one.call(String(next), ofOne);
  const incoming = await other.called(ofOther);
  const ack = incoming.answer();
  await call.connected();
  await ack;
  await allHear(one, other);
  const over = async (): Promise<void> => {
    await Promise.all([call.bye(), incoming.take('BYE')]);
    await nothingLeaks(sip.box);
  };
  return { one, other, call, incoming, over };
}

/** So long that a second one would have come. */
const moreAudio = (phone: HandPhone): Promise<void> => {
  const enough = phone.rtp.packets + 40;
  return phone.rtp.until(({ packets }) => packets >= enough, 'some more audio has come');
};

it('events stay events, both ways', async () => {
  const { one, other, over } = await talk({}, {});
  one.rtp.press('5');
  await other.rtp.until((end) => end.keys() !== '', 'the key comes');
  other.rtp.press('#');
  await one.rtp.until((end) => end.keys() !== '', 'the other key comes');
  await moreAudio(one);
  expect([one.rtp.keys(), other.rtp.keys()]).toEqual(['#', '5']);
  expect([keysIn(one.rtp.heard()), keysIn(other.rtp.heard())]).toEqual(['', '']);
  await over();
});

it('an event becomes a tone for one who has not agreed upon events, and his tone an event', async () => {
  const { one, other, over } = await talk({}, { events: false });
  one.rtp.press('7');
  await other.rtp.until((end) => keysIn(end.heard()) !== '', 'the tone comes');
  await other.rtp.say(keyTone('3'));
  await one.rtp.until((end) => end.keys() !== '', 'the event comes');
  await moreAudio(one);
  expect(keysIn(other.rtp.heard())).toBe('7');
  expect(other.rtp.keys()).toBe('');
  expect(one.rtp.keys()).toBe('3');
  await over();
});

it('tones go through as they are between two who have not agreed upon events', async () => {
  const { one, other, over } = await talk({ events: false }, { events: false });
  await one.rtp.say(keyTone('9'));
  await other.rtp.until((end) => keysIn(end.heard()) !== '', 'the tone comes');
  await moreAudio(other);
  expect(keysIn(other.rtp.heard())).toBe('9');
  await over();
});

it('INFO becomes an event', async () => {
  const { other, call, over } = await talk({}, {});
  expect((await call.info('8')).status).toBe(200);
  await other.rtp.until((end) => end.keys() !== '', 'the event comes');
  await moreAudio(other);
  expect(other.rtp.keys()).toBe('8');
  await over();
});

it('an event becomes INFO for a telephone that takes its digits so, and nothing else', async () => {
  const { one, other, incoming, over } = await talk({}, { events: false }, { dtmf: 'info' });
  one.rtp.press('4');
  const info = await incoming.take('INFO');
  expect(info.body.toString()).toMatch(/^Signal=4\r\nDuration=\d+/);
  await moreAudio(other);
  expect(keysIn(other.rtp.heard())).toBe('');
  expect(other.received.filter((message) => message.kind === 'request' && message.method === 'INFO')).toHaveLength(1);
  await over();
});

it('an event becomes a tone on the E1, and a tone from there an event', async () => {
  const { box } = sip;
  box.exchange.subscribers.setPlan('13800138000', { answerAfterMs: 100 });
  const one = await registered(sip, (next += 1));
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  const call = one.call('013800138000');
  await waitFor(
    box.exchange.subscribers.events,
    'call.changed',
    () => box.exchange.subscribers.list()[0]?.state === 'answered',
  );
  await call.connected();
  await phase(box, await arrived, 'talking');
  await allHear(one);
  const { legs } = await box.engine.command('engine.snapshot', {});
  const { port } = legs.find(({ span }) => span === 101)!;
  const path = join(box.config.home, 'exchange-heard.wav');
  const { recording } = await box.engine.command('recording.start', { port, path });
  one.rtp.press('6');
  await moreAudio(one);
  await box.engine.command('digits.send', { port, digits: '2' });
  await one.rtp.until((end) => end.keys() !== '', 'the event comes');
  await moreAudio(one);
  expect(one.rtp.keys()).toBe('2');
  await box.engine.command('recording.stop', { recording });
  await call.bye();
  await nothingLeaks(box);
  // What comes to the exchange stands on the left, what it sends on the right.
  expect(keysIn(stereoAlaw(path).left)).toBe('6');
  expect(keysIn(stereoAlaw(path).right)).toBe('2');
});
