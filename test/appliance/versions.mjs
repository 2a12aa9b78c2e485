// The versions that the suite plays with: the product's own, a later one that changes the form of the database, and bundles that must be
// refused or that cannot be booted.
import { generateKeyPairSync } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildImage, signingKey } from '../../install/image/build.mjs';
import { makeBundle } from '../../install/image/bundle.mjs';
import { PARTITIONS } from '../../install/image/layout.mjs';

export const FIRST = '0.1.0';
export const SECOND = '0.2.0';
const MIGRATIONS = 'usr/lib/cordboard/daemon/dist/db/migrations';
export const STEP = '0900-second-version';

/** A step that lasts: rows by the thousand, in one transaction as all steps. */
const STEP_TEXT = `import { DataTypes } from 'sequelize';
export const step = {
  name: '${STEP}',
  async up({ queryInterface, transaction }) {
    await queryInterface.createTable('secondVersion', { id: { type: DataTypes.INTEGER, primaryKey: true } }, { transaction });
    for (let i = 0; i < 60; i += 1)
      await queryInterface.bulkInsert('secondVersion', Array.from({ length: 50 }, (_, n) => ({ id: 50 * i + n })), { transaction });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.dropTable('secondVersion', { transaction });
  },
};
`;

/** A step that this database cannot take: its service does not come up. */
const BROKEN_STEP_TEXT = `export const step = {
  name: '${STEP}',
  up: () => Promise.reject(new Error('a step that fails')),
  down: () => Promise.resolve(),
};
`;

/** As a later version of the product would be: one more step at the end of its migrations. */
export function withAnotherStep(folder, text = STEP_TEXT) {
  writeFileSync(join(folder, MIGRATIONS, `${STEP}.js`), text);
  const index = join(folder, MIGRATIONS, 'index.js');
  const list = readFileSync(index, 'utf8');
  const changed = list.replace(
    /export const migrations = \[([\s\S]*?)\];/,
    (_all, steps) => `export const migrations = [${steps.replace(/,?\s*$/, '')}, step];`,
  );
  if (changed === list) throw new Error('the list of migrations was not found');
  writeFileSync(index, `import { step } from './${STEP}.js';\n${changed}`);
}

/** Image of the first version and bundle of the second. */
export async function makeVersions({ deb, out, progress }) {
  const key = signingKey();
  const {
    image,
    bundle: firstBundle,
    seconds,
  } = await buildImage({ deb, version: FIRST, key, out, progress, fast: true });
  const { bundle } = await buildImage({
    deb,
    version: SECOND,
    key,
    out,
    progress,
    change: withAnotherStep,
    bundleOnly: true,
    fast: true,
  });
  return { image, seconds, bundle, firstBundle };
}

/** As makeVersions left them. */
export const madeVersions = (out) => ({
  built: join(out, `cordboard-${FIRST}.img`),
  firstBundle: join(out, `cordboard-${FIRST}.cbu`),
  bundle: join(out, `cordboard-${SECOND}.cbu`),
});

/** A signed bundle whose kernel starts and finds no system in its root: it gives up, restarts after ten seconds, and so on. */
export const bootsThatPanic = (folder, image) =>
  remade(folder, image, { name: 'panic', version: '0.7.0', only: ['boot/vmlinuz', 'boot/initrd.img'] });

/** A signed bundle that boots, and whose service does not come up with the data that are there. */
export const failsItsTrial = (folder, image) =>
  remade(folder, image, {
    ...{ name: 'broken', version: '0.8.0' },
    change(root) {
      withAnotherStep(root, BROKEN_STEP_TEXT);
      writeFileSync(join(root, 'usr/lib/cordboard-image/release.json'), '{"version":"0.8.0","builtAt":0}\n');
    },
  });

/** The root of an image, or `only` some files of it, changed and signed anew. Gives the bundle. */
function remade(folder, image, { name, version, only = [], change }) {
  const [tree, root] = [join(folder, `${name}.root`), join(folder, `${name}.squashfs`)];
  const must = (program, args) => {
    const ran = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (ran.status !== 0) throw new Error(`${program}: ${ran.stderr || ran.error}`);
  };
  for (const one of [tree, root]) rmSync(one, { recursive: true, force: true });
  must('unsquashfs', ['-o', String(PARTITIONS.a.start), '-q', '-n', '-d', tree, image, ...only]);
  change?.(tree);
  must('mksquashfs', [
    ...[tree, root, '-comp', 'gzip', '-Xcompression-level', '1', '-b', '256K'],
    ...['-noappend', '-quiet', '-no-progress', '-no-xattrs'],
  ]);
  const made = makeBundle({ root, file: join(folder, `${name}.cbu`), version, builtAt: 0, key: signingKey() });
  for (const one of [tree, root]) rmSync(one, { recursive: true, force: true });
  return made;
}

/** Small bundles that must not get far: name, file, code of the refusal (undefined: it is installed and cannot be booted). */
export function badBundles(folder) {
  const root = join(folder, 'bad.root');
  writeFileSync(root, Buffer.alloc(256 * 1024, 'no root of a box '));
  const stranger = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const make = (name, version, key = signingKey()) =>
    makeBundle({ root, file: join(folder, `${name}.cbu`), version, builtAt: 0, key });
  const damaged = make('damaged', '0.5.0');
  const bytes = readFileSync(damaged);
  bytes[bytes.length - 7] ^= 1;
  writeFileSync(damaged, bytes);
  const bad = [
    { what: 'a wrong signature', file: make('forged', '0.5.0', stranger), says: /signature/ },
    { what: 'damage', file: damaged, says: /damaged/ },
    { what: 'an older version', file: make('older', '0.0.9'), says: /0\.0\.9/ },
  ];
  const hopeless = make('hopeless', '0.6.0');
  rmSync(root);
  return { bad, hopeless };
}
