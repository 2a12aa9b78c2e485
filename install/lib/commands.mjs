// What `npm start`, `npm run demo`, `npm run bench`, `npm run soak` and `npm run figures` do; `npm test` is in test-run.mjs.
import { readdirSync } from 'node:fs';

import { run } from './child.mjs';
import { Failure } from './failure.mjs';
import { buildEngineTests } from './engine-tests.mjs';
import { inRoot } from './paths.mjs';
import { setup } from './setup.mjs';
import { testRun } from './test-run.mjs';

const COMMANDS = {
  start: (args) => node('daemon/bin/cordboard.mjs', ['start', ...args]),
  demo: (args) => node('daemon/bin/cordboard.mjs', ['demo', ...args]),
  figures: (args) => node('test/figures/run.mjs', args),
  bench,
  soak,
  test: testRun,
};

/** Runs one command and ends with its exit code. */
export async function runCommand(name, args) {
  const command = COMMANDS[name];
  if (command === undefined) throw new Failure(`Which command? One of: ${Object.keys(COMMANDS).join(', ')}.`);
  // npm hands `--` on to scripts that already end in one.
  const given = args.filter((arg) => arg !== '--');
  await setup({ forTests: name === 'test', quiet: given.includes('--json') });
  process.exit(await command(given));
}

/** Runs the engine at random and in real time for half an hour, or as its arguments say. */
async function soak(args) {
  const folder = await buildEngineTests({ folder: 'native/build-bench', buildType: 'Release' });
  const { code } = await run(inRoot(folder, 'engine_soak'), args, { stdio: 'inherit', passOn: true });
  return code;
}

async function node(script, args) {
  const { code } = await run(process.execPath, [inRoot(script), ...args], { stdio: 'inherit', passOn: true });
  return code;
}

/** Runs the engine's measuring programs, all or those whose names are given; other arguments are handed to them. */
async function bench(args) {
  const quiet = args.includes('--json');
  const folder = await buildEngineTests({ folder: 'native/build-bench', buildType: 'Release', quiet });
  const programs = readdirSync(inRoot(folder)).filter((file) => file.endsWith('_bench'));
  const chosen = programs.filter((name) => args.includes(name) || args.includes(name.replace(/_bench$/, '')));
  const options = args.filter((arg) => arg.startsWith('-'));
  const unknown = args.filter((arg) => !options.includes(arg) && !chosen.some((name) => name.startsWith(arg)));
  if (unknown.length > 0)
    throw new Failure(`No bench is called ${unknown.join(', ')}; there are: ${programs.join(', ')}.`);

  let worst = 0;
  for (const name of chosen.length > 0 ? chosen : programs) {
    if (!quiet) console.log(`\n${name}`);
    const { code } = await run(inRoot(folder, name), options, { stdio: 'inherit' });
    worst ||= code;
  }
  return worst;
}
