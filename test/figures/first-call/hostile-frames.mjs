// Random and mutated frames into the D-channel, in the build with address and undefined-behaviour sanitizers.
import { spawn } from 'node:child_process';

const FRAMES = 100_000;

export async function hostileFrames(report) {
  const build = new URL('../../../native/build-asan/', import.meta.url).pathname;
  const source = new URL('../../../native/', import.meta.url).pathname;
  await run('cmake', [
    '-S',
    source,
    '-B',
    build,
    '-G',
    'Ninja',
    '-DCORDBOARD_ADDON=OFF',
    '-DCORDBOARD_TESTS=ON',
    '-DCORDBOARD_SANITIZE=address',
    '-DCMAKE_BUILD_TYPE=RelWithDebInfo',
  ]);
  report.note('building with sanitizers (some minutes the first time)');
  await run('ninja', ['-C', build, 'cordboard_tests']);
  const { code, output } = await run(
    `${build}cordboard_tests`,
    ['--gtest_filter=*Hostile*'],
    {
      CORDBOARD_FUZZ_FRAMES: String(FRAMES),
    },
    false,
  );
  const passed = Number(/\[ {2}PASSED {2}\] (\d+) test/.exec(output)?.[1] ?? 0);
  report.add('hostileFramesEachKind', code === 0 ? FRAMES : 0, 'frames', FRAMES);
  report.add('hostileTestsPassed', passed, 'tests', 1);
  report.add(
    'sanitizerReports',
    (output.match(/ERROR: AddressSanitizer|runtime error:/g) ?? []).length,
    'reports',
    0,
    'exactly',
  );
}

function run(command, args, env = {}, mustSucceed = true) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (mustSucceed && code !== 0) reject(new Error(`${command} failed:\n${output.slice(-2000)}`));
      else resolve({ code, output });
    });
  });
}
