// The first call a new box takes, with real audio on every wire: an agent signs in with his telephone's keys, a caller chooses
// from the menu, is queued, rings the agent, and both hear each other.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  callIn,
  nothingLeaks,
  phase,
  recordingOf,
  signInByPhone,
  startTestBox,
  storedCall,
  waitFor,
} from '../support/box.js';
import { indexOfPart, loudness, speechAlaw, stereoAlaw } from '../support/wav.js';
import { until } from '../support/turns.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const CALLER_SAYS = join(SOUNDS, 'hello-world.wav');
const AGENT_SAYS = join(SOUNDS, 'vm-goodbye.wav');

it('a caller reaches an agent, both hear each other octet for octet, and all of it is recorded and written down', async () => {
  const box = await startTestBox();
  await signInByPhone(box, '2001', 1);
  const events: string[] = [];
  for (const event of ['arrived', 'answered', 'digit', 'queued', 'offered', 'connected', 'released'] as const)
    box.calls.events.on(`call.${event}`, () => void events.push(event));

  const { callId, exchangeId, timeslot } = await callIn(box, { digits: '1' });
  await phase(box, callId, 'offering');
  expect(box.calls.find(callId)).toMatchObject({ digits: '1', queueId: 'sales', callingNumber: '13800138000' });
  await until(() => box.exchange.phones()[0]!.ringing, 'the telephone rings');
  await box.exchange.lift(1);
  await phase(box, callId, 'talking');
  expect(box.agents.find('2001')).toMatchObject({ state: 'talking', callId });

  // Both speak at once; the telephone's side is recorded apart.
  const heardFile = join(box.config.home, 'heard.wav');
  await box.exchange.telephones.record(1, heardFile);
  const { legs } = await box.engine.command('engine.snapshot', {});
  const caller = legs.find((leg) => leg.span === 101 && leg.timeslot === timeslot)!;
  const { play } = await box.engine.command('play.start', { port: caller.port, files: [CALLER_SAYS] });
  const telephone = legs.find((leg) => leg.analog === 10_001)!;
  const agentPlay = await box.engine.command('play.start', { port: telephone.port, files: [AGENT_SAYS] });
  let finished = 0;
  box.engine.events.on('play.ended', (ended) => void (finished += [play, agentPlay.play].includes(ended.play) ? 1 : 0));
  await waitFor(box.engine.events, 'play.ended', () => finished === 2);
  await box.exchange.hangUp(exchangeId);

  const { row, segments } = await storedCall(box, callId);
  expect(row).toMatchObject({ cause: 16, releasedBy: 'caller', agentId: '2001', queueId: 'sales', flowId: 'main' });
  expect(events).toEqual(['arrived', 'answered', 'digit', 'queued', 'offered', 'connected', 'released']);
  const kinds = segments.map(({ kind }) => kind);
  for (const kind of ['seized', 'recording', 'flow', 'prompt', 'menu', 'digit', 'queued', 'offer', 'talk', 'released'])
    expect(kinds).toContain(kind);
  await nothingLeaks(box);

  const stored = stereoAlaw(await recordingOf(box, callId));
  // He hangs up while his last two blocks are still on the wire.
  const callerSays = speechAlaw(CALLER_SAYS).subarray(0, -2 * 160);
  const agentSays = speechAlaw(AGENT_SAYS).subarray(0, -2 * 160);
  const at = indexOfPart(stored.left, callerSays);
  expect(at, 'the caller stands on the left, octet for octet').toBeGreaterThan(0);
  expect(indexOfPart(stored.right, agentSays), 'the agent on the right').toBeGreaterThan(0);
  expect(indexOfPart(stored.left, agentSays)).toBe(-1);
  // Before: the menu's tones on the right, the caller's key on the left.
  expect(loudness(stored.right.subarray(0, at))).toBeGreaterThan(500);
  const recording = await box.db.recordings.findByCall(callId);
  expect(recording?.durationMs).toBe(stored.left.length / 8);

  const heard = stereoAlaw(heardFile);
  expect(indexOfPart(heard.left, callerSays), 'the telephone heard the caller octet for octet').toBeGreaterThanOrEqual(
    0,
  );
});
