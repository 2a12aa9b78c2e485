// Supervisors in a talk: who hears whom, and what becomes of them.
import { describe, expect, it } from 'vitest';
import type { MonitorMode } from '../../daemon/src/contract/index.js';
import { hears, portOf, rung, talk, talkDesk, type Talk } from '../support/talks.js';
import { turn, until } from '../support/turns.js';
import type { CallDesk } from '../support/call-desk.js';

const BOSS = 1004;

async function watched(mode: MonitorMode): Promise<CallDesk & Talk & { boss: number }> {
  const desk = await talkDesk();
  const talking = await talk(desk, 'a', 1001);
  await desk.calls.supervise(talking.callId, { action: 'monitor', station: BOSS, mode }, 'boss');
  const boss = await rung(desk, BOSS);
  desk.sip.answers(boss);
  await until(() => (hears(desk)[portOf(boss)]?.length ?? 0) > 0, 'the supervisor hears something');
  return { ...desk, ...talking, boss };
}

/** Whom caller, callee and supervisor hear. */
function heard({ caller, callee, boss, ...desk }: Awaited<ReturnType<typeof watched>>): string[][] {
  const names = new Map([
    [portOf(caller), 'caller'],
    [portOf(callee), 'agent'],
    [portOf(boss), 'boss'],
  ]);
  const all = hears(desk as unknown as CallDesk);
  return [caller, callee, boss].map((leg) => (all[portOf(leg)] ?? []).map((port) => names.get(port) ?? '?'));
}

describe('a supervisor', () => {
  it.each([
    ['listen', [['agent'], ['caller'], ['caller', 'agent']]],
    ['whisper', [['agent'], ['caller', 'boss'], ['caller', 'agent']]],
    [
      'barge',
      [
        ['agent', 'boss'],
        ['caller', 'boss'],
        ['caller', 'agent'],
      ],
    ],
  ] as const)('who is there to %s is heard by whom he should be', async (mode, expected) => {
    expect(heard(await watched(mode))).toEqual(expected);
  });

  it('changes what he is there for, and goes without being missed', async () => {
    const desk = await watched('listen');
    await desk.calls.supervise(desk.callId, { action: 'changeMode', station: BOSS, mode: 'whisper' }, 'boss');
    await turn();
    expect(heard(desk)[1]).toEqual(['caller', 'boss']);
    await desk.calls.supervise(desk.callId, { action: 'stop', station: BOSS }, 'boss');
    await until(() => !desk.sip.legs.has(desk.boss), 'he has gone');
    await turn();
    expect(heard(desk)).toEqual([['agent'], ['caller'], []]);
    expect(desk.calls.find(desk.callId)?.parties).toHaveLength(2);
    desk.sip.hangsUp(desk.caller);
    const { segments } = await desk.ended(desk.callId);
    expect(segments.filter(({ kind }) => kind === 'monitor')[0]?.data).toMatchObject({ by: 'boss', station: BOSS });
  });

  it('who does not lift is rung no longer, and the talk goes on', async () => {
    const desk = await talkDesk();
    const { callId } = await talk(desk, 'a', 1001);
    await desk.calls.supervise(callId, { action: 'monitor', station: BOSS, mode: 'listen' }, 'boss');
    await rung(desk, BOSS);
    await desk.clock.advance(30_000);
    await until(() => desk.sip.legAt(BOSS) === undefined, 'it rings no more');
    expect(desk.calls.find(callId)?.phase).toBe('talking');
  });

  it('takes the call over', async () => {
    const desk = await watched('whisper');
    await desk.calls.supervise(desk.callId, { action: 'takeOver', station: BOSS }, 'boss');
    await until(() => !desk.sip.legs.has(desk.callee), 'the agent is released');
    await until(() => heard(desk)[0]?.join() === 'boss', 'the caller talks with the supervisor');
    expect(heard(desk)[2]).toEqual(['caller']);
    desk.sip.hangsUp(desk.boss);
    await desk.ended(desk.callId);
  });

  it('is released with the call, and ends it', async () => {
    const desk = await watched('listen');
    await desk.calls.supervise(desk.callId, { action: 'release' }, 'boss');
    await desk.ended(desk.callId);
    await until(() => desk.sip.legs.size === 0, 'everybody has gone');
    expect(desk.engine.sent('conference.close')).toHaveLength(1);
  });

  it('is refused where there is no talk', async () => {
    const desk = await watched('listen');
    const refused = (action: 'stop' | 'takeOver', station: number) =>
      expect(desk.calls.supervise(desk.callId, { action, station }, 'boss')).rejects;
    await refused('stop', 1003).toMatchObject({ code: 'not_in_call' });
    await refused('takeOver', 1003).toMatchObject({ code: 'call_wrong_state' });
    desk.sip.hangsUp(desk.caller);
    await desk.ended(desk.callId);
    await refused('stop', BOSS).toMatchObject({ code: 'call_not_found' });
  });
});
