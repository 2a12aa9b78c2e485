// A caller says his card's number while the recording is paused: it is in no file, neither while the call goes on nor when it is
// encrypted, and what was said before and after stands at its time.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import { callIn, phase, signInByPhone, startTestBox, storedCall, waitFor } from '../support/box.js';
import { eventually } from '../support/daemon-process.js';
import { until } from '../support/turns.js';
import { SILENCE, indexOfPart, speechAlaw, stereoAlaw } from '../support/wav.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const BEFORE = join(SOUNDS, 'hello-world.wav');
const SECRET = join(SOUNDS, 'vm-goodbye.wav');
const AFTER = join(SOUNDS, 'auth-thankyou.wav');

async function says(box: Box, port: number, file: string): Promise<void> {
  const { play } = await box.engine.command('play.start', { port, files: [file] });
  let over = false;
  box.engine.events.on('play.ended', (ended) => void (over ||= ended.play === play));
  await waitFor(box.engine.events, 'play.ended', () => over);
}

it('what is said in a pause is nowhere', async () => {
  const box = await startTestBox({
    env: { CORDBOARD_RECORDINGS_ENCRYPT: 'false', CORDBOARD_RECORDINGS_ENCRYPT_AFTER_MS: '0' },
  });
  await signInByPhone(box, '2001', 1);
  const { callId, exchangeId, timeslot } = await callIn(box, { digits: '1' });
  await phase(box, callId, 'offering');
  await until(() => box.exchange.phones()[0]!.ringing, 'the telephone rings');
  await box.exchange.lift(1);
  await phase(box, callId, 'talking');
  const { legs } = await box.engine.command('engine.snapshot', {});
  const { port } = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;

  await says(box, port, BEFORE);
  // What is on the wire when he is told to wait may still be written: he speaks when the pause is there.
  expect(await box.calls.record(callId, 'pause', '2001')).toEqual({ callId, state: 'paused' });
  await says(box, port, SECRET);
  expect(await box.calls.record(callId, 'resume', '2001')).toEqual({ callId, state: 'recording' });
  await says(box, port, AFTER);
  await box.exchange.hangUp(exchangeId);
  await storedCall(box, callId);
  // The engine ends its file when the call is over, which may be a moment later.
  await eventually(
    () => box.db.recordings.findByCall(callId),
    (found) => found?.state === 'complete',
  );
  await box.recordings.flush();

  const row = (await box.db.recordings.findByCall(callId))!;
  const folder = box.config.recordingsFolder;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.wav'));
  expect(files).toHaveLength(2);
  const inner = (file: string, cut: number): Uint8Array => speechAlaw(file).subarray(cut, -cut);
  const secret = inner(SECRET, 800);
  for (const file of files) {
    const { left, right } = stereoAlaw(join(folder, file));
    expect([indexOfPart(left, secret), indexOfPart(right, secret)], `${file} has it not`).toEqual([-1, -1]);
  }
  const [mark] = await box.db.recordingArchive.marks(row.id);
  expect(mark).toMatchObject({ kind: 'pause', by: '2001' });
  const pauseMs = mark!.toMs! - mark!.fromMs;
  expect(pauseMs).toBeGreaterThanOrEqual(speechAlaw(SECRET).length / 8);

  const plain = await whole(box, row.id, 'plain');
  await box.archive.sealDue();
  const sealed = await whole(box, row.id, 'sealed');
  const firstOther = plain.left.findIndex((octet, i) => octet !== sealed.left[i]);
  expect({ octets: sealed.left.length, firstOther }).toEqual({ octets: plain.left.length, firstOther: -1 });
  const before = indexOfPart(sealed.left, inner(BEFORE, 320));
  const after = indexOfPart(sealed.left, inner(AFTER, 320));
  expect(before).toBeGreaterThan(0);
  expect(after / 8).toBeGreaterThan(mark!.toMs!);
  const pause = sealed.left.subarray(mark!.fromMs * 8, mark!.toMs! * 8);
  expect(pause.every((octet) => octet === SILENCE)).toBe(true);
  expect(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.wav'))).toEqual(
    [],
  );
  expect((await box.archive.verify()).faults).toEqual([]);
});

async function whole(box: Box, id: string, name: string): Promise<ReturnType<typeof stereoAlaw>> {
  const source = await box.archive.read(await box.archive.find(id));
  const path = join(box.config.home, `${name}.wav`);
  writeFileSync(path, await source.read(0, source.bytes));
  await source.close();
  return stereoAlaw(path);
}
