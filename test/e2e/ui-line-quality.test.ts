// A headset by https with the certificate that the box has made for itself, and a supervisor who sees within seconds that its line
// has become bad, how bad, and that it is good again: between page and box a network that loses what it is told to.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dchannelsUp, whileRunning } from '../support/box.js';
import { LossyLink, every } from '../support/lossy-link.js';
import { speech } from '../support/speech.js';
import { SCREENS, inBothLanguages, startUiBox, type UiBox } from './ui-box.js';
import type { Browser } from './ui-browser.js';
import { answer, bothHear, callDesk, openDesk, switchOn } from './ui-headset-desk.js';
import { checkWords } from './ui-words.js';

const STATION = 1001;
const AGENT = '2001';
const says = speech(0);
/** The box is where the link is; text, because these tests know no DOM. */
const BEHIND = `
  const plain = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function ({ type, sdp }) {
    return plain.call(this, { type, sdp: await window.throughLink(sdp) });
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
  const at = `https://127.0.0.1:${ui.box.tlsPort!}`;
  desk = await openDesk(ui, { agent: AGENT, station: STATION, says, at, script: BEHIND });
  await desk.page.exposeFunction('throughLink', (sdp: string) => link.through(sdp));
  floor = await ui.browser();
  await floor.page.goto(`${ui.origin}/floor`);
});
afterAll(() => running.end());

test('a headset by https talks, and its line is bad on the floor while it is', async () => {
  const { page } = desk;
  expect(await page.evaluate('location.protocol + isSecureContext')).toBe('https:true');
  await switchOn(ui, page, STATION);
  const { id, port } = await callDesk(ui, STATION);
  await answer(page);
  const heard = await bothHear(ui, page, port, says, 6000);
  console.log(`by https the page heard ${heard.page.toFixed(1)} s, the E1 ${heard.outside.toFixed(1)} s`);
  expect(heard.page).toBeGreaterThan(1.5);
  expect(heard.outside).toBeGreaterThan(1.5);

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
  await panel.waitFor({ state: 'detached' });
  expect([...desk.complaints, ...floor.complaints]).toEqual([]);
});
