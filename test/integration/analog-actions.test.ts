// What agents at analog telephones do with callers of the E1, from their pages and by their keys, heard: everybody sounds a tone of his
// own, music too, and who hears whom is read off at the far end of every cable.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallAction } from '../../daemon/src/contract/index.js';
import { stationFree, waitFor } from '../support/box.js';
import { keysIn } from '../support/dtmf.js';
import { loudness } from '../support/wav.js';
import { SoundFloor, type AnalogPhone, type E1Caller } from '../support/sound-floor.js';

let floor: SoundFloor;
let caller: E1Caller;
let agent: AnalogPhone;
let third: AnalogPhone;
let fourth: AnalogPhone;
let callId: string;

const AGENT = 1;
/** dialled from outside to reach station 1 */
const TO_AGENT = '96001';
const SUBSCRIBER = '13800138000';

beforeAll(async () => {
  floor = await SoundFloor.start({ env: { CORDBOARD_PARKING_MS: '1500' } });
  const { api } = floor;
  await api.request('POST', '/routes', {
    calledNumber: TO_AGENT,
    language: 'en',
    target: { kind: 'station', station: 1 },
  });
  await api.request('POST', '/ring-groups', { number: 3000, stations: [3, 4], strategy: 'all' });
  for (const queue of ['aside', 'empty'])
    await api.request('POST', '/queues', { id: queue, name: queue, wrapUpMs: 0, maxWaitMs: 1000 });
  await api.request('PUT', '/flows/say', {
    name: 'say',
    definition: {
      start: 'say',
      nodes: { say: { type: 'play', prompts: ['welcome'], next: 'bye' }, bye: { type: 'hangup', cause: 16 } },
    },
  });
});
afterAll(() => floor.end());

/** The caller talks with the agent. */
beforeEach(async () => {
  agent = await floor.phone(AGENT);
  third = await floor.phone(3);
  fourth = await floor.phone(4);
  caller = await floor.caller(4, { calledNumber: TO_AGENT });
  ({ callId } = caller);
  await agent.answer();
  await floor.phase(callId, 'talking');
  await caller.speak();
  await floor.talk(agent, caller);
});
afterEach(async () => {
  await floor.clean();
  for (const station of [1, 3, 4]) await stationFree(floor.box, station);
});

const act = (action: CallAction) => floor.act(callId, AGENT, action);

const end = async (): Promise<void> => caller.hangUp();

