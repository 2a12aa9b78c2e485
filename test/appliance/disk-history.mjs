// What was written to a disk and in which order, and what a power cut at any moment of it leaves.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';

const SECTOR = 512;

/** A copy of a disk, its holes left out. */
export function copyDisk(from, to) {
  rmSync(to, { force: true });
  const ran = spawnSync('cp', ['--sparse=always', '--reflink=auto', from, to], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`cp: ${ran.stderr}`);
}

export const readAt = (handle, at, bytes) => {
  const buffer = Buffer.alloc(bytes);
  for (let done = 0; done < bytes;) {
    const read = readSync(handle, buffer, done, bytes - done, at + done);
    if (read === 0) break; // Behind the end of the file there are zeros.
    done += read;
  }
  return buffer;
};
export const writeAt = (handle, at, data) => {
  for (let done = 0; done < data.length;) done += writeSync(handle, data, done, data.length - done, at + done);
};

/** Octets of a file; zeros behind its end. */
export function readOctets(file, at, bytes) {
  const handle = openSync(file, 'r');
  try {
    return readAt(handle, at, bytes);
  } finally {
    closeSync(handle);
  }
}

/**
 * What becomes of writes that no flush followed: each stays, goes, or stops at a sector; or all of them stay, or go.
 * @param {{ at: number, data: Buffer, kept?: boolean }[]} writes in their order; `kept`: it asked for it (FUA)
 * @param {() => number} random from 0 to 1
 * @returns {{ at: number, data: Buffer }[]} what is on the disk, in their order
 */
export function survivors(writes, random) {
  const mood = random();
  const keep = mood < 0.25 ? 0 : mood < 0.4 ? 1 : random();
  return writes.flatMap(({ at, data, kept }) => {
    if (kept) return [{ at, data }];
    if (random() >= keep) return [];
    if (keep === 1 || random() < 0.8) return [{ at, data }];
    const sectors = Math.floor((random() * data.length) / SECTOR);
    return sectors === 0 ? [] : [{ at, data: data.subarray(0, sectors * SECTOR) }];
  });
}

/** What was written to a disk, in order, with marks of those who watched. */
export class DiskHistory {
  /** `{ at, bytes, from, kept }` of a write (`from`: where its data stand in the file), `{ flush: true }`, `{ mark: text }` */
  steps = [];
  #handle;
  #end = 0;

  constructor(file, mode = 'w+') {
    this.file = file;
    this.#handle = openSync(file, mode);
  }

  write(at, data, kept) {
    writeAt(this.#handle, this.#end, data);
    this.steps.push({ at, bytes: data.length, from: this.#end, kept });
    this.#end += data.length;
  }

  flush() {
    this.steps.push({ flush: true });
  }

  /** Something that happens now, by a name; the number of the step. */
  mark(text) {
    this.steps.push({ mark: text });
    return this.steps.length - 1;
  }

  /** Number of the step of the mark, from step `from` on; -1: there is none. */
  find(text, from = 0) {
    return this.steps.findIndex((step, index) => index >= from && step.mark === text);
  }

  /**
   * The disk as a power cut right after step `count` - 1 leaves it.
   * @param {string} base the disk as it was when the history began
   * @param {string} file where to
   * @returns {{ unflushed: number, lostBytes: number }} as PowerDisk.lose
   */
  diskAt(base, file, count, random) {
    copyDisk(base, file);
    const done = this.steps.slice(0, count);
    const flushed = done.findLastIndex(({ flush }) => flush === true) + 1;
    const dataOf = ({ at, bytes, from, kept }) => ({ at, kept, data: readAt(this.#handle, from, bytes) });
    const isWrite = ({ bytes }) => bytes !== undefined;
    const out = openSync(file, 'r+');
    try {
      for (const step of done.slice(0, flushed).filter(isWrite)) writeAt(out, step.at, dataOf(step).data);
      const unflushed = done.slice(flushed).filter(isWrite).map(dataOf);
      const left = survivors(unflushed, random);
      for (const { at, data } of left) writeAt(out, at, data);
      const octets = (list) => list.reduce((sum, { data }) => sum + data.length, 0);
      return { unflushed: unflushed.length, lostBytes: octets(unflushed) - octets(left) };
    } finally {
      closeSync(out);
    }
  }

  /** Number of the first write that touches octets from `start` to `end` of the disk, from step `from` on; -1: there is none. */
  firstWrite(start, end, from = 0) {
    return this.steps.findIndex(
      ({ at, bytes }, index) => index >= from && bytes !== undefined && at < end && at + bytes > start,
    );
  }

  /** Keeps the steps beside their data, so that a later run can ask for disks. `of`: what it is the history of. */
  save(of) {
    writeFileSync(`${this.file}.json`, JSON.stringify({ of, steps: this.steps }));
  }

  /** What was saved; undefined: nothing, or the history of something else. */
  static load(file, of) {
    if (!existsSync(`${file}.json`)) return undefined;
    const saved = JSON.parse(readFileSync(`${file}.json`, 'utf8'));
    if (saved.of !== of) return undefined;
    const history = new DiskHistory(file, 'r');
    history.steps = saved.steps;
    return history;
  }

  close() {
    closeSync(this.#handle);
  }
}
