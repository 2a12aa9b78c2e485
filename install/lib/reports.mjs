// Counts of tests from the reports that vitest, ctest and gtest write: { passed, failed, skipped, failures }, where
// failures are { name, message } of those that failed, as far as the reports know them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/**
 * A run is never better than its exit code, and a run without a test is no success (unless a filter asked for few).
 * @param {{ passed: number, failed: number, skipped: number, failures: { name: string, message: string }[] }} counts
 * @param {{ code: number, timedOut: boolean }} end how the run's process ended
 */
export function judged(counts, { code, timedOut }, filtered) {
  if (timedOut) return { ...counts, failed: counts.failed + 1, remark: 'ended for taking too long' };
  if (counts.failed > 0) return counts;
  if (counts.passed === 0 && !filtered) return { ...counts, failed: 1, remark: 'no test was run' };
  if (code !== 0) return { ...counts, failed: 1, remark: `the run ended with code ${code}` };
  return counts;
}

/** vitest's JSON report. A file that could not be loaded counts as one failure. */
export function countVitest(path) {
  if (!existsSync(path)) return { passed: 0, failed: 0, skipped: 0, failures: [] };
  const report = readJson(path);
  const unloaded = report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0);
  const failed = report.testResults.flatMap((f) =>
    f.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => ({ name: `${f.name}: ${test.fullName}`, message: test.failureMessages.join('\n') })),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
    failures: [...unloaded.map((f) => ({ name: f.name, message: f.message })), ...failed],
  };
}

/**
 * ctest's JUnit report, where each entry counts as one test unless the folder has gtest's own `<entry>.json`. An entry
 * that failed without a failed test in it (a crash, a leak) counts as one failure more.
 */
export function countCtest(folder) {
  const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const list = join(folder, 'ctest.xml');
  if (!existsSync(list)) return total;
  for (const [, name, status] of readFileSync(list, 'utf8').matchAll(/<testcase name="([^"]+)".*? status="(\w+)"/g)) {
    const failed = status === 'fail';
    const counts = gtestCounts(join(folder, `${name}.json`)) ?? {
      passed: status === 'run' ? 1 : 0,
      failed: 0,
      skipped: failed || status === 'run' ? 0 : 1,
      failures: [],
    };
    if (failed && counts.failed === 0) counts.failed = 1;
    if (failed && counts.failures.length === 0) counts.failures.push({ name, message: 'see its output above' });
    for (const key of ['passed', 'failed', 'skipped']) total[key] += counts[key];
    total.failures.push(...counts.failures);
  }
  return total;
}

/** The files of vitest's JSON report: [{ name, seconds }]. */
export function vitestFiles(path) {
  if (!existsSync(path)) return [];
  return readJson(path).testResults.map((f) => ({ name: f.name, seconds: (f.endTime - f.startTime) / 1000 }));
}

/** The entries of ctest's JUnit report: [{ name, seconds }]; the shards of a suite count each. */
export function ctestEntries(folder) {
  const list = join(folder, 'ctest.xml');
  if (!existsSync(list)) return [];
  const entries = readFileSync(list, 'utf8').matchAll(/<testcase name="([^"]+)".*? time="([\d.]+)"/g);
  return [...entries].map(([, name, seconds]) => ({ name, seconds: Number(seconds) }));
}

/** gtest's JSON report; undefined when there is none or it is not whole, as after a crash. */
export function gtestCounts(path) {
  let report;
  try {
    report = readJson(path);
  } catch {
    return undefined;
  }
  const tests = report.testsuites.flatMap((suite) => suite.testsuite);
  const failures = tests
    .filter((test) => test.failures !== undefined)
    .map((test) => ({
      name: `${test.classname}.${test.name}`,
      message: test.failures.map(({ failure }) => failure).join('\n'),
    }));
  const failed = failures.length;
  const passed = tests.filter((test) => test.result === 'COMPLETED').length - failed;
  return { passed, failed, skipped: tests.length - passed - failed, failures };
}
