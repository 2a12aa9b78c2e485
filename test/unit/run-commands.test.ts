import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMPILES, InstallTree } from '../support/install-tree.js';

let tree: InstallTree;

beforeEach(() => {
  tree = new InstallTree();
});

afterEach(() => {
  tree.remove();
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('start', () => {
  it('sets up, then hands the arguments to the daemon and keeps its exit code', () => {
    tree.write('daemon/bin/cordboard.mjs', 'console.log(process.argv.slice(2).join(" ")); process.exit(7);\n');
    const { status, stdout } = tree.run('run.mjs', 'start', '--home', '/somewhere');
    expect(status).toBe(7);
    expect(stdout).toMatch(/Setting up Cordboard\n(.*\n)+start --home \/somewhere\n$/);
  });

  it('passes a signal on once and lets the daemon end in its own way', async () => {
    tree.write(
      'daemon/bin/cordboard.mjs',
      `import { appendFileSync } from 'node:fs';
       process.on('SIGINT', () => { appendFileSync('signals', 'SIGINT\\n'); setTimeout(() => process.exit(5), 200); });
       setInterval(() => {}, 1000);
       appendFileSync('signals', 'ready\\n');`,
    );
    const child = tree.start('run.mjs', 'start');
    const heard = () => (existsSync(tree.at('signals')) ? readFileSync(tree.at('signals'), 'utf8') : '');
    await until(() => heard() !== '');
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([5, null]);
    expect(heard()).toBe('ready\nSIGINT\n');
  });
});

describe('an interrupted set-up', () => {
  it('ends what it started, with all that that started', async () => {
    tree.program('tsc', 'sleep 600 & echo $! > sleeper; echo $$ > compiler; wait', 'tools');
    const child = tree.start('setup.mjs');
    const pid = (file: string) => Number(readFileSync(tree.at(`daemon/${file}`), 'utf8'));
    await until(() => existsSync(tree.at('daemon/compiler')) && pid('compiler') > 0);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([128 + 15, null]);
    await until(() => !isAlive(pid('compiler')) && !isAlive(pid('sleeper')));
  });

  it('and another meanwhile: they take turns', async () => {
    tree.program('tsc', `sleep 1\n${COMPILES}`, 'tools');
    const first = tree.start('setup.mjs');
    await until(() => existsSync(tree.at('calls')));
    const second = tree.start('setup.mjs');
    let said = '';
    second.stdout?.on('data', (text: Buffer) => (said += text.toString()));
    expect(await Promise.all([once(first, 'exit'), once(second, 'exit')])).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(said).toContain('Another set-up is at work here');
    const compiled = readFileSync(tree.at('calls'), 'utf8').match(/^tsc /gm);
    expect(compiled).toHaveLength(1);
  });
});

describe('test', () => {
  const vitestReport = (passed: number, failed: number) =>
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: 1,
      testResults: ['short', 'long'].map((name, i) => ({
        name: tree.at(`test/unit/${name}.test.ts`),
        status: 'passed',
        assertionResults: [{}],
        startTime: 1000,
        endTime: 2000 + i * 90_000,
      })),
    });
  const suite = (...results: string[]) => JSON.stringify({ testsuites: [{ testsuite: results.map(gtestCase) }] });
  const gtestCase = (result: string) =>
    result === 'failed'
      ? { name: 'x', result: 'COMPLETED', failures: [{ failure: 'x' }] }
      : { name: 'x', result: result === 'passed' ? 'COMPLETED' : 'SKIPPED' };
  const ctestList = (...entries: [string, string][]) =>
    `<testsuite>${entries.map(([name, status]) => `<testcase name="${name}" classname="${name}" time="0.1" status="${status}">\n</testcase>\n`).join('')}</testsuite>`;

  /** Stand-ins whose reports say what the arguments say. */
  function prepare({ vitest = vitestReport(2, 0), vitestCode = 0, ctestFiles = {}, ctestCode = 0 } = {}) {
    for (const tool of ['eslint', 'vue-tsc']) tree.program(tool, 'exit 0', 'tools');
    const files = {
      'ctest.xml': ctestList(['a', 'run'], ['b', 'run']),
      'b.json': suite('passed', 'passed', 'skipped'),
    };
    for (const [name, text] of Object.entries({ ...files, ...ctestFiles })) tree.write(`reports/${name}`, text);
    tree.program('cmake', 'exit 0');
    tree.program('ctest', `cp "$PWD"/reports/* "$2/reports/"; exit ${ctestCode}`);
    tree.write('vitest.json', vitest);
    tree.program('vitest', `${reportsOfVitest}; exit ${vitestCode}`, 'tools');
  }
  const reportsOfVitest = [
    'for a in "$@"; do case "$a" in --outputFile.json=*) out="${a#*=}";; esac; done',
    'cp vitest.json "$out"',
  ].join('\n');

  const testRun = (...suites: string[]) => {
    const { status, stdout } = tree.run('run.mjs', 'test', ...suites);
    return { status, last: stdout.trimEnd().split('\n').at(-1), stdout };
  };

  it('sums every suite', () => {
    prepare();
    // 4 checks; a, and two of b's three; four times two.
    expect(testRun()).toMatchObject({ status: 0, last: '15 passed, 0 failed' });
  });

  it('runs the suites that are named', () => {
    prepare();
    expect(testRun('unit', 'e2e')).toMatchObject({ status: 0, last: '4 passed, 0 failed' });
  });

  it('fails with a failed test', () => {
    prepare({ vitest: vitestReport(2, 1), vitestCode: 1 });
    expect(testRun('unit')).toMatchObject({ status: 1, last: '2 passed, 1 failed' });
  });

  it('fails when a suite ran no test', () => {
    prepare({ vitest: vitestReport(0, 0) });
    const { status, last, stdout } = testRun('unit');
    expect([status, last]).toEqual([1, '0 passed, 1 failed']);
    expect(stdout).toContain('no test was run');
  });

  it('fails when the run fails though every test passed', () => {
    prepare({ vitestCode: 1 });
    expect(testRun('unit')).toMatchObject({ status: 1, last: '2 passed, 1 failed' });
  });

  it('counts failed tests of the engine, and programs that crashed', () => {
    prepare({
      ctestFiles: {
        'ctest.xml': ctestList(['a', 'run'], ['b', 'fail'], ['crashed', 'fail'], ['left-out', 'disabled']),
        'b.json': suite('passed', 'failed', 'failed'),
        'crashed.json': '{ "testsuites": [',
      },
      ctestCode: 8,
    });
    expect(testRun('native')).toMatchObject({ status: 1, last: '2 passed, 3 failed' });
  });

  it('fails with a build that fails, and goes on to the other suites', () => {
    prepare();
    tree.program('cmake', 'echo "error: wrong"; exit 1');
    const { status, last } = testRun('native', 'unit');
    expect([status, last]).toEqual([1, '2 passed, 1 failed']);
  });

  it('runs what waits beside what calculates, each line behind the name of its suite', () => {
    prepare();
    // The engine's tests, which are named first, end when the unit tests have begun.
    tree.program('vitest', `echo of vitest; touch begun; ${reportsOfVitest}`, 'tools');
    const begun = 'for i in {1..300}; do if [ -e begun ]; then break; fi; sleep 0.1; done; [ -e begun ] || exit 1';
    tree.program('ctest', `${begun}; printf 'of ctest, without an end'; cp "$PWD"/reports/* "$2/reports/"`);
    const { last, stdout } = testRun('native', 'unit');
    expect(last).toBe('5 passed, 0 failed');
    expect(stdout).toMatch(/^unit {8}\| of vitest$/m);
    expect(stdout).toMatch(/^native {6}\| of ctest, without an end$/m);
  });

  it('says how long each part took, on the clock and of a processor, and the longest files of all', () => {
    prepare();
    tree.program('vitest', `for ((i = 0; i < 1000000; i++)); do :; done; ${reportsOfVitest}`, 'tools');
    const { stdout } = testRun('native', 'unit');
    expect(stdout).toMatch(
      /^ {2}time: native \d+ s.*, unit \d+ s \([1-9]\d* of a processor\); in all \d+ s \([1-9]\d* of a processor\)$/m,
    );
    expect(stdout).toMatch(/^ {2}slowest: unit\/long\.test\.ts 91 s, unit\/short\.test\.ts 1 s, a 0 s, b 0 s$/m);
  });

  it('fails with a check that fails', () => {
    prepare();
    tree.program('eslint', 'exit 1', 'tools');
    expect(testRun('lint')).toMatchObject({ status: 1, last: '3 passed, 1 failed' });
  });
});

