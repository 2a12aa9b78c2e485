// The cases of the set-up of boards, in a virtual machine of their own: their driver is configured by what is tested. Needs what
// `npm run hil` has made, and a compiled daemon.
//
//   node hil-tests/boards.mjs
import { existsSync, rmSync } from 'node:fs';

import { inRoot } from '../install/lib/paths.mjs';
import { boot, share } from './rig/machine.mjs';

const LIMIT_MS = 5 * 60_000;

rmSync(share('boards'), { force: true });
const { code, timedOut } = await boot('boards.sh', {
  env: {
    ...{ CONF: inRoot('hil-tests/guest'), MODULES: inRoot('build/hil/modules') },
    ...{ TOOLS: inRoot('build/hil/root/usr/sbin'), NODE: process.execPath, ROOT: inRoot() },
    JOB_SECONDS: String(LIMIT_MS / 1000 - 30),
  },
  timeLimitMs: LIMIT_MS,
  onOutput: (text) => process.stdout.write(text),
});
process.exitCode = code === 0 && !timedOut && existsSync(share('boards')) ? 0 : 1;
