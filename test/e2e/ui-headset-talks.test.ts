// Agents with nothing but a browser and a headset: they talk with each other, hold a caller and put him through; who is heard where is
// judged by correlation with what each says.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { samplesOf } from '../support/audio-match.js';
import { dchannelsUp, storedCall, waitFor } from '../support/box.js';
import { addStation } from '../support/peer-box.js';
import { secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { startUiBox, type UiBox } from './ui-box.js';

/** Opus at 24 kbit/s, and what a browser does for its sound */
const WELL = 0.75;
const TALK_MS = 4500;
/** of which so much is heard at least, and of what is not to be heard so much at most: a piece may be like another by chance */
const [HEARD_S, UNHEARD_S] = [1.5, 0.8];
/** Text, because these tests know no DOM. */
const CATCH = `
  const Plain = window.Audio;
  window.Audio = function () { return (window.headsetSpeaker = new Plain()); };
  window.heard = [];
  let source;
  let context;
  window.hear = () => {
    const { srcObject } = window.headsetSpeaker;
    context ??= new AudioContext({ sampleRate: 8000 });
    source?.disconnect();
    source = context.createMediaStreamSource(srcObject);
    if (window.tap === undefined) {
      window.tap = context.createScriptProcessor(1024, 1, 1);
      window.tap.onaudioprocess = ({ inputBuffer }) => window.heard.push(...inputBuffer.getChannelData(0));
      window.tap.connect(context.destination);
    }
    source.connect(window.tap);
    window.heard.length = 0;
  };
`;
const AGENTS = [
  { agent: '2001', station: 1001, says: speech(0) },
  { agent: '2002', station: 1002, says: speech(1) },
] as const;
const OUTSIDE = speech(9);

let ui: UiBox;
let one: Page;
let other: Page;

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_SIP_WEBRTC_PORT: '0' });
  await dchannelsUp(ui.box);
  const pages: Page[] = [];
  for (const { agent, station, says } of AGENTS) {
    await addStation(ui.box, station, { codecs: ['opus', 'pcma'] });
    await ui.api('POST', `/agents/${agent}/sign-in`, { station });
    const token = await ui.user(`a${agent}`, 'agent', agent);
    const { page } = await ui.browser({ token, microphone: says.path });
    await page.addInitScript(CATCH);
    await page.goto(`${ui.origin}/desk`);
    await page.locator('[data-headset-panel] .opener').click();
    await page.locator('[data-headset-on]').click();
    await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
    await page.locator('[data-headset-panel] .opener').click();
    await waitFor(ui.box.live, 'station.updated', () => ui.box.stations.find(station)?.reachable === true);
    pages.push(page);
  }
  [one, other] = pages as [Page, Page];
});
afterAll(() => ui.close());

const talking = (page: Page): Promise<void> => page.locator('[data-call][data-phase="talking"]').waitFor();
/** Answers or hangs up, once the page offers it. */
async function f2(page: Page): Promise<void> {
  await page.locator('[aria-keyshortcuts="F2"]').waitFor();
  await page.keyboard.press('F2');
}
const parties = (id: string) => ui.box.calls.find(id)?.parties ?? [];
const happened = (id: string, condition: () => boolean): Promise<void> =>
  waitFor(ui.box.live, 'call.updated', () => ui.box.calls.find(id) === undefined || condition());

/** What the page hears for some time. */
async function heardAt(page: Page, meanwhile: () => Promise<unknown>): Promise<Float64Array> {
  await page.evaluate('window.hear()');
  await meanwhile();
  return Float64Array.from(await page.evaluate<number[]>('window.heard'), (sample) => sample * 32_768);
}

/** Somebody outside, who speaks; what he hears for some time is in a file of its own. */
async function outsider(timeslot: number): Promise<(name: string) => Promise<Float64Array>> {
  const { legs } = await ui.box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  return async (name) => {
    const file = join(ui.box.config.home, `${name}.wav`);
    const { recording } = await ui.box.engine.command('recording.start', { port, path: file });
    const { play } = await ui.box.engine.command('play.start', { port, files: [OUTSIDE.path] });
    await talkFor(ui.box, TALK_MS);
    await ui.box.engine.command('recording.stop', { recording });
    await ui.box.engine.command('play.stop', { play });
    return samplesOf(file);
  };
}

