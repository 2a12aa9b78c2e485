// SIP calls as legs: the stack and the engine are both scripted, what joins them is real.
import { beforeEach, describe, expect, it } from 'vitest';
import { SeizeRefusal, type LineEvents } from '../../daemon/src/lines/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { SipLines } from '../../daemon/src/sip/sip-lines.js';
import type { RemoteMedia } from '../../daemon/src/sip/stack/index.js';
import { ScriptedEngine } from '../support/scripted-engine.js';
import { ScriptedStack } from '../support/scripted-stack.js';
import { turn } from '../support/turns.js';

const media: RemoteMedia = {
  remoteAddress: '192.0.2.7',
  remotePort: 4000,
  codec: { name: 'PCMA', payloadType: 8, ptimeMs: 20 },
  receive: [{ name: 'PCMA', payloadType: 8 }],
};

type Heard = { [E in keyof LineEvents]: { event: E; data: LineEvents[E] } }[keyof LineEvents];

let engine: ScriptedEngine;
let stack: ScriptedStack;
let lines: SipLines;
let heard: Heard[];

const eventsOf = <E extends keyof LineEvents>(event: E): LineEvents[E][] =>
  heard.filter((one) => one.event === event).map(({ data }) => data as LineEvents[E]);

beforeEach(() => {
  engine = new ScriptedEngine();
  stack = new ScriptedStack();
  heard = [];
  lines = new SipLines({ engine: engine.client, stack, log: silentLog });
  const names = [
    ...['leg.offered', 'leg.seized', 'leg.progressed', 'leg.answered', 'leg.digit', 'leg.held', 'leg.retrieved'],
    ...['leg.transferAsked', 'leg.measured', 'leg.released', 'station.changed', 'station.removed'],
  ] as (keyof LineEvents)[];
  for (const event of names) lines.events.on(event, (data) => void heard.push({ event, data } as Heard));
  lines.start();
});

/** A call has come in and is a leg. */
async function offered(call = 'c1'): Promise<number> {
  stack.offer(call);
  await turn();
  const leg = eventsOf('leg.offered').at(-1)?.leg;
  if (leg === undefined) throw new Error('no leg was offered');
  return leg;
}

describe('a call that comes in', () => {
  it('gets a stream where its offer says, and is a leg like any other', async () => {
    const leg = await offered();
    expect(engine.sent('stream.open')).toEqual([
      { incoming: true, remoteAddress: '192.0.2.7', remotePort: 4000, latchAddress: '192.0.2.7' },
    ]);
    expect(stack.sent('call.media')).toHaveLength(1);
    expect(eventsOf('leg.offered')[0]).toMatchObject({
      ...{ leg, kind: 'sip', complete: true, calledNumber: '1002', callingNumber: '1001', callingName: 'Wang' },
      origin: { kind: 'station', station: 1001 },
    });
  });

  it('is alerted and answered by the stack', async () => {
    const leg = await offered();
    await lines.alert(leg, { early: true });
    await lines.answer(leg);
    expect(stack.sent('call.alert')).toEqual([{ call: 'c1', early: true }]);
    expect(stack.sent('call.answer')).toEqual([{ call: 'c1' }]);
  });

  it('is refused with a cause when no stream is left, and nobody hears of it', async () => {
    engine.refuse('stream.open', 'busy', 'every stream is taken');
    stack.offer('c1');
    await turn();
    expect(stack.sent('call.release')).toEqual([{ call: 'c1', cause: 34 }]);
    expect(heard).toEqual([]);
  });

  it('that is over before its stream is there leaves nothing', async () => {
    engine.hold('stream.open');
    stack.offer('c1');
    stack.emit('call.released', { call: 'c1', cause: 16, by: 'remote' });
    engine.answer('stream.open');
    await turn();
    expect(engine.sent('leg.release')).toHaveLength(1);
    expect(heard).toEqual([]);
  });

  it('ends once, with the cause that the peer gave', async () => {
    const leg = await offered();
    stack.emit('call.released', { call: 'c1', cause: 17, by: 'remote' });
    await turn();
    expect(eventsOf('leg.released')).toEqual([{ leg, cause: 17, by: 'remote' }]);
    await expect(lines.release(leg, 16)).rejects.toMatchObject({ code: 'leg_not_found' });
  });

  it('is released by us, asked once or twice', async () => {
    const leg = await offered();
    await lines.release(leg, 21);
    await lines.release(leg, 16);
    expect(stack.sent('call.release')).toEqual([{ call: 'c1', cause: 21 }]);
    stack.emit('call.released', { call: 'c1', cause: 21, by: 'local' });
    await turn();
    expect(eventsOf('leg.released')).toEqual([{ leg, cause: 21, by: 'local' }]);
  });
});

