// `npm run soak`: what shows itself only after a long time.
//
//   soak [engine] [--minutes 600 --seed 7]   the engine's media at random, in real time, for half an hour or so long
//   soak sip [--calls 100000]                calls of every kind at a whole box, and what they leave behind
import { buildEngineTests } from './engine-tests.mjs';
import { run } from './child.mjs';
import { Failure } from './failure.mjs';
import { NODE_FLAGS } from './node-flags.mjs';
import { inRoot } from './paths.mjs';

/** What the arguments ask for; a Failure when there is no such thing. */
export function planSoak([first, ...rest]) {
  if (first === 'sip') {
    const [name, count, ...more] = rest;
    const good = rest.length === 0 || (name === '--calls' && /^[1-9]\d{0,8}$/.test(count ?? '') && more.length === 0);
    if (!good) throw new Failure(`What is ${rest.join(' ')}? soak sip has --calls ….`);
    return { kind: 'sip', args: rest };
  }
  const args = first === 'engine' ? rest : [first, ...rest].filter((arg) => arg !== undefined);
  if (args[0] !== undefined && !args[0].startsWith('--'))
    throw new Failure(`What is ${args[0]}? There are engine and sip.`);
  return { kind: 'engine', args };
}

/** The exit code. */
export async function soak({ kind, args }) {
  const options = { stdio: 'inherit', passOn: true };
  if (kind === 'sip') {
    const flags = [...NODE_FLAGS, '--expose-gc', '--import', inRoot('test/soak/heap.mjs')];
    return (await run(process.execPath, [...flags, inRoot('test/soak/sip.mjs'), ...args], options)).code;
  }
  const folder = await buildEngineTests({ folder: 'native/build-bench', buildType: 'Release' });
  return (await run(inRoot(folder, 'engine_soak'), args, options)).code;
}
