// A program written in TypeScript, for a test that must kill it: bundled to one file of JavaScript that plain Node runs.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Returns the path of the bundle of test/support/<name>.ts. */
export async function bundleChild(name: string): Promise<string> {
  const folder = join(ROOT, 'build/test-children');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${process.pid}.mjs`);
  const bundle = await rolldown({
    input: join(ROOT, 'test/support', `${name}.ts`),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  });
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return file;
}
