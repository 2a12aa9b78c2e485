// Ways into a room: called out over the next way, put through by somebody in talk, made for now, by the name of who comes, fifty over
// two E1; and what a kill leaves.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import type {
  CallList,
  ConferenceRecording,
  ConferenceRoom,
  ConferenceStatus,
} from '../../daemon/src/contract/index.js';
import { nothingLeaks, startTestBox, stationFree, storedCall, waitFor } from '../support/box.js';
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
  type Guest,
} from '../support/conference.js';
import { DaemonProcess, eventually } from '../support/daemon-process.js';
import { samplesOf } from '../support/audio-match.js';
import { heardWell, secondsHeard } from '../support/speech.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// Where many tests run at once the sources take their time to be read: that is nobody's limit here.
beforeAll(async () => void (await import('../../daemon/src/main.js')), 300_000);

const HEARD = 0.55;

it('a number outside is called over the next way when one fails, comes in by the key 1, and is heard', async () => {
  const box = await startTestBox({ env: { CORDBOARD_VIRTUAL_SPANS: '2' } });
  await makeRoom(box, { dialOutStation: 1 });
  // Nothing goes out over an E1 that sees no signal.
  const [{ id: good }] = (await ask(box, 'GET', '/trunks')).body as [{ id: string }];
  expect((await ask(box, 'PATCH', `/trunks/${good}`, { spans: [1] })).status).toBe(200);
  const lost = { id: 'lost', name: 'lost', kind: 'e1', spans: [2] };
  expect((await ask(box, 'POST', '/trunks', lost)).status).toBe(201);
  const out = { name: 'out', pattern: '9.', trunks: ['lost', good] };
  expect((await ask(box, 'POST', '/outbound-routes', out)).status).toBe(201);
  await box.exchange.setAlarm(2, { alarm: 'los', active: true });
  box.exchange.subscribers.setPlan('95588', { answerAfterMs: 100 });
  const host = await guest(box, 1);
  await inside(box, host);
  const invited = await ask(box, 'POST', '/conferences/room/invitations', { number: '95588' });
  expect(invited.status, JSON.stringify(invited.body)).toBe(201);
  await roomIs(box, ({ invitations }) => invitations[0]?.state === 'answered');
  const called = box.exchange.subscribers.list().find(({ calledNumber }) => calledNumber === '95588')!;
  await box.engine.command('digits.send', { port: called.port, digits: '1' });
  await roomIs(box, ({ parties }) => parties.length === 2);
  expect(roomOf(box).parties[1]).toMatchObject({ number: '95588', station: null });
  const { callId } = roomOf(box).parties[1]!;
  const [heard] = await saidAndHeard(box, [[host, speech(0)]], [{ ...host, port: called.port }]);
  expect(heardWell(heard!, speech(0))).toBeGreaterThan(HEARD);

  await ask(box, 'POST', `/conferences/room/parties/${roomOf(box).parties[1]!.id}/actions`, { action: 'remove' });
  const { row } = await storedCall(box, callId);
  expect(row).toMatchObject({ direction: 'out', calledNumber: '95588', cause: 16 });
  await box.exchange.hangUp(host.exchangeId);
  await storedCall(box, host.callId);
  await nothingLeaks(box);
});

it('who is in talk brings his partner into a room and comes along; a room for now goes with the last', async () => {
  const box = await startTestBox();
  await makeRoom(box, { moderators: ['2001'] });
  await box.agents.signIn('2001', 1);
  await box.exchange.lift(2);
  await box.exchange.dial(2, '1');
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(1).ringing);
  await box.exchange.lift(1);
  await waitFor(box.live, 'call.updated', () => box.calls.live().some(({ phase: now }) => now === 'talking'));
  const callId = box.calls.live()[0]!.id;
  const added = await ask(box, 'POST', '/conferences/room/calls', { callId, station: 1, join: false });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  await inside(box, { callId });
  expect(partyOf(box, { callId })).toMatchObject({ station: 2, moderator: false });
  // Who hears that it is over hangs up.
  await stationFree(box, 1);

  // His own telephone leads him in as a moderator.
  await box.exchange.lift(1);
  await box.exchange.dial(1, '8000#');
  await roomIs(box, ({ parties }) => parties.length === 2);
  expect(roomOf(box).parties[1]).toMatchObject({ station: 1, moderator: true });
  await ask(box, 'POST', '/conferences/room/actions', { action: 'end' });
  await roomIs(box, ({ parties }) => parties.length === 0);
  await waitFor(box.live, 'call.removed', () => box.calls.live().length === 0);

  const made = await ask(box, 'POST', '/conferences/ad-hoc', { name: 'Now', invite: ['3', '99999'], station: 4 });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const { id, invitations } = made.body as ConferenceStatus;
  expect(invitations.map(({ number }) => number)).toEqual(['4', '3']);
  for (const station of [4, 3]) {
    await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(station).ringing);
    await box.exchange.lift(station);
    await roomIs(
      box,
      (room) => room.invitations.some((one) => one.number === String(station) && one.state === 'answered'),
      id,
    );
    await box.exchange.dial(station, '1');
    await roomIs(box, ({ parties }) => parties.some((party) => party.station === station), id);
  }
  expect(roomOf(box, id).parties.map(({ station, moderator }) => [station, moderator])).toEqual([
    [4, true],
    [3, false],
  ]);
  for (const station of [3, 4]) await box.exchange.hangUpPhone(station);
  await eventually(
    async () => (await ask(box, 'GET', `/conferences/${id}`)).status,
    (status) => status === 404,
  );
});

