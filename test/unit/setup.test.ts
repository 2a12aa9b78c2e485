import { existsSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InstallTree } from '../support/install-tree.js';

let tree: InstallTree;

beforeEach(() => {
  tree = new InstallTree();
});

afterEach(() => {
  tree.remove();
});

function setup(...args: string[]) {
  const result = tree.run('setup.mjs', ...args);
  return { ...result, sentence: result.stderr.trimEnd().split('\n').at(-1) };
}

describe('a fresh clone', () => {
  it('gets packages, npm packages and builds, in this order, and a second run does nothing', () => {
    const first = setup();
    expect(first.stderr).toBe('');
    expect(first.status).toBe(0);
    // The header of the driver is taken from a package, unless this machine has it.
    const fetching = ['apt-get', 'dpkg-deb'];
    expect([...new Set(first.programs)].filter((name = '') => !fetching.includes(name))).toEqual([
      'dpkg-query',
      'npm',
      'cmake-js',
      'tsc',
      'openapi-typescript',
      'espeak-ng',
      'vite',
    ]);
    expect(first.calls).toContainEqual(expect.stringMatching(/^npm ci --include=dev --prefer-offline /));
    expect(existsSync(tree.at('build/prompts/en/welcome.wav'))).toBe(true);

    const second = setup();
    expect(second.status).toBe(0);
    expect(second.programs).toEqual(['dpkg-query']);
  });

  it('asks for the packages of the tests only when they are to be run', () => {
    expect(setup().calls[0]).not.toContain('chromium');
    expect(setup('--test').calls[0]).toContain('chromium');
  });

  it('keeps stdout empty on request', () => {
    const { stdout, stderr, status } = setup('--json');
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain('npm');
  });
});

describe('a change', () => {
  const toolsCalled = () => setup().programs;

  beforeEach(() => {
    expect(setup().status).toBe(0);
  });

  it('of a source has its part built again', () => {
    tree.write('native/src/base/a.cpp', 'int b;\n');
    expect(toolsCalled()).toEqual(['dpkg-query', 'cmake-js']);
    tree.write('daemon/src/a.ts', 'export const b = 1;\n');
    expect(toolsCalled()).toEqual(['dpkg-query', 'tsc', 'openapi-typescript']);
  });

  it('of a time alone does not', () => {
    utimesSync(tree.at('native/src/base/a.cpp'), new Date(), new Date());
    expect(toolsCalled()).toEqual(['dpkg-query']);
  });

  it('of a product, or its loss, does', () => {
    tree.write('native/build/Release/cordboard.node', 'somebody else made this');
    rmSync(tree.at('admin-ui/dist'), { recursive: true });
    expect(toolsCalled()).toEqual(['dpkg-query', 'cmake-js', 'vite']);
  });

  it('of the lock installs the npm packages again', () => {
    tree.write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.1' } } }));
    expect(toolsCalled().slice(0, 2)).toEqual(['dpkg-query', 'npm']);
  });

  it('of the lock that npm install has carried out already does not', () => {
    const lock = JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.1' } } });
    tree.write('package-lock.json', lock);
    tree.write('node_modules/.package-lock.json', lock);
    expect(toolsCalled()).not.toContain('npm');
  });

  it('of one prompt speaks that one again, and drops what is no longer named', () => {
    tree.write('firmware-config/prompts/en.json', JSON.stringify({ welcome: 'Hello' }));
    const spoken = setup().calls.filter((call) => call.startsWith('espeak-ng -v'));
    expect(spoken).toHaveLength(1);
    expect(spoken[0]).toMatch(/Hello$/);
    expect(existsSync(tree.at('build/prompts/en/goodbye.wav'))).toBe(false);
  });
});

describe('a failure is one clear sentence:', () => {
  it('Debian packages that nobody but root can install', () => {
    tree.program('dpkg-query', 'for p in "${@:4}"; do echo "$p installed"; done');
    for (const name of ['apt-get', 'sudo']) tree.program(name, 'echo "sudo: a password is required" >&2; exit 1');
    const { status, sentence } = setup();
    expect(status).toBe(1);
    expect(sentence).toBe(
      'These Debian packages are missing and only root can install them: run ' +
        'sudo apt-get install --yes --no-install-recommends build-essential',
    );
  });

  it('no network for apt', () => {
    tree.program('dpkg-query', 'exit 1');
    tree.program('apt-get', 'echo "E: Failed to fetch x  Temporary failure resolving deb.debian.org"; exit 100');
    const { status, sentence, calls } = setup();
    expect(status).toBe(1);
    expect(sentence).toMatch(
      /^There is no way to the network from here, .*Debian packages build-essential .*check the/,
    );
    expect(calls.filter((call) => call.includes('apt-get') && call.includes(' update')).length).toBeGreaterThan(1);
  });

  it('a package that the sources do not have', () => {
    tree.program('dpkg-query', 'exit 1');
    tree.program('apt-get', 'echo "E: Unable to locate package libpri-dev"; exit 100');
    expect(setup().sentence).toMatch(/^This system's package sources have no libpri-dev: /);
  });

  it('no network for npm', () => {
    tree.program('npm', 'echo "npm error code EAI_AGAIN"; exit 1');
    const { status, sentence } = setup();
    expect(status).toBe(1);
    expect(sentence).toMatch(/^There is no way to the network from here, and it is needed to fetch the npm packages: /);
  });

  it('an install script that npm held back', () => {
    tree.program('npm', 'mkdir -p node_modules');
    expect(setup().sentence).toMatch(/^npm left sqlite3 uncompiled: /);
  });

  it('a full disk', () => {
    tree.program('npm', 'echo "npm error ENOSPC: no space left on device, write"; exit 1');
    expect(setup().sentence).toMatch(/^The disk is full: /);
  });

  it('a build that fails, with the end of what it printed', () => {
    tree.program('tsc', 'echo "src/a.ts(1,1): error TS1: wrong"; exit 2', 'tools');
    const { status, stderr, sentence } = setup();
    expect(status).toBe(1);
    expect(stderr).toContain('src/a.ts(1,1): error TS1: wrong');
    expect(sentence).toBe('tsc -b failed in daemon/.');
    expect(readFileSync(tree.at('build/setup.log'), 'utf8')).toContain('error TS1: wrong');
  });
});
