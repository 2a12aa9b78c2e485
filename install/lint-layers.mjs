// Checks what no compiler checks: the direction of dependencies, the length of files, the licence line of C++ files.
// One line a violation, `file:line: rule`; exit code 1 when there is one. Another tree may be named: lint-layers.mjs [root]
//
// The directions are drawn in docs/daemon.md and CONTRIBUTING.md; the tables below are the ones in force.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

import { root as ownRoot } from './lib/paths.mjs';
import { blankComments, importsOf, includesOf } from './lib/imports.mjs';

const root = process.argv[2] ?? ownRoot;

// Lower never imports higher; what stands in one row does not import its neighbours.
const NATIVE_ROWS = [
  ['base'],
  ['dsp'],
  ['cards', 'signalling', 'rtp', 'bus', 'datagrams'],
  ['media', 'webrtc'],
  ['engine'],
  ['binding'],
];
// A folder of daemon/src that no row names is a service.
const SERVICES = 'services';
const DAEMON_ROWS = [
  ['contract'],
  ['platform'],
  ['config', 'db', 'engine'],
  ['lines', 'calendar', 'lists', 'numbers'],
  ['sip', 'trunks', 'calls', 'agents', 'dialplan'],
  [SERVICES],
  ['http', 'realtime'],
  ['main', 'cli'],
];
const NEIGHBOURS_ALLOWED = new Set(['calls → trunks', 'main → cli', 'cli → main']);

const ONLY_FROM = [
  { module: /^(sequelize|sqlite3|umzug)(\/|$)/, part: 'db', rule: 'only db/ imports Sequelize, sqlite3 and umzug' },
];
const ENGINE_MODULE = /^@cordboard\/native(\/|$)/;
const ENGINE_TYPES_IN = new Set(['contract', 'platform', 'config', 'db', 'engine']);

const LONG = 500;
const TOO_LONG = 800;
/** A file over LONG lines says why, in a comment among its first lines. */
const LONG_REASON = /long because: \S/;
const HEAD_LINES = 20;
const SPDX = /^(\/\/|\/\*) SPDX-License-Identifier: GPL-2\.0-or-later/;

const NEVER = /^(node_modules|dist|build|build-.*|generated|coverage|reports|\..*)$/;
const CPP = /\.(cpp|cc|hpp|h)$/;
const SCRIPT = /\.(ts|mts|cts|js|mjs|cjs|vue)$/;

const violations = [];
const report = (file, line, rule) => violations.push(`${relative(root, file)}:${line}: ${rule}`);

function filesUnder(folder, pattern) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NEVER.test(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
}

const rowOf = (rows, part) => rows.findIndex((row) => row.includes(part));

/** Why `from` may not import `to`, given the numbers of their rows; undefined when it may. */
function wrongDirection(from, fromRow, to, toRow) {
  if (from === to || NEIGHBOURS_ALLOWED.has(`${from} → ${to}`)) return undefined;
  if (toRow > fromRow) return `${from} may not import ${to}, which stands above it`;
  if (toRow === fromRow) return `${from} and ${to} stand side by side and may not import one another`;
  return undefined;
}

// native/src: `#include "layer/…"`, or relative to the file.
function checkNative() {
  const source = join(root, 'native/src');
  for (const file of filesUnder(join(root, 'native'), CPP)) {
    const text = readFileSync(file, 'utf8');
    checkLength(file, text);
    if (!SPDX.test(text)) report(file, 1, 'no SPDX-License-Identifier: GPL-2.0-or-later in the first line');
    const inSource = !relative(source, file).startsWith('..');
    const layer = inSource ? relative(source, file).split('/')[0] : undefined;
    if (inSource && rowOf(NATIVE_ROWS, layer) < 0) report(file, 1, `native: ${layer} is no layer of the engine`);
    for (const { path, line } of includesOf(text)) {
      if (/^(napi|node_api|js_native_api)\.h$/.test(path) && layer !== 'binding') {
        report(file, line, `native: only binding/ includes ${path}`);
      }
      if (!inSource) continue;
      const top = path.split('/')[0];
      const known = rowOf(NATIVE_ROWS, top) >= 0 && path.includes('/');
      const target = known ? top : relative(source, normalize(join(dirname(file), path))).split('/')[0];
      if (rowOf(NATIVE_ROWS, target) < 0 || (!known && !existsSync(join(dirname(file), path)))) continue;
      const wrong = wrongDirection(layer, rowOf(NATIVE_ROWS, layer), target, rowOf(NATIVE_ROWS, target));
      if (wrong) report(file, line, `native: ${wrong}`);
    }
  }
}

function checkDaemon() {
  const source = join(root, 'daemon/src');
  const partOf = (file) =>
    relative(source, file)
      .split('/')[0]
      .replace(/\.[a-z]+$/, '');
  const daemonRow = (part) => rowOf(DAEMON_ROWS, rowOf(DAEMON_ROWS, part) < 0 ? SERVICES : part);
  for (const file of filesUnder(source, SCRIPT)) {
    const text = readFileSync(file, 'utf8');
    checkLength(file, text);
    const part = partOf(file);
    for (const { module, line, typeOnly } of importsOf(blankComments(text))) {
      for (const { module: pattern, part: owner, rule } of ONLY_FROM) {
        if (pattern.test(module) && part !== owner) report(file, line, `daemon: ${rule}`);
      }
      if (ENGINE_MODULE.test(module) && part !== 'engine') {
        if (!typeOnly) report(file, line, 'daemon: only engine/ loads the addon; elsewhere `import type` it');
        else if (!ENGINE_TYPES_IN.has(part)) {
          report(file, line, "daemon: from here the addon's types come through engine/");
        }
      }
      if (!module.startsWith('.')) continue;
      const target = normalize(join(dirname(file), module));
      if (relative(source, target).startsWith('..')) {
        if (SCRIPT.test(target)) report(file, line, 'daemon: imports stay within daemon/src');
        continue;
      }
      const other = partOf(target);
      const wrong = wrongDirection(part, daemonRow(part), other, daemonRow(other));
      if (wrong) report(file, line, `daemon: ${wrong}`);
    }
  }
}

function checkPages() {
  const pages = join(root, 'admin-ui');
  for (const file of filesUnder(join(pages, 'src'), SCRIPT)) {
    const text = readFileSync(file, 'utf8');
    checkLength(file, text);
    for (const { module, line } of importsOf(blankComments(text))) {
      const ours = module.startsWith('@cordboard/') && module !== '@cordboard/daemon/contract';
      const outside =
        module.startsWith('.') && relative(pages, normalize(join(dirname(file), module))).startsWith('..');
      if (ours || outside) report(file, line, 'pages: of the daemon only @cordboard/daemon/contract is imported');
    }
  }
}

function checkLength(file, text) {
  const lines = text.split('\n');
  const length = lines.length - (text.endsWith('\n') ? 1 : 0);
  if (length <= LONG || /^\/\/ Generated by /.test(text)) return;
  if (length > TOO_LONG) report(file, TOO_LONG + 1, `${length} lines: over ${TOO_LONG}, split the file`);
  else if (!lines.slice(0, HEAD_LINES).some((line) => LONG_REASON.test(line))) {
    report(file, LONG + 1, `${length} lines: over ${LONG}, split it or say \`// long because: …\` in its head`);
  }
}

checkNative();
checkDaemon();
checkPages();
for (const folder of ['test', 'install', 'hil-tests']) {
  for (const file of filesUnder(join(root, folder), SCRIPT)) checkLength(file, readFileSync(file, 'utf8'));
}
for (const violation of violations) console.log(violation);
process.exit(violations.length > 0 ? 1 : 0);
