// The Node.js that goes into the package, as Debian 12's is too old: the npm package of one version, whose digest is known before it is
// fetched. Kept in build/package/node, so that it is fetched once.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../lib/child.mjs';
import { Failure, outsideCause } from '../lib/failure.mjs';
import { inRoot } from '../lib/paths.mjs';

const PINNED = new URL('node-runtime.json', import.meta.url);

/** Folder with bin/node, LICENSE and the manual's page. */
export async function nodeRuntime(keep) {
  const { package: name, version, integrity } = JSON.parse(readFileSync(PINNED, 'utf8'));
  const folder = inRoot(`build/package/node/${version}`);
  if (existsSync(join(folder, 'bin/node'))) return { folder, version };
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const fetched = await run('npm', ['pack', '--prefer-offline', `${name}@${version}`], { cwd: draft, onOutput: keep });
  const wanted = `to fetch Node.js ${version}`;
  if (fetched.code !== 0)
    throw new Failure(outsideCause(fetched.output, wanted) ?? `npm was not able ${wanted}.`, fetched.output);
  const archive = join(draft, `${name}-${version}.tgz`);
  const [kind, digest] = integrity.split(/-(.*)/s);
  if (createHash(kind).update(readFileSync(archive)).digest('base64') !== digest)
    throw new Failure(
      `${name} ${version} is not the one that install/package/node-runtime.json names: it is not used.`,
    );
  const members = ['package/bin/node', 'package/LICENSE', 'package/share/man/man1/node.1'];
  const unpacked = await run('tar', ['-xzf', archive, '--strip-components=1', ...members], {
    cwd: draft,
    onOutput: keep,
  });
  if (unpacked.code !== 0) throw new Failure(`Node.js ${version} could not be unpacked.`, unpacked.output);
  rmSync(archive);
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  return { folder, version };
}
