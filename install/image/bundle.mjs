// An update bundle: what `cordboard update install` takes. Its form is described in daemon/src/updates/bundle.ts.
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

import { sizeOf } from './steps.mjs';

const MAGIC = Buffer.from('CORDBOARD-UPDATE-1\n', 'latin1');
const CHUNK = 2 ** 22;

/** Pieces of a file. */
function* piecesOf(file) {
  const handle = openSync(file, 'r');
  const buffer = Buffer.alloc(CHUNK);
  try {
    for (let read; (read = readSync(handle, buffer)) > 0;) yield buffer.subarray(0, read);
  } finally {
    closeSync(handle);
  }
}

/**
 * Writes a bundle.
 * @param {{ root: string, file: string, version: string, builtAt: number, key: string }} options `root`: the squashfs; `key`: Ed25519, PEM
 */
export function makeBundle({ root, file, version, builtAt, key }) {
  const hash = createHash('sha256');
  for (const piece of piecesOf(root)) hash.update(piece);
  const manifest = Buffer.from(
    JSON.stringify({
      ...{ format: 1, product: 'cordboard', architecture: 'amd64', version, builtAt },
      root: { bytes: sizeOf(root), sha256: hash.digest('hex') },
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(manifest.length);
  const out = openSync(file, 'w');
  try {
    for (const part of [MAGIC, length, manifest, sign(null, manifest, createPrivateKey(key))]) writeSync(out, part);
    for (const piece of piecesOf(root)) writeSync(out, piece);
  } finally {
    closeSync(out);
  }
  return file;
}