describe('media', () => {
  it('goes where the session says', async () => {
    const leg = await offered();
    stack.emit('call.mediaChanged', { call: 'c1', media });
    await turn();
    expect(engine.sent('stream.update')).toEqual([{ ...media, leg }]);
  });

  it('whose port another stream has with this peer gets another, which the peer is told', async () => {
    await offered();
    engine.conflicts.push(20_500);
    stack.emit('call.mediaChanged', { call: 'c1', media });
    await turn();
    expect(stack.sent('call.media').at(-1)).toEqual({ call: 'c1', media: { rtpPort: 20_500, rtcpPort: 20_501 } });
  });

  it('that the engine refuses ends the call', async () => {
    const leg = await offered();
    engine.refuse('stream.update', 'invalid', 'no such codec');
    stack.emit('call.mediaChanged', { call: 'c1', media });
    await turn();
    expect(stack.sent('call.release')).toEqual([{ call: 'c1', cause: 41 }]);
    stack.emit('call.released', { call: 'c1', cause: 41, by: 'local' });
    await turn();
    expect(eventsOf('leg.released')).toEqual([{ leg, cause: 41, by: 'fault' }]);
  });

  it('that stays away ends the call, as a time-out', async () => {
    const leg = await offered();
    engine.emit('stream.timeout', { leg });
    await turn();
    expect(stack.sent('call.release')).toEqual([{ call: 'c1', cause: 102 }]);
  });

  const measured = {
    ...{ packetsSent: 100, octetsSent: 16_000, packetsReceived: 95, octetsReceived: 15_200, lost: 5, late: 1 },
    ...{ duplicated: 0, reordered: 0, restarts: 0, overflowed: 0, refusedSource: 0, refusedPayloadType: 0 },
    ...{ refusedSrtp: 0, malformed: 0, jitterMs: 2.4, bufferMs: 40, bufferTargetMs: 40, concealedMs: 120 },
    ...{ roundTripMs: 31.5, remote: { lost: 3, lostShare: 0, jitterMs: 1 }, mosReceived: 3.91, mosSent: 4.2 },
  };

  it('is measured to its end, with the codec that was agreed upon', async () => {
    const leg = await offered();
    stack.emit('call.mediaChanged', { call: 'c1', media });
    await turn();
    engine.emit('stream.ended', { leg, ...measured });
    expect(eventsOf('leg.measured')).toEqual([
      {
        leg,
        quality: {
          ...{ codec: 'PCMA', encrypted: false, packetsSent: 100, packetsReceived: 95, lost: 5, late: 1 },
          ...{ jitterMs: 2.4, bufferMs: 40, concealedMs: 120, roundTripMs: 31.5, remoteLost: 3, remoteJitterMs: 1 },
          ...{ mosReceived: 3.91, mosSent: 4.2 },
        },
      },
    ]);
  });

  it('that never flowed is not spoken of', async () => {
    const leg = await offered();
    engine.emit('stream.ended', { leg, ...measured });
    stack.emit('call.mediaChanged', { call: 'c1', media });
    await turn();
    engine.emit('stream.ended', { leg, ...measured, packetsSent: 0, packetsReceived: 0 });
    expect(eventsOf('leg.measured')).toEqual([]);
  });

  it('says how keys go: as tones, as events, by INFO', async () => {
    const leg = await offered();
    const keys = async (over: Partial<RemoteMedia>, info = false) => {
      stack.emit('call.mediaChanged', { call: 'c1', media: { ...media, ...over }, info });
      await turn();
      return lines.keys(leg);
    };
    expect(await keys({})).toEqual({ takesBeside: false, givesEvents: false });
    expect(await keys({ telephoneEvent: { send: 101, receive: 101, clockHz: 8000 } })).toEqual({
      takesBeside: true,
      givesEvents: true,
    });
    expect(await keys({}, true)).toEqual({ takesBeside: true, givesEvents: false });
  });

  it('brings digits in the audio, as events and by INFO', async () => {
    const leg = await offered();
    engine.emit('leg.digit', { leg, digit: '5', source: 'tone' });
    stack.emit('call.digit', { call: 'c1', digit: '6' });
    engine.emit('leg.digit', { leg: leg + 77, digit: '7', source: 'tone' });
    expect(eventsOf('leg.digit')).toEqual([
      { leg, digit: '5', source: 'tone' },
      { leg, digit: '6', source: 'info' },
    ]);
  });
});

