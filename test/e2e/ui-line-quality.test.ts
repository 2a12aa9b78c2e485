// A headset by https with the certificate that the box has made for itself, and a supervisor who sees within seconds that its line
// has become bad, how bad, and that it is good again: between page and box a network that loses what it is told to.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplesOf } from '../support/audio-match.js';
import { dchannelsUp, waitFor, whileRunning } from '../support/box.js';
import { LossyLink, every } from '../support/lossy-link.js';
import { addStation } from '../support/peer-box.js';
import { recordAt } from '../support/recorded.js';
import { secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { SCREENS, inBothLanguages, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';
import { checkWords } from './ui-words.js';

const STATION = 1001;
const AGENT = '2001';
/** Opus at 24 kbit/s, and what a browser does for its sound */
const WELL = 0.75;
/** The box is where the link is; text, because these tests know no DOM. */
const BEHIND = `
  const plain = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function ({ type, sdp }) {
    return plain.call(this, { type, sdp: await window.throughLink(sdp) });
  };
`;
const HEARD = `
  const Plain = window.Audio;
  window.heard = [];
  window.Audio = function () {
    const audio = new Plain();
    const look = setInterval(() => {
      if (!audio.srcObject) return;
      clearInterval(look);
      const context = new AudioContext({ sampleRate: 8000 });
      const tap = (window.tap = context.createScriptProcessor(1024, 1, 1));
      tap.onaudioprocess = ({ inputBuffer }) => window.heard.push(...inputBuffer.getChannelData(0));
      context.createMediaStreamSource(audio.srcObject).connect(tap);
      tap.connect(context.destination);
    }, 20);
    return audio;
  };
`;

let ui: UiBox;
let link: LossyLink;
let desk: Browser;
let floor: Browser;
const running = whileRunning();

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_SIP_WEBRTC_PORT: '0', CORDBOARD_HTTPS_PORT: '0' });
  running.onEnd(() => ui.close());
  link = await LossyLink.open(running);
  await dchannelsUp(ui.box);
  const token = await ui.user('a2001', 'agent', AGENT);
  await addStation(ui.box, STATION, { codecs: ['opus', 'pcma'] });
  await ui.api('POST', `/agents/${AGENT}/sign-in`, { station: STATION });
  const at = `https://127.0.0.1:${ui.box.tlsPort!}`;
  desk = await ui.browser({ token, microphone: speech(0).path, at });
  await desk.page.exposeFunction('throughLink', (sdp: string) => link.through(sdp));
  await desk.page.addInitScript(BEHIND + HEARD);
  floor = await ui.browser();
  await desk.page.goto(`${at}/desk`);
  await floor.page.goto(`${ui.origin}/floor`);
});
afterAll(() => running.end());

test('a headset by https talks, and its line is bad on the floor while it is', async () => {
  const { page } = desk;
  expect(await page.evaluate('location.protocol + isSecureContext')).toBe('https:true');
  await page.locator('[data-headset-panel] .opener').click();
  await page.locator('[data-headset-on]').click();
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(STATION)?.reachable === true);

  const outside = speech(9);
  const numbers = { calledNumber: String(STATION), callingNumber: '13800138000' };
  const { id, timeslot } = await ui.box.exchange.callers.place(numbers);
  await page.locator('[role=toolbar] button').first().click();
  await page.locator('[data-call][data-phase="talking"]').waitFor();
  const { legs } = await ui.box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  const file = join(ui.box.config.home, 'outside.wav');
  const whole = await recordAt(ui.box, port, file);
  await ui.box.engine.command('play.start', { port, files: [outside.path] });
  await talkFor(ui.box, 6000);
  const samples = await page.evaluate<number[]>('window.heard');
  const weHear = secondsHeard(
    Float64Array.from(samples, (sample) => sample * 32_768),
    outside,
    WELL,
  );
  expect(weHear).toBeGreaterThan(1.5);

  const seat = floor.page.locator(`[data-agent="${AGENT}"]`);
  const mark = seat.locator('[data-line]');
  await seat.click();
  const panel = floor.page.locator('[data-test="line"]');
  await floor.page.locator('[data-test="line"][data-word="good"]').waitFor();
  expect(await mark.count()).toBe(0);

  link.up = every(4);
  const began = performance.now();
  await floor.page.locator(`[data-agent="${AGENT}"] [data-line="poor"]`).waitFor();
  console.log(`a line that loses a quarter was bad on the floor after ${Math.round(performance.now() - began)} ms`);
  await floor.page.locator('[data-test="line"][data-word="poor"]').waitFor();
  const percent = async (): Promise<number> => Number(/(\d+)/.exec((await mark.textContent()) ?? '')?.[1]);
  await expect.poll(percent, { timeout: 45_000 }).toBeGreaterThan(20);
  expect(await percent()).toBeLessThan(30);
  expect((await mark.getAttribute('title'))?.split('\n').length).toBeGreaterThan(1);
  await inBothLanguages(floor.page, 'floor-bad-line', `[data-agent="${AGENT}"] [data-line]`, async (language) => {
    if (!(await panel.isVisible())) await seat.click();
    await panel.waitFor();
    await floor.page.screenshot({ path: join(SCREENS, `floor-bad-line-panel.${language}.png`) });
    const { name } = ui.box.agents.list().find((agent) => agent.id === AGENT)!;
    await checkWords(floor.page, language, [name, ...ui.box.agents.list().map((agent) => agent.name)]);
  });

  // What the seat has stands within it.
  const [tile, said] = await Promise.all([seat.boundingBox(), mark.boundingBox()]);
  expect(said!.x + said!.width).toBeLessThan(tile!.x + tile!.width);
  // Loaded anew for its pictures, the page has the panel closed.
  if (!(await panel.isVisible())) await seat.click();
  await panel.waitFor();
  link.up = () => false;
  await mark.waitFor({ state: 'detached' });
  await floor.page.locator('[data-test="line"][data-word="good"]').waitFor();
  await ui.box.exchange.hangUp(id);
  await whole();
  const theyHear = secondsHeard(samplesOf(file), speech(0), WELL);
  console.log(`by https the page heard ${weHear.toFixed(1)} s, the E1 ${theyHear.toFixed(1)} s`);
  expect(theyHear).toBeGreaterThan(1.5);
  await panel.waitFor({ state: 'detached' });
  expect([...desk.complaints, ...floor.complaints]).toEqual([]);
});
