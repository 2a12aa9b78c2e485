// The simulator as somebody in a page has it: what the caller's page sends is what the agent's page hears and what is recorded,
// both ways; and who may listen.
import { createHash } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { expect, it, onTestFinished } from 'vitest';
import type { ErrorBody, LineClientEvents, LineServerEvents, LineTarget } from '../../daemon/src/contract/index.js';
import type { Box } from '../../daemon/src/main.js';
import { RATE_HZ } from '../support/audio-match.js';
import { callIn, nothingLeaks, phase, recordingOf, signInByPhone, startTestBox, storedCall } from '../support/box.js';
import { heardWell, speech } from '../support/speech.js';
import { until } from '../support/turns.js';
import { fromAlaw, stereoAlaw, toAlaw } from '../support/wav.js';

type Page = Socket<LineServerEvents, LineClientEvents>;
const BLOCK = 160;
const WELL = 0.9;

async function administrator(box: Box): Promise<string> {
  const answer = await fetch(new URL('api/v1/setup', box.url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code: box.setupCode, username: 'admin', password: 'cord and jack 31', language: 'en' }),
  });
  return ((await answer.json()) as { token: string }).token;
}

function open(box: Box, token: string, headers: Record<string, string> = {}): Page {
  const page: Page = io(new URL('/line', box.url).href, {
    auth: { token },
    transports: ['websocket'],
    extraHeaders: headers,
    reconnection: false,
    forceNew: true,
  });
  onTestFinished(() => void page.disconnect());
  return page;
}

const listen = (page: Page, ear: number, target: LineTarget): Promise<ErrorBody | null> =>
  new Promise((resolve) => page.emit('listen', ear, target, resolve));

/** What comes to one ear, as samples. */
function heardBy(page: Page, ear: number): { samples(): Float64Array } {
  const blocks: Buffer[] = [];
  page.on('heard', (at, octets) => void (at === ear ? blocks.push(Buffer.from(octets)) : 0));
  return { samples: () => Float64Array.from(Buffer.concat(blocks), fromAlaw) };
}

/** Speaks in real time, as a page does; resolves at the end. */
async function speak(page: Page, ear: number, samples: ArrayLike<number>): Promise<void> {
  const octets = Buffer.from(Array.from(samples, (sample) => toAlaw(Math.round(sample))));
  const began = performance.now();
  for (let at = 0; at < octets.length; at += BLOCK) {
    const dueMs = began + at / 8 - performance.now();
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    page.emit('say', ear, octets.subarray(at, at + BLOCK));
  }
}

// the first box of a busy machine takes half a minute to begin
it('what is said in a page is heard at the other end of the call and recorded, both ways', async () => {
  const box = await startTestBox();
  await signInByPhone(box, '2001', 1);
  const page = open(box, await administrator(box));
  const { callId, exchangeId } = await callIn(box, { digits: '1' });
  await phase(box, callId, 'offering');
  expect(await listen(page, 1, { call: exchangeId })).toBeNull();
  expect(await listen(page, 2, { station: 1 })).toBeNull();
  const [caller, agent] = [heardBy(page, 1), heardBy(page, 2)];
  await until(() => box.exchange.phones()[0]!.ringing, 'the telephone rings');
  await box.exchange.lift(1);
  await phase(box, callId, 'talking');

  const [callerSays, agentSays] = [speech(0), speech(1)];
  const spoken = [callerSays, agentSays].map(({ samples }) => samples.subarray(0, 3 * RATE_HZ));
  await Promise.all(spoken.map((samples, at) => speak(page, at + 1, samples)));
  // Until the last block has gone all the way round.
  const looks = { timeout: 45_000, interval: 200 };
  await expect.poll(() => heardWell(agent.samples(), callerSays), looks).toBeGreaterThan(WELL);
  await expect.poll(() => heardWell(caller.samples(), agentSays), looks).toBeGreaterThan(WELL);
  const gone = new Promise<number>((resolve) => page.on('gone', resolve));
  await box.exchange.hangUp(exchangeId);
  expect(await gone).toBe(1);

  await storedCall(box, callId);
  const { left, right } = stereoAlaw(await recordingOf(box, callId));
  expect(heardWell(Float64Array.from(left, fromAlaw), callerSays)).toBeGreaterThan(WELL);
  expect(heardWell(Float64Array.from(right, fromAlaw), agentSays)).toBeGreaterThan(WELL);
  page.disconnect();
  await nothingLeaks(box);
});

it('several pages hear one telephone; the stream goes with the last of them; others are refused', async () => {
  const box = await startTestBox();
  const token = await administrator(box);
  const [one, other] = [open(box, token), open(box, token)];
  const streams = async (): Promise<number> =>
    (await box.engine.command('engine.snapshot', {})).legs.filter(({ kind }) => kind === 'sip').length;
  for (const page of [one, other]) expect(await listen(page, 7, { station: 2 })).toBeNull();
  const [first, second] = [heardBy(one, 7), heardBy(other, 7)];
  expect(await streams()).toBe(1);
  await box.exchange.lift(2);
  // Dial tone, 450 Hz: the same in both.
  const loud = (samples: Float64Array): boolean => samples.slice(-800).some((sample) => Math.abs(sample) > 1000);
  await until(() => loud(first.samples()) && loud(second.samples()), 'both pages hear dial tone');
  one.emit('leave', 7);
  other.disconnect();
  await expect.poll(streams, { timeout: 45_000 }).toBe(0);

  expect(await listen(one, 8, { station: 99 })).toMatchObject({ error: { code: 'station_not_found' } });
  expect(await listen(one, 9, { nothing: 1 } as never)).toMatchObject({ error: { code: 'line_sound_refused' } });
  expect(await listen(one, 10, { call: '0'.repeat(26) })).toMatchObject({
    error: { code: 'exchange_call_not_found' },
  });

  const refusedWith = (page: Page): Promise<string> =>
    new Promise((resolve) => page.on('connect_error', ({ message }) => resolve(message)));
  expect(await refusedWith(open(box, createHash('sha256').update('guess').digest('hex')))).toBe('token_invalid');
  expect(await refusedWith(open(box, token, { Origin: 'http://evil.example' }))).toMatch(/websocket error/);
});
