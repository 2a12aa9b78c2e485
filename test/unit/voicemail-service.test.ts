// Voice messages: left, cut off, listened to, handed on, and the box that is full.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { VoicemailBoxCreate, type VoiceMessage } from '../../daemon/src/contract/index.js';
import { alawHeader } from '../../daemon/src/recording/index.js';
import { outcome, wavOf } from '../support/archive-box.js';
import { T0 } from '../support/db-rows.js';
import { codeOf, httpBox, type HttpBox } from '../support/http-box.js';
import { liveAgent } from '../support/http-ports.js';

let box: HttpBox;
beforeEach(async () => {
  box = await httpBox();
});

const make = (id: string, over: object = {}) =>
  box.voicemail.create(VoicemailBoxCreate.parse({ id, name: id, kind: 'agent', ...over }));

async function leave(boxId: string, wav = wavOf(7000)): Promise<VoiceMessage | undefined> {
  const { id, path } = await box.voicemail.begin(boxId, { callId: null, callingNumber: '13800138000' });
  writeFileSync(path, wav);
  return box.voicemail.finish(id);
}

describe('a voice message', () => {
  it('is kept encrypted, lights the lamps, and goes out by mail with its audio', async () => {
    await make('li', { stations: [1001], email: 'li@example.com' });
    const heard: unknown[] = [];
    box.ports.live.on('voicemail.updated', (counts) => void heard.push(counts));
    const message = (await leave('li'))!;
    expect(message).toMatchObject({ state: 'new', durationMs: 7000, callingNumber: '13800138000', receivedAt: T0 });
    expect(readdirSync(join(box.home, 'voicemail'))).toEqual([`${message.id}.cbr`]);
    expect(box.lamps).toEqual(['1001 1/0']);
    expect(heard).toEqual([{ boxId: 'li', fresh: 1, old: 0, agents: [], queueId: null }]);
    expect(box.mails).toMatchObject([{ to: 'li@example.com', values: { length: '0:07' }, bytes: wavOf(7000).length }]);
    await box.voicemail.setState(message.id, 'read', 'li');
    expect(box.lamps.at(-1)).toBe('1001 0/1');
    await box.voicemail.remove(message.id);
    expect(readdirSync(join(box.home, 'voicemail'))).toEqual([]);
    expect(box.lamps.at(-1)).toBe('1001 0/0');
  });

  it('that is hardly begun is none', async () => {
    await make('li');
    expect(await leave('li', wavOf(999))).toBeUndefined();
    expect(await box.voicemail.messages('li')).toEqual([]);
    expect(readdirSync(join(box.home, 'voicemail'))).toEqual([]);
  });

  it('that a crash has cut off is kept as far as it goes, and one without a file is forgotten', async () => {
    await make('li', { stations: [7] });
    const insert = (id: string) =>
      box.db.write((tx) =>
        tx.voicemail.insertMessage({
          ...{ id, boxId: 'li', callId: null, callingNumber: '', receivedAt: T0 },
          ...{ durationMs: 0, state: 'recording', changedBy: null },
        }),
      );
    await insert('cut');
    await insert('gone');
    const store = join(box.home, 'voicemail');
    await box.voicemail.begin('li', { callId: null, callingNumber: '' });
    // The header was written before the audio, as the engine does.
    writeFileSync(join(store, 'cut.wav'), Buffer.concat([alawHeader(0), wavOf(3000).subarray(58)]));
    writeFileSync(join(store, 'kept-before.wav'), 'x');
    await box.voicemail.start();
    box.voicemail.stop();
    expect(await box.voicemail.messages('li')).toMatchObject([{ id: 'cut', durationMs: 3000, state: 'new' }]);
    expect(existsSync(join(store, 'kept-before.wav'))).toBe(false);
    // The one that a caller is leaving now is not touched.
    expect(await box.db.voicemail.recording()).toHaveLength(1);
    expect(box.lamps).toContain('7 1/0');
  });

  it('is refused by a box that is full, also while others are being left', async () => {
    await make('li', { maxMessages: 2 });
    await leave('li');
    await box.voicemail.begin('li', { callId: null, callingNumber: '' });
    expect(await outcome(leave('li'))).toBe('voicemail_box_full');
    expect(await outcome(leave('nobody'))).toBe('voicemail_box_not_found');
  });

  it('is handed on as a new one, unless the other box is full', async () => {
    await make('li');
    await make('wang', { maxMessages: 1 });
    const message = (await leave('li'))!;
    const copy = await box.voicemail.forward(message.id, 'wang', 'li');
    expect(copy).toMatchObject({ boxId: 'wang', state: 'new', durationMs: 7000, changedBy: 'li' });
    expect(await box.voicemail.find(message.id)).toMatchObject({ state: 'handled' });
    await box.voicemail.remove(message.id);
    const source = await box.voicemail.open(copy.id);
    expect((await source.read(0, source.bytes)).equals(wavOf(7000))).toBe(true);
    await source.close();
    const other = (await leave('li'))!;
    expect(await outcome(box.voicemail.forward(other.id, 'wang', 'li'))).toBe('voicemail_box_full');
    expect(readdirSync(join(box.home, 'voicemail'))).toHaveLength(2);
  });

  it('is still heard after the key of the recordings was changed', async () => {
    await make('li');
    const { id } = (await leave('li'))!;
    expect(await box.archive.rotateKeys()).toMatchObject({ rewrapped: 1, failed: 0 });
    expect(box.archive.keys()).toHaveLength(1);
    const source = await box.voicemail.open(id);
    expect(source.bytes).toBe(wavOf(7000).length);
    await source.close();
  });

  it('goes when its box keeps it no longer', async () => {
    await make('li', { keepDays: 10 });
    await leave('li');
    expect(await box.voicemail.expire()).toBe(0);
    box.clock.setWall(T0 + 11 * 86_400_000);
    expect(await box.voicemail.expire()).toBe(1);
    expect(await box.voicemail.messages('li')).toEqual([]);
  });
});