describe('a call that goes out', () => {
  beforeEach(() => {
    lines.setStation(1002, 'Li', true);
    lines.setTrunk('carrier');
  });
  const request = { calledNumber: '1002', callingNumber: '1001', callingName: 'Wang' };

  it('is dialled with a stream, and rings and is answered like any other', async () => {
    const { leg, port, place } = await lines.seize({ ...request, target: { kind: 'station', station: 1002 } });
    expect(place).toEqual({ kind: 'station', station: 1002 });
    expect(stack.sent('call.dial')[0]).toMatchObject({ target: { kind: 'station', station: 1002 }, anonymous: false });
    stack.emit('call.progressed', { call: 'out-1', progress: 'alerting' });
    stack.emit('call.answered', { call: 'out-1' });
    expect(eventsOf('leg.seized')).toMatchObject([{ leg, port, kind: 'sip' }]);
    expect(eventsOf('leg.progressed')).toEqual([{ leg, port, progress: 'alerting' }]);
    expect(eventsOf('leg.answered')).toEqual([{ leg, port }]);
  });

  it('tells a trunk the number', async () => {
    await lines.seize({ ...request, calledNumber: '13800138000', target: { kind: 'trunk', trunk: 'carrier' } });
    expect(stack.sent('call.dial')[0]?.target).toEqual({ kind: 'trunk', trunk: 'carrier', number: '13800138000' });
  });

  it.each([
    ['busy', 17],
    ['unreachable', 20],
    ['not_found', 3],
  ] as const)('that is refused as %s gives its stream back and says cause %i', async (code, cause) => {
    stack.refuse('call.dial', code);
    const seized = lines.seize({ ...request, target: { kind: 'station', station: 1002 } });
    await expect(seized).rejects.toSatisfy((error) => error instanceof SeizeRefusal && error.q850 === cause);
    expect(engine.sent('leg.release')).toHaveLength(1);
    expect(eventsOf('leg.seized')).toEqual([]);
  });

  // None of these is a word of the called party: the route's next trunk is tried.
  it.each([
    ['busy', 34],
    ['unreachable', 38],
    ['not_found', 3],
  ] as const)('over a trunk that is %s says cause %i', async (code, cause) => {
    stack.refuse('call.dial', code);
    await expect(lines.seize({ ...request, target: { kind: 'trunk', trunk: 'carrier' } })).rejects.toMatchObject({
      q850: cause,
    });
  });

  it('tells the stack what is special about it', async () => {
    const special = { privacy: true, emergency: true, divertedFrom: '66668888', privateHistory: true };
    await lines.seize({ ...request, ...special, target: { kind: 'trunk', trunk: 'carrier' } });
    expect(stack.sent('call.dial')[0]).toMatchObject({
      anonymous: true,
      emergency: true,
      divertedFrom: '66668888',
      privateHistory: true,
    });
  });

  it('to a station that is not registered takes no stream', async () => {
    lines.setStation(1002, 'Li', false);
    await expect(lines.seize({ ...request, target: { kind: 'station', station: 1002 } })).rejects.toMatchObject({
      q850: 20,
    });
    expect(engine.sent('stream.open')).toEqual([]);
  });

  it('serves its stations and trunks alone', () => {
    expect(lines.serves({ kind: 'station', station: 1002 })).toBe(true);
    expect(lines.serves({ kind: 'station', station: 1003 })).toBe(false);
    expect(lines.serves({ kind: 'trunk', trunk: 'carrier' })).toBe(true);
    expect(lines.serves({ kind: 'span', span: 1 })).toBe(false);
  });
});

