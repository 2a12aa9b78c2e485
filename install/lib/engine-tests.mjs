// The engine without Node: its tests and benches, built by cmake and ninja in a folder of their own.
import { cpus } from 'node:os';

import { forgetMovedBuild } from './builds.mjs';
import { run } from './child.mjs';
import { compileEnvironment } from './dependencies.mjs';
import { Failure } from './failure.mjs';
import { inRoot } from './paths.mjs';
import { Progress } from './progress.mjs';

/**
 * Configures and builds; what is up to date costs ninja a moment. `target`: default everything; `tests` leaves out the programs that measure. `out`: where
 * it says so.
 * @param {{ folder: string, buildType: string, sanitize?: '' | 'address' | 'thread', target?: 'all' | 'tests', quiet?: boolean,
 *   out?: { write(text: string): void, isTTY?: boolean } }} options
 * @returns {Promise<string>} the folder
 */
export async function buildEngineTests({ folder, buildType, sanitize = '', target = 'all', quiet = false, out }) {
  const progress = new Progress({
    out: out ?? (quiet ? process.stderr : process.stdout),
    log: inRoot('build', 'engine-tests.log'),
  });
  const cmake = async (...args) => {
    const result = await run('cmake', args, { env: compileEnvironment(), onOutput: progress.keep });
    if (result.code !== 0) throw new Failure(`The engine's tests could not be built in ${folder}.`, result.output);
  };
  await progress.step('engine', async (begin) => {
    begin(`building in ${folder}`);
    forgetMovedBuild(folder);
    const options = {
      CMAKE_BUILD_TYPE: buildType,
      CORDBOARD_ADDON: 'OFF',
      CORDBOARD_TESTS: 'ON',
      CORDBOARD_SANITIZE: sanitize,
    };
    const defines = Object.entries(options).map(([name, value]) => `-D${name}=${value}`);
    await cmake('-S', inRoot('native'), '-B', inRoot(folder), '-G', 'Ninja', ...defines);
    await cmake('--build', inRoot(folder), '--target', target, '--parallel', String(cpus().length));
    return `built in ${folder}`;
  });
  return folder;
}
