// A recording that was cut off anywhere is playable afterwards, and nothing that was heard is lost from it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alawHeader, repairWav } from '../../daemon/src/recording/wav-repair.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function fileOf(content: Buffer): string {
  const path = join(temporaryFolder(), 'call.wav');
  writeFileSync(path, content);
  return path;
}

/** A file as the engine begins it: sizes of nothing, then audio. */
function cutOff(audioBytes: number): Buffer {
  return Buffer.concat([alawHeader(), Buffer.alloc(audioBytes, 0xd5)]);
}

function sizes(path: string) {
  const file = readFileSync(path);
  return { file: file.length, riff: file.readUInt32LE(4), fact: file.readUInt32LE(46), data: file.readUInt32LE(54) };
}

describe('a recording that was cut off', () => {
  it('gets the sizes that follow from its length', async () => {
    const path = fileOf(cutOff(16_000));
    expect(await repairWav(path)).toEqual({ bytes: 16_058, durationMs: 1000, changed: true });
    expect(sizes(path)).toEqual({ file: 16_058, riff: 16_050, fact: 8000, data: 16_000 });
  });

  it('loses half a frame and no more', async () => {
    const path = fileOf(cutOff(16_001));
    expect(await repairWav(path)).toMatchObject({ bytes: 16_058, durationMs: 1000 });
    expect(sizes(path).file).toBe(16_058);
  });

  it('is left as it is when nothing is wrong with it', async () => {
    const good = Buffer.concat([alawHeader(8000), Buffer.alloc(16_000, 0xd5)]);
    const path = fileOf(good);
    expect(await repairWav(path)).toMatchObject({ changed: false, durationMs: 1000 });
    expect(readFileSync(path).equals(good)).toBe(true);
  });

  it.each([0, 1, 11])('is an empty recording when only %i bytes of it are there', async (bytes) => {
    const path = fileOf(cutOff(0).subarray(0, bytes));
    expect(await repairWav(path)).toEqual({ bytes: 58, durationMs: 0, changed: true });
    expect(readFileSync(path).equals(alawHeader())).toBe(true);
  });

  it('is an empty recording when the file system left zeros', async () => {
    expect(await repairWav(fileOf(Buffer.alloc(4096)))).toMatchObject({ durationMs: 0, bytes: 58 });
  });

  it('is found behind chunks that are not known', async () => {
    const header = alawHeader();
    const list = Buffer.from('LIST\x05\x00\x00\x00abcde\x00', 'latin1');
    const path = fileOf(Buffer.concat([header.subarray(0, 50), list, header.subarray(50), Buffer.alloc(8000)]));
    expect(await repairWav(path)).toMatchObject({ durationMs: 500, bytes: 58 + 14 + 8000 });
  });

  it.each([
    ['text', Buffer.from('this is no recording at all'), /not a WAV/],
    ['a header that was cut', cutOff(0).subarray(0, 40), /no audio chunk/],
    ['16-bit audio', Buffer.from(alawHeader()).fill(1, 20, 21), /format 1 with 2/],
  ])('is not touched when it is %s', async (_name, content, reason) => {
    const path = fileOf(content);
    await expect(repairWav(path)).rejects.toThrow(reason);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  it('is reported when it is not there', async () => {
    await expect(repairWav(join(temporaryFolder(), 'none.wav'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is playable wherever it was cut', async () => {
    for (let bytes = 0; bytes < 70; bytes += 1) {
      const whole = cutOff(20);
      const path = fileOf(whole.subarray(0, bytes));
      const done = await repairWav(path).catch(() => undefined);
      // Between the first zeros and the whole header it cannot be told what it is.
      if (done === undefined) expect(bytes).toBeGreaterThanOrEqual(12);
      else expect(sizes(path).data).toBe(sizes(path).file - 58);
      if (bytes >= 58) expect(done).toBeDefined();
    }
  });
});
