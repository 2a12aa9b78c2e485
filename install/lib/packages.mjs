// Debian packages: which are needed, which are missing, and their installation.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './child.mjs';
import { Failure, outsideCause } from './failure.mjs';

/** To compile and to run the product. */
export const BUILD_PACKAGES = [
  ...['build-essential', 'cmake', 'ninja-build', 'pkg-config', 'ccache', 'python3'],
  ...[
    'libpri-dev',
    'libopenr2-dev',
    'libss7-dev',
    'libsndfile1-dev',
    'libsamplerate0-dev',
    'libxxhash-dev',
    'libspandsp-dev',
    'libtiff-dev',
  ],
  ...['libsrtp2-dev', 'libgnutls28-dev', 'nettle-dev', 'libopus-dev', 'libuv1-dev'],
  // Chinese letters in reports that are printed
  'fonts-noto-cjk',
  ...['libgtest-dev', 'espeak-ng', 'asterisk-core-sounds-en-wav', 'asterisk-moh-opsound-wav', 'ffmpeg'],
];

/**
 * Besides those, to run the tests: a browser with Chinese letters, tools that judge sound and read signalling, telephones and
 * carriers, those of people who scan for SIP, and the kernel's firewall.
 */
export const TEST_PACKAGES = [
  ...['chromium', 'sox', 'sip-tester', 'baresip-core', 'sipvicious', 'tshark', 'nftables'],
  // relays for browsers that can send nothing by UDP
  ...['coturn'],
  // receives traps; reads the files of telephones
  ...['snmptrapd', 'snmp', 'python3'],
  // what back-ups and certificates are tried with
  ...['openssh-server', 's3cmd', 'pebble'],
];

const RETRY_AFTER_MS = 3_000;
const APT_ENV = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };

/** The system's name when it is neither Debian nor made from it. */
function foreignSystem() {
  let text;
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    return process.platform;
  }
  const value = (key) => new RegExp(`^${key}="?(.*?)"?$`, 'm').exec(text)?.[1] ?? '';
  if ([value('ID'), ...value('ID_LIKE').split(' ')].includes('debian')) return undefined;
  return value('PRETTY_NAME') || value('ID') || process.platform;
}

/** Those of `packages` that are not installed; undefined when there is no dpkg to ask. */
function missingOf(packages) {
  const asked = spawnSync('dpkg-query', ['--show', '--showformat=${Package} ${db:Status-Status}\\n', ...packages], {
    encoding: 'utf8',
  });
  if (asked.error) return undefined;
  const installed = new Set(asked.stdout.split('\n').filter((line) => line.endsWith(' installed')));
  return packages.filter((name) => !installed.has(`${name} installed`));
}

/** Installs what is missing of `packages`; a word on what was done. */
export async function installPackages(packages, { begin, keep }) {
  if (process.env.CORDBOARD_PACKAGES === 'skip') return 'not checked, as CORDBOARD_PACKAGES=skip asks';
  const foreign = foreignSystem();
  const missing = foreign === undefined ? missingOf(packages) : undefined;
  if (missing === undefined) {
    throw new Failure(
      `Cordboard installs what it needs on Debian 12, and this is ${foreign ?? 'a system without dpkg'}: install the counterparts of ` +
        `${packages.join(' ')} yourself and set CORDBOARD_PACKAGES=skip.`,
    );
  }
  if (missing.length === 0) return 'complete';

  begin(`installing ${missing.join(' ')}`);
  const apt = aptGet(keep);
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  const byHand = `sudo apt-get ${install.join(' ')}`;
  for (let attempt = 1; ; attempt += 1) {
    const update = await apt(['update']);
    const result = await apt(install);
    if (result.code === 0) return `installed ${missing.join(' ')}`;
    const output = update.output + result.output;
    if (result.code === 127 || /sudo: (a password is required|.*not (in the sudoers|allowed))/i.test(output)) {
      throw new Failure(`These Debian packages are missing and only root can install them: run ${byHand}`);
    }
    const unknown = /Unable to locate package (\S+)|Package '?(\S+?)'? has no installation candidate/.exec(output);
    if (attempt === 2) {
      const cause = outsideCause(output, `to install the Debian packages ${missing.join(' ')}`);
      if (cause) throw new Failure(cause);
      if (unknown) {
        throw new Failure(
          `This system's package sources have no ${unknown[1] ?? unknown[2]}: Cordboard is made for Debian 12 with its main sources.`,
        );
      }
      throw new Failure(`apt-get could not install the Debian packages; by hand it would be: ${byHand}`, result.output);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
  }
}

/**
 * Unpacks packages into `folder` without installing them: what they hold is wanted, not what they would do to this system.
 * Names that apt resolves itself (of the running kernel, say) are the caller's.
 */
export async function unpackPackages(packages, folder, { keep }) {
  mkdirSync(folder, { recursive: true });
  const fetch = () => run('apt-get', ['download', ...packages], { cwd: folder, env: APT_ENV, onOutput: keep });
  let fetched = await fetch();
  if (fetched.code !== 0) {
    await aptGet(keep)(['update']);
    fetched = await fetch();
  }
  const wanted = `to fetch the Debian packages ${packages.join(' ')}`;
  if (fetched.code !== 0)
    throw new Failure(outsideCause(fetched.output, wanted) ?? `apt-get was not able ${wanted}.`, fetched.output);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    const { code, output } = await run('dpkg-deb', ['--extract', file, '.'], { cwd: folder, onOutput: keep });
    if (code !== 0) throw new Failure(`${file} could not be unpacked.`, output);
    rmSync(join(folder, file));
  }
}

/** apt-get as root; its questions are answered by their defaults, and another apt at work is waited for. */
function aptGet(keep) {
  const words = ['apt-get', '-o', 'DPkg::Lock::Timeout=300'];
  const asRoot = process.getuid() === 0 ? words : ['sudo', '-n', 'env', `DEBIAN_FRONTEND=noninteractive`, ...words];
  return (args) => run(asRoot[0], [...asRoot.slice(1), ...args], { env: APT_ENV, onOutput: keep, sameGroup: true });
}
