// ISDN and analog telephones as lines: what the engine says, in the words that all lines have in common.
import { onTestFinished, describe, expect, it } from 'vitest';
import {
  EngineLines,
  LineSwitch,
  SeizeRefusal,
  seizeCause,
  type E1Trunks,
  type LineEvents,
  type SeizeRequest,
} from '../../daemon/src/lines/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { ScriptedEngine } from '../support/scripted-engine.js';
import { ScriptedLines } from '../support/scripted-lines.js';
import { turn, until } from '../support/turns.js';

const trunks: E1Trunks = {
  spansOf: (trunk) => (trunk === 'carrier' ? [1, 2] : undefined),
  trunkOf: (span) => (span <= 2 ? 'carrier' : null),
};
const NAMES = [
  'leg.offered',
  'leg.seized',
  'leg.progressed',
  'leg.moved',
  'leg.answered',
  'leg.digit',
  'leg.flashed',
  'leg.held',
  'leg.released',
  'station.changed',
  'station.removed',
] as const;

/** `heard`: every event, without those of the start. */
async function lines() {
  const engine = new ScriptedEngine({ spans: 2, stations: 2 });
  const clock = new FakeClock();
  const engineLines = new EngineLines({ engine: engine.client, trunks, clock, log: silentLog });
  const heard: [string, unknown][] = [];
  for (const name of NAMES)
    engineLines.events.on(name, (data: LineEvents[typeof name]) => void heard.push([name, data]));
  await engineLines.start();
  onTestFinished(() => engineLines.stop());
  heard.length = 0;
  return { engine, clock, lines: engineLines, heard, names: () => heard.map(([name]) => name) };
}

function request(over: Partial<SeizeRequest> = {}): SeizeRequest {
  return {
    target: { kind: 'station', station: 1 },
    ...{ calledNumber: '95001', callingNumber: '13800138000', callingName: 'Müller\u0007 Li', ...over },
  };
}

it('remembers whose lamp a board has refused to light, until it does; a telephone without a lamp is no fault', async () => {
  const { engine, lines: all } = await lines();
  engine.refuse('station.lamp', 'unavailable', 'its board lights no lamp by neon');
  all.lamp(1, true);
  await until(() => all.lampsRefused.size > 0, 'a refused lamp');
  expect([...all.lampsRefused]).toEqual([1]);
  engine.refuse('station.lamp', 'invalid', 'Station 2 has no message lamp');
  all.lamp(2, true);
  all.lamp(1, false);
  await until(() => all.lampsRefused.size === 0, 'a lamp that is lit');
});

describe('a trunk that has all the calls it may have', () => {
  it('is congested for calls out, but for emergency calls', async () => {
    const { engine, lines: all } = await lines();
    trunks.maxCallsOf = () => 2;
    onTestFinished(() => void delete trunks.maxCallsOf);
    const target = { kind: 'trunk', trunk: 'carrier' } as const;
    const first = engine.offer({ span: 2, timeslot: 9, port: 300 });
    await turn();
    // The second that is asked for before the first is there is one too many, too.
    const both = [all.seize(request({ target })), all.seize(request({ target }))].map((one) =>
      one.then(
        () => 0,
        (error: unknown) => seizeCause(error),
      ),
    );
    expect(await Promise.all(both)).toEqual([0, 34]);
    await expect(all.seize(request({ target, calledNumber: '110', emergency: true }))).resolves.toMatchObject({
      place: { trunk: 'carrier' },
    });
    engine.hangUp(first);
    await turn();
    await expect(all.seize(request({ target }))).rejects.toMatchObject({ q850: 34 });
  });
});