describe('bench', () => {
  /** Programs that say which they are and what they were given. */
  function prepare(scripts: Record<string, string> = {}) {
    const say = (name: string) => `printf '{"program": "${name}", "given": "%s"}\\n' "$*"`;
    const programs = { dsp: say('dsp'), echo: say('echo'), switch: `${say('switch')}; ${say('switch')}`, ...scripts };
    tree.program('cmake', 'echo "cmake speaks"');
    for (const [name, script] of Object.entries(programs)) {
      tree.write(`native/bench/${name}_bench.cpp`, '');
      tree.program(`${name}_bench`, script, 'native/build-bench');
    }
    // What was left behind by a program that is gone.
    tree.program('gone_bench', say('gone'), 'native/build-bench');
  }

  const benchRun = (...args: string[]) => {
    const { status, stdout, stderr, programs } = tree.run('run.mjs', 'bench', ...args);
    return { status, stdout, stderr, ran: programs.filter((name) => name?.endsWith('_bench')) };
  };

  it('runs every program that has a source, each under its name', () => {
    prepare();
    const { status, stdout, ran } = benchRun();
    expect([status, ran]).toEqual([0, ['dsp_bench', 'echo_bench', 'switch_bench']]);
    expect(stdout).toContain('\ndsp\n{"program": "dsp", "given": ""}\n\necho\n');
  });

  it('runs those that are named, with and without the end of the name', () => {
    prepare();
    expect(benchRun('echo_bench', 'dsp').ran).toEqual(['echo_bench', 'dsp_bench']);
  });

  it('prints one object on one line, a list of what printed several lines', () => {
    prepare();
    const { status, stdout } = benchRun('--json');
    const one = { program: 'switch', given: '--json' };
    expect(stdout.split('\n')).toHaveLength(2);
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      { dsp: { ...one, program: 'dsp' }, echo: { ...one, program: 'echo' }, switch: [one, one] },
    ]);
  });

  it.each([
    { args: ['--scenario', 'switch4096', '--seconds', '10', '--json'] },
    { args: ['--scenario=switch4096', '--seconds=10', '--json'] },
    { args: ['switch', '--scenario', 'switch4096', '--seconds', '10', '--json'] },
  ])('hands a scenario to the loaded switch alone: $args', ({ args }) => {
    prepare({ switch: `printf '{"given": "%s"}\\n' "$*"; echo progress >&2` });
    const { status, stdout, stderr, ran } = benchRun(...args);
    expect([status, ran]).toEqual([0, ['switch_bench']]);
    expect(stdout).toBe('{"given":"--scenario switch4096 --seconds 10 --json"}\n');
    expect(stderr).toContain('progress\n');
  });

  it.each([
    { args: ['--scenario', 'storm'], says: 'No scenario is called storm; there are switch2 … switch65536' },
    { args: ['--scenario', 'switch4095'], says: 'No scenario is called switch4095;' },
    { args: ['--scenario', 'switch70000'], says: 'No scenario is called switch70000;' },
    { args: ['dsp', '--scenario', 'switch64'], says: 'A scenario is for switch alone: leave out dsp' },
    { args: ['storm'], says: 'No bench is called storm; there are: dsp, echo, switch.' },
    { args: ['gone'], says: 'No bench is called gone;' },
    { args: ['--second', '3'], says: 'No option is called --second; there are: --json' },
    { args: ['--seconds', '--json'], says: '--seconds wants a value, a whole number' },
  ])('refuses $args before anything is built', ({ args, says }) => {
    prepare();
    const { status, stdout, stderr } = tree.run('run.mjs', 'bench', ...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(says);
    expect(existsSync(tree.at('calls'))).toBe(false);
  });

  it('keeps the exit code of a program whose work was wrong, and its figures', () => {
    prepare({ dsp: `echo '{"wrong": 1}'; exit 3` });
    const { status, stdout } = benchRun('dsp', 'echo', '--json');
    expect([status, JSON.parse(stdout)]).toMatchObject([3, { dsp: { wrong: 1 }, echo: { program: 'echo' } }]);
  });

  it.each([{ script: 'kill -9 $$' }, { script: 'echo rubbish' }])(
    'prints no figures when a program has none: $script',
    ({ script }) => {
      prepare({ dsp: script });
      const { status, stdout } = benchRun('--json');
      expect([status, stdout]).toEqual([1, '']);
    },
  );
});

