// Rooms that are called over the virtual E1: who hears whom, who is let in, and what moderators do.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { rms, samplesOf } from '../support/audio-match.js';
import { callIn, nothingLeaks, startTestBox, storedCall, waitFor } from '../support/box.js';
import {
  ask,
  guest,
  inside,
  makeRoom,
  partyOf,
  press,
  roomIs,
  roomOf,
  saidAndHeard,
  speech,
} from '../support/conference.js';
import { heardWell } from '../support/speech.js';

// Where many tests run at once the sources take their time to be read: that is nobody's limit here.
beforeAll(async () => void (await import('../../daemon/src/main.js')), 300_000);

const HEARD = 0.55;
/** What a caller heard, of the prompts that a test box has. */
const said = (segments: readonly { kind: string; data: object }[]): unknown[] =>
  segments.flatMap(({ kind, data }) => (kind === 'prompt' ? (data as { prompts: string[] }).prompts : []));

/** Other speech is this much alike. */
const NOT_HEARD = 0.45;

it('three hear each other; who is muted is not heard; who is deaf hears nobody', async () => {
  const box = await startTestBox();
  await makeRoom(box, {});
  const guests = [await guest(box, 1), await guest(box, 2), await guest(box, 3)] as const;
  const [a, b, c] = guests;
  for (const one of guests) await inside(box, one);

  const [first, second] = [speech(0), speech(1)];
  const [atA, atB, atC] = await saidAndHeard(
    box,
    [
      [a, first],
      [b, second],
    ],
    guests,
  );
  expect(heardWell(atA!, second)).toBeGreaterThan(HEARD);
  expect(heardWell(atA!, first)).toBeLessThan(NOT_HEARD);
  expect(heardWell(atB!, first)).toBeGreaterThan(HEARD);
  expect(heardWell(atC!, first)).toBeGreaterThan(HEARD);
  expect(heardWell(atC!, second)).toBeGreaterThan(HEARD);

  const path = `/conferences/room/parties/${partyOf(box, a)!.id}/actions`;
  expect((await ask(box, 'POST', path, { action: 'mute' })).body.parties[0]).toMatchObject({ muted: true });
  const [, muted] = await saidAndHeard(box, [[a, speech(2)]], [a, b]);
  expect(heardWell(muted!, speech(2))).toBeLessThan(NOT_HEARD);
  await ask(box, 'POST', path, { action: 'unmute' });
  const [unmuted] = await saidAndHeard(box, [[a, speech(3)]], [b]);
  expect(heardWell(unmuted!, speech(3))).toBeGreaterThan(HEARD);

  await ask(box, 'POST', `/conferences/room/parties/${partyOf(box, c)!.id}/actions`, { action: 'deafen' });
  const [deaf] = await saidAndHeard(box, [[a, speech(4)]], [c]);
  expect(heardWell(deaf!, speech(4))).toBeLessThan(NOT_HEARD);

  // Nobody can listen in on one party alone, and it is said.
  await expect(
    box.calls.supervise(a.callId, { action: 'monitor', station: 1, mode: 'listen' }, 'admin'),
  ).rejects.toMatchObject({ code: 'call_wrong_state' });

  for (const { exchangeId } of guests) await box.exchange.hangUp(exchangeId);
  await storedCall(box, a.callId);
  await roomIs(box, ({ parties }) => parties.length === 0);
  await nothingLeaks(box);
  const { segments } = await storedCall(box, b.callId);
  expect(segments.find(({ kind }) => kind === 'conference')?.data).toMatchObject({ room: 'room', outcome: 'hungUp' });
});

it('the whole room is recorded, without SIP, and what is said while it is not is not', async () => {
  const box = await startTestBox({ env: { CORDBOARD_SIP_ENABLED: 'false' } });
  await makeRoom(box, { record: 'onDemand' });
  const [a, b] = [await guest(box, 1), await guest(box, 2)];
  for (const one of [a, b]) await inside(box, one);
  await saidAndHeard(box, [[a, speech(2)]], []);
  const path = '/conferences/room/actions';
  expect((await ask(box, 'POST', path, { action: 'startRecording' })).body).toMatchObject({ recording: true });
  expect((await ask(box, 'POST', path, { action: 'startRecording' })).status).toBe(409);
  const [first, second] = [speech(0), speech(1)];
  await saidAndHeard(
    box,
    [
      [a, first],
      [b, second],
    ],
    [],
  );
  expect((await ask(box, 'POST', path, { action: 'stopRecording' })).body).toMatchObject({ recording: false });
  for (const { exchangeId } of [a, b]) await box.exchange.hangUp(exchangeId);
  for (const { callId } of [a, b]) await storedCall(box, callId);
  await nothingLeaks(box);

  const listed = (await ask(box, 'GET', '/conferences/room/recordings')).body as { id: string; state: string }[];
  expect(listed).toMatchObject([{ roomId: 'room', state: 'complete' }]);
  const source = await box.archive.read(await box.archive.find(listed[0]!.id));
  const file = join(box.config.home, 'room.wav');
  writeFileSync(file, await source.read(0, source.bytes));
  await source.close();
  const whole = samplesOf(file, 2);
  expect(heardWell(whole, first)).toBeGreaterThan(HEARD);
  expect(heardWell(whole, second)).toBeGreaterThan(HEARD);
  expect(heardWell(whole, speech(2))).toBeLessThan(NOT_HEARD);
});

