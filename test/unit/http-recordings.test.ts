// Recordings over HTTP: who may hear them, what is written down of it, and what hostile requests get.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RecordingSummary } from '../../daemon/src/contract/index.js';
import type { CallRow, RecordingRow } from '../../daemon/src/db/index.js';
import { wavOf } from '../support/archive-box.js';
import { T0, callRow, recordingRow } from '../support/db-rows.js';
import { liveCall } from '../support/http-ports.js';
import { codeOf, httpBox, type HttpBox } from '../support/http-box.js';

let box: HttpBox;
const wav = wavOf(9000);

beforeEach(async () => {
  box = await httpBox();
  mkdirSync(join(box.home, 'recordings'));
});

async function recorded(call: Partial<CallRow> = {}, row: Partial<RecordingRow> = {}): Promise<RecordingRow> {
  const ofCall = callRow({ state: 'ended', endedAt: T0, ...call });
  const made = recordingRow(ofCall.id, {
    state: 'complete',
    startedAt: T0 - 10_000,
    endedAt: T0 - 1,
    durationMs: 9000,
    bytes: wav.length,
    ...row,
  });
  const flat = { ...made, path: `${made.id}.wav` };
  await box.db.write(async (tx) => {
    await tx.calls.insert(ofCall);
    await tx.recordings.insert(flat);
  });
  writeFileSync(join(box.home, 'recordings', flat.path), wav);
  return flat;
}

async function bytesOf(path: string, token: string, range?: string): Promise<{ response: Response; bytes: Buffer }> {
  const headers = {
    authorization: `Bearer ${token}`,
    'accept-language': 'en',
    ...(range === undefined ? {} : { range }),
  };
  const response = await fetch(`${box.base}/api/v1${path}`, { headers });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe('an encrypted recording', () => {
  test('comes whole, and from any place', async () => {
    const { token } = await box.signIn('supervisor');
    const { id } = await recorded();
    expect(await box.archive.sealDue()).toBe(1);
    expect((await bytesOf(`/recordings/${id}/audio`, token)).bytes.equals(wav)).toBe(true);
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=65535-65536', 65_535, 65_537],
      ['bytes=100000-', 100_000, wav.length],
      ['bytes=-7', wav.length - 7, wav.length],
      ['bytes=1-999999999999', 1, wav.length],
    ] as const) {
      const { response, bytes } = await bytesOf(`/recordings/${id}/audio`, token, range);
      expect([range, response.status, response.headers.get('content-range')]).toEqual([
        range,
        206,
        `bytes ${start}-${end - 1}/${wav.length}`,
      ]);
      expect(bytes.equals(wav.subarray(start, end))).toBe(true);
    }
  });

  test.each([
    'bytes=5-1',
    'bytes=--1',
    'bytes=0-1,4-5',
    'bytes=1e3-',
    'bytes=0x1-',
    'kilobytes=1-',
    `bytes=${'9'.repeat(4000)}-`,
  ])('comes whole to one who asks for %.40s', async (range) => {
    const { token } = await box.signIn('supervisor');
    const { id } = await recorded();
    await box.archive.sealDue();
    const { response, bytes } = await bytesOf(`/recordings/${id}/audio`, token, range);
    expect([response.status, bytes.length]).toEqual([200, wav.length]);
  });

  test('that was damaged is refused with a reason, and a range that is whole is still served', async () => {
    const { token } = await box.signIn('supervisor');
    const { id } = await recorded();
    await box.archive.sealDue();
    const file = join(box.home, 'recordings', `${id}.cbr`);
    const stored = readFileSync(file);
    stored[200]! ^= 1;
    writeFileSync(file, stored);
    const broken = await box.ask('GET', `/api/v1/recordings/${id}/audio`, { token });
    expect([broken.status, codeOf(broken)]).toEqual([409, 'recording_damaged']);
    const whole = await bytesOf(`/recordings/${id}/audio`, token, 'bytes=70000-70009');
    expect([whole.response.status, whole.bytes.equals(wav.subarray(70_000, 70_010))]).toEqual([206, true]);
  });

  test('whose key is gone says which one', async () => {
    const { token } = await box.signIn('supervisor');
    const { id } = await recorded();
    await box.archive.sealDue();
    const other = await httpBox();
    await other.db.write(async (tx) => {
      const { call, recording, stored } = await box.archive.find(id);
      await tx.calls.insert(call as CallRow);
      await tx.recordings.insert(recording);
      await tx.recordingArchive.store(stored!);
    });
    mkdirSync(join(other.home, 'recordings'));
    writeFileSync(join(other.home, `recordings/${id}.cbr`), readFileSync(join(box.home, `recordings/${id}.cbr`)));
    const there = await other.signIn('supervisor');
    const answer = await other.ask('GET', `/api/v1/recordings/${id}/audio`, { token: there.token });
    expect([answer.status, codeOf(answer)]).toEqual([409, 'recording_key_missing']);
    expect(answer.text).toContain(box.archive.keys()[0]!.id);
    expect((await bytesOf(`/recordings/${id}/audio`, token)).response.status).toBe(200);
  });
});

