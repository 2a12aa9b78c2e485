// Recordings at rest: encrypted, checked, kept and removed by rule.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newUlid } from '../../daemon/src/platform/index.js';
import { peaksOf } from '../../daemon/src/recording/peaks.js';
import { alawHeader } from '../../daemon/src/recording/index.js';
import { archiveBox, audioOf, outcome, wavOf } from '../support/archive-box.js';
import { T0 } from '../support/db-rows.js';

const ME = { by: 'boss', from: '192.0.2.7' };
const DAY_MS = 86_400_000;

describe('encryption at rest', () => {
  it('takes what has ended long enough ago, and leaves no plain file', async () => {
    const box = await archiveBox();
    const wav = wavOf(9000);
    const old = await box.recorded({ wav });
    const young = await box.recorded({ row: { endedAt: box.clock.wallMs() - 59_000 } });
    const live = await box.recorded({ call: { state: 'live', endedAt: null } });
    expect(await box.archive.sealDue()).toBe(1);
    expect(existsSync(join(box.folder, old.path))).toBe(false);
    expect(existsSync(join(box.folder, young.path))).toBe(true);
    expect(existsSync(join(box.folder, live.path))).toBe(true);
    expect((await audioOf(box, old.id)).equals(wav)).toBe(true);
    await box.clock.advance(2000);
    expect(await box.archive.sealDue()).toBe(1);
  });

  it('takes what a clock that was set back has put into the future', async () => {
    const box = await archiveBox();
    const row = await box.recorded({ row: { endedAt: box.clock.wallMs() + DAY_MS } });
    expect(await box.archive.sealDue()).toBe(1);
    expect(await box.db.recordingArchive.stored(row.id)).not.toBeNull();
  });

  it('goes on with the others when a file is gone', async () => {
    const box = await archiveBox();
    const gone = await box.recorded();
    rmSync(join(box.folder, gone.path));
    const there = await box.recorded();
    expect(await box.archive.sealDue()).toBe(1);
    expect(await box.db.recordingArchive.stored(there.id)).not.toBeNull();
    expect(await outcome(audioOf(box, gone.id))).toBe('recording_not_found');
  });

  it('makes one file of a recording that was paused, with silence in place of the pause', async () => {
    const box = await archiveBox();
    const [first, second] = [wavOf(1000), wavOf(500, 77)];
    const row = await box.recorded({ wav: first });
    const path = row.path.replace('.wav', '.p2.wav');
    const part = { id: newUlid(), recordingId: row.id, path, offsetMs: 3000, durationMs: 500 };
    await box.db.write((tx) => tx.recordingArchive.addPart({ ...part, bytes: 1, state: 'complete' }));
    writeFileSync(join(box.folder, path), second);
    const whole = Buffer.concat([
      alawHeader(3500 * 8),
      first.subarray(58),
      Buffer.alloc(2000 * 16, 0xd5),
      second.subarray(58),
    ]);
    expect((await audioOf(box, row.id)).equals(whole)).toBe(true);
    expect(await box.archive.sealDue()).toBe(1);
    expect((await audioOf(box, row.id)).equals(whole)).toBe(true);
    expect(await box.db.recordings.find(row.id)).toMatchObject({ durationMs: 3500, bytes: whole.length });
    expect(existsSync(join(box.folder, path))).toBe(false);
    expect((await box.archive.verify()).faults).toEqual([]);
  });

  it('changes its key and forgets the old one', async () => {
    const box = await archiveBox();
    const row = await box.recorded();
    await box.archive.sealDue();
    const before = box.archive.keys();
    const rotation = await box.archive.rotateKeys();
    expect(rotation).toMatchObject({ rewrapped: 1, failed: 0, forgotten: [before[0]!.id] });
    expect(box.archive.keys()).toMatchObject([{ id: rotation.key, current: true }]);
    expect((await audioOf(box, row.id)).equals(wavOf(1000))).toBe(true);
    expect((await box.archive.verify()).faults).toEqual([]);
  });

  it('keeps a key that a damaged file may need', async () => {
    const box = await archiveBox();
    const row = await box.recorded();
    await box.archive.sealDue();
    const { path } = (await box.db.recordingArchive.stored(row.id))!;
    rmSync(join(box.folder, path));
    expect(await box.archive.rotateKeys()).toMatchObject({ rewrapped: 0, failed: 1, forgotten: [] });
    expect(box.archive.keys()).toHaveLength(2);
  });
});