it('a room waits for its moderator with music, and is over without him', async () => {
  const box = await startTestBox();
  await makeRoom(box, { waitForModerator: true, endWhenModeratorLeaves: true, moderatorPin: '4711' });
  const party = await guest(box, 1);
  await press(box, party, '#');
  expect(await inside(box, party)).toMatchObject({ waiting: true, moderator: false });
  // Music: something is heard while nobody says anything.
  const other = await guest(box, 2);
  await press(box, other, '#');
  await inside(box, other);
  const [early] = await saidAndHeard(box, [[other, speech(0)]], [party]);
  expect(heardWell(early!, speech(0))).toBeLessThan(NOT_HEARD);
  expect(rms(early!.subarray(8000, 16_000))).toBeGreaterThan(100);

  const moderator = await guest(box, 3);
  await press(box, moderator, '4711#');
  expect(await inside(box, moderator)).toMatchObject({ moderator: true });
  await roomIs(box, ({ parties }) => parties.every(({ waiting }) => !waiting));
  const [then] = await saidAndHeard(box, [[other, speech(1)]], [party]);
  expect(heardWell(then!, speech(1))).toBeGreaterThan(HEARD);
  // The PIN is nowhere.
  expect(JSON.stringify(box.calls.find(moderator.callId))).not.toContain('4711');

  await box.exchange.hangUp(moderator.exchangeId);
  for (const one of [party, other]) expect((await storedCall(box, one.callId)).row).toMatchObject({ cause: 16 });
  expect(roomOf(box).parties).toEqual([]);
});

it('locked, full, a wrong PIN, not begun: nobody comes in', async () => {
  const box = await startTestBox();
  await makeRoom(box, { maxParties: 2, pin: '1234' });
  const first = await guest(box, 1);
  await press(box, first, '1234#');
  await inside(box, first);
  expect((await ask(box, 'POST', '/conferences/room/actions', { action: 'lock' })).body).toMatchObject({
    locked: true,
  });

  const refused = async (digits: string, reason: string): Promise<void> => {
    const one = await guest(box, 9);
    await press(box, one, digits);
    const { segments } = await storedCall(box, one.callId);
    expect(segments.map(({ kind }) => kind)).not.toContain('conference');
    expect(said(segments)).toEqual([reason]);
  };
  await refused('1234#', 'conference-locked');
  await ask(box, 'POST', '/conferences/room/actions', { action: 'unlock' });
  await refused('1111#,2222#,3333#', 'conference-too-many-tries');
  const second = await guest(box, 2);
  await press(box, second, '1234#');
  await inside(box, second);
  const late = await guest(box, 3);
  await press(box, late, '1234#');
  expect(said((await storedCall(box, late.callId)).segments)).toEqual(['conference-full']);
  expect(roomOf(box).parties).toHaveLength(2);

  const later = Date.now() + 3_600_000;
  await ask(box, 'PATCH', '/conferences/room', {
    pin: null,
    maxParties: 9,
    schedule: { from: later, to: null, calendar: null },
  });
  const { callId: early } = await callIn(box, { calledNumber: '8000' });
  expect(said((await storedCall(box, early)).segments)).toEqual(['conference-not-begun']);
  expect(roomOf(box).parties).toHaveLength(2);

  await ask(box, 'POST', '/conferences/room/actions', { action: 'end' });
  await storedCall(box, first.callId);
  const { body } = await ask(box, 'GET', '/audit?objectKind=conference');
  expect(body.entries.map((entry: { after: { action?: string } }) => entry.after.action)).toContain('lock');
  expect(JSON.stringify(body)).not.toContain('1234');
});

it('keys: mute oneself, lock, remove the last, leave', async () => {
  const box = await startTestBox();
  await makeRoom(box, { moderatorPin: '4711' });
  // By the number of all rooms he is asked which.
  const route = { calledNumber: '95005', language: 'en', target: { kind: 'conference', room: 'any' } };
  expect((await ask(box, 'POST', '/routes', route)).status).toBe(201);
  const [moderator, other] = [await guest(box, 1, { calledNumber: '95005' }), await guest(box, 2)];
  await press(box, moderator, '8001#,8000#,4711#');
  await inside(box, moderator);
  await press(box, other, '#');
  await inside(box, other);
  await press(box, other, '*6');
  await roomIs(box, () => partyOf(box, other)?.muted === true);
  // Not for him.
  await press(box, other, '*2');
  await press(box, moderator, '*2');
  await roomIs(box, ({ locked }) => locked);
  await press(box, moderator, '*2');
  await roomIs(box, ({ locked }) => !locked);
  await press(box, moderator, '*4');
  await roomIs(box, ({ parties }) => parties.length === 1);
  expect((await storedCall(box, other.callId)).segments.find(({ kind }) => kind === 'conference')?.data).toMatchObject({
    outcome: 'removed',
  });
  await press(box, moderator, '#');
  await roomIs(box, ({ parties }) => parties.length === 0);
  await storedCall(box, moderator.callId);
});

it('numbers are called into the room and come in by the key 1', async () => {
  const box = await startTestBox();
  await makeRoom(box, { dialOutStation: 1 });
  const host = await guest(box, 1);
  await inside(box, host);
  const { status, body } = await ask(box, 'POST', '/conferences/room/invitations', { number: '2' });
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body.invitations).toMatchObject([{ number: '2', state: 'calling' }]);
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(2).ringing);
  await box.exchange.lift(2);
  await roomIs(box, ({ invitations }) => invitations[0]?.state === 'answered');
  await box.exchange.dial(2, '1');
  await roomIs(box, ({ parties }) => parties.length === 2);
  expect(roomOf(box).parties[1]).toMatchObject({ station: 2, number: '2' });
  expect((await ask(box, 'POST', '/conferences/room/invitations', { number: '99999' })).status).toBe(422);
  await box.exchange.hangUpPhone(2);
  await roomIs(box, ({ parties, invitations }) => parties.length === 1 && invitations.length === 0);
  await box.exchange.hangUp(host.exchangeId);
  await storedCall(box, host.callId);
  await nothingLeaks(box);
});
