// Agents with nothing but a browser and a headset: they talk with each other, hold a caller and put him through; who is heard where is
// judged by correlation with what each says.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { Phone } from '../support/baresip.js';
import { dchannelsUp, storedCall, waitFor, whileRunning } from '../support/box.js';
import { addStation } from '../support/peer-box.js';
import { secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { startUiBox, type UiBox } from './ui-box.js';
import { OUTSIDE, WELL, callDesk, heardAt, heardOutside, openDesk, switchOn, talking } from './ui-headset-desk.js';

const TALK_MS = 4500;
/** of which so much is heard at least, and of what is not to be heard so much at most: a piece may be like another by chance */
const [HEARD_S, UNHEARD_S] = [1.5, 0.8];
const AGENTS = [
  { agent: '2001', station: 1001, says: speech(0) },
  { agent: '2002', station: 1002, says: speech(1) },
] as const;
/** a telephone of SIP on another desk */
const TELEPHONE = 1003;
const telephoneSays = speech(2);

let ui: UiBox;
let one: Page;
let other: Page;
let telephone: Phone;
const running = whileRunning();

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_SIP_WEBRTC_PORT: '0' });
  running.onEnd(() => ui.close());
  await dchannelsUp(ui.box);
  const pages: Page[] = [];
  for (const who of AGENTS) {
    const { page } = await openDesk(ui, who);
    await switchOn(ui, page, who.station);
    await page.locator('[data-headset-panel] .opener').click();
    pages.push(page);
  }
  [one, other] = pages as [Page, Page];
  const secret = await addStation(ui.box, TELEPHONE, { digest: ['md5'] });
  const { port } = ui.box.sip!.ports!;
  telephone = await Phone.start({ number: TELEPHONE, secret, port, says: telephoneSays.path }, running);
});
afterAll(() => running.end());

/** Answers or hangs up, once the page offers it. */
async function f2(page: Page): Promise<void> {
  await page.locator('[aria-keyshortcuts="F2"]').waitFor();
  await page.keyboard.press('F2');
}
const parties = (id: string) => ui.box.calls.find(id)?.parties ?? [];
const happened = (id: string, condition: () => boolean): Promise<void> =>
  waitFor(ui.box.live, 'call.updated', () => ui.box.calls.find(id) === undefined || condition());

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

test('a headset talks with a telephone of SIP', async () => {
  let id = '';
  const off = ui.box.calls.events.on('call.arrived', ({ call }) => void (id ||= call.id));
  await one.keyboard.press('/');
  await one.keyboard.type(String(TELEPHONE));
  await one.keyboard.press('Enter');
  await telephone.answer();
  await talking(one);
  off();
  const here = await heardAt(one, () => talkFor(ui.box, TALK_MS));
  await f2(one);
  await storedCall(ui.box, id);
  await telephone.event('CALL_CLOSED');
  hears('the headset hears the telephone', here, telephoneSays);
  hears('the telephone hears the headset', telephone.heard().at(-1)!, AGENTS[0].says);
});

test('a caller is put through from a headset to a telephone of SIP', async () => {
  const { id: exchangeId, port } = await callDesk(ui, AGENTS[0].station, '13800138002');
  await f2(one);
  await talking(one);
  const { id } = ui.box.calls.live()[0]!;
  await ui.api('POST', `/calls/${id}/actions`, {
    action: 'transfer',
    to: String(TELEPHONE),
    station: AGENTS[0].station,
  });
  await telephone.answer();
  await happened(id, () => parties(id).some(({ station, state }) => station === TELEPHONE && state === 'talking'));
  const outside = await heardOutside(ui, port, TALK_MS);
  await ui.box.exchange.hangUp(exchangeId);
  await storedCall(ui.box, id);
  await telephone.event('CALL_CLOSED');
  hears('the caller hears the telephone', outside, telephoneSays);
  hears('the telephone hears the caller', telephone.heard().at(-1)!, OUTSIDE);
});

test('a caller is held, taken back, and put through to another headset, who was asked before', async () => {
  const { id: exchangeId, port } = await callDesk(ui, AGENTS[0].station);
  const outside = (): Promise<Float64Array> => heardOutside(ui, port, TALK_MS);
  await f2(one);
  await talking(one);
  const { id } = ui.box.calls.live()[0]!;
  const first = await outside();

  await one.keyboard.press('F3');
  await happened(id, () => parties(id).some(({ holds }) => holds));
  let held: Float64Array = new Float64Array();
  const heldHere = await heardAt(one, async () => (held = await outside()));

  await one.keyboard.press('F3');
  await happened(id, () => !parties(id).some(({ holds }) => holds));
  let back: Float64Array = new Float64Array();
  const backHere = await heardAt(one, async () => (back = await outside()));

  await one.keyboard.press('F4');
  await one.locator('[data-place="a2002"] [data-how=consult]').click();
  await f2(other);
  await happened(id, () => parties(id).length === 3);
  let waits: Float64Array = new Float64Array();
  const asked = await heardAt(other, async () => (waits = await outside()));

  await one.keyboard.press('F4');
  await happened(id, () => parties(id).length === 2);
  await talking(other);
  let through: Float64Array = new Float64Array();
  const throughThere = await heardAt(other, async () => (through = await outside()));
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
  const { port } = await callDesk(ui, AGENTS[0].station);
  await f2(one);
  await talking(one);
  const { id } = ui.box.calls.live()[0]!;
  await one.keyboard.press('F4');
  await one.locator('[data-place="a2002"] [data-how=blind]').click();
  await f2(other);
  await talking(other);
  let through: Float64Array = new Float64Array();
  const there = await heardAt(other, async () => (through = await heardOutside(ui, port, TALK_MS)));
  await f2(other);
  await storedCall(ui.box, id);
  hears('the caller hears to whom he was put through', through, AGENTS[1].says);
  hears('to whom he was put through hears the caller', there, OUTSIDE);
});
