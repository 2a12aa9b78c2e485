// The builds, in their order, each left out when neither its inputs nor its product have changed.
import { cpus } from 'node:os';
import { existsSync, readFileSync, rmSync } from 'node:fs';

import { makePrompts } from '../prompts.mjs';
import { API_TYPES, writeApiTypes } from './api-types.mjs';
import { run } from './child.mjs';
import { compileEnvironment, digestOfWanted } from './dependencies.mjs';
import { fetchDriverHeader } from './driver-header.mjs';
import { Failure } from './failure.mjs';
import { inRoot, tool } from './paths.mjs';
import { digestOfInputs, stamp, upToDate } from './stamps.mjs';

/** What each build reads, makes and runs (in its workspace). */
export const BUILDS = [
  {
    name: 'driver',
    does: "fetching the interface of the cards' driver",
    inputs: ['install/lib/driver-header.mjs'],
    outputs: ['build/dahdi/include'],
    run: fetchDriverHeader,
  },
  {
    name: 'native',
    does: 'compiling the engine',
    inputs: ['native'],
    outputs: ['native/build/Release/cordboard.node'],
    run: async (keep) => {
      forgetMovedBuild('native/build');
      return runTool('native', ['cmake-js', 'build', '--parallel', String(cpus().length)], compileEnvironment(), keep);
    },
  },
  {
    name: 'daemon',
    does: 'compiling the daemon',
    inputs: ['daemon', 'native/engine.d.ts', 'native/types', 'tsconfig.json', 'tsconfig.base.json'],
    outputs: ['daemon/dist'],
    run: (keep) => runTool('daemon', ['tsc', '-b'], process.env, keep),
  },
  {
    name: 'api',
    does: 'describing the API for the pages',
    inputs: ['daemon/src', 'install/lib/api-types.mjs'],
    outputs: [API_TYPES],
    run: writeApiTypes,
  },
  {
    name: 'prompts',
    does: 'speaking the prompts',
    inputs: ['firmware-config/prompts', 'install/prompts.mjs'],
    outputs: ['build/prompts'],
    run: (keep) => makePrompts(inRoot('firmware-config/prompts'), inRoot('build/prompts'), keep),
  },
  {
    name: 'pages',
    does: 'building the pages',
    inputs: ['admin-ui', 'daemon/src/contract'],
    outputs: ['admin-ui/dist'],
    run: (keep) => runTool('admin-ui', ['vite', 'build'], process.env, keep),
  },
];

export async function build({ name, does, inputs, outputs, run: work }, { begin, keep }) {
  const digest = digestOfInputs(inputs, digestOfWanted(), process.versions.node);
  if (upToDate(name, digest, outputs)) return 'up to date';
  begin(does);
  await work(keep);
  stamp(name, digest, outputs);
  return 'built';
}

async function runTool(workspace, [name, ...args], env, keep) {
  const result = await run(tool(name, workspace), args, { cwd: inRoot(workspace), env, onOutput: keep });
  if (result.code !== 0) throw new Failure(`${name} ${args.join(' ')} failed in ${workspace}/.`, result.output);
}

/** CMake refuses a build folder that was made under another path: begin it anew. */
export function forgetMovedBuild(folder) {
  const cache = inRoot(folder, 'CMakeCache.txt');
  if (!existsSync(cache)) return;
  const madeAt = /^CMAKE_CACHEFILE_DIR:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1];
  if (madeAt !== inRoot(folder)) rmSync(inRoot(folder), { recursive: true });
}
