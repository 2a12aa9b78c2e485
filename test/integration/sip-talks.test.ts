// Everybody calls everybody: SIP telephones (baresip), the E1 and analog telephones. Both speak; what each hears, and what is
// recorded of both, is the other's voice.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplesOf } from '../support/audio-match.js';
import { Phone } from '../support/baresip.js';
import { nothingLeaks, recordingOf, stationFree, storedCall, waitFor, whileRunning } from '../support/box.js';
import { addStation, startSipBox, type SipBox } from '../support/peer-box.js';
import { recordAt } from '../support/recorded.js';
import { heardWell, speech, type Speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';

let box: SipBox;
const running = whileRunning();
const phones = new Map<number, Phone>();
const SIP_STATIONS = [1001, 1002, 1003, 1004, 1005, 1006];
/** Of two who use the same samples nothing but noise of the coding is different. */
const SAME = 0.95;

beforeAll(async () => {
  box = await startSipBox({}, running);
  await Promise.all(
    SIP_STATIONS.map(async (number, index) => {
      const secret = await addStation(box, number, { digest: ['md5'] });
      const says = speech(index).path;
      phones.set(number, await Phone.start({ number, secret, port: box.sipPort, says }, running));
    }),
  );
});
afterAll(async () => {
  try {
    await nothingLeaks(box);
  } finally {
    await running.end();
  }
});

/** Somebody who can call and be called. */
interface Party {
  number: string;
  says: Speech;
  call(number: string): Promise<void>;
  /** Resolves when it has answered. */
  answer(): Promise<void>;
  /** Begins to speak, and to note what is heard. */
  speak(): Promise<void>;
  hangUp(): Promise<unknown>;
  /** after the call */
  heard(): Promise<Float64Array>;
}

function sip(number: number): Party {
  const phone = (): Phone => phones.get(number)!;
  return {
    number: String(number),
    says: speech(number - 1001),
    call: async (to) => void (await phone().dial(to)),
    answer: () => phone().answer(),
    // It has done so since its media began.
    speak: () => Promise.resolve(),
    hangUp: () => phone().hangUp(),
    heard: async () => {
      await phone().event('CALL_CLOSED');
      return phone().heard().at(-1)!;
    },
  };
}

/** What is heard at the far end of a cable, where `said` is spoken; given when the file is whole, which is after the port has gone. */
async function speakAt(port: number, { path }: Speech, name: string): Promise<() => Promise<Float64Array>> {
  const heard = join(box.config.home, `${name}-heard.wav`);
  const whole = await recordAt(box, port, heard);
  await box.engine.command('play.start', { port, files: [path] });
  return async () => {
    await whole();
    return samplesOf(heard);
  };
}

const nothingYet = (): Promise<Float64Array> => Promise.reject(new Error('has not spoken'));

async function farPort(of: (leg: { analog: number; span: number; timeslot: number }) => boolean): Promise<number> {
  const { legs } = await box.engine.command('engine.snapshot', {});
  return legs.find(of)!.port;
}

function analog(station: number): Party {
  const says = speech(station + 2);
  let heard = nothingYet;
  return {
    number: String(station),
    says,
    call: async (to) => {
      await box.exchange.lift(station);
      await box.exchange.dial(station, to);
    },
    answer: async () => {
      const { telephones } = box.exchange;
      await waitFor(telephones.events, 'phone.changed', () => telephones.find(station).ringing);
      await box.exchange.lift(station);
    },
    speak: async () => {
      heard = await speakAt(await farPort((leg) => leg.analog === 10_000 + station), says, `station-${station}`);
    },
    hangUp: () => box.exchange.hangUpPhone(station),
    heard: async () => {
      await stationFree(box, station);
      return heard();
    },
  };
}

/** Somebody outside; `number` is his. */
function outside(number: string, voice: number): Party {
  const says = speech(voice);
  let heard = nothingYet;
  let port = async (): Promise<number> => {
    const called = () => box.exchange.subscribers.list().find(({ calledNumber }) => calledNumber === number);
    await waitFor(box.exchange.subscribers.events, 'call.changed', () => called()?.state === 'answered');
    return called()!.port;
  };
  let exchangeId: string | undefined;
  box.exchange.subscribers.setPlan(number, { answerAfterMs: 200 });
  return {
    number: `0${number}`,
    says,
    call: async (calledNumber) => {
      const { id, timeslot } = await box.exchange.callers.place({ calledNumber, callingNumber: number });
      exchangeId = id;
      port = () => farPort((leg) => leg.span === 101 && leg.timeslot === timeslot);
    },
    answer: async () => void (await port()),
    speak: async () => {
      heard = await speakAt(await port(), says, `outside-${number}`);
    },
    hangUp: async () => {
      if (exchangeId !== undefined) await box.exchange.hangUp(exchangeId);
    },
    heard: () => heard(),
  };
}

describe.concurrent('both hear each other, and both are recorded:', () => {
  it.each<[string, () => [Party, Party]]>([
    ['E1 to SIP', () => [outside('13800138001', 9), sip(1001)]],
    ['SIP to E1', () => [sip(1002), outside('13800138002', 10)]],
    ['SIP to analog', () => [sip(1003), analog(4)]],
    ['analog to SIP', () => [analog(5), sip(1004)]],
    ['SIP to SIP', () => [sip(1005), sip(1006)]],
    ['E1 to analog', () => [outside('13800138003', 11), analog(6)]],
  ])('%s', async (_, parties) => {
    const [caller, callee] = parties();
    const arrived = new Promise<string>((resolve) => {
      box.calls.events.on('call.arrived', ({ call }) => {
        if (call.calledNumber === callee.number) resolve(call.id);
      });
    });
    await Promise.all([caller.call(callee.number), callee.answer()]);
    const callId = await arrived;
    await waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.phase === 'talking');
    await Promise.all([caller.speak(), callee.speak()]);
    await talkFor(box, 3000);
    await caller.hangUp();
    const { row } = await storedCall(box, callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    const [callerHeard, calleeHeard] = [await caller.heard(), await callee.heard()];
    const path = await recordingOf(box, callId);
    const [left, right] = [samplesOf(path, 1), samplesOf(path, 2)];
    const peaks = {
      left: heardWell(left, caller.says),
      right: heardWell(right, callee.says),
      callerHeard: heardWell(callerHeard, callee.says),
      calleeHeard: heardWell(calleeHeard, caller.says),
    };
    for (const [where, peak] of Object.entries(peaks)) expect(peak, where).toBeGreaterThan(SAME);
    expect(heardWell(left, callee.says), 'no echo').toBeLessThan(0.5);
  });
});
