// The simulated telephones: what a hand does with them, and what they do by themselves.
import { describe, expect, it } from 'vitest';
import { Exchange } from '../../daemon/src/exchange/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { callDesk, flowOf } from '../support/call-desk.js';
import { turn, until } from '../support/turns.js';

async function phones() {
  const desk = await callDesk(flowOf(() => Promise.resolve()));
  const { engine, clock, calls } = desk;
  const findClip = (name: string) => Promise.resolve(name === 'hello' ? '/clips/hello.wav' : undefined);
  const exchange = new Exchange({ engine: engine.client, calls, findClip, clock, log: silentLog });
  await exchange.start();
  /** The box rings station 1; the telephone notices. */
  const ring = async (): Promise<{ station: number; line: number }> => {
    const { leg: station } = await engine.client.command('leg.seize', { analog: 1 });
    const line = engine.offer({ kind: 'line', span: 0, timeslot: 0, analog: 10_001 });
    await until(() => exchange.telephones.find(1).ringing, 'it rings');
    return { station, line };
  };
  return { ...desk, exchange, ring };
}

const answers = { answer: true, answerAfterMs: 1000, play: null, hangUpAfterMs: null, hangUpOnTone: true };

describe('a telephone', () => {
  it('is there for every station, on the hook and doing nothing', async () => {
    const { exchange } = await phones();
    expect(exchange.phones().map(({ station }) => station)).toEqual([1, 2, 3, 4]);
    expect(exchange.phones()[0]).toMatchObject({ offHook: false, ringing: false, behaviour: { answer: false } });
  });

  it('is lifted, dials, plays, flashes and is put down', async () => {
    const { exchange, engine } = await phones();
    expect(await exchange.lift(1)).toMatchObject({ offHook: true });
    expect(engine.sent('leg.seize')).toEqual([{ analog: 10_001 }]);
    const dialled = exchange.dial(1, '*12#');
    await until(() => engine.plays.size === 1, 'it dials');
    engine.finishPlays();
    await dialled;
    await exchange.play(1, { play: 'hello' });
    await until(() => engine.sent('play.start').length === 1, 'it plays');
    await exchange.flash(1);
    await exchange.hangUpPhone(1);
    await until(() => !exchange.telephones.find(1).offHook, 'it is on the hook');
    expect(engine.legs.size).toBe(0);
  });

  it('cannot do what it is in no state for', async () => {
    const { exchange, engine } = await phones();
    for (const work of [
      exchange.hangUpPhone(1),
      exchange.dial(1, '1'),
      exchange.flash(1),
      exchange.play(1, { play: 'hello' }),
    ])
      await expect(work).rejects.toMatchObject({ code: 'phone_wrong_state' });
    await exchange.lift(1);
    await expect(exchange.lift(1)).rejects.toMatchObject({ code: 'phone_wrong_state' });
    engine.refuse('leg.flash', 'wrong_state', 'no call');
    await expect(exchange.flash(1)).rejects.toThrow('Telephone 1 cannot do that now: its state does not allow it.');
    await expect(exchange.lift(99)).rejects.toMatchObject({ code: 'station_not_found' });
    await expect(exchange.setBehaviour(1, { ...answers, play: 'none' })).rejects.toMatchObject({
      code: 'clip_not_found',
    });
  });

  it('answers by itself, speaks and hangs up', async () => {
    const { exchange, engine, clock, ring } = await phones();
    await exchange.setBehaviour(1, { ...answers, play: 'hello', hangUpAfterMs: 4000 });
    const { line } = await ring();
    await clock.advance(999);
    expect(engine.sent('leg.answer')).toEqual([]);
    await clock.advance(1);
    await until(() => engine.sent('play.start').length === 1, 'it speaks');
    expect(engine.sent('leg.answer')).toEqual([{ leg: line }]);
    await clock.advance(4000);
    await until(() => !exchange.telephones.find(1).offHook, 'it hangs up');
  });

  it('does not answer when nobody rings it any more', async () => {
    const { exchange, engine, clock, ring } = await phones();
    await exchange.setBehaviour(1, answers);
    const { station } = await ring();
    await engine.client.command('leg.release', { leg: station });
    await clock.advance(1000);
    await turn();
    expect(engine.sent('leg.answer')).toEqual([]);
    expect(exchange.telephones.find(1).ringing).toBe(true);
  });

  it('answers the next call that rings it before it knew that the last one had given up', async () => {
    const { exchange, engine, clock, ring } = await phones();
    await exchange.setBehaviour(1, answers);
    const { station, line } = await ring();
    await engine.client.command('leg.release', { leg: station });
    await clock.advance(1000);
    const next = await engine.client.command('leg.seize', { analog: 1 });
    const [first] = engine.snapshot().analogs;
    engine.emit('leg.progressed', { leg: next.leg, progress: 'alerting', port: first!.port });
    await clock.advance(1000);
    await until(() => engine.sent('leg.answer').length === 1, 'it answers');
    expect(engine.sent('leg.answer')).toEqual([{ leg: line }]);
  });

  it('that is left off the hook is lifted again when the box ends the call', async () => {
    const { exchange, engine, ring } = await phones();
    await exchange.setBehaviour(1, { ...answers, answer: false, hangUpOnTone: false });
    const { line } = await ring();
    await exchange.lift(1);
    engine.hangUp(line);
    await until(() => engine.sent('leg.seize').some(({ analog }) => analog === 10_001), 'it is lifted again');
  });
});
