// npm packages: `npm ci` when what is wanted differs from what stands in node_modules.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { run } from './child.mjs';
import { Failure, outsideCause } from './failure.mjs';
import { inRoot } from './paths.mjs';

const STAMP = inRoot('node_modules/.cordboard-stamp');
/** Compiled by npm, which newer versions do only for packages named in package.json's allowScripts. */
const COMPILED = { name: 'sqlite3', file: inRoot('node_modules/sqlite3/build/Release/node_sqlite3.node') };
const CCACHE = '/usr/lib/ccache';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Digest of what the manifests and the lock ask for; scripts and descriptions do not count. */
export function digestOfWanted() {
  const top = readJson(inRoot('package.json'));
  const hash = createHash('sha256').update(readFileSync(inRoot('package-lock.json')));
  for (const folder of ['.', ...top.workspaces]) {
    const m = readJson(inRoot(folder, 'package.json'));
    hash.update(JSON.stringify([m.name, m.dependencies, m.devDependencies, m.overrides, m.workspaces, m.allowScripts]));
  }
  return hash.digest('hex');
}

/** Does node_modules hold what the lock asks for already, say because of an `npm install`? */
function installedAgrees() {
  const installedList = inRoot('node_modules/.package-lock.json');
  if (!existsSync(installedList) || !existsSync(COMPILED.file)) return false;
  const installed = readJson(installedList).packages;
  return Object.entries(readJson(inRoot('package-lock.json')).packages).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.peer === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** Folder of Node's headers on this machine for this very version's line, so that none are fetched. */
function nodeHeaders() {
  const major = Number(process.versions.node.split('.')[0]);
  return [dirname(dirname(process.execPath)), '/usr'].find((prefix) => {
    const file = join(prefix, 'include/node/node_version.h');
    if (!existsSync(file) || !existsSync(join(prefix, 'include/node/node.h'))) return false;
    return Number(/#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(file, 'utf8'))?.[1]) === major;
  });
}

/** The environment in which native code is compiled: compiler cache first, headers at hand. */
export function compileEnvironment() {
  const env = { ...process.env };
  if (existsSync(CCACHE)) {
    env.PATH = `${CCACHE}:${env.PATH}`;
    // So that one clone profits from what another has compiled.
    env.CCACHE_BASEDIR ??= inRoot();
    env.CCACHE_NOHASHDIR ??= 'true';
  }
  const headers = nodeHeaders();
  if (headers !== undefined) env.npm_config_nodedir = headers;
  return env;
}

export async function installDependencies({ begin, keep }) {
  const wanted = digestOfWanted();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return 'complete';
  if (installedAgrees()) {
    writeFileSync(STAMP, wanted);
    return 'complete';
  }

  begin('npm ci');
  const env = { ...compileEnvironment(), npm_config_build_from_source: COMPILED.name };
  const npm = async (...args) => {
    const result = await run('npm', args, { cwd: inRoot(), env, onOutput: keep });
    if (result.code !== 0) throw failureOf(result);
  };
  // Without a network npm would try each of hundreds of packages in vain: then only its cache is asked.
  const ping = await run('npm', ['ping', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'], { onOutput: keep });
  const source = outsideCause(ping.output, '') === undefined ? '--prefer-offline' : '--offline';
  // Tools are among the devDependencies, so NODE_ENV=production must not leave them out.
  await npm('ci', '--include=dev', source, '--ignore-scripts=false', '--foreground-scripts');
  if (!existsSync(COMPILED.file)) await npm('rebuild', COMPILED.name, '--ignore-scripts=false', '--foreground-scripts');
  if (!existsSync(COMPILED.file)) {
    throw new Failure(
      `npm left ${COMPILED.name} uncompiled: allow its install script in package.json (allowScripts) and run again.`,
    );
  }
  writeFileSync(STAMP, wanted);
  return 'installed';
}

function failureOf({ code, output }) {
  if (code === 127) return new Failure('There is no npm here: install it (it comes with Node.js) and run again.');
  const cause = outsideCause(output, 'to fetch the npm packages');
  if (cause) return new Failure(cause);
  if (/npm (ci|error).*can only install packages when your package\.json and package-lock\.json/i.test(output)) {
    return new Failure(
      'package-lock.json does not agree with the package.json files: run npm install and commit both.',
    );
  }
  if (/\b(EACCES|EPERM)\b/.test(output)) {
    return new Failure('npm may not write here: node_modules or the npm cache belongs to another user.', output);
  }
  return new Failure('npm ci failed.', output);
}