describe('who listens', () => {
  test('an agent hears his own calls alone, and everything is written down', async () => {
    const agent = await box.signIn('agent');
    const boss = await box.signIn('supervisor');
    const own = await recorded({ agentId: '2001' });
    const other = await recorded({ agentId: '2002' });
    const list = (await box.ask('GET', '/api/v1/recordings', { token: agent.token })).json as {
      recordings: RecordingSummary[];
    };
    expect(list.recordings.map(({ id }) => id)).toEqual([own.id]);
    const spied = await box.ask('GET', '/api/v1/recordings?agentId=2002', { token: agent.token });
    expect(spied.json).toEqual({ recordings: [], before: null });
    for (const what of ['', '/audio', '/peaks'])
      expect((await box.ask('GET', `/api/v1/recordings/${other.id}${what}`, { token: agent.token })).status).toBe(404);
    await bytesOf(`/recordings/${own.id}/audio`, agent.token, 'bytes=0-9');
    await bytesOf(`/recordings/${own.id}/export?format=wav`, boss.token);
    const log = (await box.ask('GET', `/api/v1/recordings/${own.id}/accesses`, { token: boss.token })).json;
    expect(log).toMatchObject([
      { what: 'exported', by: boss.user.username, detail: 'wav' },
      {
        what: 'listened',
        by: agent.user.username,
        from: expect.stringContaining('127.0.0.1') as string,
        detail: 'bytes=0-9',
      },
    ]);
  });

  test('an agent pauses his own call, and stops none', async () => {
    const { token } = await box.signIn('agent');
    const [own, other] = [liveCall({ agentId: '2001' }), liveCall({ agentId: '2002' })];
    box.ports.world.calls = [own, other];
    const ask = (id: string, action: string) =>
      box.ask('POST', `/api/v1/calls/${id}/recording`, { token, body: { action } });
    expect((await ask(own.id, 'pause')).json).toEqual({ callId: own.id, state: 'paused' });
    expect(codeOf(await ask(own.id, 'stop'))).toBe('permission_missing');
    expect(codeOf(await ask(other.id, 'pause'))).toBe('call_not_found');
    expect(codeOf(await ask(own.id, 'erase'))).toBe('body_invalid');
  });
});

describe('the search', () => {
  test('finds by number, agent, queue, direction, time and length', async () => {
    const { token } = await box.signIn('supervisor');
    const a = await recorded(
      { callingNumber: '13800138000', queueId: 'sales', agentId: '2001' },
      { startedAt: T0 - 5000 },
    );
    const b = await recorded(
      { callingNumber: '02088886666', direction: 'out', calledNumber: '13900139000' },
      { startedAt: T0, endedAt: T0, durationMs: 60_000 },
    );
    const find = async (query: string) =>
      (
        (await box.ask('GET', `/api/v1/recordings?${query}`, { token })).json as { recordings: { id: string }[] }
      ).recordings.map(({ id }) => id);
    expect(await find('')).toEqual([b.id, a.id]);
    expect(await find('number=138001')).toEqual([a.id]);
    expect(await find('number=13900')).toEqual([b.id]);
    expect(await find('callingNumber=13800138000')).toEqual([a.id]);
    expect(await find(`callingNumber=${encodeURIComponent("' OR 1=1 --")}`)).toEqual([]);
    expect(await find('queueId=sales')).toEqual([a.id]);
    expect(await find('agentId=2001')).toEqual([a.id]);
    expect(await find('direction=out')).toEqual([b.id]);
    expect(await find('minDurationMs=10000')).toEqual([b.id]);
    expect(await find(`toMs=${T0}`)).toEqual([a.id]);
    expect(await find(`fromMs=${T0}&direction=in`)).toEqual([]);
    expect((await box.ask('GET', '/api/v1/recordings?number=%25', { token })).status).toBe(400);
  });

  test('has pages that stay as they are when newer ones come', async () => {
    const { token } = await box.signIn('supervisor');
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await recorded()).id);
    const seen: string[] = [];
    let before = '';
    do {
      const page = (await box.ask('GET', `/api/v1/recordings?limit=2${before}`, { token })).json as {
        recordings: { id: string }[];
        before: string | null;
      };
      seen.push(...page.recordings.map(({ id }) => id));
      before = page.before === null ? '' : `&before=${page.before}`;
      await recorded();
    } while (before !== '');
    expect(seen).toEqual(ids);
  });
});

test('a recording is exported as MP3 and as Opus, which last as long', async () => {
  const { token } = await box.signIn('supervisor');
  const { id } = await recorded();
  await box.archive.sealDue();
  const mp3 = await bytesOf(`/recordings/${id}/export?format=mp3`, token);
  expect([mp3.response.status, mp3.response.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
  // 48 kbit/s for 9 s, give or take a frame and the tag.
  expect(Math.abs(mp3.bytes.length - 54_000)).toBeLessThan(3000);
  const opus = await bytesOf(`/recordings/${id}/export?format=opus`, token);
  expect(opus.bytes.toString('latin1', 0, 4)).toBe('OggS');
  expect(opus.bytes.includes('OpusHead')).toBe(true);
  const other = await box.ask('GET', `/api/v1/recordings/${id}/export?format=exe`, { token });
  expect(other.status).toBe(400);
});

test('a held recording is removed by nobody; one that is removed leaves a line', async () => {
  const { token } = await box.signIn('admin');
  const { id } = await recorded();
  const hold = (held: boolean) =>
    box.ask('PUT', `/api/v1/recordings/${id}/hold`, { token, body: { held, reason: 'a court' } });
  const remove = () => box.ask('POST', `/api/v1/recordings/${id}/removal`, { token, body: { reason: 'asked for' } });
  expect((await hold(true)).status).toBe(204);
  expect(codeOf(await remove())).toBe('recording_held');
  await hold(false);
  expect((await remove()).status).toBe(204);
  expect((await box.ask('GET', '/api/v1/recording-deletions', { token })).json).toMatchObject([
    { recordingId: id, reason: 'asked for' },
  ]);
  expect((await box.ask('POST', '/api/v1/recording-verification', { token, body: {} })).json).toMatchObject({
    faults: [],
  });
});
