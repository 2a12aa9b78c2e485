// Before the shift: an agent hears himself as others will, and chooses where it rings, which is where it then rings.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dchannelsUp, storedCall, waitFor } from '../support/box.js';
import { addStation } from '../support/peer-box.js';
import { secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { lookAgain } from '../support/turns.js';
import { SCREENS, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';
import { checkWords, type Language } from './ui-words.js';

const STATION = 1001;
const AGENT = '2001';
const WELL = 0.75;
const BELL_HZ = [660, 830];
const LOOKS = { leastMs: 50, mostMs: 500 };
/** Text, because these tests know no DOM: what is heard at the loudspeaker, and what rings where. */
const CATCH = `
  const Plain = window.Audio;
  window.Audio = function () { return (window.headsetSpeaker = new Plain()); };
  const setSinkId = HTMLMediaElement.prototype.setSinkId;
  HTMLMediaElement.prototype.setSinkId = function (id) { this.dataset.at = id; return setSinkId.call(this, id); };
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this.dataset.ringer !== undefined) {
      const context = new AudioContext({ sampleRate: 8000 });
      const tap = context.createScriptProcessor(1024, 1, 1);
      window.rung = { at: this.dataset.at ?? '', samples: [] };
      tap.onaudioprocess = ({ inputBuffer }) => window.rung.samples.push(...inputBuffer.getChannelData(0));
      context.createMediaStreamSource(this.srcObject).connect(tap);
      tap.connect(context.destination);
      window.ringTap = tap;
    }
    return play.call(this);
  };
`;
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

let ui: UiBox;
let desk: Browser;

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_SIP_WEBRTC_PORT: '0' });
  await dchannelsUp(ui.box);
  const token = await ui.user('a2001', 'agent', AGENT);
  await addStation(ui.box, STATION, { codecs: ['opus', 'pcma'] });
  await ui.api('POST', `/agents/${AGENT}/sign-in`, { station: STATION });
  desk = await ui.browser({ token, microphone: speech(0).path });
  await desk.page.addInitScript(CATCH);
  await desk.page.goto(`${ui.origin}/desk`);
  await desk.page.locator('[data-headset-panel] .opener').click();
  await desk.page.locator('[data-headset-on]').click();
  await desk.page.locator('[data-headset-panel][data-state="ready"]').waitFor();
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(STATION)?.reachable === true);
});
afterAll(() => ui.close());

test('who tests his headset hears what he says, and ends the test', async () => {
  const { page } = desk;
  let id: string | undefined;
  ui.box.calls.events.on('call.arrived', ({ call }) => void (id = call.id));
  let echoed = false;
  ui.box.live.on('call.segment', ({ kind, data, endedAt }) => {
    const { prompts } = data as { prompts?: unknown };
    if (kind === 'prompt' && endedAt !== null && Array.isArray(prompts) && prompts.includes('file')) echoed = true;
  });
  await page.evaluate(KEEP);
  await page.locator('[data-headset-test]').click();
  await page.locator('[data-headset-test-end]').waitFor();
  await looks('headset-test');
  await waitFor(ui.box.live, 'call.segment', () => echoed);
  await page.locator('[data-headset-test-end]').click();
  await page.locator('[data-headset-test]:not([disabled])').waitFor();
  await storedCall(ui.box, id!);
  const heard = await page.evaluate<number[]>('window.heard');
  const seconds = secondsHeard(
    Float64Array.from(heard, (sample) => sample * 32_768),
    speech(0),
    WELL,
  );
  console.log(`heard ${seconds.toFixed(1)} s of himself`);
  expect(seconds).toBeGreaterThan(1.5);
});

test('it rings at the device that was chosen for it, also after the page was loaded anew, and is quiet once answered', async () => {
  const { page } = desk;
  const choice = page.locator('[data-headset-ringer]');
  const devices = await choice
    .locator('option')
    .evaluateAll((options) => options.map((one) => one.getAttribute('value')));
  const chosen = devices.at(-1)!;
  expect(chosen, devices.join(' ')).not.toBe('');
  await choice.selectOption(chosen);
  for (const language of ['zh-CN', 'en']) {
    await page.evaluate(`localStorage.setItem('cordboard.language', '${language}')`);
    await page.reload();
    await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
    await page.locator('[data-headset-panel] .opener').click();
    await looks('headset');
  }

  const { id } = await ui.box.exchange.callers.place({ calledNumber: String(STATION), callingNumber: '13800138000' });
  const answer = page.locator('[role=toolbar] button').first();
  await answer.waitFor();
  const began = performance.now();
  while ((await page.evaluate<number>('window.rung ? window.rung.samples.length : 0')) < 8000)
    await lookAgain(began, LOOKS);
  const { at, samples } = await page.evaluate<{ at: string; samples: number[] }>('window.rung');
  expect(at).toBe(chosen);
  const loud = samples.slice(0, 8000);
  const [bell, other] = [Math.max(...BELL_HZ.map((hz) => power(loud, hz))), power(loud, 1500)];
  console.log(`the bell ${bell.toExponential(1)}, beside it ${other.toExponential(1)}`);
  expect(bell).toBeGreaterThan(100 * other);

  await answer.click();
  await page.locator('[data-call][data-phase="talking"]').waitFor();
  await page.evaluate('void window.rung.samples.splice(0)');
  await talkFor(ui.box, 6000);
  const after = await page.evaluate<number[]>('window.rung.samples');
  expect(Math.max(0, ...after.map(Math.abs))).toBe(0);
  await ui.box.exchange.hangUp(id);
});

/** The panel as it is, in the language that the page has. */
async function looks(name: string): Promise<void> {
  const { page } = desk;
  const language = await page.evaluate<Language>('document.documentElement.lang');
  mkdirSync(SCREENS, { recursive: true });
  await page.screenshot({ path: join(SCREENS, `${name}.${language}.png`), animations: 'disabled' });
  // as the system names them
  await checkWords(page, language, await page.locator('[data-headset-panel] option').allTextContents());
}

/** Goertzel, at 8 kHz. */
function power(samples: readonly number[], hz: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hz) / 8000);
  let [one, two] = [0, 0];
  for (const sample of samples) [one, two] = [sample + turn * one - two, one];
  return (one * one + two * two - turn * one * two) / samples.length ** 2;
}
