// What `npm start`, `npm run demo` and `npm run figures` do; `npm run bench` is in bench.mjs, `npm run fuzz` in fuzz.mjs, `npm run soak` in
// soak.mjs, `npm test` in test-run.mjs.
import { bench, planBench } from './bench.mjs';
import { run } from './child.mjs';
import { Failure } from './failure.mjs';
import { hil } from '../../hil-tests/run.mjs';
import { packageImage } from '../image/build.mjs';
import { packageDeb } from '../package/deb.mjs';
import { packageTest } from '../package/test.mjs';
import { fuzz, planFuzz } from './fuzz.mjs';
import { NODE_FLAGS } from './node-flags.mjs';
import { inRoot } from './paths.mjs';
import { setup } from './setup.mjs';
import { planSoak, soak } from './soak.mjs';
import { testRun } from './test-run.mjs';

const COMMANDS = {
  start: (args) => node('daemon/bin/cordboard.mjs', ['start', ...args]),
  demo: (args) => node('daemon/bin/cordboard.mjs', ['demo', ...args]),
  figures: (args) => node('test/figures/run.mjs', args),
  bench,
  fuzz,
  hil,
  'image:test': async (args) => (await import('../../test/appliance/run.mjs')).imageTest(args),
  'package:deb': packageDeb,
  'package:test': packageTest,
  'package:image': packageImage,
  soak,
  test: testRun,
};

/** Runs one command and ends with its exit code. */
export async function runCommand(name, args) {
  const command = COMMANDS[name];
  if (command === undefined) throw new Failure(`Which command? One of: ${Object.keys(COMMANDS).join(', ')}.`);
  // npm hands `--` on to scripts that already end in one.
  let given = args.filter((arg) => arg !== '--');
  const quiet = given.includes('--json');
  // What there is no bench for is refused before minutes of building.
  if (name === 'bench') given = planBench(given);
  if (name === 'fuzz') given = planFuzz(given);
  if (name === 'soak') given = planSoak(given);
  await setup({ forTests: name === 'test', quiet });
  process.exit(await command(given));
}

async function node(script, args) {
  const { code } = await run(process.execPath, [...NODE_FLAGS, inRoot(script), ...args], {
    stdio: 'inherit',
    passOn: true,
  });
  return code;
}