it('the name of who comes is heard by those who are there', async () => {
  const box = await startTestBox();
  await makeRoom(box, { announce: 'name' });
  const first = await guest(box, 1);
  await press(box, first, '#');
  await inside(box, first);
  const second = await guest(box, 2);
  const path = `${box.config.home}/first.wav`;
  const { play } = await box.engine.command('play.start', { port: second.port, files: [speech(0).path] });
  await eventually(
    () => box.engine.command('play.position', { play }),
    ({ positionMs }) => positionMs > 2500,
  );
  const { recording } = await box.engine.command('recording.start', { port: first.port, path });
  const { legs } = await box.engine.command('engine.snapshot', {});
  // What is played at no leg is played to all.
  let announced = false;
  box.engine.events.on('play.ended', ({ port }) => void (announced ||= legs.every((leg) => leg.port !== port)));
  await press(box, second, '#');
  await inside(box, second);
  await waitFor(box.engine.events, 'play.ended', () => announced);
  await box.engine.command('recording.stop', { recording });
  expect(secondsHeard(samplesOf(path, 1), speech(0), HEARD)).toBeGreaterThan(1);
});

it('fifty over two E1 are in one room, and each hears who speaks', async () => {
  const box = await startTestBox({ env: { CORDBOARD_VIRTUAL_SPANS: '2' } });
  await makeRoom(box, { announce: 'none' });
  const guests: Guest[] = [];
  for (let i = 0; i < 50; i += 1) guests.push(await guest(box, i, { span: 1 + (i % 2) }));
  await roomIs(box, ({ parties }) => parties.length === 50);
  const late = await guest(box, 50);
  await storedCall(box, late.callId);
  const hearers = [1, 10, 25, 49].map((i) => guests[i]!);
  for (const heard of await saidAndHeard(box, [[guests[0]!, speech(0)]], hearers))
    expect(heardWell(heard, speech(0))).toBeGreaterThan(HEARD);
  await ask(box, 'POST', '/conferences/room/actions', { action: 'end' });
  await roomIs(box, ({ parties }) => parties.length === 0);
  for (const { callId } of guests) await storedCall(box, callId);
  await nothingLeaks(box);
});

it('a kill leaves no room with anybody in it, and the recording as far as it went', async () => {
  const daemon = new DaemonProcess(temporaryFolder(), { CORDBOARD_LANGUAGE: 'en', CORDBOARD_SIP_ENABLED: 'false' });
  await daemon.start();
  const room = { id: 'room', number: '8000', name: 'Room', record: 'always' };
  await daemon.api.request('POST', '/conferences', room);
  await eventually(
    () => daemon.api.request<{ dchannelUp: boolean }[]>('GET', '/spans'),
    (spans) => spans.every(({ dchannelUp }) => dchannelUp),
  );
  for (const callingNumber of ['13800000001', '13800000002'])
    await daemon.api.request('POST', '/exchange/calls', { calledNumber: '8000', callingNumber });
  const status = (): Promise<ConferenceStatus> => daemon.api.request('GET', '/conferences/room/parties');
  await eventually(status, ({ parties, recording }) => parties.length === 2 && recording);
  const before = await daemon.api.request<ConferenceRecording[]>('GET', '/conferences/room/recordings');
  expect(before).toMatchObject([{ state: 'recording' }]);
  // The journal is safe once a second.
  const begun = Date.now();
  await eventually(
    () => Promise.resolve(Date.now() - begun),
    (ms) => ms > 4000,
  );
  await daemon.end('SIGKILL');
  await daemon.start();
  expect(await status()).toMatchObject({ parties: [], since: null, recording: false, locked: false });
  expect(await daemon.api.request<ConferenceRoom>('GET', '/conferences/room')).toMatchObject({ number: '8000' });
  const [kept] = await daemon.api.request<[ConferenceRecording]>('GET', '/conferences/room/recordings');
  expect(kept).toMatchObject({ id: before[0]!.id, state: 'broken' });
  expect(kept.durationMs).toBeGreaterThan(1000);
  const token = readFileSync(`${daemon.home}/local-token`, 'utf8').trim();
  const address = readFileSync(`${daemon.home}/address`, 'utf8').trim();
  const audio = await fetch(`${address}api/v1/recordings/${kept.id}/audio`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(audio.status).toBe(200);
  expect((await audio.arrayBuffer()).byteLength).toBeGreaterThan(8000);
  expect((await daemon.api.request<CallList>('GET', '/calls?state=live')).calls).toEqual([]);
});
