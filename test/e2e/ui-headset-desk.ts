// An agent whose telephone is his page, for the tests: Chromium with a microphone that speaks from a file. What is heard on either side is
// judged by correlation with what was said on the other.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { samplesOf } from '../support/audio-match.js';
import { waitFor } from '../support/box.js';
import { addStation } from '../support/peer-box.js';
import { secondsHeard, speech, type Speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import type { UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';

/** Opus at 24 kbit/s, and what a browser does for its sound */
export const WELL = 0.75;
/** What those say who call from outside. */
export const OUTSIDE = speech(9);

/**
 * The page's loudspeaker stands nowhere in its document. `hear` keeps what it plays from then on, 8 kHz, whichever call it plays. Text,
 * because these tests know no DOM.
 */
const CATCH = `
  const Plain = window.Audio;
  window.Audio = function () { return (window.headsetSpeaker = new Plain()); };
  window.hear = () => {
    window.unhear?.();
    const heard = (window.heard = []);
    const context = new AudioContext({ sampleRate: 8000 });
    const tap = (window.tap = context.createScriptProcessor(1024, 1, 1));
    tap.onaudioprocess = ({ inputBuffer }) => heard.push(...inputBuffer.getChannelData(0));
    tap.connect(context.destination);
    let source;
    const look = setInterval(() => {
      const stream = window.headsetSpeaker.srcObject;
      if (!stream || source?.mediaStream === stream) return;
      source?.disconnect();
      source = context.createMediaStreamSource(stream);
      source.connect(tap);
    }, 20);
    window.unhear = () => {
      clearInterval(look);
      context.close();
    };
  };
`;

export interface DeskOptions {
  agent: string;
  station: number;
  says: Speech;
  /** run in the page before it is loaded */
  script?: string;
  /** another origin of the box */
  at?: string;
  /** in place of Chromium, to run it elsewhere */
  program?: string;
}

/** Signs the agent in at a station of its own and opens his desk; the headset is still off. */
export async function openDesk(ui: UiBox, options: DeskOptions): Promise<Browser & { token: string }> {
  const { agent, station, says, script = '', ...rest } = options;
  await addStation(ui.box, station, { codecs: ['opus', 'pcma'] });
  await ui.api('POST', `/agents/${agent}/sign-in`, { station });
  const token = await ui.user(`a${agent}`, 'agent', agent);
  const browser = await ui.browser({ token, microphone: says.path, ...rest });
  for (const one of [CATCH, script]) await browser.page.addInitScript(`{${one}}`);
  await browser.page.goto(`${options.at ?? ui.origin}/desk`);
  return { ...browser, token };
}

/** The page becomes the telephone of the station; its panel stays open. */
export async function switchOn(ui: UiBox, page: Page, station: number): Promise<void> {
  await page.locator('[data-headset-panel] .opener').click();
  await page.locator('[data-headset-on]').click();
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
  await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(station)?.reachable === true);
}

export interface OutsideCall {
  /** of the exchange */
  id: string;
  /** of the far end, on the bus */
  port: number;
}

/** Somebody calls the station over the E1. */
export async function callDesk(ui: UiBox, station: number, callingNumber = '13800138000'): Promise<OutsideCall> {
  const { id, timeslot } = await ui.box.exchange.callers.place({ calledNumber: String(station), callingNumber });
  const { legs } = await ui.box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  return { id, port };
}

/** Answers what rings, by the button. */
export async function answer(page: Page): Promise<void> {
  await page.locator('[role=toolbar] button').first().click();
  await talking(page);
}

export const talking = (page: Page): Promise<void> => page.locator('[data-call][data-phase="talking"]').waitFor();

/** What the page plays meanwhile. */
export async function heardAt(page: Page, meanwhile: () => Promise<unknown>): Promise<Float64Array> {
  await page.evaluate('window.hear()');
  await meanwhile();
  return Float64Array.from(await page.evaluate<number[]>('window.heard'), (sample) => sample * 32_768);
}

let files = 0;

/** Who is outside speaks for so long; what he hears. */
export async function heardOutside({ box }: UiBox, port: number, talkMs: number): Promise<Float64Array> {
  const path = join(box.config.home, `outside-${(files += 1)}.wav`);
  const { recording } = await box.engine.command('recording.start', { port, path });
  const { play } = await box.engine.command('play.start', { port, files: [OUTSIDE.path] });
  await talkFor(box, talkMs);
  await box.engine.command('recording.stop', { recording });
  await box.engine.command('play.stop', { play });
  return samplesOf(path);
}

/** Both speak for so long; how much each hears of the other, s. */
export async function bothHear(
  ui: UiBox,
  page: Page,
  port: number,
  says: Speech,
  talkMs = 5000,
): Promise<{ page: number; outside: number }> {
  let outside: Float64Array = new Float64Array();
  const here = await heardAt(page, async () => (outside = await heardOutside(ui, port, talkMs)));
  return { page: secondsHeard(here, OUTSIDE, WELL), outside: secondsHeard(outside, says, WELL) };
}
