// Exchange lines on FXO ports as a trunk, through the daemon, with the sound that is on their wires: the simulator's exchange hears
// the digits, gives tones and reverses the polarity; a telephone of the box calls out over them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import { trunkRow, outboundRouteRow } from '../support/db-rows.js';
import { phase, startTestBox, storedCall, waitFor } from '../support/box.js';
import { indexOfPart, speechAlaw, stereoAlaw } from '../support/wav.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const ONE_SAYS = join(SOUNDS, 'hello-world.wav');
const OTHER_SAYS = join(SOUNDS, 'vm-goodbye.wav');
const FRIEND = '13900139000';

/** Two telephones, 1 and 2, and lines from 3 on. */
async function boxOf(lines: object[], trunk: object = {}): Promise<Box> {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-lines-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const analogs = lines.map((line, i) => ({ analog: 3 + i, releaseOnBusy: true, line }));
  const virtual = { spans: 0, stations: 2, lines: lines.length };
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, virtual, analogs }));
  const box = await startTestBox({ home });
  const ports = lines.map((_, i) => 3 + i);
  await box.db.write(async (tx) => {
    await tx.trunks.insert(trunkRow({ id: 'office', kind: 'fxo', lines: ports, hosts: [], ...trunk }));
    await tx.outboundRoutes.insert(outboundRouteRow({ pattern: '9.', strip: 1, trunks: ['office'] }));
  });
  return box;
}

/** A telephone is lifted and dials; resolves with the box's id of the call. */
async function dial(box: Box, station: number, number: string): Promise<string> {
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  await box.exchange.lift(station);
  await box.exchange.dial(station, `9${number}#`);
  return arrived;
}

/** What was tried, as it stands in the record. */
async function attempts(box: Box, callId: string): Promise<Record<string, unknown>[]> {
  const { segments } = await storedCall(box, callId);
  return (segments.find(({ kind }) => kind === 'dial')?.data['attempts'] ?? []) as Record<string, unknown>[];
}

async function ended(box: Box, callId: string): Promise<void> {
  await waitFor(box.live, 'call.updated', () => box.calls.find(callId) === undefined);
}

const lineOf = (box: Box, line: number) => box.trunks.lines.find(line)!;