describe('two legs of one trunk', () => {
  it('are joined by the exchange where the trunk is set up so, and it tells what has come of it', async () => {
    const { engine, lines: all } = await lines();
    const leg = engine.offer({ span: 1, timeslot: 9, port: 300 });
    const other = engine.offer({ span: 1, timeslot: 10, port: 301 });
    await turn();
    expect(all.referring.may(leg, 'leg')).toBe(false);
    trunks.mayJoin = (trunk) => trunk === 'carrier';
    onTestFinished(() => void delete trunks.mayJoin);
    expect([all.referring.may(leg, 'leg'), all.referring.may(leg, 'number'), all.referring.may(99, 'leg')]).toEqual([
      ...[true, false, false],
    ]);
    for (const done of [false, true]) {
      const outcome = all.referring.refer(leg, { leg: other });
      await turn();
      expect(engine.sent('leg.transfer').at(-1)).toEqual({ leg, other });
      engine.emit('leg.transferred', { leg, other, done });
      expect(await outcome).toMatchObject({ done });
    }
    const late = all.referring.refer(leg, { leg: other });
    await turn();
    engine.hangUp(leg);
    expect(await late).toMatchObject({ done: false });
    expect(await all.referring.refer(leg, { leg: other })).toMatchObject({ done: false });
  });

  it('tell who is at the other end, who does not want to be shown, and who sends a call on', async () => {
    const { engine, heard, lines: all } = await lines();
    const parties: unknown[] = [];
    all.events.on('leg.party', (party) => void parties.push(party));
    engine.offer({ leg: 7, span: 1, timeslot: 9, port: 300, restricted: true, redirectingNumber: '4008' });
    engine.emit('leg.party', { leg: 7, reason: 'transferred', number: '5005', name: 'Ada', restricted: false });
    await turn();
    expect(heard.map(([, data]) => data)).toMatchObject([{ leg: 7, privacy: true, divertedFrom: '4008' }]);
    expect(parties).toEqual([{ leg: 7, number: '5005', name: 'Ada' }]);
    await all.seize(request({ target: { kind: 'span', span: 1 }, privacy: true, divertedFrom: '+864008' }));
    expect(engine.sent('leg.seize').at(-1)).toMatchObject({
      ...{ callingNumber: '13800138000', callingName: '', restricted: true, redirectingNumber: '864008' },
    });
  });
});

describe('legs that come in', () => {
  it('come from a trunk or a telephone', async () => {
    const { engine, heard } = await lines();
    engine.offer({ leg: 7, span: 2, timeslot: 9, port: 300 });
    engine.lift(2);
    await turn();
    expect(heard.map(([, data]) => data)).toMatchObject([
      {
        leg: 7,
        port: 300,
        kind: 'timeslot',
        origin: { kind: 'trunk', trunk: 'carrier', span: 2, timeslot: 9 },
        calledNumber: '95001',
        complete: true,
      },
      { station: 2, offHook: true },
      { kind: 'station', origin: { kind: 'station', station: 2 }, calledNumber: '', complete: false },
    ]);
  });

  it('of the exchange simulator, and of kinds that others look after, are none of theirs', async () => {
    const { engine, heard } = await lines();
    engine.offer({ span: 101 });
    engine.offer({ kind: 'line', span: 0, timeslot: 0, analog: 10_001 });
    const sip = engine.offer({ kind: 'sip' as never, span: 0, timeslot: 0 });
    engine.digit(sip, '1');
    engine.emit('leg.progressed', { leg: sip, port: 1, progress: 'alerting' });
    engine.emit('leg.answered', { leg: sip, port: 1 });
    engine.emit('leg.flashed', { leg: sip });
    engine.hangUp(sip);
    await turn();
    expect(heard).toEqual([]);
  });

  it('are alerted once; the telephone is played the ringing tone until it is answered', async () => {
    const { engine, lines: all } = await lines();
    const leg = engine.lift(1);
    await turn();
    await all.alert(leg);
    await all.alert(leg);
    expect(engine.sent('leg.alert')).toEqual([{ leg }]);
    expect(engine.sent('tone.start')).toEqual([{ port: engine.legs.get(leg)!.port, tone: 'ringback' }]);
    await until(() => engine.plays.size === 1, 'it plays');
    await all.answer(leg);
    await until(() => engine.plays.size === 0, 'it has stopped');
    expect(engine.sent('leg.answer')).toEqual([{ leg }]);
  });

  it('get no tone of ours when there is something to be heard', async () => {
    const { engine, lines: all } = await lines();
    const [telephone, isdn] = [engine.lift(1), engine.offer()];
    await turn();
    await all.alert(telephone, { early: true });
    await all.alert(isdn);
    expect(engine.sent('tone.start')).toEqual([]);
    await all.alert(telephone);
    await until(() => engine.plays.size === 1, 'it plays');
    await all.alert(telephone, { early: true });
    await until(() => engine.plays.size === 0, 'it has stopped');
  });

  it('hear no ringing tone when they are answered before the line has been told that it rings', async () => {
    const { engine, lines: all } = await lines();
    const leg = engine.lift(1);
    await turn();
    engine.hold('leg.alert');
    const alerted = all.alert(leg);
    await all.answer(leg);
    engine.answer('leg.alert');
    await alerted;
    expect(engine.sent('tone.start')).toEqual([]);
  });

  it('stop ringing in the ear when they are answered before the tone has begun', async () => {
    const { engine, lines: all } = await lines();
    const leg = engine.lift(1);
    await turn();
    engine.hold('tone.start');
    await all.alert(leg);
    await all.answer(leg);
    engine.answer('tone.start');
    await until(() => engine.sent('play.stop').length === 1, 'it is stopped');
    await until(() => engine.plays.size === 0, 'it has stopped');
  });
});

