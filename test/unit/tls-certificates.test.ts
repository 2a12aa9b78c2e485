// The box's certificate: what is uploaded is looked at, what an authority gives is asked for by RFC 8555 (of Pebble, which is no part of ours)
// and renewed by the clock, and a power cut between its two files leaves a pair that belongs together.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { putTlsFiles, selfSigned, tlsFiles } from '../../daemon/src/config/index.js';
import type { AcmePlan } from '../../daemon/src/contract/index.js';
import { silentLog, systemClock, type Clock } from '../../daemon/src/platform/index.js';
import { checkCertificate } from '../../daemon/src/tls/check-certificate.js';
import { TlsService } from '../../daemon/src/tls/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { freePort } from '../support/free-ports.js';
import { pebble } from '../support/pebble.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const DAY = 86_400_000;
const NOW = Date.now();
const own = (names: [string, ...string[]], from = -1, to = 100) =>
  selfSigned({ names, notBefore: NOW + from * DAY, notAfter: NOW + to * DAY });

/** A chain by openssl: root, one between, and the box. */
function chain(folder: string): { key: string; leaf: string; between: string; root: string } {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  writeFileSync(join(folder, 'ca.ext'), 'basicConstraints=critical,CA:true\nkeyUsage=keyCertSign\n');
  writeFileSync(join(folder, 'leaf.ext'), 'subjectAltName=DNS:pbx.example.com,IP:192.0.2.7\n');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=Root', '-days', '30');
  for (const [name, above, ext] of [
    ['between', 'root', 'ca.ext'],
    ['leaf', 'between', 'leaf.ext'],
  ] as const) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signer = ['-CA', `${above}.pem`, '-CAkey', `${above}.key`, '-CAcreateserial'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-out', `${name}.pem`, '-days', '20', '-extfile', ext);
  }
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { key: read('leaf.key'), leaf: read('leaf.pem'), between: read('between.pem'), root: read('root.pem') };
}