describe('a call out over analog lines', () => {
  it.each([
    ['tone', 'polarity'],
    ['pulse', 'polarity'],
    ['tone', 'tone'],
    ['tone', 'dialled'],
  ])(
    'dials by %s, knows the answer by %s, and both hear each other',
    async (dialling, answer) => {
      const box = await boxOf([{ dialling, answer, checkDialTone: true }]);
      const called: string[] = [];
      box.exchange.subscribers.events.on(
        'call.changed',
        (call) => void called.push(`${call.state} ${call.calledNumber}`),
      );
      const begun = performance.now();
      // A number of few pulses, in which a machine under load loses none.
      const number = dialling === 'pulse' ? '61112111' : FRIEND;
      box.exchange.subscribers.setPlan(number, { answerAfterMs: 2500 });
      const callId = await dial(box, 1, number);
      await phase(box, callId, 'talking');
      console.info(`${dialling}, ${answer}: in talk after ${Math.round(performance.now() - begun)} ms`);
      if (answer === 'dialled') await waitFor(box.exchange.subscribers.events, 'call.changed', () => called.length > 1);
      expect(called.at(-1)).toBe(`answered ${number}`);
      expect(lineOf(box, 3)).toMatchObject({ state: 'out', callId, trunk: 'office', fault: null, calls: 1 });
      expect(box.calls.find(callId)!.parties.map(({ place }) => place)).toContain('line 3');

      const { analogs } = await box.engine.command('engine.snapshot', {});
      const port = (analog: number) => analogs.find((one) => one.analog === analog)!.port;
      const heard = { here: join(box.config.home, 'here.wav'), there: join(box.config.home, 'there.wav') };
      const recordings = [
        (await box.engine.command('recording.start', { port: port(10_001), path: heard.here })).recording,
        (await box.engine.command('recording.start', { port: port(10_003), path: heard.there })).recording,
      ];
      const plays = [
        (await box.engine.command('play.start', { port: port(10_001), files: [ONE_SAYS] })).play,
        (await box.engine.command('play.start', { port: port(10_003), files: [OTHER_SAYS] })).play,
      ];
      const over: number[] = [];
      box.engine.events.on('play.ended', ({ play }) => void over.push(play));
      await waitFor(box.engine.events, 'play.ended', () => plays.every((play) => over.includes(play)));
      const written: number[] = [];
      box.engine.events.on('recording.ended', ({ recording }) => void written.push(recording));
      const whole = (): boolean => recordings.every((one) => written.includes(one));
      // The one called hangs up: the exchange takes the battery away for a moment.
      await box.exchange.subscribers.hangUp(box.exchange.subscribers.list()[0]!.leg);
      await ended(box, callId);
      await waitFor(box.engine.events, 'recording.ended', whole);
      const said = (file: string): Uint8Array => speechAlaw(file).subarray(0, -4 * 160);
      const { left: here } = stereoAlaw(heard.here);
      const { left: there } = stereoAlaw(heard.there);
      expect(indexOfPart(here, said(OTHER_SAYS)), 'the telephone hears').toBeGreaterThan(0);
      expect(indexOfPart(there, said(ONE_SAYS)), 'the one called hears').toBeGreaterThan(0);
      expect(lineOf(box, 3)).toMatchObject({ state: 'idle', callId: null });
      expect(await attempts(box, callId)).toMatchObject([
        { trunk: 'office', outcome: 'answered', to: `line 3 ${number}` },
      ]);
    },
    90_000,
  );

  it('waits for dial tone behind a private exchange', async () => {
    const box = await boxOf([{ answer: 'polarity', checkDialTone: true }], { dialPrefix: '0w' });
    box.exchange.lines.setPlan(3, { outside: { digit: '0', afterMs: 1200 } });
    box.exchange.subscribers.setPlan(`0${FRIEND}`, { answerAfterMs: 500 });
    const callId = await dial(box, 1, FRIEND);
    await phase(box, callId, 'talking');
    expect(box.exchange.subscribers.list().map(({ calledNumber }) => calledNumber)).toEqual([`0${FRIEND}`]);
  }, 60_000);
});