describe('legs that go out', () => {
  it('ring a telephone, which is told the caller in characters that it can show', async () => {
    const { engine, lines: all, heard } = await lines();
    const seized = await all.seize(request());
    expect(engine.sent('leg.seize')).toEqual([
      { analog: 1, calledNumber: '95001', callingNumber: '13800138000', callingName: 'Mller Li' },
    ]);
    expect(heard).toEqual([['leg.seized', { ...seized, kind: 'station', callingNumber: '13800138000' }]]);
    expect(seized.place).toEqual({ kind: 'station', station: 1 });
  });

  it('withhold the number of one who wants it so', async () => {
    const { engine, lines: all } = await lines();
    await all.seize(request({ privacy: true }));
    expect(engine.sent('leg.seize')[0]).toMatchObject({ callingNumber: '', callingName: '' });
  });

  it('go over any timeslot of a trunk, and over the next span when one has none left', async () => {
    const { engine, lines: all } = await lines();
    engine.refuse('leg.seize', 'busy', 'every timeslot is taken');
    const seized = await all.seize(request({ target: { kind: 'trunk', trunk: 'carrier' }, calledNumber: '+8610' }));
    expect(engine.sent('leg.seize').map(({ span, timeslot, calledNumber }) => [span, timeslot, calledNumber])).toEqual([
      [1, 0, '8610'],
      [2, 0, '8610'],
    ]);
    expect(seized.place).toMatchObject({ kind: 'trunk', trunk: 'carrier', span: 2 });
  });

  it('go over a span and timeslot that are named', async () => {
    const { engine, lines: all } = await lines();
    const { place } = await all.seize(request({ target: { kind: 'span', span: 2, timeslot: 5 } }));
    expect(engine.sent('leg.seize')[0]).toMatchObject({ span: 2, timeslot: 5 });
    expect(place).toEqual({ kind: 'trunk', trunk: 'carrier', span: 2, timeslot: 5 });
  });

  it.each([
    ['station', { kind: 'station', station: 1 }, 'busy', 17],
    ['station', { kind: 'station', station: 1 }, 'unavailable', 27],
    ['span', { kind: 'span', span: 1 }, 'busy', 34],
    ['span', { kind: 'span', span: 1 }, 'unavailable', 38],
    ['trunk', { kind: 'trunk', trunk: 'carrier' }, 'unavailable', 38],
    ['span', { kind: 'span', span: 1 }, 'io', 41],
  ] as const)('are refused with a cause: %s %j is %s', async (_what, target, code, q850) => {
    const { engine, lines: all } = await lines();
    engine.refuse('leg.seize', code, 'no', 2);
    const refusal: unknown = await all.seize(request({ target })).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SeizeRefusal);
    expect(seizeCause(refusal)).toBe(q850);
    expect((refusal as SeizeRefusal).text('zh-CN')).toMatch(/^无法呼叫/);
  });

  it('of a trunk whose spans differ are refused because there is no circuit', async () => {
    const { engine, lines: all } = await lines();
    engine.refuse('leg.seize', 'busy', 'taken');
    const first = all.seize(request({ target: { kind: 'trunk', trunk: 'carrier' } }));
    await until(() => engine.sent('leg.seize').length === 1, 'the first is asked');
    engine.refuse('leg.seize', 'unavailable', 'D-channel down');
    expect(seizeCause(await first.catch((error: unknown) => error))).toBe(34);
  });

  it('tell when the peer moves them to another timeslot, before what it said', async () => {
    const { engine, lines: all, heard, names } = await lines();
    const { leg } = await all.seize(request({ target: { kind: 'span', span: 2, timeslot: 5 } }));
    // The scripted engine gives timeslot n of every span port 100 + n; the last one wins.
    engine.emit('leg.progressed', { leg, port: 109, progress: 'proceeding' });
    await turn();
    expect(names().slice(1)).toEqual(['leg.moved', 'leg.progressed']);
    expect(heard[1]![1]).toMatchObject({ leg, port: 109, place: { span: 2, timeslot: 9 } });
  });

  it('need nothing to be done twice, and nothing of a leg that has gone', async () => {
    const { engine, lines: all } = await lines();
    const { leg } = await all.seize(request());
    engine.refuse('leg.release', 'wrong_state', 'it is being released');
    await all.release(leg, 16);
    engine.refuse('leg.release', 'not_found', 'no such leg');
    await expect(all.release(leg, 16)).rejects.toMatchObject({ code: 'leg_not_found' });
    await expect(all.release(leg, 16)).rejects.toMatchObject({ code: 'leg_not_found' });
    await expect(all.answer(leg)).rejects.toMatchObject({ code: 'leg_not_found' });
    await expect(all.alert(leg)).rejects.toMatchObject({ code: 'leg_not_found' });
  });
});

