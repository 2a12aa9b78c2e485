// What lamps show of the lines: SIP telephones, analog ones, agents.
import { beforeEach, describe, expect, it } from 'vitest';
import { EngineLines, LineSwitch } from '../../daemon/src/lines/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { Lamps } from '../../daemon/src/sip/lamps.js';
import type { StackLamp } from '../../daemon/src/sip/stack/index.js';
import { ONE_TRUNK } from '../support/call-desk.js';
import { FakeClock } from '../support/clock-fake.js';
import { ScriptedEngine } from '../support/scripted-engine.js';
import { ScriptedLines } from '../support/scripted-lines.js';
import { turn } from '../support/turns.js';

let engine: ScriptedEngine;
let sip: ScriptedLines;
let lines: LineSwitch;
let lamps: Lamps;
let told: (StackLamp | number)[];

const of = (station: number): StackLamp[] =>
  told.filter((one): one is StackLamp => typeof one !== 'number' && one.station === station);
const shown = (station: number): StackLamp | undefined => of(station).at(-1);

beforeEach(async () => {
  engine = new ScriptedEngine();
  sip = new ScriptedLines();
  told = [];
  const engineLines = new EngineLines({
    engine: engine.client,
    trunks: ONE_TRUNK,
    clock: new FakeClock(),
    log: silentLog,
  });
  lines = new LineSwitch({ providers: [engineLines, sip], log: silentLog });
  lamps = new Lamps({ lines, set: (lamp) => void told.push(lamp), remove: (station) => void told.push(station) });
  sip.register(1001, { name: 'Wang' });
  sip.addTrunk('a');
  lamps.start();
  await engineLines.start();
  await turn();
});

describe('a lamp', () => {
  it('is there for every station, with its name and whether it can be called', async () => {
    expect(shown(1)).toMatchObject({ station: 1, reachable: true, note: '', calls: [] });
    expect(shown(1001)).toEqual({ station: 1001, name: 'Wang', reachable: true, note: '', calls: [] });
    sip.unregister(1001);
    await turn();
    expect(shown(1001)).toMatchObject({ reachable: false });
    sip.remove(1001);
    await turn();
    expect(told.at(-1)).toBe(1001);
  });

  it('shows a call that comes to a telephone, from ringing to its end', async () => {
    const request = { calledNumber: '1001', callingNumber: '13800138000', callingName: '' };
    const { leg } = await lines.seize({ ...request, target: { kind: 'station', station: 1001 } });
    await turn();
    const call = { id: `leg${leg}`, direction: 'in', remote: '13800138000' };
    expect(shown(1001)?.calls).toEqual([{ ...call, state: 'early' }]);
    sip.answers(leg);
    await turn();
    expect(shown(1001)?.calls).toEqual([{ ...call, state: 'confirmed' }]);
    sip.hangsUp(leg);
    await turn();
    expect(shown(1001)?.calls).toEqual([]);
  });

  it('does not show the number of one who withholds it', async () => {
    const request = { calledNumber: '1001', callingNumber: '13800138000', callingName: '', privacy: true };
    await lines.seize({ ...request, target: { kind: 'station', station: 1001 } });
    await turn();
    expect(shown(1001)?.calls).toMatchObject([{ remote: '' }]);
  });

  it('shows a call that a telephone makes, talking from when the box has answered it', async () => {
    const leg = sip.dials(1001, '1002');
    await turn();
    expect(shown(1001)?.calls).toEqual([{ id: `leg${leg}`, direction: 'out', state: 'early', remote: '1002' }]);
    await lines.answer(leg);
    await turn();
    expect(shown(1001)?.calls).toMatchObject([{ state: 'confirmed' }]);
  });

  it('shows an analog telephone that is lifted, and one that is rung', async () => {
    engine.lift(2);
    const request = { calledNumber: '3', callingNumber: '1001', callingName: '' };
    await lines.seize({ ...request, target: { kind: 'station', station: 3 } });
    await turn();
    expect(shown(2)?.calls).toMatchObject([{ direction: 'out', state: 'early' }]);
    expect(shown(3)?.calls).toMatchObject([{ direction: 'in', state: 'early', remote: '1001' }]);
    engine.answerStation(3);
    await turn();
    expect(shown(3)?.calls).toMatchObject([{ state: 'confirmed' }]);
  });

  it('tells what an agent does at his telephone, until he signs out or goes to another', async () => {
    lamps.agentChanged({ id: '8001', state: 'notReady', station: 1001 });
    await turn();
    expect(shown(1001)?.note).toBe('Not ready');
    lamps.agentChanged({ id: '8001', state: 'ready', station: 2 });
    await turn();
    expect([shown(1001)?.note, shown(2)?.note]).toEqual(['', '']);
    lamps.agentChanged({ id: '8001', state: 'wrapUp', station: 2 });
    await turn();
    expect(shown(2)?.note).toBe('Wrapping up');
    lamps.agentChanged({ id: '8001', state: 'signedOut', station: null });
    await turn();
    expect(shown(2)?.note).toBe('');
  });

  it('is told once for all that happens in one turn, and not at all for trunks', async () => {
    const before = of(1001).length;
    const leg = sip.dials(1001, '1002');
    sip.hangsUp(leg);
    sip.callsIn('a', '95001');
    await turn();
    expect(of(1001).length).toBe(before + 1);
  });

  it('is told again when the stack has begun anew', async () => {
    told.length = 0;
    lamps.tellAll();
    await turn();
    expect(told.length).toBe(lines.stations().length);
  });
});
