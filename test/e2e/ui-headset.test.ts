// An agent with a browser and a headset is a station: Chromium with a microphone that speaks from a file is called from the E1, and
// both sides hear each other; a muted speaker is told; another tab takes over with consent.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dchannelsUp, waitFor } from '../support/box.js';
import { measured } from '../support/measured.js';
import { keysIn } from '../support/dtmf.js';
import { recordAt } from '../support/recorded.js';
import { speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { stereoAlaw } from '../support/wav.js';
import { startUiBox, type UiBox } from './ui-box.js';
import { answer, bothHear, callDesk, openDesk, switchOn } from './ui-headset-desk.js';

const STATION = 1001;
const AGENT = '2001';
const says = speech(0);
/** Resolves when the loudspeaker plays. */
const SOUNDS = `new Promise((resolve) => {
  const look = setInterval(() => {
    const audio = window.headsetSpeaker;
    if (!audio || !audio.srcObject || audio.currentTime === 0) return;
    clearInterval(look);
    resolve();
  }, 5);
})`;
const CATCH = `
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
let desk: Awaited<ReturnType<typeof openDesk>>;

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_SIP_WEBRTC_PORT: '0' });
  await dchannelsUp(ui.box);
  desk = await openDesk(ui, { agent: AGENT, station: STATION, says, script: CATCH });
});
afterAll(() => ui.close());

test('a call of the E1 rings at the page, is answered there, and both hear each other', async () => {
  const { page } = desk;
  await switchOn(ui, page, STATION);
  const { id, port } = await callDesk(ui, STATION);
  await answer(page);
  const file = join(ui.box.config.home, 'keys.wav');
  const whole = await recordAt(ui.box, port, file);
  const heard = await bothHear(ui, page, port, says, 6000);
  await page.evaluate(PRESS);
  await talkFor(ui.box, 500);
  const quality = await page.locator('[data-headset-quality]').textContent();
  await page.locator('[data-headset-mute]').click();
  await page.locator('.warning[role=alert]').waitFor();

  const before = performance.now();
  await page.reload();
  await page.evaluate(SOUNDS);
  measured('reloadUntilSound', performance.now() - before, 'ms');
  const again = await bothHear(ui, page, port, says, 4000);
  await ui.box.exchange.hangUp(id);
  await whole();
  console.log(`the page heard ${heard.page.toFixed(1)} s, the E1 ${heard.outside.toFixed(1)} s; ${quality}`);
  console.log(`loaded anew, the page heard ${again.page.toFixed(1)} s, the E1 ${again.outside.toFixed(1)} s`);
  expect([keysIn(stereoAlaw(file).left), keysIn(stereoAlaw(file).right)]).toEqual(['5#0', '']);
  expect(heard.page).toBeGreaterThan(1.5);
  expect(heard.outside).toBeGreaterThan(1.5);
  expect(again.page).toBeGreaterThan(1);
  expect(again.outside).toBeGreaterThan(1);
});

test('who signs out of the station is no telephone any more', async () => {
  const { page } = desk;
  await ui.api('POST', `/agents/${AGENT}/state`, { state: 'signedOut' });
  await page.locator('[data-headset-panel]').waitFor({ state: 'detached' });
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(STATION)?.reachable === false);
  await ui.api('POST', `/agents/${AGENT}/sign-in`, { station: STATION });
  await switchOn(ui, page, STATION);
});

test('another tab takes over when its user says so', async () => {
  const second = await ui.browser({ token: desk.token, microphone: speech(1).path });
  const { page } = second;
  await page.goto(`${ui.origin}/desk`);
  await page.locator('[data-headset-panel] .opener').click();
  await page.locator('[data-headset-on]').click();
  await page.locator('[data-headset-take]').click();
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
  await desk.page.locator('[data-headset-panel][data-state="elsewhere"]').waitFor();
});
