// A copy of install/ in a tree of its own, with stand-ins for dpkg-query, apt-get, npm and the build tools on the PATH.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));

const ALL_INSTALLED = 'for p in "${@:3}"; do echo "$p installed"; done';
/** Makes the files that the set-up asks after, and puts the stand-ins where npm puts tools. */
const NPM_WORKS = [
  'mkdir -p node_modules/.bin node_modules/sqlite3/build/Release',
  'touch node_modules/sqlite3/build/Release/node_sqlite3.node',
  'cp tools/* node_modules/.bin/',
].join('\n');

/** What a compiled daemon has that the set-up uses. */
export const COMPILES = [
  'mkdir -p dist/http',
  'echo x > dist/main.js',
  "echo 'export const describeApi = () => ({});' > dist/http/describe.js",
].join('\n');

const DRIVER = 'usr/src/dahdi-1/include/dahdi';

export class InstallTree {
  readonly root = mkdtempSync(join(tmpdir(), 'install-'));
  readonly #env = { PATH: `${this.at('bin')}:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: this.root };

  constructor() {
    for (const part of ['install', 'hil-tests']) cpSync(join(repository, part), this.at(part), { recursive: true });
    const workspaces = ['native', 'daemon', 'admin-ui'];
    this.write('package.json', JSON.stringify({ workspaces, dependencies: { a: '1.0.0' } }));
    this.write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0' } } }));
    for (const part of workspaces) this.write(`${part}/package.json`, JSON.stringify({ name: part, type: 'module' }));
    this.write('native/src/base/a.cpp', '// SPDX-License-Identifier: GPL-2.0-or-later\n');
    this.write('daemon/src/a.ts', 'export {};\n');
    this.write('admin-ui/src/a.vue', '<template></template>\n');
    this.write('firmware-config/prompts/en.json', JSON.stringify({ welcome: 'Welcome', goodbye: 'Goodbye' }));
    this.program('dpkg-query', ALL_INSTALLED);
    // A package is fetched with its name alone; what is in it stands beside the programs.
    this.program('apt-get', 'if [ "$1" = download ]; then shift; for name; do echo > "$name.deb"; done; fi');
    this.program('dpkg-deb', `mkdir -p ${DRIVER}; for name in user dahdi_config; do echo > ${DRIVER}/$name.h; done`);
    this.program('sudo', 'shift; exec "$@"');
    this.program('npm', NPM_WORKS);
    const speak = 'while [ "$1" != -w ]; do shift; done; echo > "$2"';
    this.program('espeak-ng', `if [ "$1" = --voices ]; then echo " 5  en-gb x"; else ${speak}; fi`);
    this.program('cmake-js', 'mkdir -p build/Release; echo x > build/Release/cordboard.node', 'tools');
    this.program('tsc', COMPILES, 'tools');
    this.program('openapi-typescript', 'mkdir -p "$(dirname "$3")"; echo x > "$3"', 'tools');
    this.program('vite', 'mkdir -p dist; echo x > dist/index.html', 'tools');
  }

  at(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  /** A program on the PATH, or among the tools that npm installs; every call of it is noted. */
  program(name: string, script: string, folder = 'bin'): void {
    this.write(`${folder}/${name}`, `#!/bin/bash\necho "${name} $*" >> '${this.at('calls')}'\n${script}\n`);
    chmodSync(this.at(`${folder}/${name}`), 0o755);
  }

  /** Runs a script of install/ and gives what it printed and which programs it called, in their order. */
  run(script: string, ...args: string[]) {
    rmSync(this.at('calls'), { force: true });
    const result = spawnSync(process.execPath, [this.at(`install/${script}`), ...args], {
      encoding: 'utf8',
      env: this.#env,
      cwd: this.root,
    });
    const calls = existsSync(this.at('calls'))
      ? readFileSync(this.at('calls'), 'utf8').split('\n').filter(Boolean)
      : [];
    return { ...result, calls, programs: calls.map((call) => call.split(' ')[0]) };
  }

  start(script: string, ...args: string[]): ChildProcess {
    return spawn(process.execPath, [this.at(`install/${script}`), ...args], { env: this.#env, cwd: this.root });
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
