// `npm run package:deb`: build/package/cordboard_<version>_<architecture>.deb, from what set-up has built.
//
//   --version <v>   another one than package.json's, for tries of an upgrade
//   --fast          packed quickly and three times as large, for tests
//   --to <folder>   default build/package
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { run } from '../lib/child.mjs';
import { Failure } from '../lib/failure.mjs';
import { inRoot } from '../lib/paths.mjs';
import { nodeRuntime } from './node-runtime.mjs';
import { HOME, MAINTAINER, layOut, setTimes } from './tree.mjs';

/** Of the system, besides the libraries: the first user's doings, sounds, voices and letters. */
const NEEDS = ['debconf (>= 0.5) | debconf-2.0', 'systemd (>= 252)', 'ffmpeg', 'espeak-ng', 'ca-certificates'];
const GOOD_TO_HAVE = [
  ...['fonts-noto-cjk', 'asterisk-core-sounds-en-wav', 'asterisk-moh-opsound-wav', 'nftables', 'smartmontools'],
  'systemd-timesyncd | time-daemon',
];
const FOR_CARDS = ['dahdi', 'dahdi-linux', 'dahdi-dkms'];

const DESCRIPTION = [
  'call centre in one box',
  ' E1 and analog lines, menus, queues, telephones of agents by SIP and in the',
  ' browser, recordings and live pages, as one service. A box without voice cards',
  ' has a virtual one.',
];

const OPTIONS = {
  version: { type: 'string' },
  fast: { type: 'boolean' },
  to: { type: 'string' },
  json: { type: 'boolean' },
};

export async function packageDeb(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  const made = await makeDeb({ ...values, say: (line) => console.log(line) });
  if (values.json === true) console.log(JSON.stringify(made));
  return 0;
}

/**
 * @param {{ version?: string, fast?: boolean, to?: string, say?: (line: string) => void }} options
 * @returns {Promise<{ file: string, version: string, bytes: number, sha256: string, seconds: number }>}
 */
export async function makeDeb({
  version = ownVersion(),
  fast = false,
  to = inRoot('build/package'),
  say = () => undefined,
} = {}) {
  const began = performance.now();
  if (!/^\d[0-9A-Za-z.+~]*$/.test(version)) throw new Failure(`"${version}" is no version of a Debian package.`);
  const date = new Date((await epoch()) * 1000);
  const work = mkdtempSync(join(tmpdir(), 'cordboard-deb-'));
  try {
    const target = join(work, 'cordboard');
    mkdirSync(target);
    const node = await nodeRuntime();
    const { files, binaries } = layOut(target, { version, date, node });
    for (const file of binaries)
      await done('strip', ['--strip-unneeded', '--remove-section=.comment', join(target, file)]);
    const libraries = await librariesOf(
      binaries.map((file) => join(target, file)),
      work,
    );
    const architecture = (await done('dpkg', ['--print-architecture'])).trim();
    writeControl(target, { version, architecture, libraries, files });
    setTimes(target, date);
    mkdirSync(to, { recursive: true });
    const file = join(to, `cordboard_${version}_${architecture}.deb`);
    const packing = fast ? ['-Zgzip', '-z1'] : ['-Zxz', '-z6'];
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(date.getTime() / 1000) };
    await done('dpkg-deb', ['--root-owner-group', ...packing, '--build', target, file], { env });
    const bytes = statSync(file).size;
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    say(
      `${file.replace(`${inRoot()}/`, '')}: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, Node.js ${node.version}, ${seconds} s`,
    );
    return { file, version, bytes, sha256, seconds };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const ownVersion = () => JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).version;

/** Seconds; of the last change where nobody says otherwise, so that the same source gives the same package. */
async function epoch() {
  const said = process.env.SOURCE_DATE_EPOCH;
  if (said !== undefined) {
    if (!/^\d{1,10}$/.test(said)) throw new Failure('SOURCE_DATE_EPOCH is no number of seconds.');
    return Number(said);
  }
  const { code, output } = await run('git', ['log', '-1', '--format=%ct'], { cwd: inRoot() });
  return code === 0 ? Number(output.trim()) : 0;
}

/** What dpkg-shlibdeps finds that the compiled parts are linked with. */
async function librariesOf(binaries, work) {
  const folder = join(work, 'shlibs');
  mkdirSync(join(folder, 'debian'), { recursive: true });
  writeFileSync(join(folder, 'debian/control'), 'Source: cordboard\n\nPackage: cordboard\nArchitecture: any\n');
  const told = await done('dpkg-shlibdeps', ['-O', '--warnings=0', ...binaries.map((file) => `-e${file}`)], {
    cwd: folder,
  });
  const line = /^shlibs:Depends=(.*)$/m.exec(told)?.[1];
  if (line === undefined) throw new Failure('dpkg-shlibdeps does not say what the engine is linked with.', told);
  return line.split(', ');
}

function writeControl(target, { version, architecture, libraries, files }) {
  const folder = join(target, 'DEBIAN');
  mkdirSync(folder);
  const kilobytes = files.reduce((sum, file) => sum + Math.ceil(lstatSync(join(target, file)).size / 1024), 0);
  const control = [
    ...['Package: cordboard', `Version: ${version}`, `Architecture: ${architecture}`, `Maintainer: ${MAINTAINER}`],
    ...[`Installed-Size: ${kilobytes}`, 'Section: comm', 'Priority: optional'],
    `Depends: ${[...NEEDS, ...libraries].join(', ')}`,
    `Recommends: ${GOOD_TO_HAVE.join(', ')}`,
    `Suggests: ${FOR_CARDS.join(', ')}`,
    `Description: ${DESCRIPTION.join('\n')}`,
  ];
  writeFileSync(join(folder, 'control'), `${control.join('\n')}\n`);
  writeFileSync(
    join(folder, 'conffiles'),
    files
      .filter((file) => file.startsWith('etc/'))
      .map((file) => `/${file}\n`)
      .join(''),
  );
  const sums = files.filter((file) => !file.startsWith('etc/')).map((file) => `${md5(join(target, file))}  ${file}\n`);
  writeFileSync(join(folder, 'md5sums'), sums.join(''));
  for (const name of ['templates', 'postinst', 'prerm', 'postrm'])
    writeFileSync(join(folder, name), readFileSync(inRoot('install/package/debian', name)));
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), /^(pre|post)/.test(name) ? 0o755 : 0o644);
}

const md5 = (file) => createHash('md5').update(readFileSync(file)).digest('hex');

/** Its output; Failure when it ends otherwise than well. */
async function done(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code === 127) throw new Failure(`${command} is missing: it comes with Debian's build-essential.`);
  if (code !== 0) throw new Failure(`${command} failed.`, output);
  return output;
}

export { HOME };
