// What the detectors hear that is not there, and how soon they hear what is: figures that the engine's tests leave in their
// report when they run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../install/lib/child.mjs';
import { prepare, program } from './programs.mjs';

const TESTS = [
  'DspTalkOff.*',
  'DspCallProgress.HearsNothingInSpeechAndMusic',
  'DspCallProgress.TellsSoonEnoughToReleaseALine',
  'DspFaxTones.HearsNothingInSpeechAndMusic',
  'DspAnswerClassifier.ClassifiesACorpusItHasNotSeen',
];
/** Answer kinds in the order of the engine's enumeration. */
const KINDS = ['unknown', 'person', 'machine', 'fax', 'tone', 'silence'];
const GOALS_PERCENT = { person: 95, machine: 95, fax: 100, tone: 100, silence: 100 };

export async function detectors(report) {
  await prepare(report);
  const tests = await runTests(TESTS);
  for (const { classname, name, result, failures } of tests) {
    const why = failures?.[0]?.failure?.split('\n')[0] ?? '';
    if (result === 'SKIPPED' || failures)
      report.note(`${classname}.${name} ${failures ? 'failed' : 'was skipped'} ${why}`);
  }
  report.add('detectorTestsPassed', tests.filter(passed).length, 'tests', tests.length);

  const talkOff = tests.filter(({ classname }) => classname === 'DspTalkOff');
  report.add('dtmfTalkOffListened', sum(talkOff, 'seconds'), 's', 3600);
  report.add('dtmfFalseDigits', sum(talkOff, 'false_digits'), 'digits', 0, 'exactly');

  const silent = (suite) =>
    tests.filter(({ classname, name }) => classname === suite && name.startsWith('HearsNothing'));
  for (const [suite, figure] of [
    ['DspCallProgress', 'callProgress'],
    ['DspFaxTones', 'faxTones'],
  ]) {
    // The same recordings several times: by countries, levels and places where blocks begin.
    report.add(`${figure}Listened`, sum(silent(suite), 'seconds'), 's', 3600);
    report.add(`${figure}FalseTones`, sum(silent(suite), 'false_tones'), 'tones', 0, 'exactly');
  }

  const soon = tests.find(({ name }) => name === 'TellsSoonEnoughToReleaseALine') ?? {};
  report.add('busyToneToldAfter', Number(soon.busy_ms), 'ms', 3000, 'most');
  report.add('congestionToneToldAfter', Number(soon.congestion_ms), 'ms', 3000, 'most');

  const answers = tests.find(({ classname }) => classname === 'DspAnswerClassifier') ?? {};
  report.note(`answers: ${'is'.padEnd(8)} taken for ${KINDS.map((kind) => kind.padStart(8)).join('')}`);
  for (const [kind, goal] of Object.entries(GOALS_PERCENT)) {
    const taken = counts(answers[kind]);
    report.note(`         ${kind.padEnd(8)}           ${taken.map((count) => String(count).padStart(8)).join('')}`);
    const right = (100 * taken[KINDS.indexOf(kind)]) / taken.reduce((all, count) => all + count, 0);
    report.add(`answer${kind[0].toUpperCase()}${kind.slice(1)}Right`, right, '%', goal);
  }
  report.add('answerFalseBeeps', Number(answers.machine_false_beeps), 'beeps', 2, 'most');
}

const passed = ({ result, failures }) => result === 'COMPLETED' && failures === undefined;

/** Of a property that some tests left; one that none did is no figure, and no 0 either. */
function sum(tests, property) {
  const values = tests.filter((test) => property in test).map((test) => Number(test[property]));
  return values.length === 0 ? Number.NaN : values.reduce((total, value) => total + value, 0);
}

const counts = (text) => (text === undefined ? KINDS.map(() => Number.NaN) : text.split(' ').map(Number));

/** The tests' entries in GoogleTest's report, whether they passed or not. */
async function runTests(names) {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-figures-'));
  try {
    const file = join(folder, 'tests.json');
    const arguments_ = [`--gtest_filter=${names.join(':')}`, `--gtest_output=json:${file}`];
    const { output } = await run(program('cordboard_tests'), arguments_);
    const report = JSON.parse(readReport(file, output));
    return report.testsuites.flatMap(({ testsuite }) => testsuite);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file, output) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`the engine's tests left no report:\n${output.slice(-2000)}`);
  }
}
