// Those whom the box calls over its virtual E1.
import { describe, expect, it } from 'vitest';
import { Exchange, type SubscriberPlan } from '../../daemon/src/exchange/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { callDesk, flowOf } from '../support/call-desk.js';
import { turn, until } from '../support/turns.js';

async function exchange(plan?: SubscriberPlan) {
  const desk = await callDesk(flowOf(() => Promise.resolve()));
  const { engine, clock, calls } = desk;
  const findClip = (): Promise<undefined> => Promise.resolve(undefined);
  const made = new Exchange({ engine: engine.client, calls, findClip, clock, log: silentLog });
  await made.start();
  const seen: string[] = [];
  made.subscribers.events.on('call.changed', ({ state }) => void seen.push(state));
  if (plan !== undefined) made.subscribers.setPlan('110', plan);
  const call = (calledNumber = '110'): number => engine.offer({ span: 101, calledNumber, callingNumber: '66668888' });
  return { ...desk, subscribers: made.subscribers, seen, call, exchange: made };
}

describe('a subscriber of the exchange simulator', () => {
  it('rings, and answers after two seconds when nothing else was said', async () => {
    const { engine, clock, subscribers, call } = await exchange();
    const leg = call();
    await turn();
    expect(engine.sent('leg.alert')).toEqual([{ leg }]);
    expect(subscribers.list()).toMatchObject([{ state: 'ringing', calledNumber: '110', callingNumber: '66668888' }]);
    await clock.advance(1999);
    expect(engine.sent('leg.answer')).toEqual([]);
    await clock.advance(1);
    expect(engine.sent('leg.answer')).toEqual([{ leg }]);
    expect(subscribers.list()).toMatchObject([{ state: 'answered' }]);
  });

  it('speaks and hangs up when its time has come', async () => {
    const { engine, clock, seen, call } = await exchange({
      ...{ answerAfterMs: 100, playFile: '/hello.wav', hangUpAfterMs: 5000 },
    });
    const leg = call();
    await clock.advance(100);
    expect(engine.sent('play.start')).toMatchObject([{ files: ['/hello.wav'] }]);
    await clock.advance(5000);
    await turn();
    expect(engine.sent('leg.release')).toEqual([{ leg, cause: 16 }]);
    expect(seen).toEqual(['ringing', 'answered', 'released']);
    expect(clock.timers).toBe(0);
  });

  it('is busy with a cause, at once', async () => {
    const { engine, seen, call } = await exchange({ refuseCause: 17 });
    const leg = call();
    await turn();
    expect(engine.sent('leg.release')).toEqual([{ leg, cause: 17 }]);
    expect(engine.sent('leg.alert')).toEqual([]);
    expect(seen).toEqual(['released']);
  });

  it('is not at home, and forgets who called when he gives up', async () => {
    const { engine, clock, subscribers, call } = await exchange({});
    const leg = call();
    await clock.advance(600_000);
    expect(engine.sent('leg.answer')).toEqual([]);
    engine.hangUp(leg);
    await turn();
    expect(subscribers.list()).toEqual([]);
    expect(await subscribers.hangUp(leg)).toBe(false);
  });

  it('does not answer one who has given up', async () => {
    const { engine, clock, call } = await exchange();
    const leg = call();
    await turn();
    engine.hangUp(leg);
    await clock.advance(5000);
    expect(engine.sent('leg.answer')).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it('hangs up when it is asked to', async () => {
    const { engine, subscribers, call } = await exchange();
    const leg = call();
    await turn();
    expect(await subscribers.hangUp(leg)).toBe(true);
    await until(() => engine.legs.size === 0, 'it has hung up');
  });

  it('is nobody on a span of the box, and leaves no timer when the simulator stops', async () => {
    const { clock, subscribers, call, engine, exchange: made } = await exchange();
    engine.offer({ span: 1, calledNumber: '404' });
    await turn();
    expect(subscribers.list()).toEqual([]);
    call();
    await turn();
    made.stop();
    expect(clock.timers).toBe(0);
  });
});