function hears(who: string, heard: Float64Array, said: { samples: Float64Array; path: string }, well = true): void {
  const seconds = secondsHeard(heard, said, WELL);
  console.log(`${who}: ${seconds.toFixed(1)} s${well ? '' : ', and is not to hear it'}`);
  if (well) expect(seconds, who).toBeGreaterThan(HEARD_S);
  else expect(seconds, who).toBeLessThanOrEqual(UNHEARD_S);
}

test('two headsets talk with each other', async () => {
  let id = '';
  ui.box.calls.events.on('call.arrived', ({ call }) => void (id ||= call.id));
  await one.keyboard.press('/');
  await one.keyboard.type(String(AGENTS[1].station));
  await one.keyboard.press('Enter');
  await f2(other);
  await Promise.all([talking(one), talking(other)]);
  const [atOne, atOther] = await Promise.all([
    heardAt(one, () => talkFor(ui.box, TALK_MS)),
    heardAt(other, () => talkFor(ui.box, TALK_MS)),
  ]);
  await f2(one);
  await storedCall(ui.box, id);
  hears('one hears the other', atOne, AGENTS[1].says);
  hears('the other hears one', atOther, AGENTS[0].says);
});

test('a caller is held, taken back, and put through to another headset, who was asked before', async () => {
  const { id: exchangeId, timeslot } = await ui.box.exchange.callers.place({
    calledNumber: String(AGENTS[0].station),
    callingNumber: '13800138000',
  });
  await f2(one);
  await talking(one);
  const { id } = ui.box.calls.live()[0]!;
  const outside = await outsider(timeslot);
  const first = await outside('talking');

  await one.keyboard.press('F3');
  await happened(id, () => parties(id).some(({ holds }) => holds));
  let held: Float64Array = new Float64Array();
  const heldHere = await heardAt(one, async () => (held = await outside('held')));

  await one.keyboard.press('F3');
  await happened(id, () => !parties(id).some(({ holds }) => holds));
  let back: Float64Array = new Float64Array();
  const backHere = await heardAt(one, async () => (back = await outside('back')));

  await one.keyboard.press('F4');
  await one.locator('[data-place="a2002"] [data-how=consult]').click();
  await f2(other);
  await happened(id, () => parties(id).length === 3);
  let waits: Float64Array = new Float64Array();
  const asked = await heardAt(other, async () => (waits = await outside('consult')));

  await one.keyboard.press('F4');
  await happened(id, () => parties(id).length === 2);
  await talking(other);
  let through: Float64Array = new Float64Array();
  const throughThere = await heardAt(other, async () => (through = await outside('through')));
  await ui.box.exchange.hangUp(exchangeId);
  const { row } = await storedCall(ui.box, id);
  expect(row.cause).toBe(16);

  const [{ says }, { says: otherSays }] = AGENTS;
  hears('the caller hears who has answered', first, says);
  hears('the caller hears who holds him', held, says, false);
  hears('who holds hears the caller', heldHere, OUTSIDE, false);
  hears('the caller hears who has taken him back', back, says);
  hears('who has taken him back hears the caller', backHere, OUTSIDE);
  hears('who is asked hears who asks', asked, says);
  hears('who is asked hears the caller', asked, OUTSIDE, false);
  hears('who waits hears who asks', waits, says, false);
  hears('the caller hears to whom he was put through', through, otherSays);
  hears('to whom he was put through hears the caller', throughThere, OUTSIDE);
  hears('the caller hears who has put him through', through, says, false);
});

test('a caller is put through unasked, from one headset to the other', async () => {
  const { timeslot } = await ui.box.exchange.callers.place({
    calledNumber: String(AGENTS[0].station),
    callingNumber: '13800138001',
  });
  await f2(one);
  await talking(one);
  const { id } = ui.box.calls.live()[0]!;
  await one.keyboard.press('F4');
  await one.locator('[data-place="a2002"] [data-how=blind]').click();
  await f2(other);
  await talking(other);
  const outside = await outsider(timeslot);
  let through: Float64Array = new Float64Array();
  const there = await heardAt(other, async () => (through = await outside('unasked')));
  await f2(other);
  await storedCall(ui.box, id);
  hears('the caller hears to whom he was put through', through, AGENTS[1].says);
  hears('to whom he was put through hears the caller', there, OUTSIDE);
});
