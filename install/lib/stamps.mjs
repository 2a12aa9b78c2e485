// Has a step to be done again? A stamp keeps a digest of what the step read (by content) and of what it made (by size
// and time), so that neither a changed source nor a product somebody else changed goes unseen.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { inRoot, root } from './paths.mjs';

/** Products and caches, wherever they lie. */
const NEVER_INPUT = /^(node_modules|dist|build|build-.*|generated|coverage|\..*|.*\.tsbuildinfo)$/;

function* filesUnder(path, skip) {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) {
    yield path;
    return;
  }
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (skip?.test(entry.name)) continue;
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* filesUnder(child, skip);
    else if (entry.isFile()) yield child;
  }
}

/** Digest of the content of files and folders (relative to the root) and of any further text. */
export function digestOfInputs(paths, ...more) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of filesUnder(inRoot(path), NEVER_INPUT)) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  for (const text of more) hash.update(`${text}\0`);
  return hash.digest('hex');
}

function digestOfOutputs(paths) {
  const hash = createHash('sha256');
  let count = 0;
  for (const path of paths) {
    for (const file of filesUnder(inRoot(path))) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${relative(root, file)}\0${size}\0${mtimeMs}\0`);
      count += 1;
    }
  }
  return count === 0 ? 'nothing' : hash.digest('hex');
}

const stampFile = (name) => inRoot('build/stamps', name);

export function upToDate(name, inputs, outputs) {
  const made = digestOfOutputs(outputs);
  if (made === 'nothing' || !existsSync(stampFile(name))) return false;
  return readFileSync(stampFile(name), 'utf8') === `${inputs} ${made}\n`;
}

export function stamp(name, inputs, outputs) {
  mkdirSync(inRoot('build/stamps'), { recursive: true });
  writeFileSync(stampFile(name), `${inputs} ${digestOfOutputs(outputs)}\n`);
}
