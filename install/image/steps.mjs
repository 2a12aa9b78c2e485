// What building an image is done with: a program that must succeed, pieces of a file, a GRUB environment block.
import { closeSync, copyFileSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';

import { run } from '../lib/child.mjs';
import { Failure } from '../lib/failure.mjs';

/** Debian packages that the image's commands need besides those of the set-up. */
export const IMAGE_PACKAGES = [
  ...['mmdebstrap', 'debian-archive-keyring', 'squashfs-tools', 'mtools', 'dosfstools', 'fdisk', 'e2fsprogs'],
  ...['grub-common', 'grub-pc-bin', 'grub-efi-amd64-bin'],
];

/** Runs a program; a Failure with what it printed when it fails. Gives its output. */
export async function must(name, args, options = {}) {
  const result = await run(name, args, options);
  if (result.code !== 0) throw new Failure(`${name} ${args[0] ?? ''} failed.`, result.output);
  return result.output;
}

/** Writes `data` (a Buffer or the path of a file) into `file` from octet `at` on. */
export function place(file, at, data) {
  const bytes = typeof data === 'string' ? readFileSync(data) : data;
  const handle = openSync(file, 'r+');
  try {
    for (let done = 0; done < bytes.length;)
      done += writeSync(handle, bytes, done, Math.min(bytes.length - done, 2 ** 24), at + done);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Size of a file in octets. */
export const sizeOf = (file) => statSync(file).size;

/** A GRUB environment block with these values: 1024 octets. */
export function environmentBlock(values) {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  const text = `# GRUB Environment Block\n${lines.join('')}`;
  return Buffer.from(text.padEnd(1024, '#'), 'latin1');
}

/** A copy that shares its blocks where the file system can. */
export const copy = (from, to) => copyFileSync(from, to, 2 /* COPYFILE_FICLONE */);
