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
const SHORTEST_MS = 60_000;
const BUILD = 'native/build-test';
const ADDON = 'Addon.OpensTwoSpansOfTheDriver';
/**
 * A case that fails is run again, out loud, when the machine stood still meanwhile for longer than who takes part can make up for:
 * our ends for what they keep ahead (4 blocks of 20 ms), the other programs for a tick of theirs.
 */
const STALL_MS = { ours: 80, peers: 40 };
const MOST_REPEATS = 2;
const PEERS = /^\w+Peer\./;
const STALL = 'machine stood still';
/** What the lines of the machine are configured for in turn; a case is of the kind that its name begins with. */
const KINDS = { pri: /^(Pri|Addon)/, r2: /^R2/, ss7: /^Ss7/, analog: /^Analog/ };

/** Runs the cases that fit; the exit code. */
export async function hil(patterns) {
  const { passed, failed, remark } = await runCases(patterns);
  if (remark) console.log(`\n${remark}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/**
 * @param {string[]} patterns of names; none: all of them
 * @returns {Promise<{ passed: number, failed: number, skipped: number, failures: { name: string, message: string }[],
 *   figures: Record<string, Record<string, number>>, remark?: string }>} figures by case and name, without their units; `remark`: what
 *   was run more than once
 * @throws {Failure} what the machine is made of cannot be had here, or cannot be made
 */
export async function runCases(
  patterns,
  { onOutput = (text) => process.stdout.write(text), out = process.stdout } = {},
) {
  const progress = new Progress({ out, log: inRoot('build/hil.log') });
  await progress.step('packages', (begin) => installPackages(RIG_PACKAGES, { begin, keep: progress.keep }));
  for (const part of RIG_STEPS) {
    await progress.step(part.name, (begin) => prepare(part, { begin, keep: progress.keep }));
  }
  await findEmulator();
  await buildEngineTests({ folder: BUILD, buildType: 'Release', target: 'hil', quiet: out !== process.stdout });

  const until = performance.now() + LIMIT_MS;
  const wanted = await namesOfCases(patterns);
  const results = await runInMachine(wanted, until, onOutput);
  const again = new Map();
  for (let repeat = 1; repeat <= MOST_REPEATS; repeat += 1) {
    const stalled = wanted.filter((name) => excused(name, results.get(name)));
    if (stalled.length === 0 || performance.now() + SHORTEST_MS > until) break;
    const told = stalled.map((name) => `  ${name} (${results.get(name).stalledMs} ms)`);
    onOutput(`The machine stood still while these failed; once more:\n${told.join('\n')}\n`);
    for (const name of stalled) again.set(name, repeat);
    for (const [name, result] of await runInMachine(stalled, until, onOutput)) results.set(name, result);
  }
  const total = { passed: 0, failed: 0, skipped: 0, failures: [], figures: {} };
  if (again.size > 0) {
    const told = [...again].map(([name, times]) => `${name} ${times} ${times === 1 ? 'time' : 'times'}`);
    total.remark = `run again, as the machine stood still: ${told.join(', ')}`;
  }
  for (const name of wanted) {
    const { passed, skipped, message, figures } = results.get(name) ?? { message: 'was not run to its end' };
    total[passed ? 'passed' : skipped ? 'skipped' : 'failed'] += 1;
    if (!passed && !skipped) total.failures.push({ name, message });
    total.figures[name] = figures ?? {};
  }
  for (const { name, message } of total.failures) onOutput(`failed: ${name}: ${message.split('\n')[0]}\n`);
  return total;
}

const excused = (name, result) =>
  result?.failed && result.stalledMs >= (PEERS.test(name) ? STALL_MS.peers : STALL_MS.ours);

/** Results by name; a case that has none was not run to its end. */
async function runInMachine(wanted, until, onOutput) {
  const kinds = Object.keys(KINDS).filter((kind) => wanted.some((name) => KINDS[kind].test(name)));
  const filters = kinds.map((kind) => [`FILTER_${kind}`, wanted.filter((name) => KINDS[kind].test(name)).join(':')]);
  const reports = kinds.map((kind) => share(`${kind}.json`));
  for (const file of [...reports, share('addon')]) rmSync(file, { force: true });
  const timeLimitMs = Math.max(until - performance.now(), SHORTEST_MS);
  const { code, timedOut } = await boot('cases.sh', {
    env: {
      ...{ CASES: inRoot(BUILD, 'hil_cases'), PEER: inRoot(BUILD, 'pri_peer'), CONF: inRoot('hil-tests/guest') },
      ...{ MODULES: inRoot('build/hil/modules'), TOOLS: inRoot('build/hil/root/usr/sbin') },
      ...{ NODE: process.execPath, ROOT: inRoot(), KINDS: kinds.join(' ') },
      ...Object.fromEntries(filters),
      JOB_SECONDS: String(Math.floor(timeLimitMs / 1000) - 30),
    },
    timeLimitMs,
    onOutput,
  });
  if (timedOut) onOutput('The machine was ended for taking too long.\n');
  else if (code !== 0) onOutput(`The machine ended with ${code}.\n`);
  const results = new Map(reports.flatMap(resultsOf));
  if (existsSync(share('addon'))) {
    const passed = readFileSync(share('addon'), 'utf8').trim() === 'OK';
    results.set(ADDON, { passed, failed: !passed, message: 'see its output above' });
  }
  return results;
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

/** GoogleTest's report: pairs of name and result. None when the program did not end by itself. */
function resultsOf(file) {
  const counts = gtestCounts(file);
  if (counts === undefined) return [];
  const messages = new Map(counts.failures.map(({ name, message }) => [name, message]));
  const tests = JSON.parse(readFileSync(file, 'utf8')).testsuites.flatMap(({ testsuite }) => testsuite);
  return tests.map((test) => {
    const name = `${test.classname}.${test.name}`;
    const figures = figuresOf(test);
    const failed = messages.has(name);
    const skipped = !failed && test.result !== 'COMPLETED';
    const message = messages.get(name) ?? '';
    return [name, { passed: !failed && !skipped, failed, skipped, message, figures, stalledMs: figures[STALL] ?? 0 }];
  });
}

/** What a case has recorded beside what GoogleTest tells of it: `value unit`. */
function figuresOf(test) {
  const own = Object.entries(test).filter(([, value]) => typeof value === 'string' && /^-?[\d.]+ \S*$/.test(value));
  return Object.fromEntries(own.map(([name, value]) => [name, Number.parseFloat(value)]));
}
