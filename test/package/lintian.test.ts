// What Debian's own judge says of the package: nothing but what install/package/debian/lintian-overrides gives reasons for.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { makeDeb } from './machine.js';

test('lintian finds nothing wrong', async () => {
  const { file } = await makeDeb(temporaryFolder());
  const args = ['--allow-root', '--fail-on', 'error,warning', '--tag-display-limit', '0', file];
  const { status, stdout, stderr } = spawnSync('lintian', args, { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toBe('');
  expect(status).toBe(0);
}, 1_200_000);
