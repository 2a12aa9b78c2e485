// Telephones that dial, with real audio on every wire: one another, out over the E1, and somebody from there who dials them.
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import {
  callIn,
  nothingLeaks,
  phase,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { until } from '../support/turns.js';
import { indexOfPart, loudness, speechAlaw, stereoAlaw } from '../support/wav.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const ONE_SAYS = join(SOUNDS, 'hello-world.wav');
const OTHER_SAYS = join(SOUNDS, 'vm-goodbye.wav');

let box: Box;
const running = whileRunning();
beforeAll(async () => {
  box = await startTestBox({ env: { CORDBOARD_VIRTUAL_STATIONS: '3' } }, running);
});
afterAll(() => running.end());

/** A telephone is lifted and dials; resolves with the box's id of the call. */
async function dial(station: number, number: string): Promise<string> {
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  await box.exchange.lift(station);
  await box.exchange.dial(station, number);
  return arrived;
}

/** Its telephone's port, at the far end of the cable. */
async function farPort(of: (leg: { analog: number; span: number }) => boolean): Promise<number> {
  const { legs } = await box.engine.command('engine.snapshot', {});
  return legs.find(of)!.port;
}
const telephone = (station: number) => farPort(({ analog }) => analog === 10_000 + station);
const exchange = () => farPort(({ span }) => span === 101);

/** Both speak at once; resolves when they have been heard. */
async function speak(one: number, other: number): Promise<void> {
  const plays = new Set<number>();
  const ended: number[] = [];
  const off = box.engine.events.on('play.ended', ({ play }) => void ended.push(play));
  for (const [port, file] of [
    [one, ONE_SAYS],
    [other, OTHER_SAYS],
  ] as const)
    plays.add((await box.engine.command('play.start', { port, files: [file] })).play);
  await waitFor(box.engine.events, 'play.ended', () => [...plays].every((play) => ended.includes(play)));
  off();
}

/** What a telephone or the exchange hears at the far end is recorded apart. */
async function record(port: number, name: string): Promise<string> {
  const path = join(box.config.home, name);
  await box.engine.command('recording.start', { port, path });
  return path;
}

/** Octet for octet, but for the last two blocks that are still on the wire when somebody hangs up. */
const said = (file: string): Uint8Array => speechAlaw(file).subarray(0, -2 * 160);

/** The caller stands on the left, who he talks with on the right. */
async function bothAreRecorded(callId: string): Promise<{ left: Uint8Array; right: Uint8Array }> {
  const recording = (await box.db.recordings.findByCall(callId))!;
  expect(recording.state).toBe('complete');
  const stored = stereoAlaw(join(box.config.recordingsFolder, recording.path));
  expect(indexOfPart(stored.left, said(ONE_SAYS)), 'the caller on the left').toBeGreaterThan(0);
  expect(indexOfPart(stored.right, said(OTHER_SAYS)), 'the other on the right').toBeGreaterThan(0);
  return stored;
}

async function over(callId: string): Promise<ReturnType<typeof storedCall>> {
  const stored = await storedCall(box, callId);
  for (const station of [1, 2, 3]) await stationFree(box, station);
  await nothingLeaks(box);
  return stored;
}

it('a telephone calls another: it hears that it rings, both hear each other, and both are recorded', async () => {
  const callId = await dial(1, '2');
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(2).ringing);
  expect(box.calls.find(callId)).toMatchObject({ phase: 'dialling', direction: 'internal', callingNumber: '1' });
  const heard = await record(await telephone(1), 'one-heard.wav');
  const before = (await box.engine.command('engine.snapshot', {})).tick.ticks;
  await until(() => box.stations.find(2)?.ringing === true, 'the box knows that it rings');
  await waitForTicks(before + 60);
  await box.exchange.lift(2);
  await phase(box, callId, 'talking');
  await speak(await telephone(1), await telephone(2));
  await box.exchange.hangUpPhone(2);
  const { row, segments } = await storedCall(box, callId);
  expect(row).toMatchObject({ direction: 'internal', releasedBy: 'callee', cause: 16, span: 0 });
  expect(segments.find(({ kind }) => kind === 'dial')?.data).toMatchObject({
    outcome: 'answered',
    attempts: [{ to: 'station 2', outcome: 'answered' }],
  });
  await over(callId);
  await bothAreRecorded(callId);
  const ear = stereoAlaw(heard).left;
  const at = indexOfPart(ear, said(OTHER_SAYS));
  expect(at, 'the telephone heard the other octet for octet').toBeGreaterThan(0);
  expect(loudness(ear.subarray(0, at)), 'and the ringing tone before').toBeGreaterThan(100);
});

