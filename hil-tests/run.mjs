// `npm run hil`: cases on the real driver, in a virtual machine; each is printed as it ends, and then how many passed.
//
//   hil [Pri.* …]    those whose names fit a pattern of GoogleTest
import { existsSync, readFileSync, rmSync } from 'node:fs';

import { buildEngineTests } from '../install/lib/engine-tests.mjs';
import { installPackages } from '../install/lib/packages.mjs';
import { inRoot } from '../install/lib/paths.mjs';
import { Progress } from '../install/lib/progress.mjs';
import { gtestCounts } from '../install/lib/reports.mjs';
import { boot, prepare, RIG_PACKAGES, RIG_STEPS, share } from './rig/machine.mjs';

/** The machine with all its cases; the rest of a quarter of an hour is for making what it needs. */
const LIMIT_MS = 10 * 60_000;
const BUILD = 'native/build-test';
const REPORT = 'cases.json';
const ADDON = 'addon';

/** Runs the cases that fit; the exit code. */
export async function hil(patterns) {
  const progress = new Progress({ out: process.stdout, log: inRoot('build/hil.log') });
  await progress.step('packages', (begin) => installPackages(RIG_PACKAGES, { begin, keep: progress.keep }));
  for (const part of RIG_STEPS)
    await progress.step(part.name, (begin) => prepare(part, { begin, keep: progress.keep }));
  await buildEngineTests({ folder: BUILD, buildType: 'RelWithDebInfo', target: 'hil' });

  for (const file of [REPORT, ADDON]) rmSync(share(file), { force: true });
  const { code, timedOut } = await boot('pri.sh', {
    env: {
      ...{ CASES: inRoot(BUILD, 'hil_cases'), PEER: inRoot(BUILD, 'pri_peer'), CONF: inRoot('hil-tests/guest') },
      ...{ MODULES: inRoot('build/hil/modules'), TOOLS: inRoot('build/hil/root/usr/sbin') },
      ...{ NODE: process.execPath, ROOT: inRoot(), FILTER: patterns.join(':') },
      JOB_SECONDS: String(LIMIT_MS / 1000 - 30),
    },
    timeLimitMs: LIMIT_MS,
    onOutput: (text) => process.stdout.write(text),
  });
  const counts = gtestCounts(share(REPORT)) ?? { passed: 0, failed: 0 };
  if (existsSync(share(ADDON))) counts[readFileSync(share(ADDON), 'utf8').trim() === 'OK' ? 'passed' : 'failed'] += 1;
  if (timedOut || code !== 0 || counts.passed + counts.failed === 0) {
    counts.failed += 1;
    console.log(timedOut ? 'The machine was ended for taking too long.' : `The machine ended with ${code}.`);
  }
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed > 0 ? 1 : 0;
}