test('a certificate with its chain is taken; whatever is wrong with it is refused with the reason', () => {
  const { key, leaf, between, root } = chain(temporaryFolder());
  // openssl has made them since the test began.
  const now = Date.now() + 60_000;
  const taken = checkCertificate({ key, cert: `words before\n${leaf}\n${between}${root}` }, ['pbx.example.com'], now);
  expect(taken.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
  expect(checkCertificate({ key, cert: leaf }, ['192.0.2.7'], now).key).toContain('BEGIN PRIVATE KEY');

  const refusal = (cert: string, withKey = key, wanted: string[] = [], at = now): unknown => {
    try {
      checkCertificate({ key: withKey, cert }, wanted, at);
    } catch (error) {
      return (error as { code: string }).code;
    }
    return undefined;
  };
  expect(refusal('no certificate')).toBe('tls_certificate_bad');
  expect(refusal('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toBe('tls_certificate_bad');
  expect(refusal(leaf, 'no key')).toBe('tls_key_bad');
  expect(refusal(leaf, '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----')).toBe(
    'tls_key_encrypted',
  );
  expect(refusal(leaf, own(['a']).key)).toBe('tls_key_foreign');
  expect(refusal(between + leaf)).toBe('tls_key_foreign');
  expect(refusal(leaf + root)).toBe('tls_chain_broken');
  expect(refusal(leaf, key, [], NOW + 25 * DAY)).toBe('tls_expired');
  expect(refusal(leaf, key, [], NOW - 2 * DAY)).toBe('tls_not_yet');
  expect(refusal(leaf, key, ['other.example.com'])).toBe('tls_names_foreign');
  expect(refusal(leaf, key, ['other.example.com', 'pbx.example.com'])).toBeUndefined();
});

test('a key of P-256 is made where that is asked for, signs itself, and takes the place of none that is there', () => {
  const kindOf = (folder: string): string | undefined =>
    new X509Certificate(readFileSync(join(folder, 'cert.pem'))).publicKey.asymmetricKeyType;
  const fresh = temporaryFolder();
  const made = tlsFiles(fresh, ['webrtc.invalid'], NOW, 'p256');
  expect(kindOf(fresh)).toBe('ec');
  const certificate = new X509Certificate(made.cert);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  execFileSync('openssl', ['x509', '-in', join(fresh, 'cert.pem'), '-noout', '-text'], { stdio: 'ignore' });
  const old = temporaryFolder();
  const { fingerprint } = tlsFiles(old, ['webrtc.invalid'], NOW);
  expect(tlsFiles(old, ['webrtc.invalid'], NOW, 'p256').fingerprint).toBe(fingerprint);
  expect(kindOf(old)).toBe('rsa');
});

test('a power cut between the two renames leaves the new pair, and one before them the old one', () => {
  const folder = temporaryFolder();
  const first = tlsFiles(folder, ['box'], NOW);
  const next = own(['new']);
  putTlsFiles(folder, next);
  expect(tlsFiles(folder, ['box'], NOW).cert).toBe(next.cert);
  // The key has its name, the certificate not yet.
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  copyFileSync(cert, `${cert}.new`);
  writeFileSync(cert, first.cert);
  expect(tlsFiles(folder, ['box'], NOW).cert).toBe(next.cert);
  expect(existsSync(`${cert}.new`)).toBe(false);
  // Neither has its name; the draft may be cut off.
  const third = own(['third']);
  writeFileSync(`${key}.new`, third.key);
  writeFileSync(`${cert}.new`, third.cert.slice(0, 300));
  expect(tlsFiles(folder, ['box'], NOW).cert).toBe(next.cert);
  renameSync(`${key}.new`, join(folder, 'gone'));
});

/** The wall as it is set, timers when the test says, everything else as it is. */
function steered(): { clock: Clock; fake: FakeClock; ahead: { ms: number } } {
  const fake = new FakeClock(NOW);
  const ahead = { ms: 0 };
  const clock: Clock = {
    wallMs: () => systemClock.wallMs() + ahead.ms,
    monotonicMs: () => systemClock.monotonicMs(),
    moment: () => ({ wallMs: systemClock.wallMs() + ahead.ms, monotonicMs: systemClock.monotonicMs() }),
    after: (delayMs, work) => fake.after(delayMs, work),
    every: (periodMs, work) => fake.every(periodMs, work),
    sleep: (delayMs, signal) => systemClock.sleep(delayMs, signal),
  };
  return { clock, fake, ahead };
}

test('an authority gives one for the names that lead here, it is renewed by the clock, and what fails leaves it in force', async () => {
  const authority = await pebble(temporaryFolder());
  const folder = temporaryFolder();
  const { clock, fake, ahead } = steered();
  const make = (): TlsService =>
    new TlsService({ folder, names: ['box'], wanted: () => [], httpPort: () => undefined, clock, log: silentLog });
  const tls = make();
  onTestFinished(() => tls.stop());
  const seen: string[] = [];
  tls.onChanged(({ fingerprint }) => seen.push(fingerprint));
  const before = tls.current();
  const plan: AcmePlan = {
    ...{ directory: authority.directory, authority: authority.authority, email: 'admin@example.com' },
    ...{ names: ['pbx.example.test', 'sip.example.test'], challengePort: authority.httpPort, termsAgreed: true },
  };

  // Where the authority asks nobody answers: it says so, and nothing has changed.
  await expect(tls.setAcme({ ...plan, challengePort: await freePort() })).rejects.toMatchObject({
    code: 'tls_acme_challenge',
  });
  await expect(tls.setAcme({ ...plan, directory: 'https://127.0.0.1:9/dir' })).rejects.toMatchObject({
    code: 'tls_acme_unreachable',
  });
  await expect(tls.setAcme({ ...plan, authority: '' })).rejects.toMatchObject({ code: 'tls_acme_unreachable' });
  expect(tls.current()).toBe(before);
  expect(tls.state('en', { https: undefined, sip: undefined })).toMatchObject({ source: 'own', acme: null });

  await tls.setAcme(plan);
  const state = tls.state('en', { https: 443, sip: 5061 });
  expect(state).toMatchObject({ source: 'acme', names: plan.names, httpsPort: 443, ordering: false });
  expect(state.issuer).toContain('Pebble');
  expect(seen).toEqual([state.fingerprint]);
  expect(new X509Certificate(readFileSync(join(folder, 'cert.pem'))).fingerprint256).toBe(state.fingerprint);
  // With those who signed it behind.
  expect(tls.current().cert.match(/BEGIN CERTIFICATE/g)!.length).toBeGreaterThan(1);

  // Nothing is asked while there is time; with a third of its life left it is, once.
  const life = state.notAfter - state.notBefore;
  tls.start();
  ahead.ms = life / 2;
  await fake.advance(60_000);
  expect(tls.state('en', { https: undefined, sip: undefined }).ordering).toBe(false);
  ahead.ms = life * 0.7;
  await fake.advance(60_000);
  await expect.poll(() => seen.length).toBe(2);
  await expect.poll(() => tls.state('en', { https: undefined, sip: undefined }).last?.ok).toBe(true);

  // It goes on after a restart; a renewal that fails is told, waits, and the certificate stays.
  await tls.stop();
  const again = make();
  onTestFinished(() => again.stop());
  expect(again.state('en', { https: undefined, sip: undefined })).toMatchObject({ source: 'acme', acme: plan });
  again.endAcme();
  expect(again.state('en', { https: undefined, sip: undefined })).toMatchObject({ source: 'uploaded', acme: null });
  expect(again.current().fingerprint).toBe(seen[1]);
  await expect(again.renew()).rejects.toMatchObject({ code: 'tls_acme_none' });
});
