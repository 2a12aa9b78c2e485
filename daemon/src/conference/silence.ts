// A second of silence: what one hears in place of the others who is to hear nobody.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const RATE_HZ = 8000;
const SAMPLE_BYTES = 2;

export async function writeSilence(path: string): Promise<void> {
  const bytes = RATE_HZ * SAMPLE_BYTES;
  const file = Buffer.alloc(44 + bytes);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(36 + bytes, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(RATE_HZ, 24);
  file.writeUInt32LE(RATE_HZ * SAMPLE_BYTES, 28);
  file.writeUInt16LE(SAMPLE_BYTES, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(bytes, 40);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.partial`, file);
  await rename(`${path}.partial`, path);
}
