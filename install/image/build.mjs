// `npm run package:image`: the bootable image of a box, and the update bundle of the same version.
//
//   npm run package:image [-- --deb FILE] [--version V] [--key FILE] [--out FOLDER] [--json]
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { Failure } from '../lib/failure.mjs';
import { installPackages } from '../lib/packages.mjs';
import { inRoot } from '../lib/paths.mjs';
import { Progress } from '../lib/progress.mjs';
import { makeBundle } from './bundle.mjs';
import { makeDeb } from '../package/deb.mjs';
import { makeDisk } from './disk.mjs';
import { MOST_BYTES } from './layout.mjs';
import { baseTree, driverTree, installedTree, packTree, wholeTree } from './root-tree.mjs';
import { IMAGE_PACKAGES, sizeOf } from './steps.mjs';

const WORK = 'build/image';

/** The key that updates are signed with; made when there is none, for whoever builds for himself. */
export function signingKey(file) {
  if (file !== undefined) return readFileSync(file, 'utf8');
  const own = inRoot(WORK, 'update-key.pem');
  if (!existsSync(own)) {
    mkdirSync(inRoot(WORK), { recursive: true });
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(own, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    chmodSync(own, 0o600);
  }
  return readFileSync(own, 'utf8');
}

/**
 * Builds one image.
 * Makes the update bundle beside it.
 * @param {{ deb: string, version: string, key: string, out: string, progress: Progress, change?: (folder: string) => void, bundleOnly?: boolean, fast?: boolean }} options
 *   `change`: what a test's own version has otherwise
 * @returns {Promise<{ image: string, bundle: string, seconds: number }>} paths
 */
export async function buildImage({ deb, version, key, out, progress, change, bundleOnly = false, fast = false }) {
  if (process.getuid() !== 0) throw new Failure('An image is made as root: its files belong to many users.');
  const started = performance.now();
  const builtAt = Date.now();
  const step = (name, work) => progress.step(name, (begin) => work({ begin, keep: progress.keep }));
  const work = inRoot(WORK);
  mkdirSync(work, { recursive: true });
  mkdirSync(out, { recursive: true });
  const folder = join(work, `root-${version}`);
  const root = join(out, `cordboard-${version}.squashfs`);
  const image = join(out, `cordboard-${version}.img`);
  let [installed, driver] = [];
  await step('debian', async (tools) => {
    const base = await baseTree(work, tools);
    driver = await driverTree({ work, base }, tools);
    installed = await installedTree({ work, base, deb }, tools);
    return 'complete';
  });
  await step('root', async ({ begin, keep }) => {
    begin('making the root');
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' });
    await wholeTree({ installed, driver, folder, version, builtAt, publicKey, change }, keep);
    return 'made';
  });
  await step('squashfs', async ({ begin, keep }) => {
    begin('packing');
    await packTree(folder, root, fast, keep);
    rmSync(folder, { recursive: true, force: true });
    return `${(sizeOf(root) / 1e6).toFixed(0)} MB`;
  });
  const bundle = join(out, `cordboard-${version}.cbu`);
  await step('bundle', async ({ begin }) => {
    begin('signing the update');
    makeBundle({ root, file: bundle, version, builtAt, key });
    return 'made';
  });
  if (bundleOnly) {
    rmSync(root);
    return { image: '', bundle, seconds: (performance.now() - started) / 1000 };
  }
  await step('disk', async ({ begin, keep }) => {
    begin('putting the image together');
    const pieces = join(work, 'pieces');
    rmSync(pieces, { recursive: true, force: true });
    mkdirSync(pieces);
    await makeDisk({ file: image, root, work: pieces, keep });
    rmSync(pieces, { recursive: true });
    if (sizeOf(image) > MOST_BYTES)
      throw new Failure(`The image has ${sizeOf(image)} octets; the most is ${MOST_BYTES}.`);
    return `${(sizeOf(image) / 1e6).toFixed(0)} MB`;
  });
  rmSync(root);
  return { image, bundle, seconds: (performance.now() - started) / 1000 };
}

export async function packageImage(args) {
  const { values } = parseArgs({
    args,
    options: {
      deb: { type: 'string' },
      version: { type: 'string' },
      fast: { type: 'boolean' },
      key: { type: 'string' },
      out: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const progress = new Progress({ out: values.json ? process.stderr : process.stdout, log: inRoot(WORK, 'image.log') });
  await progress.step('tools', (begin) => installPackages(IMAGE_PACKAGES, { begin, keep: progress.keep }));
  const version = values.version ?? JSON.parse(readFileSync(inRoot('daemon/package.json'), 'utf8')).version;
  const out = resolve(values.out ?? inRoot(WORK));
  const made = await buildImage({
    deb: values.deb === undefined ? (await makeDeb({ version: `${version}` })).file : resolve(values.deb),
    version,
    key: signingKey(values.key),
    out,
    progress,
    fast: values.fast,
  });
  const bytes = sizeOf(made.image);
  if (values.json) console.log(JSON.stringify({ ...made, bytes }));
  else console.log(`${made.image}: ${(bytes / 1e6).toFixed(0)} MB in ${made.seconds.toFixed(0)} s`);
  return 0;
}