describe('verification', () => {
  async function three() {
    const box = await archiveBox();
    const rows = [await box.recorded(), await box.recorded(), await box.recorded()];
    await box.archive.sealDue();
    const paths = await Promise.all(rows.map(async ({ id }) => (await box.db.recordingArchive.stored(id))!.path));
    const faults = async () => (await box.archive.verify()).faults.map(({ kind, path }) => [kind, path]);
    expect(await faults()).toEqual([]);
    return { box, rows, paths: paths as [string, string, string], faults };
  }

  it('names what was changed, what is missing and what was added', async () => {
    const { box, paths, faults } = await three();
    const bytes = readFileSync(join(box.folder, paths[0]));
    bytes[bytes.length - 20]! ^= 1;
    writeFileSync(join(box.folder, paths[0]), bytes);
    rmSync(join(box.folder, paths[1]));
    writeFileSync(join(box.folder, 'stranger.cbr'), 'x');
    expect(await faults()).toEqual([
      ['changed', paths[0]],
      ['missing', paths[1]],
      ['added', 'stranger.cbr'],
    ]);
  });

  it('notices a row that was removed beside the log, and one that was changed to fit another file', async () => {
    const { box, rows, paths, faults } = await three();
    await box.db.write((tx) => tx.recordingArchive.removeRecording(rows[1]!.id));
    expect(await faults()).toEqual([
      ['missing', paths[1]],
      ['added', paths[1]],
    ]);
  });

  it('notices a link that was made by somebody without the key', async () => {
    const { box, faults } = await three();
    const head = (await box.db.recordingArchive.chainHead())!;
    const forged = { ...head, seq: head.seq + 1, kind: 'removed' as const, hash: 'f'.repeat(64) };
    await box.db.write((tx) => tx.recordingArchive.link(forged));
    expect(await faults()).toEqual([['chain', head.path]]);
  });

  it('takes what was removed by rule or by hand for right', async () => {
    const { box, rows, paths, faults } = await three();
    await box.archive.remove(rows[0]!.id, 'the caller asked for it', ME);
    expect(await faults()).toEqual([]);
    expect(existsSync(join(box.folder, paths[0]))).toBe(false);
    expect(await box.db.recordingArchive.deletions({ limit: 10 })).toMatchObject([
      { recordingId: rows[0]!.id, by: 'boss', reason: 'the caller asked for it' },
    ]);
    expect(await box.db.recordingArchive.accesses(rows[0]!.id, 10)).toMatchObject([{ what: 'removed', from: ME.from }]);
  });
});

