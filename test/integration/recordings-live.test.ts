// Recordings of real calls on a running box, by REST: which are made, what is in them, what is not, and what becomes of them.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type {
  RecordingAccess,
  RecordingDeletion,
  RecordingDetail,
  RecordingRule,
  RecordingSummary,
  RetentionRun,
  Verification,
} from '../../daemon/src/contract/index.js';
import { startBox as startCompiledBox } from '../../daemon/dist/main.js';
import type { Box } from '../../daemon/src/main.js';
import { findSound, samplesOf } from '../support/audio-match.js';
import { callIn, phase, startTestBox, stationFree, storedCall, waitFor, whileRunning } from '../support/box.js';
import { share } from '../support/dtmf.js';
import { heardWell, speech } from '../support/speech.js';
import { until } from '../support/turns.js';
import { stereoAlaw } from '../support/wav.js';

const running = whileRunning();
let box: Box;
let api: LocalApi;
/** what the caller says, and the agent */
const CALLER = speech(0);
const AGENT = speech(1);
const TALK_MS = 2600;
/** of a piece that has been through A-law; what was encoded is heard less well */
const WELL = 0.95;
const ENCODED = 0.7;

beforeAll(async () => {
  box = await startTestBox({ start: startCompiledBox, env: { CORDBOARD_RECORDINGS_ENCRYPT_AFTER_MS: '0' } }, running);
  api = new LocalApi(box.config.home);
  for (const [calledNumber, queueId] of [
    ['96301', 'kept'],
    ['96302', 'never'],
    ['96303', 'asked'],
    ['96304', 'few'],
  ] as const) {
    await api.request('POST', '/queues', { id: queueId, name: queueId, wrapUpMs: 0 });
    await api.request('PUT', `/queues/${queueId}/members`, [{ agentId: '2001' }]);
    await api.request('POST', '/routes', { calledNumber, language: 'en', target: { kind: 'queue', queueId } });
  }
  await box.agents.signIn('2001', 1);
  for (const station of [1, 3])
    box.exchange.telephones.setPlan(station, {
      ...{ answer: true, answerAfterMs: 20, play: null, playFile: AGENT.path, hangUpAfterMs: null, hangUpOnTone: true },
    });
});
afterAll(() => running.end());

async function rule(settings: object): Promise<RecordingRule> {
  return api.request<RecordingRule>('POST', '/recording-rules', { name: 'rule', ...settings });
}