describe('transfers', () => {
  it('to a number are told, and their outcome goes back', async () => {
    const leg = await offered();
    stack.emit('call.transferAsked', { call: 'c1', to: { number: '1003' } });
    const [asked] = eventsOf('leg.transferAsked');
    expect(asked).toMatchObject({ leg, to: { number: '1003' } });
    asked!.reply({ state: 'accepted' });
    asked!.reply({ state: 'failed', cause: 17 });
    expect(stack.sent('call.transfer')).toEqual([
      { call: 'c1', state: 'accepted', cause: 0 },
      { call: 'c1', state: 'failed', cause: 17 },
    ]);
  });

  it('between two legs name the other leg', async () => {
    const leg = await offered('c1');
    const other = await offered('c2');
    stack.emit('call.transferAsked', { call: 'c1', to: { call: 'c2' } });
    expect(eventsOf('leg.transferAsked')[0]).toMatchObject({ leg, to: { leg: other } });
  });

  it('to a call that is over fail', async () => {
    await offered('c1');
    stack.emit('call.transferAsked', { call: 'c1', to: { call: 'gone' } });
    expect(stack.sent('call.transfer')).toEqual([{ call: 'c1', state: 'failed', cause: 3 }]);
    expect(eventsOf('leg.transferAsked')).toEqual([]);
  });
});

describe('a call that takes the place of another', () => {
  it('names the leg of the call, or of what a lamp shows', async () => {
    const leg = await offered('c1');
    stack.offer('c2', { replaces: { call: 'c1' } });
    stack.offer('c3', { replaces: { lamp: 'leg77' } });
    await turn();
    expect(eventsOf('leg.offered').map(({ replaces }) => replaces)).toEqual([undefined, leg, 77]);
  });

  it('is turned away when there is no such leg any more, and takes no stream', async () => {
    stack.offer('c2', { replaces: { call: 'gone' } });
    stack.offer('c3', { replaces: { lamp: 'nonsense' } });
    await turn();
    expect(stack.sent('call.release')).toEqual([
      { call: 'c2', cause: 101 },
      { call: 'c3', cause: 101 },
    ]);
    expect(engine.sent('stream.open')).toEqual([]);
    expect(heard).toEqual([]);
  });
});

describe('a call that may be handed to its carrier', () => {
  const fromCarrier = {
    origin: { kind: 'trunk', trunk: 'carrier' },
    divertedFrom: '7001',
    privateHistory: true,
  } as const;

  async function ofCarrier(call: string): Promise<number> {
    stack.offer(call, fromCarrier);
    await turn();
    const { leg, divertedFrom, privateHistory } = eventsOf('leg.offered').at(-1)!;
    expect([divertedFrom, privateHistory]).toEqual(['7001', true]);
    return leg;
  }

  it('is one over a trunk that is set up so, while it lasts', async () => {
    const leg = await ofCarrier('c1');
    const station = await offered('c2');
    lines.setTrunk('carrier');
    expect(lines.referring.may(leg, 'number')).toBe(false);
    lines.setTrunk('carrier', true);
    expect([leg, station, 4711].map((one) => lines.referring.may(one, 'leg'))).toEqual([true, false, false]);
    await lines.release(leg, 16);
    expect(lines.referring.may(leg, 'number')).toBe(false);
  });

  it('is handed over by the stack, to a number or to another call', async () => {
    const [one, other] = [await ofCarrier('c1'), await ofCarrier('c2')];
    await lines.referring.refer(one, { number: '110' });
    await lines.referring.refer(one, { leg: other });
    expect(stack.sent('call.refer')).toEqual([
      { call: 'c1', to: { number: '110' } },
      { call: 'c1', to: { call: 'c2' } },
    ]);
    expect(await lines.referring.refer(one, { leg: 4711 })).toEqual({ done: false, cause: 101 });
  });

  it('stays when the stack finds that the far end takes no REFER', async () => {
    const leg = await ofCarrier('c1');
    stack.refuse('call.refer', 'invalid');
    expect(await lines.referring.refer(leg, { number: '110' })).toEqual({ done: false, cause: 28 });
  });
});

describe('stations', () => {
  it('tell when they come, change and go, and not when nothing changes', () => {
    lines.setStation(1002, 'Li', false);
    lines.setStation(1002, 'Li', false);
    lines.setReachable(1002, true);
    lines.setReachable(1002, true);
    lines.setReachable(1003, true);
    lines.removeStation(1002);
    lines.removeStation(1002);
    expect(eventsOf('station.changed')).toMatchObject([
      { station: 1002, name: 'Li', reachable: false },
      { station: 1002, name: 'Li', reachable: true },
    ]);
    expect(eventsOf('station.removed')).toEqual([{ station: 1002 }]);
  });
});

it('when the stack is gone every leg ends', async () => {
  const leg = await offered();
  await lines.failed();
  await turn();
  expect(eventsOf('leg.released')).toEqual([{ leg, cause: 41, by: 'fault' }]);
});
