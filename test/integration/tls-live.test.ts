// HTTPS and SIP over TLS show the box's certificate, and another one from the moment it is taken, without a restart; an authority (Pebble) is
// answered by the box's own HTTP.
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../daemon/src/config/self-signed.js';
import { startBox } from '../../daemon/src/main.js';
import { pebble } from '../support/pebble.js';
import { ANY_SIP_PORTS } from '../support/sip-ports.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const env = {
  ...{ CORDBOARD_HTTP_PORT: '0', CORDBOARD_HTTPS_PORT: '0', ...ANY_SIP_PORTS, CORDBOARD_ENGINE_REALTIME: 'false' },
};

function dial(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => resolve(socket));
    socket.on('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

async function shown(port: number): Promise<string> {
  const socket = await dial(port);
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

it('a new certificate is shown at once by HTTPS and SIP, connections stay, and it is there after a restart', async () => {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-test-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  let box = await startBox({ home, env });
  onTestFinished(async () => void (await box.stop()));
  const ports = (): [number, number] => [box.tlsPort!, box.sip!.ports!.tlsPort!];
  const { tls } = box.box.port;
  const first = tls.state('en');
  expect(first).toMatchObject({ source: 'own', httpsPort: ports()[0], sipPort: ports()[1] });
  for (const port of ports()) expect(await shown(port)).toBe(first.fingerprint);

  // Pages and API by HTTPS, and the socket of the pages, too.
  const get = (path: string, headers = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port: box.tlsPort, path, rejectUnauthorized: false, headers, agent: false },
        (answer) => resolve(answer.resume().statusCode ?? 0),
      );
      asked.on('upgrade', (answer) => resolve(answer.statusCode ?? 0));
      asked.on('error', reject).end();
    });
  expect(await get('/api/v1/health')).toBe(200);
  const socket = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const key = { 'sec-websocket-key': Buffer.alloc(16).toString('base64') };
  expect(await get('/socket.io/?EIO=4&transport=websocket', { ...socket, ...key })).toBe(101);

  const held = await dial(ports()[1]);
  const now = Date.now();
  const pair = selfSigned({ names: ['127.0.0.1'], notBefore: now - 86_400_000, notAfter: now + 10 * 86_400_000 });
  expect(() => tls.upload({ ...pair, key: selfSigned({ names: ['x'], notBefore: 0, notAfter: now }).key })).toThrow(
    expect.objectContaining({ code: 'tls_key_foreign' }),
  );
  tls.upload(pair);
  const { fingerprint } = tls.state('en');
  expect(fingerprint).not.toBe(first.fingerprint);
  for (const port of ports()) await expect.poll(() => shown(port)).toBe(fingerprint);
  expect(held.destroyed).toBe(false);
  const concerns = (await box.box.health.report()).concerns;
  expect(concerns).toContainEqual(expect.objectContaining({ kind: 'certificate', grave: false }));
  await box.stop();
  box = await startBox({ home, env });
  for (const port of ports()) expect(await shown(port)).toBe(fingerprint);
});

it('an authority asks the box itself, by the name that it certifies', async () => {
  const authority = await pebble(temporaryFolder());
  const home = mkdtempSync(join(tmpdir(), 'cordboard-test-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  // Where Pebble asks in place of port 80.
  const box = await startBox({ home, env: { ...env, CORDBOARD_HTTP_PORT: String(authority.httpPort) } });
  onTestFinished(async () => void (await box.stop()));
  const { directory, httpPort } = authority;
  await box.box.port.tls.setAcme({
    ...{ directory, authority: authority.authority, email: '', names: ['pbx.example.test'] },
    ...{ challengePort: httpPort, termsAgreed: true },
  });
  const { fingerprint, names } = box.box.port.tls.state('en');
  expect(names).toEqual(['pbx.example.test']);
  for (const port of [box.tlsPort!, box.sip!.ports!.tlsPort!]) await expect.poll(() => shown(port)).toBe(fingerprint);
  const answer = await fetch(`${box.url}.well-known/acme-challenge/${'x'.repeat(40)}`);
  expect(answer.status).toBe(404);
});
