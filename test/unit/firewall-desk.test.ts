// What the box asks of the firewall: its ports and its bans, in a file that is replaced when they change.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../daemon/src/config/index.js';
import { FirewallDesk, FirewallWish, WISH_FILE } from '../../daemon/src/firewall/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;

async function desk(env: Record<string, string> = {}) {
  const home = temporaryFolder();
  const clock = new FakeClock();
  const db = await testDatabase();
  const config = loadConfig({ home, env });
  const made = new FirewallDesk({ config, db, clock, log: silentLog });
  onTestFinished(() => made.stop());
  const ban = (address: string, reason: string, forMs = HOUR_MS): Promise<unknown> =>
    db.write((tx) => {
      const since = clock.wallMs();
      return tx.sipBans.put({ address, reason, since, until: since + forMs, count: 1 });
    });
  const wish = (): FirewallWish => FirewallWish.parse(JSON.parse(readFileSync(join(home, WISH_FILE), 'utf8')));
  const addresses = (): string[] =>
    wish()
      .bans.map(({ address }) => address)
      .sort();
  return { made, clock, db, ban, wish, addresses };
}

test('the ports are those of the settings; what is switched off asks for none', async () => {
  const env = {
    CORDBOARD_SIP_WSS_PORT: '8443',
    CORDBOARD_SIP_WEBRTC_PORT: '30000',
    CORDBOARD_FIREWALL_MODE: 'closed',
    CORDBOARD_FIREWALL_SSH_FROM: '10.0.0.0/8',
  };
  const { made, wish } = await desk(env);
  await made.start();
  expect(wish()).toMatchObject({
    ...{ mode: 'closed', sipPorts: [5060], sipTcpPorts: [5061, 8443], webPorts: [8080], sshFrom: ['10.0.0.0/8'] },
    rtpPorts: { first: 20_000, last: 29_999 },
    webrtcPorts: [30_000],
  });
  const without = await desk({ CORDBOARD_SIP_ENABLED: 'false', CORDBOARD_HTTP_PORT: '0' });
  await without.made.start();
  expect(without.wish()).toMatchObject({ mode: 'bans', sipPorts: [], sipTcpPorts: [], webPorts: [] });
});

test('bans that came before and come later are asked for; those that may be forged or are over are not', async () => {
  const { made, clock, db, ban, addresses } = await desk();
  await ban('192.0.2.1', 'failures');
  await ban('192.0.2.2', 'scanner');
  await ban('192.0.2.3', 'malformed');
  await ban('192.0.2.4', 'names', 1000);
  await clock.advance(1000);
  await made.start();
  expect(addresses()).toEqual(['192.0.2.1']);
  await ban('2001:db8:1:2::/64', 'names');
  await ban('192.0.2.5', 'by hand');
  expect(addresses()).toEqual(['192.0.2.1']);
  await clock.advance(500);
  await expect.poll(addresses).toEqual(['192.0.2.1', '192.0.2.5', '2001:db8:1:2::/64']);
  await db.write((tx) => tx.sipBans.remove('192.0.2.1'));
  await clock.advance(500);
  await expect.poll(addresses).toEqual(['192.0.2.5', '2001:db8:1:2::/64']);
});