it('a telephone calls out over the E1, somebody answers there, both hear each other, and both are recorded', async () => {
  box.exchange.subscribers.setPlan('13800138000', { answerAfterMs: 300 });
  const callId = await dial(1, '013800138000#');
  const called = () => box.exchange.subscribers.list()[0];
  await waitFor(box.exchange.subscribers.events, 'call.changed', () => called()?.state === 'answered');
  expect(called()).toMatchObject({ calledNumber: '13800138000' });
  await phase(box, callId, 'talking');
  expect(box.calls.find(callId)?.direction).toBe('out');
  const slot = box.trunks.find(1)!.timeslots.find(({ busy }) => busy);
  expect(slot).toMatchObject({ callId });
  const heard = await record(await exchange(), 'exchange-heard.wav');
  await speak(await telephone(1), await exchange());
  await box.exchange.subscribers.hangUp(called()!.leg);
  const { row, segments } = await storedCall(box, callId);
  expect(row).toMatchObject({ direction: 'out', releasedBy: 'callee', cause: 16, calledNumber: '013800138000' });
  expect(segments.find(({ kind }) => kind === 'dial')?.data).toMatchObject({
    attempts: [{ to: `E1 1/${slot!.timeslot} 13800138000`, outcome: 'answered' }],
  });
  await over(callId);
  await bothAreRecorded(callId);
  expect(
    indexOfPart(stereoAlaw(heard).left, said(ONE_SAYS)),
    'the exchange heard the telephone',
  ).toBeGreaterThanOrEqual(0);
  expect(box.trunks.find(1)!.timeslots.some(({ busy }) => busy)).toBe(false);
});

it('a telephone is released with the cause when somebody outside is busy', async () => {
  box.exchange.subscribers.setPlan('13900139000', { refuseCause: 17 });
  const callId = await dial(1, '013900139000#');
  const { row, segments } = await storedCall(box, callId);
  expect(row).toMatchObject({ cause: 17, releasedBy: 'callee', answeredAt: null });
  expect(segments.find(({ kind }) => kind === 'dial')?.data).toMatchObject({ outcome: 'failed', cause: 17 });
  await over(callId);
});

it('a telephone that gives up while it rings outside frees the line', async () => {
  box.exchange.subscribers.setPlan('13700137000', {});
  const callId = await dial(1, '013700137000#');
  await waitFor(box.exchange.subscribers.events, 'call.changed', () => box.exchange.subscribers.list().length === 1);
  await phase(box, callId, 'dialling');
  await box.exchange.hangUpPhone(1);
  const { row } = await over(callId);
  expect(row).toMatchObject({ releasedBy: 'caller', answeredAt: null });
  expect(box.exchange.subscribers.list()).toEqual([]);
});

it('a caller from outside dials a telephone; it rings, both hear each other, and both are recorded', async () => {
  const { callId, exchangeId } = await callIn(box, { calledNumber: '2' });
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(2).ringing);
  await waitFor(box.exchange.callers.events, 'call.changed', () => box.exchange.find(exchangeId)?.state === 'alerting');
  await box.exchange.lift(2);
  await phase(box, callId, 'talking');
  const heard = await record(await telephone(2), 'two-heard.wav');
  await speak(await exchange(), await telephone(2));
  await box.exchange.hangUp(exchangeId);
  const { row } = await over(callId);
  expect(row).toMatchObject({ direction: 'in', releasedBy: 'caller', calledNumber: '2', span: 1 });
  await bothAreRecorded(callId);
  expect(indexOfPart(stereoAlaw(heard).left, said(ONE_SAYS)), 'the telephone heard the caller').toBeGreaterThanOrEqual(
    0,
  );
});

it('a caller from outside does not get out again', async () => {
  const { callId } = await callIn(box, { calledNumber: '013800138000' });
  const { row } = await over(callId);
  expect(row).toMatchObject({ direction: 'in', answeredAt: null, releasedBy: 'system' });
});

it('a telephone in talk puts the other on hold with its key, and takes him back', async () => {
  const callId = await dial(1, '2');
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(2).ringing);
  await box.exchange.lift(2);
  await phase(box, callId, 'talking');
  const heard = await record(await telephone(2), 'held-heard.wav');
  await box.exchange.flash(1);
  const playing = async () => (await box.engine.command('engine.snapshot', {})).plays.length;
  await whileWaiting(async () => (await playing()) === 1);
  const { ticks } = (await box.engine.command('engine.snapshot', {})).tick;
  await waitForTicks(ticks + 50);
  await box.exchange.flash(1);
  await whileWaiting(async () => (await playing()) === 0);
  await speak(await telephone(1), await telephone(2));
  await box.exchange.hangUpPhone(1);
  const { segments } = await over(callId);
  expect(segments.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  const ear = stereoAlaw(heard).left;
  const at = indexOfPart(ear, said(ONE_SAYS));
  expect(at, 'connected again').toBeGreaterThan(0);
  expect(loudness(ear.subarray(0, at)), 'music meanwhile').toBeGreaterThan(50);
});

/** Resolves when the media tick has come so far. */
async function waitForTicks(ticks: number): Promise<void> {
  await whileWaiting(async () => (await box.engine.command('engine.snapshot', {})).tick.ticks >= ticks);
}

/** Asks the engine again and again: there is no event for what is waited for. */
async function whileWaiting(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 45_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${condition.toString()}`);
    await sleep(10);
  }
}
