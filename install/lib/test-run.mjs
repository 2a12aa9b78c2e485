// `npm test`: every suite under a heading of its own, then a summary whose last line is `N passed, N failed`.
//
// Arguments: names of suites (all but `sanitized`, `threads` and `hil` when none is named), then a filter for the names of tests or files.
import { mkdirSync, rmSync } from 'node:fs';

import { runCases } from '../../hil-tests/run.mjs';
import { buildEngineTests } from './engine-tests.mjs';
import { Failure } from './failure.mjs';
import { runLanes, Turns } from './lanes.mjs';
import { lock } from './lock.mjs';
import { metered } from './metered.mjs';
import { inRoot, tool } from './paths.mjs';
import { countCtest, countVitest, ctestEntries, judged, vitestFiles } from './reports.mjs';

const MINUTE_MS = 60_000;
/** Of all files together, at the end: where the time goes. */
const MOST_SLOW_FILES = 10;
/** Of each suite, and of each failure, at the end. */
const MOST_FAILURES = 10;
const MOST_LINES = 15;

/** Of ports that each worker of a suite has (test/support/slot.ts): suites run side by side. */
const FIRST_SLOTS = { integration: '0', e2e: '7', network: '7', unit: '12' };

/** Pages are shot when everything is asked for. */
const vitest = (project, minutes, { behind } = {}) => ({
  does: `vitest, ${project} tests`,
  run: (f, everything, voice) =>
    runVitest({ project, minutes, behind, voice, env: everything ? { CORDBOARD_SCREENS: 'all' } : {} }, f),
});

const SUITES = {
  lint: { does: 'style, types and the direction of dependencies', run: lint },
  native: { does: "the engine's tests", run: engineTests },
  unit: vitest('unit', 10, { behind: 'some' }),
  integration: vitest('integration', 20),
  e2e: vitest('e2e', 20),
  network: vitest('network', 5),
  sanitized: {
    does: "the engine's tests under the address and undefined-behaviour sanitizers, with the long fuzz runs",
    onlyNamed: true,
    run: (f, everything, voice) =>
      ctest(
        {
          folder: 'native/build-asan',
          sanitize: 'address',
          minutes: 35,
          atOnce: 2,
          voice,
          env: {
            CORDBOARD_FUZZ_FRAMES: '100000',
            CORDBOARD_FUZZ_PACKETS: '600000',
            CORDBOARD_FUZZ_SIGNALLING: '20000',
            CORDBOARD_FUZZ_T38: '100000',
          },
        },
        f,
      ),
  },
  threads: {
    does: "those of the engine's tests that have threads, under the thread sanitizer",
    onlyNamed: true,
    run: (f, everything, voice) =>
      ctest({ folder: 'native/build-tsan', sanitize: 'thread', label: 'threads', minutes: 20, atOnce: 2, voice }, f),
  },
  hil: {
    does: 'cases on the real driver of the cards, in a virtual machine',
    onlyNamed: true,
    // The last, so that nothing else runs beside it: its clock is this machine's. No machine to be had is a failure.
    run: (f) => runCases(f.map((word) => `*${word}*`)),
  },
};

/**
 * In each lane one after another, the lanes side by side. Where telephones of others are heard, nothing that calculates runs beside
 * them: their packets are late on a busy machine, and what they hear is judged. What reads the sources takes the processor when nobody
 * else wants it, which half of the time is so there. The machine of the last has the processors for itself.
 */
const STAGES = [
  [['unit'], ['native']],
  [['integration'], ['lint']],
  [['e2e']],
  [['network']],
  [['sanitized']],
  [['threads']],
  [['hil']],
];

const compilers = new Turns();

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
  const named = args.includes('everything') ? Object.keys(SUITES) : args.filter(isSuite);
  const filter = args.filter((arg) => !isSuite(arg));
  const usual = Object.keys(SUITES).filter(
    (name) => !SUITES[name].onlyNamed && (filter.length === 0 || name !== 'lint'),
  );
  const names = named.length > 0 ? named : usual;

  const unlock = await lock(inRoot('build/test.lock'), () => console.log('Other tests run here; waiting for them.'));
  mkdirSync(inRoot('build/reports'), { recursive: true });
  const began = performance.now();
  const results = new Map();
  await runLanes(STAGES, names, async (name, voice) => {
    console.log(`\n=== ${name}: ${SUITES[name].does}\n`);
    const started = performance.now();
    const counts = await SUITES[name].run(filter, args.includes('everything'), voice).catch(asFailed);
    results.set(name, { name, ...counts, seconds: (performance.now() - started) / 1000 });
  });
  unlock();
  const inOrder = Object.keys(SUITES).flatMap((name) => results.get(name) ?? []);
  return summary(inOrder, (performance.now() - began) / 1000);
}

function asFailed(error) {
  if (!(error instanceof Failure)) throw error;
  error.print();
  return { passed: 0, failed: 1, skipped: 0, failures: [], remark: error.message };
}

