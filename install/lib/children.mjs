// Programs of test/support, which are written in TypeScript: bundled to one file of JavaScript and run by plain Node.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './child.mjs';
import { inRoot } from './paths.mjs';

/** Makes one file of test/support/<name>.ts; `remove` takes it away again. */
export async function bundleChild(name) {
  // Not before the set-up has brought it.
  const { rolldown } = await import('rolldown');
  const folder = inRoot('build/test-children');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${process.pid}.mjs`);
  const bundle = await rolldown({
    input: inRoot('test/support', `${name}.ts`),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  });
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return { file, remove: () => rmSync(file, { force: true }) };
}

/** Runs test/support/<name>.ts; what it printed on its last line, as JSON. Throws when it fails. */
export async function runChild(name, args = [], env = {}) {
  const { file, remove } = await bundleChild(name);
  try {
    const { code, output } = await run(process.execPath, [file, ...args.map(String)], {
      cwd: inRoot(),
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${output.slice(-2000)}`);
    return JSON.parse(output.trim().split('\n').at(-1));
  } finally {
    remove();
  }
}
