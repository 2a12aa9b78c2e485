// What is heard around a queue, with real audio on every wire: the caller his place, and who serves him; the agent which queue it is.
import { copyFileSync, mkdirSync } from 'node:fs';
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
import { until } from '../support/turns.js';
import { indexOfPart, speechAlaw, stereoAlaw, writeTone } from '../support/wav.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const PLACE = join(SOUNDS, 'vm-goodbye.wav');
const WHISPER = join(SOUNDS, 'hello-world.wav');
const SERVED_BY = join(SOUNDS, 'agent-user.wav');

it('a caller hears his place and who serves him, the agent which queue it is; then they talk, and why it is he is stored', async () => {
  const box = await startTestBox();
  const folder = join(box.config.home, 'prompts', 'en');
  mkdirSync(folder, { recursive: true });
  copyFileSync(PLACE, join(folder, 'queue-next.wav'));
  copyFileSync(WHISPER, join(folder, 'sales-call.wav'));
  copyFileSync(SERVED_BY, join(folder, 'queue-agent.wav'));
  for (const word of ['digit-0', 'digit-1', 'digit-2', 'queue-agent-serves'])
    writeTone(join(folder, `${word}.wav`), 640, 100);
  await box.db.write((tx) =>
    tx.queues.update('sales', {
      strategy: 'ring_all',
      announcements: {
        ...{ position: { firstAfterMs: 500, everyMs: 600_000 }, estimate: null, comfort: null },
        ...{ agentNumber: true, whisper: 'sales-call' },
      },
    }),
  );
  await until(() => box.queues.find('sales')?.strategy === 'ring_all', 'the queue is changed');

  const { callId, exchangeId } = await callIn(box, { digits: '1' });
  await phase(box, callId, 'queued');
  // The first that is heard to its end now is his place: the music has none.
  let heard = false;
  box.engine.events.on('play.ended', ({ reason }) => void (heard ||= reason === 'finished'));
  await waitFor(box.engine.events, 'play.ended', () => heard);
  for (const [agent, station] of [
    ['2001', 1],
    ['2002', 2],
  ] as const) {
    await signInByPhone(box, agent, station);
  }
  await until(() => box.exchange.phones()[0]!.ringing, 'the telephone rings');
  const heardFile = join(box.config.home, 'heard.wav');
  await box.exchange.lift(1);
  await box.exchange.telephones.record(1, heardFile);
  await phase(box, callId, 'talking');
  expect(box.agents.find('2001')).toMatchObject({ state: 'talking', callId });
  await box.exchange.hangUp(exchangeId);
  const { segments } = await storedCall(box, callId);
  const offers = segments.filter(({ kind }) => kind === 'offer');
  expect(offers.find(({ data }) => data['agentId'] === '2001')?.data).toMatchObject({
    outcome: 'answered',
    why: { code: 'ring_all', queueId: 'sales', agentId: '2001' },
  });
  await nothingLeaks(box);

  const heardByCaller = stereoAlaw(await recordingOf(box, callId)).right;
  const place = indexOfPart(heardByCaller, speechAlaw(PLACE));
  const served = indexOfPart(heardByCaller, speechAlaw(SERVED_BY));
  expect(place, 'his place').toBeGreaterThan(0);
  expect(served, 'who serves him, after that').toBeGreaterThan(place);
  // The telephone was lifted a moment before it was recorded.
  const heardByAgent = stereoAlaw(heardFile).left;
  expect(indexOfPart(heardByAgent, speechAlaw(WHISPER).subarray(4000)), 'which queue it is').toBeGreaterThanOrEqual(0);
  expect(indexOfPart(heardByCaller, speechAlaw(WHISPER).subarray(4000)), 'which the caller does not hear').toBe(-1);
});
