// The kernel itself, out of the file that a boot loader would start: an xz stream somewhere in it.
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

import { Failure } from '../../install/lib/failure.mjs';

const XZ = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

export function kernelImage(file) {
  const packed = readFileSync(file);
  for (let at = packed.indexOf(XZ); at >= 0; at = packed.indexOf(XZ, at + 1)) {
    // What stands behind the stream makes xz complain after it has unpacked it.
    const { stdout } = spawnSync('xz', ['--decompress', '--stdout', '--single-stream'], {
      input: packed.subarray(at),
      maxBuffer: 2 ** 28,
    });
    if (stdout?.subarray(0, ELF.length).equals(ELF)) return stdout;
  }
  throw new Failure(`${file} holds no kernel that is packed by xz.`);
}