describe('retention', () => {
  const rule = (over: object) => ({
    ...{ id: newUlid(), position: 1, name: 'r', queueId: null, direction: null, keepDays: null, maxBytes: null },
    ...over,
  });

  async function aged(over: Parameters<typeof archiveBox>[0] = {}) {
    const box = await archiveBox(over);
    const now = box.clock.wallMs();
    const of = (days: number, call = {}) =>
      box.recorded({ call, row: { startedAt: now - days * DAY_MS, endedAt: now - days * DAY_MS + 1000 } });
    return { box, of };
  }

  it('removes what is too old by the first rule that fits, and nothing that no rule fits', async () => {
    const { box, of } = await aged();
    const rows = [await of(40, { queueId: 'sales' }), await of(40, { direction: 'out' }), await of(40), await of(5)];
    await box.archive.sealDue();
    await box.db.write(async (tx) => {
      await tx.retentionRules.insert(rule({ position: 1, queueId: 'sales', keepDays: 365 }));
      await tx.retentionRules.insert(rule({ position: 2, direction: 'in', keepDays: 30 }));
    });
    const dry = await box.archive.retain(true);
    expect(dry.removed).toMatchObject([{ recordingId: rows[2]!.id, reason: 'age' }]);
    expect(dry).toMatchObject({ dryRun: true, kept: 3, held: 0 });
    expect(readdirSync(join(box.folder, '2024/11/21'))).toHaveLength(4);
    expect((await box.archive.retain(false)).removed).toEqual(dry.removed);
    expect(readdirSync(join(box.folder, '2024/11/21'))).toHaveLength(3);
    expect(await outcome(box.archive.find(rows[2]!.id))).toBe('recording_not_found');
    expect((await box.archive.verify()).faults).toEqual([]);
  });

  it('removes the oldest beyond the quota, but never one that is held', async () => {
    const { box, of } = await aged();
    const rows = [await of(4), await of(3), await of(2), await of(1)];
    const { bytes } = rows[0]!;
    await box.db.write((tx) => tx.retentionRules.insert(rule({ maxBytes: 2 * bytes })));
    await box.archive.setHold(await box.archive.find(rows[0]!.id), true, 'a court asked', ME);
    const run = await box.archive.retain(false);
    expect(run.removed.map(({ recordingId }) => recordingId)).toEqual([rows[1]!.id, rows[2]!.id]);
    expect(run.held).toBe(1);
    expect(await outcome(box.archive.remove(rows[0]!.id, 'x', ME))).toBe('recording_held');
    await box.archive.setHold(await box.archive.find(rows[0]!.id), false, 'over', ME);
    expect(await outcome(box.archive.remove(rows[0]!.id, 'x', ME))).toBe('done');
  });

  it('does nothing by itself after the clock was set, until a person has run it', async () => {
    const { box, of } = await aged();
    const alarms: string[] = [];
    box.live.on('recording.alarm', ({ kind, active }) => void alarms.push(`${kind} ${active}`));
    const row = await of(5);
    await box.db.write((tx) => tx.retentionRules.insert(rule({ keepDays: 30 })));
    expect((await box.archive.retainByItself())?.removed).toEqual([]);
    box.clock.setWall(box.clock.wallMs() + 400 * DAY_MS);
    expect(await box.archive.retainByItself()).toBeUndefined();
    expect(await outcome(box.archive.find(row.id))).toBe('done');
    expect(box.archive.alarms()).toMatchObject([{ kind: 'clock' }]);
    expect((await box.archive.retain(false, 'boss')).removed).toHaveLength(1);
    expect(alarms).toEqual(['clock true', 'clock false']);
  });

  it('gives up the oldest when the disk is full, where that is set, until there is enough', async () => {
    let free = 1000;
    const { box, of } = await aged({ lowBytes: 20_000, giveUpOldest: true, freeBytes: () => Promise.resolve(free) });
    const rows = [await of(4), await of(3), await of(2)];
    await box.archive.watchSpace();
    expect(box.archive.alarms()).toMatchObject([{ kind: 'space', freeBytes: 1000 }]);
    expect(await box.db.recordingArchive.deletions({ limit: 9 })).toMatchObject([
      { recordingId: rows[1]!.id, reason: 'space' },
      { recordingId: rows[0]!.id, reason: 'space' },
    ]);
    free = 30_000;
    await box.archive.watchSpace();
    expect(box.archive.alarms()).toEqual([]);
    expect(await outcome(box.archive.find(rows[2]!.id))).toBe('done');
  });
});

it('the picture of a recording shows how loud each side was', async () => {
  // Silence, then the loudest octet on the left alone.
  const quiet = Buffer.alloc(1600, 0xd5);
  const loud = Buffer.from(Array.from({ length: 1600 }, (_, i) => (i % 2 === 0 ? 0xaa : 0xd5)));
  const wav = Buffer.concat([alawHeader(1600), quiet, loud]);
  const source = {
    bytes: wav.length,
    read: (start: number, length: number) => Promise.resolve(wav.subarray(start, start + length)),
    close: () => Promise.resolve(),
  };
  const { bucketMs, left, right } = await peaksOf(source);
  expect(bucketMs).toBe(20);
  expect(left).toEqual([...Array<number>(5).fill(left[0]!), ...Array<number>(5).fill(255)]);
  expect(left[0]).toBeLessThan(2);
  expect(Math.max(...right)).toBeLessThan(2);
});

it('what comes while everything else is encrypted is encrypted, too, also by a clock that was a year ahead', async () => {
  const box = await archiveBox();
  const made = async (): Promise<void> => void (await box.recorded({ row: { endedAt: T0 } }));
  const now = Date.now();
  box.clock.setWall(now + 365 * DAY_MS);
  await made();
  expect(await box.archive.sealDue()).toBe(1);
  box.clock.setWall(now + 3_600_000);
  expect(await box.archive.sealDue()).toBe(0);
  await made();
  expect(await box.archive.sealDue()).toBe(1);
});
