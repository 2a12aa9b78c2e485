// An agent with a browser and a headset is a station: Chromium with a microphone that speaks from a file is called from the E1, and
// both sides hear each other; a muted speaker is told; another tab takes over with consent.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplesOf } from '../support/audio-match.js';
import { dchannelsUp, waitFor } from '../support/box.js';
import { measured } from '../support/measured.js';
import { addStation } from '../support/peer-box.js';
import { keysIn } from '../support/dtmf.js';
import { recordAt } from '../support/recorded.js';
import { secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { stereoAlaw } from '../support/wav.js';
import { startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';

const STATION = 1001;
const AGENT = '2001';
/** Opus at 24 kbit/s, and what a browser does for its sound */
const WELL = 0.75;
/** Keeps what the page hears, 8 kHz; text, because these tests know no DOM. */
const KEEP = `(() => {
  const context = new AudioContext({ sampleRate: 8000 });
  window.heard = [];
  const look = setInterval(() => {
    const audio = window.headsetSpeaker;
    if (!audio || !audio.srcObject) return;
    clearInterval(look);
    const tap = context.createScriptProcessor(1024, 1, 1);
    tap.onaudioprocess = ({ inputBuffer }) => window.heard.push(...inputBuffer.getChannelData(0));
    context.createMediaStreamSource(audio.srcObject).connect(tap);
    tap.connect(context.destination);
    window.tap = tap;
  }, 20);
})()`;
/** Resolves when the loudspeaker plays. */
const SOUNDS = `new Promise((resolve) => {
  const look = setInterval(() => {
    const audio = window.headsetSpeaker;
    if (!audio || !audio.srcObject || audio.currentTime === 0) return;
    clearInterval(look);
    resolve();
  }, 5);
})`;
/** The page's loudspeaker stands nowhere in its document. */
const CATCH = `
  const Plain = window.Audio;
  window.Audio = function () { return (window.headsetSpeaker = new Plain()); };
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = function (...given) { return (window.headsetConnection = new Connection(...given)); };
`;
/** Keys as browsers send them beside the sound (RFC 4733); resolves when the last is over. */
const PRESS = `new Promise((resolve) => {
  const { dtmf } = window.headsetConnection.getSenders()[0];
  dtmf.ontonechange = ({ tone }) => tone === '' && resolve();
  dtmf.insertDTMF('5#0', 120, 80);
})`;

let ui: UiBox;
let token: string;
let desk: Browser;

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_SIP_WEBRTC_PORT: '0' });
  await dchannelsUp(ui.box);
  token = await ui.user('a2001', 'agent', AGENT);
  await addStation(ui.box, STATION, { codecs: ['opus', 'pcma'] });
  await ui.api('POST', `/agents/${AGENT}/sign-in`, { station: STATION });
  desk = await ui.browser({ token, microphone: speech(0).path });
  await desk.page.addInitScript(CATCH);
});
afterAll(() => ui.close());

test('a call of the E1 rings at the page, is answered there, and both hear each other', async () => {
  const { page } = desk;
  await page.goto(`${ui.origin}/desk`);
  await page.locator('[data-headset-panel] .opener').click();
  await page.locator('[data-headset-on]').click();
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(STATION)?.reachable === true);

  const outside = speech(9);
  const { id, timeslot } = await ui.box.exchange.callers.place({
    calledNumber: String(STATION),
    callingNumber: '13800138000',
  });
  const answer = page.locator('[role=toolbar] button').first();
  await answer.waitFor();
  await page.evaluate(KEEP);
  await answer.click();
  await page.locator('[data-call][data-phase="talking"]').waitFor();
  const { legs } = await ui.box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  const file = join(ui.box.config.home, 'outside.wav');
  const whole = await recordAt(ui.box, port, file);
  await ui.box.engine.command('play.start', { port, files: [outside.path] });
  await talkFor(ui.box, 6000);
  const heard = await page.evaluate<number[]>('window.heard');
  await page.evaluate(PRESS);
  await talkFor(ui.box, 500);
  const quality = await page.locator('[data-headset-quality]').textContent();
  await page.locator('[data-headset-mute]').click();
  await page.locator('.warning[role=alert]').waitFor();

  const before = performance.now();
  await page.reload();
  await page.evaluate(SOUNDS);
  const rejoinedMs = performance.now() - before;
  measured('reloadUntilSound', rejoinedMs, 'ms');
  await page.evaluate(KEEP);
  await ui.box.engine.command('play.start', { port, files: [outside.path] });
  await talkFor(ui.box, 4000);
  const heardAgain = await page.evaluate<number[]>('window.heard');
  await ui.box.exchange.hangUp(id);
  await whole();
  const pageHeard = secondsHeard(
    Float64Array.from(heard, (sample) => sample * 32_768),
    outside,
    WELL,
  );
  const outsideHeard = secondsHeard(samplesOf(file), speech(0), WELL);
  console.log(`the page heard ${pageHeard.toFixed(1)} s, the E1 ${outsideHeard.toFixed(1)} s; ${quality}`);
  expect([keysIn(stereoAlaw(file).left), keysIn(stereoAlaw(file).right)]).toEqual(['5#0', '']);
  expect(pageHeard).toBeGreaterThan(1.5);
  expect(outsideHeard).toBeGreaterThan(1.5);

  const afterwards = samplesOf(file).slice(-5 * 8000);
  const again = {
    page: secondsHeard(
      Float64Array.from(heardAgain, (sample) => sample * 32_768),
      outside,
      WELL,
    ),
    outside: secondsHeard(afterwards, speech(0), WELL),
  };
  console.log(`loaded anew, the page heard ${again.page.toFixed(1)} s, the E1 ${again.outside.toFixed(1)} s`);
  expect(again.page).toBeGreaterThan(1);
  expect(again.outside).toBeGreaterThan(1);
});

test('who signs out of the station is no telephone any more', async () => {
  const { page } = desk;
  await ui.api('POST', `/agents/${AGENT}/state`, { state: 'signedOut' });
  await page.locator('[data-headset-panel]').waitFor({ state: 'detached' });
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(STATION)?.reachable === false);
  await ui.api('POST', `/agents/${AGENT}/sign-in`, { station: STATION });
  await page.locator('[data-headset-panel] .opener').click();
  await page.locator('[data-headset-on]').click();
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
});

test('another tab takes over when its user says so', async () => {
  const second = await ui.browser({ token, microphone: speech(1).path });
  const { page } = second;
  await page.goto(`${ui.origin}/desk`);
  await page.locator('[data-headset-panel] .opener').click();
  await page.locator('[data-headset-on]').click();
  await page.locator('[data-headset-take]').click();
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
  await desk.page.locator('[data-headset-panel][data-state="elsewhere"]').waitFor();
});
