// A bundle for a helper from outside has what he needs, and none of the secrets that lie in a home and in its logs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeBundle, scrubbed, withoutSecrets } from '../../daemon/src/support/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SECRETS = {
  setup: 'NXJ3-QR7H-NY2N',
  token: 'f00dfeedf00dfeedf00dfeed',
  mail: 'hunter2 with spaces',
  trunk: 'trunk-pass-77',
  plan: 'a long passphrase of the plan',
  pem: 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
  bearer: 'Zm9vYmFyYmF6cXV4',
};

test('no secret is in it, wherever it stood', async () => {
  const home = temporaryFolder();
  writeFileSync(join(home, 'setup-code'), `${SECRETS.setup}\n`);
  writeFileSync(join(home, 'local-token'), SECRETS.token);
  writeFileSync(join(home, 'backup-plan.json'), JSON.stringify({ enabled: true, passphrase: SECRETS.plan }));
  const settings = {
    mail: { host: 'mail.example', password: SECRETS.mail },
    trunks: [{ name: 'T', secret: SECRETS.trunk }],
  };
  writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
  mkdirSync(join(home, 'keys'));
  writeFileSync(join(home, 'keys/recordings.key'), SECRETS.pem);
  const log = [
    `the page asks for the set-up code ${SECRETS.setup}`,
    `mail: sign in failed with ${SECRETS.mail}, and again`,
    `Authorization: Bearer ${SECRETS.bearer}`,
    `-----BEGIN PRIVATE KEY-----\n${SECRETS.pem}\n-----END PRIVATE KEY-----`,
    `{"msg":"challenge","response":"${SECRETS.bearer}"}`,
    'call 17 answered',
  ].join('\n');
  const file = join(temporaryFolder(), 'bundle.tar.gz');
  const names = await makeBundle(file, {
    ...{ home, wallMs: () => 0, about: { version: '1.2.3' } },
    run: (command) =>
      command === 'journalctl' ? log : command === 'lspci' ? undefined : `${command} says ${SECRETS.token}`,
    ask: (path) => (path === '/system' ? Promise.resolve('{"calls":3}') : Promise.reject(new Error('no box runs'))),
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const all = execFileSync('tar', ['-xzOf', file], { encoding: 'utf8' });
  for (const [what, secret] of Object.entries(SECRETS)) expect(all, what).not.toContain(secret);
  for (const wanted of [
    'call 17 answered',
    'mail.example',
    '1.2.3',
    '{"calls":3}',
    'keys/recordings.key 32',
    'no box runs',
  ])
    expect(all).toContain(wanted);
  expect(names).toContain('service-log.txt');
  await expect(
    makeBundle(file, { home, run: () => '', ask: () => Promise.resolve(''), wallMs: () => 0, about: {} }),
  ).rejects.toThrow('EEXIST');
});

test('what is no secret stays', () => {
  const found = new Set<string>();
  const settings = { http: { port: 8080 }, keys: { flash: '*1' }, mail: { password: '' }, list: [1, null, 'x'] };
  expect(withoutSecrets(settings, found)).toEqual(settings);
  expect(found.size).toBe(0);
  expect(scrubbed('port 8080, 1 span', ['1', ''])).toBe('port 8080, 1 span');
});
