// Before the shift: an agent hears himself as others will, and chooses where it rings, which is where it then rings.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dchannelsUp, storedCall, waitFor } from '../support/box.js';
import { secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { lookAgain } from '../support/turns.js';
import { SCREENS, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';
import { WELL, answer, callDesk, heardAt, openDesk, switchOn } from './ui-headset-desk.js';
import { checkWords, type Language } from './ui-words.js';

const STATION = 1001;
const OTHER_STATION = 1002;
const says = speech(0);
const BELL_HZ = [660, 830];
const LOOKS = { leastMs: 50, mostMs: 500 };
/** Text, because these tests know no DOM: what rings where. */
const CATCH = `
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
let ui: UiBox;
let desk: Browser;

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_SIP_WEBRTC_PORT: '0' });
  await dchannelsUp(ui.box);
  desk = await openDesk(ui, { agent: '2001', station: STATION, says, script: CATCH });
  await switchOn(ui, desk.page, STATION);
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
  const heard = await heardAt(page, async () => {
    await page.locator('[data-headset-test]').click();
    await page.locator('[data-headset-test-end]').waitFor();
    await looks(page, 'headset-test');
    await waitFor(ui.box.live, 'call.segment', () => echoed);
    await page.locator('[data-headset-test-end]').click();
    await page.locator('[data-headset-test]:not([disabled])').waitFor();
  });
  await storedCall(ui.box, id!);
  const seconds = secondsHeard(heard, says, WELL);
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
    await looks(page, 'headset');
  }

  const { id } = await callDesk(ui, STATION);
  const began = performance.now();
  while ((await page.evaluate<number>('window.rung ? window.rung.samples.length : 0')) < 8000)
    await lookAgain(began, LOOKS);
  const { at, samples } = await page.evaluate<{ at: string; samples: number[] }>('window.rung');
  expect(at).toBe(chosen);
  const loud = samples.slice(0, 8000);
  const [bell, other] = [Math.max(...BELL_HZ.map((hz) => power(loud, hz))), power(loud, 1500)];
  console.log(`the bell ${bell.toExponential(1)}, beside it ${other.toExponential(1)}`);
  expect(bell).toBeGreaterThan(100 * other);

  await answer(page);
  await page.evaluate('void window.rung.samples.splice(0)');
  await talkFor(ui.box, 6000);
  const after = await page.evaluate<number[]>('window.rung.samples');
  expect(Math.max(0, ...after.map(Math.abs))).toBe(0);
  await ui.box.exchange.hangUp(id);
});

test('who has no microphone is told what to do about it, and is a telephone once there is one', async () => {
  const refuse = `
    const { mediaDevices } = navigator;
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    window.allow = () => (mediaDevices.getUserMedia = getUserMedia);
    mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
  `;
  const { page } = await openDesk(ui, { agent: '2002', station: OTHER_STATION, says, script: refuse });
  for (const language of ['zh-CN', 'en'] as const) {
    await page.evaluate(`localStorage.setItem('cordboard.language', '${language}')`);
    await page.reload();
    await page.locator('[data-headset-panel] .opener').click();
    await page.locator('[data-headset-on]').click();
    await page.locator('[data-headset-panel][data-state="refused"] [role=alert]').waitFor();
    await looks(page, 'headset-refused');
  }
  expect(ui.box.stations.find(OTHER_STATION)?.reachable).toBe(false);
  await page.evaluate('void window.allow()');
  await page.locator('[data-headset-on]').click();
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
});

/** The panel as it is, in the language that the page has. */
async function looks(page: Page, name: string): Promise<void> {
  const language = await page.evaluate<Language>('document.documentElement.lang');
  mkdirSync(SCREENS, { recursive: true });
  await page.screenshot({ path: join(SCREENS, `${name}.${language}.png`), animations: 'disabled' });
  // as the system names them, and the telephone
  const devices = await page.locator('[data-headset-panel] option').allTextContents();
  await checkWords(page, language, [...devices, 'Phone', ...ui.box.agents.list().map(({ name }) => name)]);
}

/** Goertzel, at 8 kHz. */
function power(samples: readonly number[], hz: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hz) / 8000);
  let [one, two] = [0, 0];
  for (const sample of samples) [one, two] = [sample + turn * one - two, one];
  return (one * one + two * two - turn * one * two) / samples.length ** 2;
}
