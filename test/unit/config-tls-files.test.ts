import { X509Certificate, createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../daemon/src/config/self-signed.js';
import { tlsFiles } from '../../daemon/src/config/index.js';
import { AppError } from '../../daemon/src/platform/index.js';
import { T0 } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NAMES = ['cordboard', '192.0.2.7', '2001:db8::a:7'] as const;
const DAY_MS = 86_400_000;

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('it was not refused');
}

test('the first start makes a key for its owner alone and a certificate for every name; the next one takes them', () => {
  const folder = join(temporaryFolder(), 'tls');
  const first = tlsFiles(folder, NAMES, T0);
  expect(first.made).toBe(true);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(0o600);
  expect(existsSync(join(folder, 'key.pem.new'))).toBe(false);

  const certificate = new X509Certificate(first.cert);
  expect(certificate.checkPrivateKey(createPrivateKey(first.key))).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.subject).toBe('CN=cordboard');
  expect(certificate.issuer).toBe(certificate.subject);
  expect(certificate.ca).toBe(false);
  expect(certificate.subjectAltName).toBe('DNS:cordboard, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:A:7');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  expect(Date.parse(certificate.validFrom)).toBe(Math.floor((T0 - DAY_MS) / 1000) * 1000);
  expect(first.notAfter).toBe(Math.floor((T0 + 3650 * DAY_MS) / 1000) * 1000);
  expect(first.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);

  expect(tlsFiles(folder, ['other'], T0 + 1)).toEqual({ ...first, made: false });
});

test('a telephone that trusts the certificate can speak TLS with it, by name and by address', async () => {
  const now = Date.now();
  const { key, cert } = selfSigned({
    names: ['cordboard.test', '127.0.0.1'],
    notBefore: now - 1000,
    notAfter: now + 60_000,
  });
  const server = createServer({ key, cert }, (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  for (const servername of ['cordboard.test', '']) {
    const socket = connect({ host: '127.0.0.1', port, ca: cert, ...(servername === '' ? {} : { servername }) });
    const [text] = (await once(socket, 'data')) as [Buffer];
    expect([servername, socket.authorized, text.toString()]).toEqual([servername, true, 'hello']);
  }
  const stranger = connect({ host: '127.0.0.1', port, ca: cert, servername: 'other.test' });
  const [error] = (await once(stranger, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
});

test('times from 2050 on are written with four digits of the year', () => {
  const { cert } = selfSigned({ names: ['x'], notBefore: Date.UTC(2049, 11, 31), notAfter: Date.UTC(2050, 0, 1) });
  const { validFrom, validTo } = new X509Certificate(cert);
  expect([Date.parse(validFrom), Date.parse(validTo)]).toEqual([Date.UTC(2049, 11, 31), Date.UTC(2050, 0, 1)]);
});

test('what an administrator put there is taken as it is, and refused with a reason when it cannot be used', () => {
  const folder = join(temporaryFolder(), 'tls');
  const [own, other] = [1, 2].map(() => selfSigned({ names: ['own'], notBefore: T0, notAfter: T0 + DAY_MS }));
  mkdirSync(folder);
  writeFileSync(join(folder, 'key.pem'), own!.key);
  expect(refusal(() => tlsFiles(folder, NAMES, T0)).code).toBe('tls_incomplete');
  expect(readFileSync(join(folder, 'key.pem'), 'utf8')).toBe(own!.key);
  writeFileSync(join(folder, 'cert.pem'), own!.cert + other!.cert);
  expect(tlsFiles(folder, NAMES, T0)).toMatchObject({ key: own!.key, cert: own!.cert + other!.cert, made: false });
  writeFileSync(join(folder, 'cert.pem'), other!.cert);
  expect(refusal(() => tlsFiles(folder, NAMES, T0)).text('en')).toContain('the key is not that of the certificate');
  writeFileSync(join(folder, 'cert.pem'), 'no certificate');
  expect(refusal(() => tlsFiles(folder, NAMES, T0)).code).toBe('tls_unreadable');
  rmSync(join(folder, 'key.pem'));
  expect(refusal(() => tlsFiles(folder, NAMES, T0)).text('zh-CN')).toContain('key.pem');
});
