// Lays out what the package puts on a machine. Every file is one of these lists; nothing is taken over because it happens to lie about.
//
//   /usr/lib/cordboard      as in the source tree: daemon/dist, native/build/Release, admin-ui/dist, build/prompts, firmware-config,
//                           node_modules (those that are needed to run), and bin/node
//   /usr/bin/cordboard      the command
//   /lib/systemd/system     the units; beside them sysusers.d, udev, /etc/cordboard
import {
  chmodSync,
  copyFileSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { inRoot } from '../lib/paths.mjs';
import { filesOfModule, licenceOf, productionModules } from './modules.mjs';

export const HOME = 'usr/lib/cordboard';
const DOC = 'usr/share/doc/cordboard';
const own = (name) => inRoot('install/package/debian', name);

/** Whole folders of the build, with what is left out of each. */
const FOLDERS = [
  { from: 'daemon/dist', without: /\.(d\.ts|map|tsbuildinfo)$/ },
  { from: 'admin-ui/dist', without: /\.map$/ },
  { from: 'build/prompts' },
  { from: 'firmware-config' },
];

const FILES = [
  'daemon/bin/cordboard.mjs',
  'native/index.cjs',
  'native/package.json',
  'native/build/Release/cordboard.node',
];

/** What is placed elsewhere, with its mode. */
const PLACED = [
  { from: own('cordboard.sh'), to: 'usr/bin/cordboard', mode: 0o755 },
  { from: own('cordboard.sysusers'), to: 'usr/lib/sysusers.d/cordboard.conf' },
  { from: own('cordboard.udev'), to: 'lib/udev/rules.d/61-cordboard.rules' },
  { from: own('journald.conf'), to: 'usr/lib/systemd/journald.conf.d/cordboard.conf' },
  { from: own('cordboard.env'), to: 'etc/cordboard/cordboard.env', mode: 0o640 },
  { from: own('lintian-overrides'), to: 'usr/share/lintian/overrides/cordboard' },
];

const EXECUTABLE = new Set([`${HOME}/bin/node`]);

/**
 * @param {string} target an empty folder
 * @param {{ version: string, date: Date, node: { folder: string, version: string } }} options
 * @returns {{ files: string[], binaries: string[] }} all files, and those that are linked with libraries of the system; relative to target
 */
export function layOut(target, { version, date, node }) {
  const files = new Set();
  const put = (to, mode, write) => {
    const path = join(target, to);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    write(path);
    chmodSync(path, EXECUTABLE.has(to) ? 0o755 : mode);
    files.add(to);
  };
  const copy = (from, to, mode = 0o644) => put(to, mode, (path) => copyFileSync(from, path));
  const text = (to, content, mode = 0o644) => put(to, mode, (path) => writeFileSync(path, content));

  for (const { from, without } of FOLDERS)
    for (const file of filesBelow(inRoot(from)))
      if (without === undefined || !without.test(file)) copy(inRoot(from, file), `${HOME}/${from}/${file}`);
  for (const file of FILES) copy(inRoot(file), `${HOME}/${file}`);
  // Run by the Node.js of the package alone, so it names none.
  const program = readFileSync(inRoot('daemon/bin/cordboard.mjs'), 'utf8');
  text(`${HOME}/daemon/bin/cordboard.mjs`, program.replace(/^#!.*\n/, ''));
  const daemon = JSON.parse(readFileSync(inRoot('daemon/package.json'), 'utf8'));
  text(`${HOME}/daemon/package.json`, `${JSON.stringify({ ...daemon, version }, null, 2)}\n`);

  const modules = productionModules(inRoot());
  for (const place of modules) {
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    for (const file of filesOfModule(inRoot(place), name)) copy(inRoot(place, file), `${HOME}/${place}/${file}`);
  }
  mkdirSync(join(target, HOME, 'node_modules/@cordboard'), { recursive: true });
  symlinkSync('../../native', join(target, HOME, 'node_modules/@cordboard/native'));

  copy(join(node.folder, 'bin/node'), `${HOME}/bin/node`);
  copy(join(node.folder, 'LICENSE'), `${HOME}/bin/node.licence`);
  for (const { from, to, mode } of PLACED) copy(from, to, mode);
  for (const unit of readdirSync(inRoot('systemd'))) copy(inRoot('systemd', unit), `lib/systemd/system/${unit}`);

  for (const file of readdirSync(inRoot('docs')).filter((name) => name.endsWith('.md')))
    copy(inRoot('docs', file), `${DOC}/${file}`);
  for (const file of ['README.md', 'README.zh-CN.md']) copy(inRoot(file), `${DOC}/${file}`);
  text(`${DOC}/copyright`, copyright(modules, node));
  text(`${DOC}/changelog.gz`, zipped(changelog(version, date)));
  text('usr/share/man/man1/cordboard.1.gz', zipped(readFileSync(own('cordboard.1'), 'utf8')));
  const all = [...files].sort();
  return { files: all, binaries: all.filter((file) => file.endsWith('.node') || file.endsWith('/bin/node')) };
}

/** Everything bears the same time, so that two builds are alike. */
export function setTimes(target, date) {
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else lutimesSync(path, date, date);
    }
    chmodSync(folder, 0o755);
    lutimesSync(folder, date, date);
  };
  walk(target);
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
}

/** Without name and time in its head. */
const zipped = (text) => gzipSync(text, { level: 9 });

function changelog(version, date) {
  const day = date.toUTCString().replace('GMT', '+0000');
  return `cordboard (${version}) stable; urgency=medium\n\n  * Release ${version}.\n\n -- ${MAINTAINER}  ${day}\n`;
}

export const MAINTAINER = 'Cordboard maintainers <maintainers@cordboard.invalid>';

/** The texts of the packages' licences lie in their folders, and Node.js's beside its program. */
function copyright(modules, node) {
  const parts = [
    'Cordboard, a call centre in one box.',
    'Copyright (C) 2026 the Cordboard maintainers.\n\nLicensed under the GNU General Public License, version 2 or (at your option) any later version;\nsee /usr/share/common-licenses/GPL-2.',
    `Parts of this package, each under its own licence:\n\nNode.js ${node.version}: MIT and others, /${HOME}/bin/node.licence`,
    modules
      .map((place) => ({ place, ...licenceOf(inRoot(place)) }))
      .map(({ place, name, version, licence }) => `${name} ${version}: ${licence}, /${HOME}/${place}`)
      .join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}
