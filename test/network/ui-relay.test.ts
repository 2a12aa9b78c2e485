// An agent in an office that lets no UDP out: the page has the call by a TURN server, with the credentials of its pass, over TCP.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplesOf } from '../support/audio-match.js';
import { dchannelsUp, waitFor, whileRunning } from '../support/box.js';
import { addStation } from '../support/peer-box.js';
import { recordAt } from '../support/recorded.js';
import { startRelay, type Relay } from '../support/relay.js';
import { secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import { TwoNetworks } from '../support/two-networks.js';
import { startUiBox, type UiBox } from '../e2e/ui-box.js';

const STATION = 1001;
const AGENT = '2001';
const SECRET = 'the-secret-of-relay-and-box';
const WELL = 0.75;
/** Text, because these tests know no DOM. */
const CATCH = `
  const Sound = window.Audio;
  window.Audio = function () { return (window.headsetSpeaker = new Sound()); };
`;
const KEEP = `(() => {
  const context = new AudioContext({ sampleRate: 8000 });
  window.heard = [];
  const tap = context.createScriptProcessor(1024, 1, 1);
  tap.onaudioprocess = ({ inputBuffer }) => window.heard.push(...inputBuffer.getChannelData(0));
  context.createMediaStreamSource(window.headsetSpeaker.srcObject).connect(tap);
  tap.connect(context.destination);
  window.tap = tap;
})()`;

const running = whileRunning();
let ui: UiBox;
let networks: TwoNetworks;
let relay: Relay;
let program: string;

beforeAll(async () => {
  networks = TwoNetworks.make(running);
  networks.blockUdp();
  relay = await startRelay(networks.box, SECRET, running);
  const programs = mkdtempSync(join(tmpdir(), 'cordboard-networks-'));
  running.onEnd(() => rmSync(programs, { recursive: true, force: true }));
  program = networks.wrap(join(programs, 'chromium'), '/usr/bin/chromium');
  ui = await startUiBox({
    ...{ CORDBOARD_SIP_WEBRTC_PORT: '0', CORDBOARD_HTTP_HOST: networks.box },
    ...{ CORDBOARD_SIP_TURN_URLS: relay.url, CORDBOARD_SIP_TURN_SECRET: SECRET },
  });
  running.onEnd(() => ui.close());
  await dchannelsUp(ui.box);
  await addStation(ui.box, STATION, { codecs: ['opus', 'pcma'] });
  await ui.api('POST', `/agents/${AGENT}/sign-in`, { station: STATION });
});
afterAll(() => running.end());

test('a headset without UDP talks by the relay, and both hear each other', async () => {
  const { box } = ui;
  const token = await ui.user('a2001', 'agent', AGENT);
  const { page } = await ui.browser({ token, microphone: speech(0).path, program });
  await page.addInitScript(CATCH);
  await page.goto(`${ui.origin}/desk`);
  await page.locator('[data-headset-panel] .opener').click();
  await page.locator('[data-headset-on]').click();
  await page.locator('[data-headset-panel][data-state="ready"]').waitFor();
  await waitFor(box.live, 'station.updated', () => box.stations.find(STATION)?.reachable === true);

  const outside = speech(9);
  const { id, timeslot } = await box.exchange.callers.place({
    calledNumber: String(STATION),
    callingNumber: '13800138000',
  });
  const answer = page.locator('[role=toolbar] button').first();
  await answer.waitFor();
  await answer.click();
  await page.locator('[data-call][data-phase="talking"]').waitFor();
  const { legs } = await box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  const file = join(box.config.home, 'outside.wav');
  const whole = await recordAt(box, port, file);
  await page.evaluate(KEEP);
  await box.engine.command('play.start', { port, files: [outside.path] });
  await talkFor(box, 5000);
  const heard = await page.evaluate<number[]>('window.heard');
  const quality = await page.locator('[data-headset-quality]').textContent();
  const { streams: connected } = await box.engine.command('engine.snapshot', {});
  await box.exchange.hangUp(id);
  await whole();

  const pageHeard = secondsHeard(
    Float64Array.from(heard, (sample) => sample * 32_768),
    outside,
    WELL,
  );
  const outsideHeard = secondsHeard(samplesOf(file), speech(0), WELL);
  console.log(`by the relay the page heard ${pageHeard.toFixed(1)} s, the E1 ${outsideHeard.toFixed(1)} s; ${quality}`);
  expect(connected.map(({ remoteAddress }) => remoteAddress)).toEqual([networks.box]);
  expect(relay.isRelayed(connected[0]!.remotePort!), `${connected[0]!.remotePort}`).toBe(true);
  expect(pageHeard).toBeGreaterThan(1.5);
  expect(outsideHeard).toBeGreaterThan(1.5);
});
