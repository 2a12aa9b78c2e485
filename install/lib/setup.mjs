// The set-up, step by step.
import { build, BUILDS } from './builds.mjs';
import { installDependencies } from './dependencies.mjs';
import { Failure } from './failure.mjs';
import { lock } from './lock.mjs';
import { BUILD_PACKAGES, installPackages, TEST_PACKAGES } from './packages.mjs';
import { inRoot } from './paths.mjs';
import { Progress } from './progress.mjs';

/**
 * Brings packages and builds up to date. Two set-ups at once take turns.
 * @param {{ forTests?: boolean, quiet?: boolean }} options quiet: stdout stays empty
 */
export async function setup({ forTests = false, quiet = false }) {
  const out = quiet ? process.stderr : process.stdout;
  const unlock = await lock(inRoot('build/setup.lock'), () =>
    out.write('Another set-up is at work here; waiting for it.\n'),
  );
  const progress = new Progress({ out, log: inRoot('build/setup.log') });
  const step = (name, work) => progress.step(name, (begin) => work({ begin, keep: progress.keep }));

  progress.say('Setting up Cordboard');
  await step('packages', (tools) => installPackages([...BUILD_PACKAGES, ...(forTests ? TEST_PACKAGES : [])], tools));
  await step('npm', installDependencies);
  for (const part of BUILDS) await step(part.name, (tools) => build(part, tools));
  unlock();
}

/** Tells the user why a set-up ended, and ends with it. */
export function reportFailure(error) {
  if (error instanceof Failure) error.print();
  else console.error(error);
  process.exit(1);
}
