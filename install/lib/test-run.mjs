// `npm test`: every suite under a heading of its own, then a summary whose last line is `N passed, N failed`.
//
// Arguments: names of suites (all but `sanitized`, `threads` and `hil` when none is named), then a filter for the names of tests or files.
import { mkdirSync, rmSync } from 'node:fs';

import { NoMachine, runCases } from '../../hil-tests/run.mjs';
import { run } from './child.mjs';
import { buildEngineTests } from './engine-tests.mjs';
import { Failure } from './failure.mjs';
import { lock } from './lock.mjs';
import { inRoot, tool } from './paths.mjs';
import { countCtest, countVitest, judged } from './reports.mjs';

const MINUTE_MS = 60_000;
/** Of each suite, and of each failure, at the end. */
const MOST_FAILURES = 10;
const MOST_LINES = 15;

/** Pages are shot when everything is asked for. */
const vitest = (project, minutes) => ({
  does: `vitest, ${project} tests`,
  run: (f, everything) => runVitest(project, minutes, f, everything ? { CORDBOARD_SCREENS: 'all' } : {}),
});

const SUITES = {
  lint: { does: 'style, types and the direction of dependencies', run: lint },
  native: { does: "the engine's tests", run: engineTests },
  unit: vitest('unit', 10),
  integration: vitest('integration', 15),
  e2e: vitest('e2e', 15),
  sanitized: {
    does: "the engine's tests under the address and undefined-behaviour sanitizers, with the long fuzz runs",
    onlyNamed: true,
    run: (f) =>
      ctest(
        {
          folder: 'native/build-asan',
          sanitize: 'address',
          minutes: 35,
          env: {
            CORDBOARD_FUZZ_FRAMES: '100000',
            CORDBOARD_FUZZ_PACKETS: '600000',
            CORDBOARD_FUZZ_SIGNALLING: '20000',
          },
        },
        f,
      ),
  },
  threads: {
    does: "those of the engine's tests that have threads, under the thread sanitizer",
    onlyNamed: true,
    run: (f) => ctest({ folder: 'native/build-tsan', sanitize: 'thread', label: 'threads', minutes: 20 }, f),
  },
  hil: {
    does: 'cases on the real driver of the cards, in a virtual machine',
    onlyNamed: true,
    nightly: true,
    run: hardwareInTheLoop,
  },
};

/** Each is one check that passes or fails. */
const checks = () => [
  { name: 'eslint', command: tool('eslint'), args: ['.', '--max-warnings', '0'] },
  { name: 'direction of dependencies', command: process.execPath, args: [inRoot('install/lint-layers.mjs')] },
  { name: 'types of the tests', command: tool('tsc'), args: ['-b', 'test'] },
  { name: 'types of the pages', command: tool('vue-tsc', 'admin-ui'), args: ['--noEmit', '-p', 'admin-ui'] },
];

/** Runs the suites and gives the exit code. */
export async function testRun(args) {
  const isSuite = (arg) => arg in SUITES || arg === 'everything';
  const everything = Object.keys(SUITES).filter((name) => !SUITES[name].nightly);
  const named = args.includes('everything') ? everything : args.filter(isSuite);
  const filter = args.filter((arg) => !isSuite(arg));
  const usual = Object.keys(SUITES).filter(
    (name) => !SUITES[name].onlyNamed && (filter.length === 0 || name !== 'lint'),
  );
  const names = named.length > 0 ? named : usual;

  const unlock = await lock(inRoot('build/test.lock'), () => console.log('Other tests run here; waiting for them.'));
  mkdirSync(inRoot('build/reports'), { recursive: true });
  const results = [];
  for (const name of names) {
    console.log(`\n=== ${name}: ${SUITES[name].does}\n`);
    const started = performance.now();
    const counts = await SUITES[name].run(filter, args.includes('everything')).catch(asFailed);
    results.push({ name, ...counts, seconds: (performance.now() - started) / 1000 });
  }
  unlock();
  return summary(results);
}

