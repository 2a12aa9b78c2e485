// Browsers as telephones: JsSIP with libwebrtc calls an E1 line and is called from one, over WebSocket, ICE, DTLS and SRTP. What each
// hears is judged by correlation with what the other says.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type { WebPhonePass } from '../../daemon/src/contract/index.js';
import { samplesOf } from '../support/audio-match.js';
import { nothingLeaks, storedCall, waitFor, whileRunning } from '../support/box.js';
import { addStation, DOMAIN, startSipBox, type SipBox } from '../support/peer-box.js';
import { recordAt } from '../support/recorded.js';
import { heardWell, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { WebPhone } from '../support/web-phone.js';

let box: SipBox;
const running = whileRunning();
const phones = new Map<string, WebPhone>();
/** libwebrtc stretches what it plays, and Opus at 24 kbit/s is another wave. */
const SAME = { pcma: 0.9, opus: 0.8 };
const STATIONS = { pcma: 1001, opus: 1002 } as const;

beforeAll(async () => {
  box = await startSipBox({ env: { CORDBOARD_SIP_WS_PORT: '0', CORDBOARD_SIP_WEBRTC_PORT: '0' } }, running);
  const url = `ws://127.0.0.1:${box.sip!.ports!.wsPort}`;
  for (const [codec, number] of Object.entries(STATIONS)) {
    const secret = await addStation(box, number, { digest: ['md5'], codecs: [codec as 'pcma'] });
    const says = speech(number - 1001).samples;
    phones.set(codec, await WebPhone.start({ url, number, secret, domain: DOMAIN, says }, running));
  }
});
afterAll(async () => {
  try {
    await nothingLeaks(box);
  } finally {
    await running.end();
  }
});

/** Speaks at the far end of the E1; resolves with what is heard there once the call is over. */
async function speakAt(port: number, path: string, name: string): Promise<() => Promise<Float64Array>> {
  const heard = join(box.config.home, `${name}.wav`);
  const whole = await recordAt(box, port, heard);
  await box.engine.command('play.start', { port, files: [path] });
  return async () => {
    await whole();
    return samplesOf(heard);
  };
}

const socketAt = (path: string): string => new URL(path, box.url.replace('http', 'ws')).href;

/** A page that is signed in; nothing of SIP is known to it but what it is told. */
async function page(agent: string, station: number, tab: string, takeOver = false) {
  const api = new LocalApi(box.config.home);
  const pass = await api.request<WebPhonePass>('POST', `/agents/${agent}/web-phone`, { tab, takeOver });
  const url = socketAt(pass.path);
  const { user, password: secret, domain } = pass;
  const says = speech(station - 1001).samples;
  return WebPhone.start({ url, number: station, user, secret, domain, says }, running);
}

describe('a signed-in page', () => {
  it('is the telephone of its agent, is called from the E1, and is put aside by another tab that says so', async () => {
    const api = new LocalApi(box.config.home);
    await addStation(box, 1003, { codecs: ['opus', 'pcma'] });
    await expect(page('2001', 1003, 'tab-one-1')).rejects.toThrow('not signed in');
    await api.request('POST', '/agents/2001/sign-in', { station: 1003 });
    const phone = await page('2001', 1003, 'tab-one-1');
    await waitFor(box.live, 'station.updated', () => box.stations.find(1003)?.reachable === true);

    const outside = speech(9);
    const answered = phone.answer();
    const { timeslot } = await box.exchange.callers.place({ calledNumber: '1003', callingNumber: '13800138003' });
    await answered;
    const { legs } = await box.engine.command('engine.snapshot', {});
    const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
    const theyHeard = await speakAt(port, outside.path, 'page');
    phone.speak();
    await talkFor(box, 3500);
    const weHeard = phone.ear!.samples;
    phone.hangUp();
    const peaks = { page: heardWell(weHeard, outside), outside: heardWell(await theyHeard(), speech(2)) };
    console.log(`the page hears ${peaks.page.toFixed(3)}, the E1 ${peaks.outside.toFixed(3)}`);
    expect(peaks.page).toBeGreaterThan(SAME.opus);
    expect(peaks.outside).toBeGreaterThan(SAME.opus);

    await expect(page('2001', 1003, 'tab-two-2')).rejects.toThrow('Another page');
    await page('2001', 1003, 'tab-two-2', true);
    await phone.disconnected;
  });

  it('has a WebSocket only with its ticket', async () => {
    const socket = new WebSocket(socketAt('/sip?ticket=nobodys'), 'sip');
    await expect(new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))).rejects.toThrow(
      '403',
    );
  });
});

describe.each(['pcma', 'opus'] as const)('a browser with %s', (codec) => {
  it('calls the E1, and both hear each other', async () => {
    const phone = phones.get(codec)!;
    const number = codec === 'pcma' ? '13800138001' : '13800138002';
    const outside = speech(9);
    box.exchange.subscribers.setPlan(number, { answerAfterMs: 100 });
    const arrived = new Promise<string>((resolve) => {
      box.calls.events.on('call.arrived', ({ call }) => resolve(call.id));
    });
    await phone.dial(`0${number}`);
    const { port } = box.exchange.subscribers.list().find(({ calledNumber }) => calledNumber === number)!;
    const callId = await arrived;
    await waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.phase === 'talking');
    const before = phone.iceNames();
    await phone.restartIce();
    const after = phone.iceNames();
    expect(after.every((name, i) => name !== '' && name !== before[i])).toBe(true);
    const theyHeard = await speakAt(port, outside.path, `called-${codec}`);
    phone.speak();
    await talkFor(box, 3500);
    const weHeard = phone.ear!.samples;

    // A hold is one for the other end.
    await phone.hold(true);
    await waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.parties.some(({ holds }) => holds) === true);
    await phone.hold(false);
    phone.hangUp();
    const { row } = await storedCall(box, callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    const peaks = {
      browser: heardWell(weHeard, outside),
      outside: heardWell(await theyHeard(), speech(STATIONS[codec] - 1001)),
    };
    console.log(`${codec}: the browser hears ${peaks.browser.toFixed(3)}, the E1 ${peaks.outside.toFixed(3)}`);
    expect(peaks.browser).toBeGreaterThan(SAME[codec]);
    expect(peaks.outside).toBeGreaterThan(SAME[codec]);
  });
});
