// The npm packages that the daemon needs when it runs, and of each the files that are loaded then. package-lock.json tells what wants
// what; what npm installed for tools, tests and pages is not followed.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, normalize } from 'node:path';

/** Wanted by packages for their own installation alone. */
const BUILD_ONLY = new Set(['prebuild-install', 'node-gyp', 'node-addon-api', 'nan', 'cmake-js', 'node-api-headers']);
/** The engine's own are for compiling it. */
const OWN = '@cordboard/native';
/** Of a package that was compiled here: what was compiled, not how. */
const COMPILED = { sqlite3: ['build/Release/node_sqlite3.node', 'lib', 'package.json', 'LICENSE'] };

const NOT_LOADED =
  /\.(d\.[cm]?ts|[cm]?ts|map|flow|markdown|md|yml|yaml|tsbuildinfo|html|css)$|^\.|^(Makefile|.*\.sh|tsconfig.*)$/i;
const NOT_LOADED_FOLDERS = new Set([
  'node_modules',
  'scripts',

  'test',
  'tests',
  '__tests__',
  'docs',
  'example',
  'examples',
  'bench',
  'benchmark',
  '.github',
]);
const LICENCE = /^(licen[cs]e|copying|notice)/i;

/**
 * Folders (relative to `root`) of all that is needed, in order. Throws when one of them is wanted and not there.
 * @param {string} root of the workspace
 */
export function productionModules(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const found = new Set();
  const follow = (from) => {
    const { dependencies = {}, optionalDependencies = {} } = packages[from];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (BUILD_ONLY.has(name) || name === OWN) continue;
      const place = resolved(packages, from, name);
      // Those of other systems and processors stand in the lock as well.
      const there = place !== undefined && existsSync(join(root, place)) && fits(packages[place]);
      if (!there && name in optionalDependencies) continue;
      if (!there) throw new Error(`${from} wants ${name}, which is not installed`);
      if (found.has(place)) continue;
      found.add(place);
      follow(place);
    }
  };
  follow('daemon');
  return [...found].sort();
}

/** The place that Node.js would find: the nearest node_modules on the way up. */
function resolved(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (at === '') return undefined;
  }
}

const fits = ({ os, cpu, libc }) =>
  (os === undefined || os.includes('linux')) &&
  (cpu === undefined || cpu.includes(process.arch)) &&
  (libc === undefined || libc.includes('glibc'));

/** Files of one package, relative to its folder, without the packages within it. */
export function filesOfModule(folder, name) {
  const only = COMPILED[name];
  const { bin = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const commands = new Set(Object.values(typeof bin === 'string' ? { bin } : bin).map((path) => normalize(path)));
  const files = [];
  const walk = (below) => {
    const at = join(folder, below);
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      const wanted =
        only === undefined ||
        only.some((one) => one === path || path.startsWith(`${one}/`) || one.startsWith(`${path}/`));
      if (!wanted) continue;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && !NOT_LOADED_FOLDERS.has(entry.name)) walk(path);
      } else if (entry.isFile() && !commands.has(path) && (LICENCE.test(entry.name) || !NOT_LOADED.test(entry.name)))
        files.push(path);
    }
  };
  walk('');
  return files.sort();
}

/** Name, version and licence, for the file of copyrights. */
export function licenceOf(folder) {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const said = license ?? licenses?.map?.(({ type }) => type).join(' or ') ?? 'see its text';
  return { name, version, licence: typeof said === 'string' ? said : said.type };
}
