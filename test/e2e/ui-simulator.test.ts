// The simulator as a person uses it, with real sound: one browser calls in and speaks into its microphone, another one picks the
// agent's telephone up and plays a file; each hears the other, and the recording has both.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { recordingOf, storedCall } from '../support/box.js';
import { secondsHeard, speech } from '../support/speech.js';
import { fromAlaw, stereoAlaw } from '../support/wav.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import { heardIn, type Browser } from './ui-browser.js';

const [CALLER, AGENT] = [speech(0), speech(1)];
/** as audio passes two browsers that resample, on a machine that does other things besides */
const WELL = 0.7;
let ui: UiBox;
let outside: Browser;
let inside: Browser;

beforeAll(async () => {
  ui = await startUiBox();
  outside = await ui.browser({ microphone: CALLER.path });
  inside = await ui.browser({ microphone: AGENT.path });
  for (const { page } of [outside, inside]) await page.goto(`${ui.origin}/simulator`);
});
afterAll(() => ui.close());

const phone = (page: Page) => page.locator('[data-station="1"]');

/** so much of what was heard last is looked at: each says the same again and again within half of it */
const KEPT = 30 * 8000;

/** A page on a busy machine may lose a block now and then; a call never waits for it. */
const ENOUGH_S = 1.5;

/** Waits until it is heard, looking anew at what has come meanwhile. */
async function hears({ page }: Browser, said: typeof CALLER): Promise<void> {
  let heard = new Float64Array();
  const look = async (): Promise<number> => {
    heard = Float64Array.from([...heard, ...(await heardIn(page))]).slice(-KEPT);
    return heard.length < 24_000 ? 0 : secondsHeard(heard, said, WELL);
  };
  await expect.poll(look, { timeout: 45_000, interval: 500 }).toBeGreaterThan(ENOUGH_S);
}

test('a call between two browsers is heard in both and recorded', async () => {
  // the agent signs in at his telephone
  const desk = phone(inside.page);
  await desk.locator('[data-act="signIn"]').click();
  await inside.page.locator('.el-message--success').waitFor();

  // the caller dials, hears the menu, presses 1 and speaks
  const caller = outside.page.locator('[data-test="caller"]');
  await expect.poll(() => caller.locator('input[name="dial"]').inputValue(), { timeout: 45_000 }).not.toBe('');
  await caller.getByText('麦克风', { exact: true }).click();
  await caller.locator('[data-act="call"]').click();
  await outside.page.locator('[data-test="caller"][data-state="answered"][data-sound="on"]').waitFor();
  await caller.locator('[data-key="1"]').click();

  // it rings on the other page, is picked up there, and the agent plays a file
  await inside.page.locator('[data-station="1"][data-state="ringing"]').waitFor();
  await desk.locator('[data-act="lift"]').click();
  await desk.locator('[data-sound="on"]').waitFor();
  await desk.locator('input[type="file"]').setInputFiles(AGENT.path);

  await hears(inside, CALLER);
  await hears(outside, AGENT);

  const [call] = ui.box.calls.live();
  await caller.locator('[data-act="hangUp"]').click();
  await outside.page.locator('[data-test="caller"][data-state="released"][data-sound="off"]').waitFor();
  await storedCall(ui.box as never, call!.id);
  const { left, right } = stereoAlaw(await recordingOf(ui.box as never, call!.id));
  expect(secondsHeard(Float64Array.from(left, fromAlaw), CALLER, WELL)).toBeGreaterThan(ENOUGH_S);
  expect(secondsHeard(Float64Array.from(right, fromAlaw), AGENT, WELL)).toBeGreaterThan(ENOUGH_S);
  expect([...outside.complaints, ...inside.complaints]).toEqual([]);
});

test('the page in both languages and themes, with a telephone off its hook', async () => {
  await ui.api('POST', '/exchange/phones/2/lift');
  await shootAll(inside.page, 'simulator', '[data-station="2"][data-state="offHook"]');
  expect(inside.complaints).toEqual([]);
});