describe('a hook switch', () => {
  it('is off while a leg is answered, and on when the telephone has hung up', async () => {
    const { engine, lines: all } = await lines();
    const { leg } = await all.seize(request());
    const offHook = (): boolean | undefined => all.stations().find(({ station }) => station === 1)?.offHook;
    expect(offHook()).toBe(false);
    engine.answerStation(1);
    await turn();
    expect(offHook()).toBe(true);
    engine.hangUp(leg);
    await turn();
    expect(offHook()).toBe(false);
  });

  it('counts as off after a release of ours until the engine has looked', async () => {
    const { engine, clock, lines: all } = await lines();
    const offHook = (): boolean | undefined => all.stations().find(({ station }) => station === 1)?.offHook;
    const { leg } = await all.seize(request());
    engine.answerStation(1);
    await turn();
    await all.release(leg, 16);
    await turn();
    expect(offHook()).toBe(true);
    await clock.advance(700);
    expect(offHook()).toBe(false);
    engine.emit('station.hook', { analog: 1, offHook: true });
    await turn();
    expect(offHook()).toBe(true);
  });
});

describe('the switch of lines', () => {
  async function joined() {
    const one = await lines();
    const sip = new ScriptedLines();
    const all = new LineSwitch({ providers: [one.lines, sip], log: silentLog });
    onTestFinished(() => all.stop());
    return { ...one, sip, all };
  }

  it('leads targets and legs to those who have them', async () => {
    const { engine, sip, all } = await joined();
    sip.register(1001);
    const [analog, phone] = [
      await all.seize(request()),
      await all.seize(request({ target: { kind: 'station', station: 1001 } })),
    ];
    await all.release(analog.leg, 16);
    await all.release(phone.leg, 17);
    expect(engine.sent('leg.release')).toEqual([{ leg: analog.leg, cause: 16 }]);
    expect(sip.told).toEqual([`release ${phone.leg} 17`]);
    expect(all.stations().map(({ station }) => station)).toEqual([1, 2, 1001]);
  });

  it('can be told what to do with a leg by whoever hears of it first', async () => {
    const { sip, all } = await joined();
    const answers: Promise<void>[] = [];
    all.events.on('leg.offered', ({ leg }) => void answers.push(all.answer(leg)));
    const leg = sip.callsIn('carrier', '95001');
    await Promise.all(answers);
    expect(sip.told).toEqual([`answer ${leg}`]);
  });

  it('refuses what nobody serves, in both languages', async () => {
    const { all } = await joined();
    const refusal = await all
      .seize(request({ target: { kind: 'trunk', trunk: 'gone' } }))
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'line_unknown', message: expect.stringContaining('trunk gone') });
    expect((refusal as SeizeRefusal).text('zh-CN')).toContain('中继 gone');
    expect(seizeCause(refusal)).toBe(3);
  });

  it('knows no leg that has been released', async () => {
    const { sip, all } = await joined();
    const leg = sip.callsIn('carrier', '95001');
    sip.hangsUp(leg);
    // Nobody is asked any more who would not know either.
    sip.alert = sip.answer = sip.release = () => Promise.resolve();
    for (const work of [all.alert(leg), all.answer(leg), all.release(leg, 16)])
      await expect(work).rejects.toMatchObject({ code: 'leg_not_found' });
  });

  it('passes on all that a telephone asks for', async () => {
    const { sip, all } = await joined();
    const heard: string[] = [];
    for (const name of ['leg.held', 'leg.retrieved', 'leg.transferAsked', 'leg.digit', 'station.removed'] as const)
      all.events.on(name, () => void heard.push(name));
    const leg = sip.dials(1001, '1');
    sip.holds(leg);
    sip.retrieves(leg);
    sip.refers(leg, { number: '2' });
    sip.presses(leg, '5');
    sip.remove(1001);
    expect(heard).toEqual(['leg.held', 'leg.retrieved', 'leg.transferAsked', 'leg.digit', 'station.removed']);
  });
});