describe('an agent at an analog telephone', () => {
  it('holds from his page and by his key: the caller has music, he has nothing', async () => {
    await act({ action: 'hold' });
    await floor.hears(caller, 'music');
    await floor.hears(agent);
    await act({ action: 'retrieve' });
    await floor.talk(agent, caller);
    await agent.flash();
    await floor.hears(caller, 'music');
    await floor.hears(agent);
    await agent.flash();
    await floor.talk(agent, caller);
    await end();
    expect((await floor.over(callId)).filter(({ kind }) => kind === 'held')).toHaveLength(2);
  });

  it('is not heard when he has muted himself', async () => {
    await act({ action: 'mute' });
    await floor.hears(caller);
    await floor.hears(agent, caller);
    await act({ action: 'unmute' });
    await floor.talk(agent, caller);
    await end();
  });

  it('puts his caller through to a telephone, unasked', async () => {
    await act({ action: 'transfer', to: '3' });
    await floor.hears(agent);
    await third.answer();
    await floor.talk(caller, third);
    await agent.free();
    await end();
    expect(floor.outcomes(await floor.over(callId), 'transferred')).toEqual(['answered']);
  });

  it('has him back when the telephone does not answer', async () => {
    await floor.api.request('PATCH', '/ring-groups/3000', { ringTimeoutMs: 1000 });
    await act({ action: 'transfer', to: '3000' });
    await third.rings();
    let back = false;
    floor.box.calls.events.on('call.segment', ({ callId: of, kind, endedAt }) => {
      back ||= of === callId && kind === 'transferred' && endedAt !== null;
    });
    await waitFor(floor.box.calls.events, 'call.segment', () => back);
    await floor.talk(agent, caller);
    await end();
    expect(floor.outcomes(await floor.over(callId), 'transferred')).toEqual(['failed']);
  });

  it('puts him through to somebody outside', async () => {
    floor.box.exchange.subscribers.setPlan(SUBSCRIBER, { answerAfterMs: 50 });
    await act({ action: 'transfer', to: `0${SUBSCRIBER}` });
    const outside = await floor.outside(SUBSCRIBER, 7);
    await floor.talk(caller, outside);
    await agent.free();
    await end();
  });

  it('puts him into a queue, where he waits', async () => {
    await act({ action: 'transferToQueue', queueId: 'empty' });
    await agent.free();
    await floor.hears(caller, 'music');
    // Nobody comes, and there is nothing to go back to.
    expect(floor.outcomes(await floor.over(callId), 'queued')).toEqual(['overflow']);
  });

  it('lends him to a flow and has him back, also when he was on hold', async () => {
    for (const held of [false, true]) {
      if (held) await act({ action: 'hold' });
      await act({ action: 'transferToFlow', flowId: 'say', back: true });
      await floor.phase(callId, 'inFlow');
      await floor.hears(agent, 'music');
      await floor.phase(callId, 'talking');
      await floor.talk(agent, caller);
    }
    await end();
    expect(floor.outcomes(await floor.over(callId), 'lent')).toEqual(['back', 'back']);
  });

  it('asks a colleague, goes to and fro, and has the two talk', async () => {
    await act({ action: 'consult', to: '3' });
    await floor.hears(caller, 'music');
    await third.answer();
    await floor.talk(agent, third);
    await floor.hears(caller, 'music');
    await act({ action: 'swap' });
    await floor.talk(agent, caller);
    await floor.hears(third, 'music');
    await act({ action: 'swap' });
    await floor.talk(agent, third);
    await act({ action: 'completeConsult' });
    await floor.talk(caller, third);
    await agent.free();
    await end();
    expect(floor.outcomes(await floor.over(callId), 'consult')).toEqual(['completed']);
  });

  it('lets it be, before the colleague has answered and after', async () => {
    await act({ action: 'consult', to: '3' });
    await third.rings();
    await act({ action: 'cancelConsult' });
    await floor.talk(agent, caller);
    await third.free();
    await act({ action: 'consult', to: '4' });
    await fourth.answer();
    await floor.talk(agent, fourth);
    await act({ action: 'cancelConsult' });
    await floor.talk(agent, caller);
    await fourth.free();
    await end();
    expect(floor.outcomes(await floor.over(callId), 'consult')).toEqual(['cancelled', 'cancelled']);
  });

  it.each(['agent', 'caller', 'third'] as const)(
    'has all three talk; when the %s goes the others go on',
    async (who) => {
      await act({ action: 'consult', to: '3' });
      await third.answer();
      await floor.talk(agent, third);
      await act({ action: 'merge' });
      await floor.hears(caller, agent, third);
      await floor.hears(agent, caller, third);
      await floor.hears(third, caller, agent);
      const stay = [caller, agent, third].filter((one) => one !== { agent, caller, third }[who]);
      await { agent, caller, third }[who].hangUp();
      await floor.talk(stay[0]!, stay[1]!);
      await stay[1]!.hangUp();
      await floor.over(callId);
    },
  );

  it('parks him; another telephone takes him by the number of his place', async () => {
    const { parkingSlot } = await act({ action: 'park' });
    await floor.hears(caller, 'music');
    await agent.free();
    await third.keys(`*7${parkingSlot}#`);
    await floor.phase(callId, 'talking');
    await floor.talk(caller, third);
    await end();
    expect(floor.outcomes(await floor.over(callId), 'parked')).toEqual(['taken']);
  });

  it('has him back at his telephone when nobody takes him', async () => {
    await act({ action: 'park' });
    await agent.free();
    await agent.answer();
    await floor.phase(callId, 'talking');
    await floor.talk(caller, agent);
    await end();
    expect(floor.outcomes(await floor.over(callId), 'parked')).toEqual(['timeout']);
  });

  it('sends keys from his page and from his telephone, and the far end hears each of them once', async () => {
    await floor.quiet(agent);
    await floor.quiet(caller);
    caller.ear.forget();
    await act({ action: 'sendDigits', digits: '159#' });
    await caller.ear.until((ear) => keysIn(ear.heard()) === '159#', 'the keys are heard');
    await caller.ear.until((ear) => loudness(ear.heard().subarray(-1600)) < 100, 'the last has ended');
    caller.ear.forget();
    await floor.box.exchange.dial(AGENT, '2468');
    await caller.ear.until((ear) => keysIn(ear.heard()) === '2468', 'the keys of the telephone are heard');
    await end();
    expect((await floor.over(callId)).filter(({ kind }) => kind === 'digit')).toEqual([]);
  });
});

describe('a call that rings elsewhere', () => {
  it('is picked up by its number, and by the code alone in a ring group, at an analog telephone', async () => {
    await end();
    await floor.over(callId);
    await agent.free();
    for (const code of ['*83#', '*8#']) {
      const id = await agent.dial('3');
      await third.rings();
      await fourth.keys(code);
      await floor.phase(id, 'talking');
      await floor.talk(agent, fourth);
      await agent.hangUp();
      await floor.over(id);
      await third.free();
      await fourth.free();
    }
  });
});
