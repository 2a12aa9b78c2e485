// `npm run hil`: cases on the real driver, in a virtual machine; each is printed as it ends, and then how many passed.
//
//   hil [PriCalls.* …]    those whose names fit a pattern with * and ?
import { existsSync, readFileSync, rmSync } from 'node:fs';

import { run } from '../install/lib/child.mjs';
import { buildEngineTests } from '../install/lib/engine-tests.mjs';
import { Failure } from '../install/lib/failure.mjs';
import { installPackages } from '../install/lib/packages.mjs';
import { inRoot } from '../install/lib/paths.mjs';
import { Progress } from '../install/lib/progress.mjs';
import { gtestCounts } from '../install/lib/reports.mjs';
import { boot, prepare, RIG_PACKAGES, RIG_STEPS, share } from './rig/machine.mjs';

/** The machine with all its cases; the rest of a quarter of an hour is for making what it needs. */
const LIMIT_MS = 11 * 60_000;
const BUILD = 'native/build-test';
const ADDON = 'Addon.OpensTwoSpansOfTheDriver';
/** What the lines of the machine are configured for in turn; a case is of the kind that its name begins with. */
const KINDS = { pri: /^(Pri|Addon)/, r2: /^R2/, analog: /^Analog/ };

/** What the machine is made of cannot be had here: the sentence says why. */
export class NoMachine extends Failure {}

/** Runs the cases that fit; the exit code. */
export async function hil(patterns) {
  const { passed, failed } = await runCases(patterns);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/**
 * @param {string[]} patterns of names; none: all of them
 * @returns {Promise<{ passed: number, failed: number, skipped: number, failures: { name: string, message: string }[],
 *   figures: Record<string, Record<string, number>> }>} figures by case and name, without their units
 * @throws {NoMachine}
 */
export async function runCases(
  patterns,
  { onOutput = (text) => process.stdout.write(text), out = process.stdout } = {},
) {
  const progress = new Progress({ out, log: inRoot('build/hil.log') });
  await orNoMachine(() =>
    progress.step('packages', (begin) => installPackages(RIG_PACKAGES, { begin, keep: progress.keep })),
  );
  for (const part of RIG_STEPS) {
    const step = () => progress.step(part.name, (begin) => prepare(part, { begin, keep: progress.keep }));
    await (part.fetches ? orNoMachine(step) : step());
  }
  await orNoMachine(findEmulator);
  await buildEngineTests({ folder: BUILD, buildType: 'Release', target: 'hil', quiet: out !== process.stdout });

  const wanted = await namesOfCases(patterns);
  const kinds = Object.keys(KINDS).filter((kind) => wanted.some((name) => KINDS[kind].test(name)));
  const filters = kinds.map((kind) => [`FILTER_${kind}`, wanted.filter((name) => KINDS[kind].test(name)).join(':')]);
  const reports = kinds.map((kind) => share(`${kind}.json`));
  for (const file of [...reports, share('addon')]) rmSync(file, { force: true });
  const { code, timedOut } = await boot('cases.sh', {
    env: {
      ...{ CASES: inRoot(BUILD, 'hil_cases'), PEER: inRoot(BUILD, 'pri_peer'), CONF: inRoot('hil-tests/guest') },
      ...{ MODULES: inRoot('build/hil/modules'), TOOLS: inRoot('build/hil/root/usr/sbin') },
      ...{ NODE: process.execPath, ROOT: inRoot(), KINDS: kinds.join(' ') },
      ...Object.fromEntries(filters),
      JOB_SECONDS: String(LIMIT_MS / 1000 - 30),
    },
    timeLimitMs: LIMIT_MS,
    onOutput,
  });
  const total = { passed: 0, failed: 0, skipped: 0, failures: [], figures: {} };
  for (const file of reports) count(file, total);
  if (existsSync(share('addon')))
    total[readFileSync(share('addon'), 'utf8').trim() === 'OK' ? 'passed' : 'failed'] += 1;
  const seen = total.passed + total.failed + total.skipped;
  if (timedOut || code !== 0) {
    total.failed += 1;
    onOutput(timedOut ? 'The machine was ended for taking too long.\n' : `The machine ended with ${code}.\n`);
  } else if (seen < wanted.length) {
    total.failed += wanted.length - seen;
    onOutput(`${wanted.length - seen} cases were not run to their end.\n`);
  }
  return total;
}

async function orNoMachine(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw Object.assign(new NoMachine(error.message, error.output), { log: error.log });
  }
}

async function findEmulator() {
  const { code } = await run('qemu-system-x86_64', ['--version']);
  if (code !== 0) throw new Failure('There is no qemu-system-x86_64.');
}

/** Every case of the program that fits, and the one in Node.js. */
async function namesOfCases(patterns) {
  const { code, output } = await run(inRoot(BUILD, 'hil_cases'), ['--gtest_list_tests']);
  if (code !== 0) throw new Failure('The cases do not tell their names.', output);
  const names = [ADDON];
  let suite = '';
  for (const line of output.split('\n')) {
    if (/^\S+\.$/.test(line)) suite = line;
    else if (line.startsWith('  ') && suite !== '') names.push(suite + line.trim().split(/\s/)[0]);
  }
  const asked = patterns.map((pattern) => {
    const literal = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  });
  const wanted = asked.length === 0 ? names : names.filter((name) => asked.some((one) => one.test(name)));
  if (wanted.length === 0) throw new Failure(`No case fits ${patterns.join(' ')}. There are:\n${names.join('\n')}`);
  return wanted;
}

function count(file, total) {
  const counts = gtestCounts(file);
  if (counts === undefined) return;
  for (const key of ['passed', 'failed', 'skipped']) total[key] += counts[key];
  total.failures.push(...counts.failures);
  for (const { testsuite } of JSON.parse(readFileSync(file, 'utf8')).testsuites)
    for (const test of testsuite) total.figures[`${test.classname}.${test.name}`] = figuresOf(test);
}

/** What a case has recorded beside what GoogleTest tells of it: `value unit`. */
function figuresOf(test) {
  const own = Object.entries(test).filter(([, value]) => typeof value === 'string' && /^-?[\d.]+ \S*$/.test(value));
  return Object.fromEntries(own.map(([name, value]) => [name, Number.parseFloat(value)]));
}
