// The engine's measuring programs and its tests, compiled for release, as the figures run them.
import { cpus, loadavg } from 'node:os';
import { benchPrograms, linesOf } from '../../../install/lib/bench.mjs';
import { run } from '../../../install/lib/child.mjs';
import { buildEngineTests } from '../../../install/lib/engine-tests.mjs';
import { inRoot } from '../../../install/lib/paths.mjs';

const FOLDER = 'native/build-bench';
let built;

/** Builds what is not up to date, and notes what else the machine has to do: figures of a busy one are pessimistic. */
export async function prepare(report) {
  await (built ??= buildEngineTests({ folder: FOLDER, buildType: 'Release', quiet: true }));
  const [{ model }, { length }] = [cpus()[0], cpus()];
  report.note(`${length} × ${model.trim()}, load average ${loadavg()[0].toFixed(2)} before`);
}

/** Where a program of the build is. */
export const program = (name) => inRoot(FOLDER, name);

export const hasBench = (name) => benchPrograms().includes(name);

/** The objects that a measuring program prints. That its work was wrong, which its exit code says, is in its figures. */
export async function measure(name, ...options) {
  const { code, output } = await run(program(`${name}_bench`), [...options, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return linesOf(name, code, output);
}