describe('a PIN', () => {
  it('locks the box for a quarter of an hour after five wrong ones, however many try at once', async () => {
    await make('li', { pin: '2468' });
    expect(await box.voicemail.checkPin('li', '2468')).toBe('right');
    const tries = await Promise.all(['1', '2', '3', '4', '5', '6'].map((pin) => box.voicemail.checkPin('li', pin)));
    expect(tries.filter((one) => one === 'wrong')).toHaveLength(4);
    expect(await box.voicemail.checkPin('li', '2468')).toBe('locked');
    await box.clock.advance(900_001);
    expect(await box.voicemail.checkPin('li', '2468')).toBe('right');
  });

  it('locks out him who guesses, and not who calls from elsewhere, unless everybody guesses', async () => {
    await make('li', { pin: '2468' });
    // Four wrong ones before: a hash takes its time.
    const before = { id: 'li|135', boxId: 'li', caller: '135', failed: 4, lockedUntil: 0, rightAt: null, at: T0 };
    await box.db.write((tx) => tx.voice.putTries(before));
    expect(await box.voicemail.checkPin('li', '0000', '135')).toBe('locked');
    expect(await box.voicemail.checkPin('li', '2468', '135')).toBe('locked');
    expect(await box.voicemail.checkPin('li', '2468', '134')).toBe('right');
    // Numbers can be forged: wrong ones are counted for all strangers together, and fifty are too many.
    expect((await box.voicemail.box('li')).failedPins).toBe(1);
    await box.db.write((tx) => tx.voicemail.updateBox('li', { failedPins: 49 }));
    await box.voicemail.checkPin('li', '0000', '136');
    expect(await box.voicemail.checkPin('li', '2468', '999')).toBe('locked');
    expect(await box.voicemail.checkPin('li', '2468', '134')).toBe('right');
    await box.voicemail.change('li', { pin: '1357' });
    expect(await box.voicemail.checkPin('li', '1357', '135')).toBe('right');
  });

  it('is not in the table, and without one nobody gets in', async () => {
    await make('li', { pin: '2468' });
    expect(JSON.stringify(await box.db.voicemail.box('li'))).not.toContain('2468');
    await make('wang');
    expect(await box.voicemail.checkPin('wang', '')).toBe('wrong');
  });
});

it('a greeting is the first that fits the calendar', async () => {
  await make('li', {
    greetings: [
      { calendarId: 'nowhere', when: 'open', prompt: 'none' },
      { calendarId: 'office', when: 'open', prompt: 'day' },
      { calendarId: 'office', when: 'closed', prompt: 'night' },
    ],
  });
  const row = await box.voicemail.box('li');
  expect(box.voicemail.greeting(row, T0)).toBe('day');
  expect(box.voicemail.greeting(row, T0 + 5000)).toBe('night');
  expect(box.voicemail.greeting({ id: 'li', chosenGreeting: 0, greetings: [] }, T0)).toBeUndefined();
});

it('an agent has his own boxes and those of his queues over HTTP, and no others', async () => {
  const admin = await box.signIn('admin');
  const agent = await box.signIn('agent');
  box.ports.world.agents = [liveAgent({ id: '2001', queues: ['sales'] })];
  const ask = (method: string, path: string, token: string, body?: unknown) =>
    box.ask(method, `/api/v1/voicemail${path}`, { token, ...(body === undefined ? {} : { body }) });
  for (const [id, more] of [
    ['own', { agents: ['2001'] }],
    ['sales', { queueId: 'sales', kind: 'queue' }],
    ['other', { pin: '1234' }],
  ] as const) {
    const made = await ask('POST', '/boxes', admin.token, { id, name: id, kind: 'agent', ...more });
    expect([made.status, made.text.includes('1234')]).toEqual([201, false]);
  }
  expect(codeOf(await ask('POST', '/boxes', admin.token, { id: 'own', name: 'x', kind: 'agent' }))).toBe(
    'voicemail_box_exists',
  );
  expect(codeOf(await ask('POST', '/boxes', admin.token, { id: 'x', name: 'x', kind: 'agent', pin: '12' }))).toBe(
    'body_invalid',
  );
  const boxes = (await ask('GET', '/boxes', agent.token)).json as { id: string }[];
  expect(boxes.map(({ id }) => id)).toEqual(['own', 'sales']);
  const [own, other] = [(await leave('own'))!, (await leave('other'))!];
  expect((await ask('GET', '/boxes/own/messages', agent.token)).json).toMatchObject([{ id: own.id, state: 'new' }]);
  expect(codeOf(await ask('GET', '/boxes/other/messages', agent.token))).toBe('voicemail_box_not_found');
  for (const [method, path, body] of [
    ['GET', '/audio'],
    ['PATCH', '', { state: 'read' }],
    ['POST', '/forward', { to: 'own' }],
    ['DELETE', ''],
  ] as const)
    expect(codeOf(await ask(method, `/messages/${other.id}${path}`, agent.token, body))).toBe(
      'voice_message_not_found',
    );
  const audio = await box.ask('GET', `/api/v1/voicemail/messages/${own.id}/audio`, {
    token: agent.token,
    headers: { range: 'bytes=0-3' },
  });
  expect([audio.status, audio.text]).toEqual([206, 'RIFF']);
  expect((await ask('PATCH', `/messages/${own.id}`, agent.token, { state: 'handled' })).json).toMatchObject({
    state: 'handled',
    changedBy: agent.user.username,
  });
  expect((await ask('DELETE', `/messages/${own.id}`, agent.token)).status).toBe(204);
});
