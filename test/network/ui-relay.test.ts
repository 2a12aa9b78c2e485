// An agent in an office that lets no UDP out: the page has the call by a TURN server, with the credentials of its pass, over TCP.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dchannelsUp, whileRunning } from '../support/box.js';
import { startRelay, type Relay } from '../support/relay.js';
import { speech } from '../support/speech.js';
import { TwoNetworks } from '../support/two-networks.js';
import { startUiBox, type UiBox } from '../e2e/ui-box.js';
import { answer, bothHear, callDesk, openDesk, switchOn } from '../e2e/ui-headset-desk.js';

const STATION = 1001;
const SECRET = 'the-secret-of-relay-and-box';
const says = speech(0);

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
});
afterAll(() => running.end());

test('a headset without UDP talks by the relay, and both hear each other', async () => {
  const { page } = await openDesk(ui, { agent: '2001', station: STATION, says, program });
  await switchOn(ui, page, STATION);
  const { id, port } = await callDesk(ui, STATION);
  await answer(page);
  const heard = await bothHear(ui, page, port, says);
  const quality = await page.locator('[data-headset-quality]').textContent();
  const { streams } = await ui.box.engine.command('engine.snapshot', {});
  await ui.box.exchange.hangUp(id);

  console.log(
    `by the relay the page heard ${heard.page.toFixed(1)} s, the E1 ${heard.outside.toFixed(1)} s; ${quality}`,
  );
  expect(streams.map(({ remoteAddress }) => remoteAddress)).toEqual([networks.box]);
  expect(relay.isRelayed(streams[0]!.remotePort!), `${streams[0]!.remotePort}`).toBe(true);
  expect(heard.page).toBeGreaterThan(1.5);
  expect(heard.outside).toBeGreaterThan(1.5);
});