function summary(results, seconds) {
  console.log('\n=== summary\n');
  for (const { name, passed, failed, skipped, remark } of results) {
    const rest = [skipped > 0 ? `${skipped} skipped` : '', remark ?? ''].filter(Boolean);
    console.log(
      `  ${name.padEnd(12)} ${passed} passed, ${failed} failed${rest.length > 0 ? ` (${rest.join('; ')})` : ''}`,
    );
  }
  timesOf(results, seconds);
  for (const { name, failures } of results)
    failures.slice(0, MOST_FAILURES).forEach((failure) => printFailure(name, failure));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const [passed, failed] = [sum('passed'), sum('failed')];
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** How long each part took, and the longest of all files; parts run side by side, so that they take longer than all of it. */
function timesOf(results, seconds) {
  const inSeconds = (value) => `${value.toFixed(0)} s`;
  const parts = results.map(({ name, seconds: wall, cpuSeconds }) => {
    return `${name} ${inSeconds(wall)}${cpuSeconds > 0 ? ` (${cpuSeconds.toFixed(0)} of a processor)` : ''}`;
  });
  const cpu = results.reduce((total, { cpuSeconds = 0 }) => total + cpuSeconds, 0);
  console.log(`\n  time: ${parts.join(', ')}; in all ${inSeconds(seconds)} (${cpu.toFixed(0)} of a processor)`);
  const files = results.flatMap(({ files: some = [] }) => some).sort((a, b) => b.seconds - a.seconds);
  const slowest = files
    .slice(0, MOST_SLOW_FILES)
    .map(({ name, seconds: wall }) => `${inRootName(name)} ${inSeconds(wall)}`);
  if (slowest.length > 0) console.log(`  slowest: ${slowest.join(', ')}`);
}

const inRootName = (path) => path.replace(`${inRoot()}/`, '').replace(/^test\//, '');

/** Once more at the end, where it is found without reading everything that was printed before it. */
function printFailure(suite, { name, message }) {
  console.log(`\n  failed in ${suite}: ${inRootName(name)}`);
  for (const line of message.split('\n').slice(0, MOST_LINES)) console.log(`    ${line}`);
}

/** The first is as long as all the others: they run beside it. */
async function lint(filter, everything, voice) {
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [], cpuSeconds: 0 };
  const one = async ({ name, command, args }) => {
    const options = {
      cwd: inRoot(),
      timeLimitMs: 20 * MINUTE_MS,
      behind: voice.alone ? 'some' : 'all',
      ...voice.options,
    };
    const { code, cpuSeconds } = await metered(command, args, options);
    counts[code === 0 ? 'passed' : 'failed'] += 1;
    counts.cpuSeconds += cpuSeconds;
    if (code !== 0) counts.failures.push({ name, message: 'see its output above' });
    voice.say(`  ${name}: ${code === 0 ? 'good' : 'failed'}`);
  };
  const [longest, ...others] = checks();
  const inTurn = async () => {
    for (const check of others) await one(check);
  };
  await Promise.all([one(longest), inTurn()]);
  return counts;
}

/** That what measures the engine can still be compiled is seen when everything is asked for. */
function engineTests(filter, everything, voice) {
  const target = everything ? 'all' : 'tests';
  return ctest({ folder: 'native/build-test', target, minutes: 10, atOnce: 8, voice }, filter);
}

/** `atOnce`: so many entries side by side; most of them wait for seconds of audio more than they work. */
async function ctest({ folder, sanitize, label, target = 'tests', minutes, atOnce, env, voice }, filter) {
  // As the addon is compiled, which the compiler cache then serves; a sanitizer wants its own.
  const buildType = sanitize ? 'RelWithDebInfo' : 'Release';
  await compilers.take(() => buildEngineTests({ folder, buildType, sanitize, target, out: voice }));
  const reports = inRoot(folder, 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const args = ['--test-dir', inRoot(folder), '--output-on-failure', '--output-junit', `${reports}/ctest.xml`];
  args.push('--parallel', String(atOnce));
  if (label !== undefined) args.push('--label-regex', `^${label}$`);
  if (filter.length > 0) args.push('--tests-regex', filter.join('|'));
  const end = await metered('ctest', args, {
    timeLimitMs: minutes * MINUTE_MS,
    env: { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1', ...env },
    ...voice.options,
  });
  const { cpuSeconds } = end;
  return { ...judged(countCtest(reports), end, filter.length > 0), cpuSeconds, files: ctestEntries(reports) };
}

async function runVitest({ project, minutes, behind, voice, env }, filter) {
  const report = inRoot(`build/reports/${project}.json`);
  rmSync(report, { force: true });
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  if (filter.length > 0) args.push('--passWithNoTests');
  const end = await metered(tool('vitest'), [...args, ...filter], {
    cwd: inRoot(),
    timeLimitMs: minutes * MINUTE_MS,
    env: { ...process.env, CORDBOARD_TEST_SLOT: FIRST_SLOTS[project], ...env },
    behind,
    ...voice.options,
  });
  const { cpuSeconds } = end;
  return { ...judged(countVitest(report), end, filter.length > 0), cpuSeconds, files: vitestFiles(report) };
}
