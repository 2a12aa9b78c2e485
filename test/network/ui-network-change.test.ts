// The computer of an agent changes its network in the middle of a talk, from Wi-Fi to a cable: another address, another way, the same call.
// Both sides hear each other again by themselves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dchannelsUp, whileRunning } from '../support/box.js';
import { measured } from '../support/measured.js';
import { speech } from '../support/speech.js';
import { TwoNetworks } from '../support/two-networks.js';
import { startUiBox, type UiBox } from '../e2e/ui-box.js';
import { answer, bothHear, callDesk, openDesk, switchOn } from '../e2e/ui-headset-desk.js';

const STATION = 1001;
const says = speech(0);
/** The browser's own time-out for a call whose way is gone is half a minute. */
const PATIENCE_MS = 25_000;
/** What comes, as packets: text, because these tests know no DOM. */
const COUNT = `
  window.packets = 0;
  window.rtc = [];
  const Plain = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Plain {
    constructor(...rest) { super(...rest); window.rtc.push(this); }
  };
`;
const COME = `(async () => {
  let come = 0;
  for (const connection of window.rtc)
    for (const one of (await connection.getStats()).values()) if (one.type === 'inbound-rtp') come += one.packetsReceived;
  return come;
})()`;
/** Looked at again and again: the page keeps what it hears of it for itself. */
const GONE = `new Promise((resolve) => {
  const look = setInterval(() => {
    if (!['disconnected', 'failed'].includes(window.rtc.at(-1).iceConnectionState)) return;
    clearInterval(look);
    resolve();
  }, 20);
})`;
const running = whileRunning();
let ui: UiBox;
let networks: TwoNetworks;
let program: string;

beforeAll(async () => {
  networks = TwoNetworks.make(running);
  const programs = mkdtempSync(join(tmpdir(), 'cordboard-networks-'));
  running.onEnd(() => rmSync(programs, { recursive: true, force: true }));
  ui = await startUiBox({ CORDBOARD_SIP_WEBRTC_PORT: '0', CORDBOARD_HTTP_HOST: networks.box });
  running.onEnd(() => ui.close());
  await dchannelsUp(ui.box);
  program = networks.wrap(join(programs, 'chromium'), '/usr/bin/chromium');
});
afterAll(() => running.end());

/** Milliseconds until the count of packets goes up again; looked at often, as nobody tells. */
async function silence(count: () => Promise<number>, leastMs = 100): Promise<number> {
  const began = performance.now();
  let last = await count();
  let since = began;
  let longest = 0;
  // Over when ten packets in a row have come after a pause that nobody could overlook.
  for (let good = 0; good < 10 || longest < leastMs;) {
    if (performance.now() - began > PATIENCE_MS) throw new Error('no sound comes any more');
    const now = await count();
    if (now > last) {
      good += 1;
      longest = Math.max(longest, performance.now() - since);
      since = performance.now();
      last = now;
    } else if (performance.now() - since > 100) good = 0;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return longest;
}

test('the talk goes on over the cable when the Wi-Fi is gone, and over the Wi-Fi after a while with neither', async () => {
  const { box } = ui;
  const { page } = await openDesk(ui, { agent: '2001', station: STATION, says, program, script: COUNT });
  await switchOn(ui, page, STATION);
  const { id, port } = await callDesk(ui, STATION);
  await answer(page);
  const { streams } = await box.engine.command('engine.snapshot', {});
  const { leg } = streams[0]!;
  const before = await waitForSound();
  expect(before.remoteAddress).toBe(networks.addressOf('wifi'));

  const received = async (): Promise<number> =>
    (await box.engine.command('stream.statistics', { leg })).packetsReceived;
  networks.unplug('wifi');
  networks.plugIn('cable');
  const [up, down] = await Promise.all([silence(received), silence(() => page.evaluate<number>(COME))]);
  measured('networkChangeSilenceAtTheBox', up, 'ms');
  measured('networkChangeSilenceAtThePage', down, 'ms');
  const after = await streamNow();
  expect(after.remoteAddress).toBe(networks.addressOf('cable'));

  // With nothing for a while: long enough for the browser to say that the way is gone.
  networks.unplug('cable');
  await page.evaluate(GONE);
  networks.plugIn('wifi');
  const pluggedAt = performance.now();
  await silence(received, 0);
  measured('networkBackUntilSound', performance.now() - pluggedAt, 'ms');
  expect((await streamNow()).remoteAddress).toBe(networks.addressOf('wifi'));

  const heard = await bothHear(ui, page, port, says);
  expect(box.calls.live().map(({ phase }) => phase)).toEqual(['talking']);
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
  await box.exchange.hangUp(id);
  console.log(`then the page heard ${heard.page.toFixed(1)} s, the E1 ${heard.outside.toFixed(1)} s`);
  expect(heard.page).toBeGreaterThan(1.5);
  expect(heard.outside).toBeGreaterThan(1.5);

  async function streamNow() {
    const { streams: now } = await box.engine.command('engine.snapshot', {});
    return now.find((one) => one.leg === leg)!;
  }
  async function waitForSound() {
    const began = await page.evaluate<number>(COME);
    while ((await page.evaluate<number>(COME)) < began + 25) await new Promise((resolve) => setTimeout(resolve, 20));
    return streamNow();
  }
});
