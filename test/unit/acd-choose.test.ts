// Who gets which call, and why.
import { describe, expect, it } from 'vitest';
import { distribute, type Candidate, type WaitingCall } from '../../daemon/src/acd/choose.js';

function call(callId: string, enteredAt: number, queueId = 'sales'): WaitingCall {
  return { callId, queueId, enteredAt };
}

function agent(agentId: string, readySince: number, over: Partial<Candidate> = {}): Candidate {
  return {
    agentId,
    station: Number(agentId) - 2000,
    readySince,
    queues: ['sales'],
    ready: true,
    stationReachable: true,
    stationBusy: false,
    stationOffHook: false,
    ...over,
  };
}

function pairs(waiting: WaitingCall[], agents: Candidate[]): string[] {
  return distribute(waiting, agents).assignments.map(({ callId, agentId }) => `${callId}→${agentId}`);
}

describe('longest idle', () => {
  it('takes the agent who has been idle longest', () => {
    expect(pairs([call('A', 1)], [agent('2001', 300), agent('2002', 100), agent('2003', 200)])).toEqual(['A→2002']);
  });

  it('takes the lower number when two have been idle equally long, as numbers', () => {
    expect(pairs([call('A', 1)], [agent('10000', 5), agent('9999', 5)])).toEqual(['A→9999']);
  });

  it('serves calls in the order in which they came, whatever order they are passed in', () => {
    expect(pairs([call('B', 2), call('A', 1)], [agent('2001', 1)])).toEqual(['A→2001']);
  });

  it('rings several agents at once for different calls', () => {
    const agents = [agent('2001', 1), agent('2002', 2), agent('2003', 3)];
    expect(pairs([call('A', 1), call('B', 2)], agents)).toEqual(['A→2001', 'B→2002']);
  });

  it('does not let a call that has no agent hold up the calls of another queue', () => {
    const agents = [agent('2001', 1, { queues: ['service'] })];
    expect(pairs([call('A', 1, 'sales'), call('B', 2, 'service')], agents)).toEqual(['B→2001']);
  });

  it('keeps an agent of two queues for the call that came first', () => {
    const agents = [agent('2001', 1, { queues: ['sales', 'service'] })];
    expect(pairs([call('B', 2, 'sales'), call('A', 1, 'service')], agents)).toEqual(['A→2001']);
  });

  it.each([
    ['not_ready', { ready: false }],
    ['no_station', { station: null }],
    ['station_unreachable', { stationReachable: false }],
    ['station_busy', { stationBusy: true }],
    ['station_off_hook', { stationOffHook: true }],
  ] as const)('passes over an agent: %s', (reason, over) => {
    const { assignments, skips } = distribute([call('A', 1)], [agent('2001', 1, over), agent('2002', 2)]);
    expect(assignments.map(({ agentId }) => agentId)).toEqual(['2002']);
    expect(skips).toEqual([{ agentId: '2001', callId: 'A', reason }]);
  });

  it('says why it is this agent', () => {
    const [first] = distribute([call('A', 1)], [agent('2001', 0, { ready: false }), agent('2002', 0)]).assignments;
    expect(first?.why).toBe('longest idle of queue sales: idle since 1970-01-01T00:00:00.000Z, 1 passed over');
  });

  it('gives nobody a call when nobody waits, and no call to nobody', () => {
    expect(pairs([], [agent('2001', 1)])).toEqual([]);
    expect(pairs([call('A', 1)], [])).toEqual([]);
  });
});