describe('lines that do not take the call', () => {
  const quick = { answer: 'polarity', checkDialTone: true, dialToneMs: 1500 };

  it('without dial tone, without voltage, blocked, with a caller on it: the next one is taken', async () => {
    const box = await boxOf([quick, quick, quick, quick, quick], { lineNumber: '2' });
    box.exchange.lines.setPlan(3, { dialTone: false });
    await box.exchange.lines.cut(4, true);
    await expect.poll(() => lineOf(box, 4).voltage, { timeout: 10_000 }).toBe(false);
    box.trunks.lines.block(5, true);
    // Glare: somebody calls in on line 6 at this moment.
    const caller = await box.exchange.place({ line: 6, calledNumber: '1', callingNumber: '02161234567' });
    await expect
      .poll(
        async () => (await box.engine.command('engine.snapshot', {})).analogs.find((one) => one.analog === 6)?.state,
        {
          timeout: 10_000,
        },
      )
      .toBe('ringing');
    box.exchange.subscribers.setPlan(FRIEND, { answerAfterMs: 300 });
    const callId = await dial(box, 1, FRIEND);
    await phase(box, callId, 'talking');
    expect(lineOf(box, 7)).toMatchObject({ state: 'out', callId });
    expect(lineOf(box, 3)).toMatchObject({ state: 'idle', fault: 'noDialTone' });
    await box.exchange.hangUpPhone(1);
    await ended(box, callId);
    const tried = await attempts(box, callId);
    console.info(
      tried.map(({ to, outcome, cause, ms }) => `${to}: ${outcome} ${cause ?? ''} after ${ms} ms`).join('; '),
    );
    expect(tried).toMatchObject([
      { to: `line 3 ${FRIEND}`, outcome: 'failed', cause: 38 },
      { to: `line 7 ${FRIEND}`, outcome: 'answered' },
    ]);
    await box.exchange.hangUp(caller.id);
    await waitFor(box.live, 'call.updated', () => box.calls.live().length === 0);
    // The one that has just failed is tried last now: the next call does not wait for its dial tone.
    const next = await dial(box, 2, FRIEND);
    await phase(box, next, 'talking');
    expect(lineOf(box, 6)).toMatchObject({ state: 'out', callId: next });
  }, 120_000);

  it.each([
    ['busy', 17, 1],
    ['congestion', 42, 2],
  ])(
    '%s tone: cause %i after %i of two lines',
    async (_tone, refuseCause, tried) => {
      const box = await boxOf([{ answer: 'tone' }, { answer: 'tone' }]);
      box.exchange.subscribers.setPlan(FRIEND, { refuseCause });
      const callId = await dial(box, 1, FRIEND);
      await ended(box, callId);
      const all = await attempts(box, callId);
      expect(all).toHaveLength(tried);
      expect(all.every(({ cause }) => cause === refuseCause)).toBe(true);
      expect((await storedCall(box, callId)).row.cause).toBe(refuseCause);
      expect(lineOf(box, 3).fault).toBe(refuseCause === 42 ? 'congestion' : null);
    },
    90_000,
  );

  it('the trunk is full, or dead: cause 34, or 38', async () => {
    const box = await boxOf([quick]);
    box.trunks.lines.block(3, true);
    const full = await dial(box, 1, FRIEND);
    await ended(box, full);
    expect((await storedCall(box, full)).row.cause).toBe(34);
    box.trunks.lines.block(3, false);
    await box.exchange.lines.cut(3, true);
    await expect.poll(() => lineOf(box, 3).voltage, { timeout: 10_000 }).toBe(false);
    const dead = await dial(box, 2, FRIEND);
    await ended(box, dead);
    expect((await storedCall(box, dead)).row.cause).toBe(38);
  }, 60_000);
});

it('busy tone after a talk clears the call, and so does the loss of voltage', async () => {
  const box = await boxOf([{ answer: 'polarity' }, { answer: 'polarity' }], { hunt: 'leastUsed' });
  box.exchange.subscribers.setPlan(FRIEND, { answerAfterMs: 300 });
  const one = await dial(box, 1, FRIEND);
  await phase(box, one, 'talking');
  expect(lineOf(box, 3).state).toBe('out');
  await box.engine.command('tone.start', { port: box.exchange.subscribers.list()[0]!.port, tone: 'busy' });
  await ended(box, one);
  const other = await dial(box, 2, FRIEND);
  await phase(box, other, 'talking');
  expect(lineOf(box, 4).state, 'the least used').toBe('out');
  await box.exchange.lines.cut(4, true);
  await ended(box, other);
  expect(lineOf(box, 4)).toMatchObject({ state: 'idle', voltage: false });
}, 90_000);

it('who calls in over a line comes to the number of its trunk; over a blocked one nobody answers', async () => {
  const box = await boxOf([{}, {}], { lineNumber: '95001' });
  box.trunks.lines.block(4, true);
  await box.exchange.place({ line: 4, calledNumber: '1' });
  await box.exchange.place({ line: 3, calledNumber: '1', callingNumber: '02161234567' });
  await waitFor(box.calls.events, 'call.answered', () =>
    box.calls.live().some(({ calledNumber }) => calledNumber === '95001'),
  );
  expect(box.calls.live()).toHaveLength(1);
  expect(lineOf(box, 3)).toMatchObject({ state: 'in', callId: box.calls.live()[0]!.id });
  expect(lineOf(box, 4)).toMatchObject({ state: 'idle', blocked: true });
}, 60_000);
