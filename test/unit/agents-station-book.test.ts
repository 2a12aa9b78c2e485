// Telephones, analog and SIP, as agents and the pages see them.
import { describe, expect, it } from 'vitest';
import { StationBook } from '../../daemon/src/agents/index.js';
import { agentDesk } from '../support/agent-desk.js';
import { ScriptedLines } from '../support/scripted-lines.js';
import { turn } from '../support/turns.js';

const call = (station: number) => ({
  target: { kind: 'station', station } as const,
  ...{ calledNumber: '1', callingNumber: '2', callingName: '' },
});

describe('an analog telephone', () => {
  it('rings, talks and is free again', async () => {
    const { engine, lines, stations } = await agentDesk();
    const now = () => stations.find(1);
    expect(now()).toEqual({
      ...{ station: 1, name: 'Station 1', reachable: true },
      ...{ offHook: false, ringing: false, busy: false },
    });
    const { leg, port } = await lines.seize(call(1));
    engine.emit('leg.progressed', { leg, progress: 'alerting', port });
    await turn();
    expect(now()).toMatchObject({ ringing: true, offHook: false, busy: true });
    engine.answerStation(1);
    await turn();
    expect(now()).toMatchObject({ ringing: false, offHook: true, busy: true });
    engine.hangUp(leg);
    await turn();
    expect(now()).toMatchObject({ ringing: false, offHook: false, busy: false });
  });

  it('cannot be rung after a release until its receiver is known to be on', async () => {
    const { engine, clock, lines, stations } = await agentDesk();
    const { leg } = await lines.seize(call(1));
    engine.answerStation(1);
    await turn();
    await lines.release(leg, 16);
    await turn();
    expect(stations.find(1)).toMatchObject({ offHook: true, busy: false });
    await clock.advance(700);
    expect(stations.find(1)).toMatchObject({ offHook: false });
  });
});

describe('a SIP telephone', () => {
  it('is reachable while it is registered', async () => {
    const { sip, stations } = await agentDesk();
    expect(stations.find(1001)).toBeUndefined();
    sip.register(1001);
    expect(stations.find(1001)).toMatchObject({ name: 'Phone 1001', reachable: true, busy: false });
    sip.unregister(1001);
    expect(stations.find(1001)).toMatchObject({ reachable: false });
    sip.remove(1001);
    expect(stations.find(1001)).toBeUndefined();
  });

  it('is busy while any leg is on it, and rings while one of them does', async () => {
    const { sip, lines, stations } = await agentDesk();
    sip.register(1001);
    const own = sip.dials(1001, '2');
    const { leg } = await lines.seize(call(1001));
    sip.progress(leg, 'alerting');
    expect(stations.find(1001)).toMatchObject({ busy: true, ringing: true, offHook: false });
    sip.hangsUp(own);
    sip.answers(leg);
    expect(stations.find(1001)).toMatchObject({ busy: true, ringing: false });
    sip.hangsUp(leg);
    expect(stations.find(1001)).toMatchObject({ busy: false });
  });
});

describe('the book', () => {
  it('tells of changes, and of changes only', () => {
    const lines = new ScriptedLines();
    lines.register(1001);
    const changed: number[] = [];
    const stations = new StationBook({ lines, changed: (station) => void changed.push(station) });
    stations.start();
    expect(stations.list().map(({ station }) => station)).toEqual([1001]);
    lines.register(1001);
    expect(changed).toEqual([]);
    lines.register(1001, { name: 'Reception' });
    lines.register(1000);
    lines.callsIn('carrier', '95001');
    expect(changed).toEqual([1001, 1000]);
    expect(stations.list().map(({ station }) => station)).toEqual([1000, 1001]);
    stations.stop();
    lines.unregister(1000);
    expect(changed).toEqual([1001, 1000]);
  });
});