describe('soak', () => {
  it('of SIP is a program of the tests, whose threads say what their heaps hold', () => {
    tree.write('test/soak/heap.mjs', 'globalThis.loaded = typeof globalThis.gc;\n');
    tree.write(
      'test/soak/sip.mjs',
      'console.log(globalThis.loaded, process.argv.slice(2).join(" ")); process.exit(5);\n',
    );
    const { status, stdout } = tree.run('run.mjs', 'soak', 'sip', '--calls', '3000');
    expect(status).toBe(5);
    expect(stdout).toMatch(/\nfunction --calls 3000\n$/);
  });

  it('of SIP runs Node as the product does, by either of its doors', () => {
    const program = 'console.log(process.execArgv.join(" "));\n';
    tree.write('test/soak/heap.mjs', '');
    for (const file of ['test/soak/sip.mjs', 'daemon/bin/cordboard.mjs']) tree.write(file, program);
    const flags = (...args: string[]) =>
      tree
        .run('run.mjs', ...args)
        .stdout.trimEnd()
        .split('\n')
        .at(-1)!
        .split(' ');
    const started = flags('start');
    const [installed] = readFileSync(new URL('../../daemon/bin/cordboard.mjs', import.meta.url), 'utf8').split('\n');
    expect(started).toEqual(installed!.split(' ').slice(3));
    expect(started).not.toEqual([]);
    expect(flags('soak', 'sip')).toEqual(expect.arrayContaining(started));
  });

  it.each([
    { args: ['storm'], says: 'What is storm? There are engine and sip.' },
    { args: ['sip', '--calls', 'many'], says: 'What is --calls many? soak sip has --calls' },
    { args: ['sip', '--minutes', '3'], says: 'What is --minutes 3?' },
  ])('refuses $args before anything is built', ({ args, says }) => {
    const { status, stdout, stderr } = tree.run('run.mjs', 'soak', ...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(says);
  });
});