function asFailed(error) {
  if (!(error instanceof Failure)) throw error;
  error.print();
  return { passed: 0, failed: 1, skipped: 0, failures: [], remark: error.message };
}

function summary(results) {
  console.log('\n=== summary\n');
  for (const { name, passed, failed, skipped, remark, seconds } of results) {
    const rest = [skipped > 0 ? `${skipped} skipped` : '', `${seconds.toFixed(0)} s`, remark ?? ''].filter(Boolean);
    console.log(`  ${name.padEnd(12)} ${passed} passed, ${failed} failed (${rest.join('; ')})`);
  }
  for (const { name, failures } of results)
    failures.slice(0, MOST_FAILURES).forEach((failure) => printFailure(name, failure));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const [passed, failed] = [sum('passed'), sum('failed')];
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** Once more at the end, where it is found without reading everything that was printed before it. */
function printFailure(suite, { name, message }) {
  console.log(`\n  failed in ${suite}: ${name.replace(`${inRoot()}/`, '')}`);
  for (const line of message.split('\n').slice(0, MOST_LINES)) console.log(`    ${line}`);
}

/** The first is as long as all the others: they run beside it. */
async function lint() {
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const one = async ({ name, command, args }) => {
    const { code } = await run(command, args, { cwd: inRoot(), stdio: 'inherit', timeLimitMs: 5 * MINUTE_MS });
    counts[code === 0 ? 'passed' : 'failed'] += 1;
    if (code !== 0) counts.failures.push({ name, message: 'see its output above' });
    console.log(`  ${name}: ${code === 0 ? 'good' : 'failed'}`);
  };
  const [longest, ...others] = checks();
  const inTurn = async () => {
    for (const check of others) await one(check);
  };
  await Promise.all([one(longest), inTurn()]);
  return counts;
}

/** That what measures the engine can still be compiled is seen when everything is asked for. */
function engineTests(filter, everything) {
  return ctest({ folder: 'native/build-test', target: everything ? 'all' : 'tests', minutes: 10, atOnce: 3 }, filter);
}

/** `atOnce`: so many suites side by side; most of them wait for seconds of audio more than they work. */
async function ctest({ folder, sanitize, label, target = 'tests', minutes, atOnce = 1, env }, filter) {
  // As the addon is compiled, which the compiler cache then serves; a sanitizer wants its own.
  await buildEngineTests({ folder, buildType: sanitize ? 'RelWithDebInfo' : 'Release', sanitize, target });
  const reports = inRoot(folder, 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const args = ['--test-dir', inRoot(folder), '--output-on-failure', '--output-junit', `${reports}/ctest.xml`];
  args.push('--parallel', String(atOnce));
  if (label !== undefined) args.push('--label-regex', `^${label}$`);
  if (filter.length > 0) args.push('--tests-regex', filter.join('|'));
  const end = await run('ctest', args, {
    stdio: 'inherit',
    timeLimitMs: minutes * MINUTE_MS,
    env: { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1', ...env },
  });
  return judged(countCtest(reports), end, filter.length > 0);
}

/** Where no virtual machine can be had they are left out, out loud: nothing of the product is at fault. */
async function hardwareInTheLoop(filter) {
  try {
    return await runCases(filter.map((word) => `*${word}*`));
  } catch (error) {
    if (!(error instanceof NoMachine)) throw error;
    error.print();
    const remark = `LEFT OUT, as there is no virtual machine here: ${error.message}`;
    console.log(remark);
    return { passed: 0, failed: 0, skipped: 1, failures: [], remark };
  }
}

async function runVitest(project, minutes, filter, env) {
  const report = inRoot(`build/reports/${project}.json`);
  rmSync(report, { force: true });
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  if (filter.length > 0) args.push('--passWithNoTests');
  const end = await run(tool('vitest'), [...args, ...filter], {
    cwd: inRoot(),
    stdio: 'inherit',
    timeLimitMs: minutes * MINUTE_MS,
    env: { ...process.env, ...env },
  });
  return judged(countVitest(report), end, filter.length > 0);
}