/** A call to the agent, who talks; `during` is done in the talk. */
async function talk(
  calledNumber: string,
  talkMs = 300,
  during: (callId: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<string> {
  const { callId } = await callIn(box, { calledNumber, talkMs, playFile: CALLER.path });
  await phase(box, callId, 'talking');
  await during(callId);
  await storedCall(box, callId);
  await stationFree(box, 1);
  await box.recordings.flush();
  return callId;
}

async function recordingsOf(callId: string): Promise<RecordingSummary[]> {
  const { recordings } = await api.request<{ recordings: RecordingSummary[] }>('GET', '/recordings?limit=500');
  return recordings.filter((recording) => recording.callId === callId);
}

const files = (): string[] =>
  readdirSync(box.config.recordingsFolder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(wav|cbr)$/.test(name),
  );

/** The two sides of a sound file of any kind. */
function sides(bytes: Buffer, ending: string): [Float64Array, Float64Array] {
  const path = join(box.config.home, `exported.${ending}`);
  writeFileSync(path, bytes);
  const wav = join(box.config.home, 'exported-8000.wav');
  const { status, stderr } = spawnSync('ffmpeg', [
    '-y',
    '-v',
    'error',
    '-i',
    path,
    '-ar',
    '8000',
    '-c:a',
    'pcm_s16le',
    wav,
  ]);
  if (status !== 0) throw new Error(`ffmpeg cannot read what was exported: ${String(stderr)}`);
  return [samplesOf(wav, 1), samplesOf(wav, 2)];
}

function heard([left, right]: [Float64Array, Float64Array], well: number): void {
  expect(heardWell(left, CALLER, 0.4, 2)).toBeGreaterThan(well);
  expect(heardWell(right, AGENT, 0.4, 2)).toBeGreaterThan(well);
}

it('rules by queue, agent, direction, number and percentage, and on demand, each with a call', async () => {
  const rules = [
    await rule({ position: 1, match: { queueId: 'never' }, action: 'never' }),
    await rule({ position: 2, match: { queueId: 'asked', agentId: '2001' }, action: 'onDemand' }),
    await rule({ position: 3, match: { calledNumber: '9630X', queueId: 'few' }, percentage: 0 }),
    await rule({ position: 4, match: { direction: 'internal' }, action: 'never' }),
  ];
  expect(await recordingsOf(await talk('96301'))).toHaveLength(1);

  const before = files().length;
  const never = await talk('96302');
  expect(await recordingsOf(never)).toEqual([]);
  const few = await talk('96304');
  expect(await recordingsOf(few)).toEqual([]);
  expect(await recordingsOf(await talk('96303'))).toEqual([]);
  // What was recorded before the queue was known is gone, and the log says why.
  expect(files()).toHaveLength(before);
  const deletions = await api.request<RecordingDeletion[]>('GET', '/recording-deletions');
  expect(deletions.filter(({ callId }) => callId === never || callId === few).map(({ reason }) => reason)).toEqual([
    'rule',
    'rule',
  ]);

  const asked = await talk('96303', TALK_MS, async (id) => {
    // It was recorded until it was known who has it.
    await until(() => box.calls.recordingOf(id)?.state === 'off', 'it is not recorded');
    await api.request('POST', `/calls/${id}/recording`, { action: 'start' });
  });
  const [recording] = await recordingsOf(asked);
  expect(recording).toMatchObject({ queueId: 'asked', agentId: '2001', state: 'complete' });
  const audio = await api.download(`/recordings/${recording!.id}/audio`);
  expect(heardWell(sides(audio, 'wav')[0], CALLER, 0.8, 2.2)).toBeGreaterThan(WELL);

  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  await box.exchange.lift(2);
  await box.exchange.dial(2, '3');
  const internal = await arrived;
  await phase(box, internal, 'talking');
  await box.exchange.hangUpPhone(2);
  await storedCall(box, internal);
  await box.recordings.flush();
  expect(await recordingsOf(internal)).toEqual([]);
  for (const { id } of rules) await api.request('DELETE', `/recording-rules/${id}`);
});

it('pauses from a page: what is said meanwhile is not there, and it is marked', async () => {
  const callId = await talk('96301', 4200, async (id) => {
    await api.request('POST', `/calls/${id}/recording`, { action: 'pause' });
    const { legs } = await box.engine.command('engine.snapshot', {});
    const { port } = legs.find(({ analog }) => analog === 10_001)!;
    const ended: number[] = [];
    box.engine.events.on('play.ended', ({ play }) => void ended.push(play));
    const { play } = await box.engine.command('play.start', {
      port,
      files: [join(box.config.home, 'test-prompts', 'en', 'welcome.wav')],
    });
    await waitFor(box.engine.events, 'play.ended', () => ended.includes(play));
    await api.request('POST', `/calls/${id}/recording`, { action: 'resume' });
  });
  const [recording] = await recordingsOf(callId);
  const detail = await api.request<RecordingDetail>('GET', `/recordings/${recording!.id}`);
  expect(detail.marks).toMatchObject([{ kind: 'pause' }]);
  const path = join(box.config.home, 'paused.wav');
  writeFileSync(path, await api.download(`/recordings/${recording!.id}/audio`));
  expect(sounds(stereoAlaw(path).right, 500), 'what was said in the pause').toBe(false);
});

/** Whether a tone is most of what is heard for a tenth of a second. */
function sounds(octets: Uint8Array, hertz: number): boolean {
  for (let at = 0; at + 800 <= octets.length; at += 400)
    if (share(octets.subarray(at, at + 800), hertz) > 0.7) return true;
  return false;
}

it('is encrypted, streamed in pieces, exported as what it was, and the same under a new key; a changed file is found', async () => {
  const callId = await talk('96301', TALK_MS);
  await box.archive.sealDue();
  const [recording] = await recordingsOf(callId);
  const path = `/recordings/${recording!.id}`;
  expect(recording).toMatchObject({ encrypted: true, queueId: 'kept', agentId: '2001', direction: 'in' });
  expect(files().filter((name) => name.endsWith('.wav'))).toEqual([]);
  const whole = await api.download(`${path}/audio`);
  heard(sides(whole, 'wav'), WELL);
  heard(sides(await api.download(`${path}/export?format=mp3`), 'mp3'), ENCODED);
  heard(sides(await api.download(`${path}/export?format=opus`), 'opus'), ENCODED);
  expect((await api.download(`${path}/export`)).equals(whole)).toBe(true);

  const token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const range = async (asked: string) => {
    const headers = { authorization: `Bearer ${token}`, range: asked };
    const answer = await fetch(new URL(`api/v1${path}/audio`, box.url), { headers });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const piece = await range('bytes=1000-20999');
  expect([piece.status, piece.bytes.equals(whole.subarray(1000, 21_000))]).toEqual([206, true]);
  const tail = await range('bytes=-500');
  expect([tail.status, tail.bytes.equals(whole.subarray(-500))]).toEqual([206, true]);
  expect((await range(`bytes=${whole.length}-`)).status).toBe(416);

  await api.request('POST', '/recording-keys');
  expect((await api.download(`${path}/audio`)).equals(whole)).toBe(true);
  const verified = () => api.request<Verification>('POST', '/recording-verification');
  expect((await verified()).faults).toEqual([]);
  const accesses = await api.request<RecordingAccess[]>('GET', `${path}/accesses`);
  expect(
    accesses
      .filter(({ what }) => what === 'exported')
      .map(({ detail }) => detail)
      .sort(),
  ).toEqual(['mp3', 'opus', 'wav']);
  expect(accesses.some(({ what, detail }) => what === 'listened' && detail === 'bytes=1000-20999')).toBe(true);

  const [file] = files().filter((name) => name.includes(callId));
  const sealed = join(box.config.recordingsFolder, file!);
  const good = readFileSync(sealed);
  const bad = Buffer.from(good);
  bad[bad.length - 100]! ^= 1;
  writeFileSync(sealed, bad);
  expect((await verified()).faults).toMatchObject([{ kind: 'changed', recordingId: recording!.id }]);
  writeFileSync(sealed, good);
  expect((await verified()).faults).toEqual([]);
});

it('goes when its time or its room is over, unless it is held, and the log tells of each', async () => {
  const [one, two, three] = [await talk('96301'), await talk('96301'), await talk('96304')];
  await box.archive.sealDue();
  const id = async (callId: string): Promise<string> => (await recordingsOf(callId))[0]!.id;
  const [held, room, old] = [await id(one), await id(two), await id(three)];
  await api.request('PUT', `/recordings/${held}/hold`, { held: true, reason: 'a court asks for it' });
  await api.request('POST', '/retention-rules', { name: 'few', position: 1, queueId: 'few', keepDays: 0 });
  await api.request('POST', '/retention-rules', { name: 'kept', position: 2, queueId: 'kept', maxBytes: 0 });
  const retain = (dryRun: boolean) => api.request<RetentionRun>('POST', '/recording-retention', { dryRun });
  const reasons = ({ removed }: RetentionRun) =>
    new Map(removed.map(({ recordingId, reason }) => [recordingId, reason]));
  const dry = reasons(await retain(true));
  expect([dry.get(room), dry.get(old), dry.has(held)]).toEqual(['quota', 'age', false]);
  expect(await id(two)).toBe(room);
  const wet = await retain(false);
  expect(reasons(wet)).toEqual(dry);
  expect(wet.held).toBe(1);
  expect(await recordingsOf(one)).toMatchObject([{ held: true }]);
  expect([...(await recordingsOf(two)), ...(await recordingsOf(three))]).toEqual([]);
  const deletions = await api.request<RecordingDeletion[]>('GET', '/recording-deletions');
  const why = new Map(deletions.map(({ recordingId, reason }) => [recordingId, reason]));
  expect([why.get(room), why.get(old)]).toEqual(['quota', 'age']);
  expect((await api.request<Verification>('POST', '/recording-verification')).faults).toEqual([]);
  expect(
    findSound(sides(await api.download(`/recordings/${held}/audio`), 'wav')[0], CALLER.samples.subarray(0, 1600)).at,
  ).not.toBe(-1);
});
