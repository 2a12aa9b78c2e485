// The key with which the box signs in to SFTP servers.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { BoxKey } from '../../daemon/src/backup/box-key.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** The library makes one such key in 256 by itself. */
function unreadable(): string {
  for (let tries = 0; tries < 10_000; tries += 1) {
    const made = ssh2.utils.generateKeyPairSync('ed25519').private;
    if (ssh2.utils.parseKey(made) instanceof Error) return made;
  }
  return 'no key';
}

test('is one that can be read, and stays', () => {
  const home = temporaryFolder();
  const made = [unreadable(), unreadable(), ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).private];
  const key = new BoxKey(home, () => made.shift()!);
  expect(key.publicKey).toMatch(/^ssh-rsa \S+ cordboard@/);
  expect(made).toEqual([]);
  expect(new BoxKey(home).publicKey).toBe(key.publicKey);
  expect(key.privateKey).toBe(readFileSync(join(home, 'keys', 'backup-ssh.key'), 'utf8'));
});

test('that cannot be read is made anew', () => {
  const home = temporaryFolder();
  mkdirSync(join(home, 'keys'));
  writeFileSync(join(home, 'keys', 'backup-ssh.key'), unreadable());
  expect(new BoxKey(home).publicKey).toMatch(/^ssh-ed25519 \S+ cordboard@/);
});
