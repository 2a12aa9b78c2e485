// Who gets which call, and why: every strategy and every rule before it.
import { describe, expect, it } from 'vitest';
import { match, type MatchInput } from '../../daemon/src/acd/matcher/index.js';
import { candidate, policy, seeded, waiting } from '../support/match-input.js';

function pairs(input: Partial<MatchInput>): string[] {
  return offers(input).map(({ callId, agents }) => `${callId}→${agents.map(({ agentId }) => agentId).join('+')}`);
}

function offers(input: Partial<MatchInput>) {
  return match({ now: 100_000, waiting: [], agents: [], queues: [policy()], ...input }).offers;
}

/** Whom one call gets. */
function chosen(input: Partial<MatchInput>): string | undefined {
  return offers({ waiting: [waiting('A')], ...input })[0]?.agents[0]?.agentId;
}

describe('strategies', () => {
  it('longest_idle takes who has been idle longest, and of equals the lower number', () => {
    const agents = [candidate('2001', { readySince: 30 }), candidate('2002', { readySince: 10 })];
    expect(chosen({ agents })).toBe('2002');
    expect(chosen({ agents: [candidate('10000'), candidate('9999')] })).toBe('9999');
  });

  it('round_robin goes on after the one who was rung last', () => {
    const queues = [policy('sales', { strategy: 'round_robin' })];
    const agents = [
      candidate('1', { queues: { sales: { lastRungAt: 50 } } }),
      candidate('2', { queues: { sales: { lastRungAt: 20 } } }),
      candidate('3', { queues: { sales: { lastRungAt: 90 } } }),
    ];
    expect(chosen({ queues, agents })).toBe('2');
    const fresh = [
      candidate('4', { queues: { sales: { position: 2 } } }),
      candidate('5', { queues: { sales: { position: 1 } } }),
    ];
    expect(chosen({ queues, agents: [...agents, ...fresh] })).toBe('5');
  });

  it('fewest_calls counts those of the queue, then all of the day', () => {
    const queues = [policy('sales', { strategy: 'fewest_calls' })];
    const one = candidate('1', { queues: { sales: { calls: 3 } }, calls: 3 });
    const two = candidate('2', { queues: { sales: { calls: 2 } }, calls: 9 });
    const three = candidate('3', { queues: { sales: { calls: 2 } }, calls: 4 });
    expect(chosen({ queues, agents: [one, two, three] })).toBe('3');
  });

  it('least_talk takes who has talked least in the queue today', () => {
    const queues = [policy('sales', { strategy: 'least_talk' })];
    const agents = [
      candidate('1', { queues: { sales: { talkMs: 900 } } }),
      candidate('2', { queues: { sales: { talkMs: 800 } } }),
    ];
    expect(chosen({ queues, agents })).toBe('2');
  });

  it('skill_level takes the highest in what is asked for, not in what is not', () => {
    const queues = [policy('sales', { strategy: 'skill_level' })];
    const agents = [candidate('1', { skills: { fax: 4, cooking: 10 } }), candidate('2', { skills: { fax: 7 } })];
    expect(chosen({ queues, agents, waiting: [waiting('A', { skills: [{ skill: 'fax', minLevel: 2 }] })] })).toBe('2');
  });

  it('ring_all rings everybody who is free and fits, up to the limit, idlest first', () => {
    const queues = [policy('sales', { strategy: 'ring_all', ringAllMost: 2 })];
    const agents = [
      candidate('1', { readySince: 9 }),
      candidate('2', { readySince: 5 }),
      candidate('3', { readySince: 7 }),
    ];
    expect(pairs({ queues, agents, waiting: [waiting('A'), waiting('B', { enteredAt: 1 })] })).toEqual([
      'A→2+3',
      'B→1',
    ]);
  });

  it('linear follows the places', () => {
    const queues = [policy('sales', { strategy: 'linear' })];
    const agents = [
      candidate('1', { queues: { sales: { position: 2 } } }),
      candidate('2', { queues: { sales: { position: 1 } } }),
    ];
    expect(chosen({ queues, agents })).toBe('2');
  });

  it('random draws by the generator that it is given, whatever order the agents come in', () => {
    const queues = [policy('sales', { strategy: 'random' })];
    const agents = ['1', '2', '3', '4'].map((id) => candidate(id));
    const drawn = Array.from({ length: 40 }, (_, seed) => chosen({ queues, agents, random: seeded(seed) }));
    expect(new Set(drawn)).toEqual(new Set(['1', '2', '3', '4']));
    expect(
      Array.from({ length: 40 }, (_, seed) => chosen({ queues, agents: [...agents].reverse(), random: seeded(seed) })),
    ).toEqual(drawn);
  });

  it('weighted gives calls in proportion to the weights, and everybody his turn', () => {
    const queues = [policy('sales', { strategy: 'weighted' })];
    const calls: Record<string, number> = { '1': 0, '2': 0, '3': 0 };
    const weights: Record<string, number> = { '1': 10, '2': 5, '3': 1 };
    for (let i = 0; i < 160; i += 1) {
      const agents = Object.keys(calls).map((id) =>
        candidate(id, { queues: { sales: { calls: calls[id]!, weight: weights[id]! } } }),
      );
      calls[chosen({ queues, agents })!]! += 1;
    }
    expect(calls).toEqual({ '1': 100, '2': 50, '3': 10 });
  });

  it('lower penalties come first, whatever the strategy', () => {
    const agents = [candidate('1', { queues: { sales: { penalty: 1 } } }), candidate('2', { readySince: 99 })];
    expect(chosen({ agents })).toBe('2');
  });
});

describe('rules before the strategy', () => {
  const preferred = { agentId: '2', rule: 'last_agent' as const, waitMs: 30_000 };
  const call = waiting('A', { preferred });

  it('the last agent is rung when he is free', () => {
    const [offer] = offers({ waiting: [call], agents: [candidate('1'), candidate('2', { readySince: 99 })] });
    expect(offer?.agents[0]).toMatchObject({ agentId: '2', reason: { code: 'last_agent' } });
  });

  it('he is waited for, but not longer than is said, and not when he has gone', () => {
    const busy = [candidate('1'), candidate('2', { unavailable: 'talking' })];
    expect(pairs({ now: 29_999, waiting: [call], agents: busy })).toEqual([]);
    expect(pairs({ now: 30_000, waiting: [call], agents: busy })).toEqual(['A→1']);
    const gone = [candidate('1'), candidate('2', { unavailable: 'signed_out' })];
    expect(pairs({ now: 1, waiting: [call], agents: gone })).toEqual(['A→1']);
  });

  it('a named agent need not be of the queue', () => {
    const named = waiting('A', { preferred: { ...preferred, rule: 'named_agent' } });
    const agents = [candidate('1'), candidate('2', { queues: {} })];
    expect(offers({ waiting: [named], agents })[0]?.agents[0]).toMatchObject({
      agentId: '2',
      reason: { code: 'named_agent' },
    });
  });

  it('region: required, preferred, or nothing', () => {
    const agents = [
      candidate('1', { regions: ['north'] }),
      candidate('2', { regions: ['south'], readySince: 9 }),
      candidate('3', { readySince: 99 }),
    ];
    const south = [waiting('A', { region: 'south' })];
    const of = (region: 'off' | 'prefer' | 'require', some = agents) =>
      chosen({ waiting: south, agents: some, queues: [policy('sales', { region })] });
    expect(of('off')).toBe('1');
    expect(of('prefer')).toBe('2');
    expect(of('require')).toBe('2');
    expect(of('require', [agents[0]!])).toBeUndefined();
    // One who names no region serves them all.
    expect(of('require', [agents[0]!, agents[2]!])).toBe('3');
    expect(of('prefer', [agents[0]!])).toBe('1');
  });

  it('customer levels likewise', () => {
    const agents = [
      candidate('1', { customerLevels: ['basic'] }),
      candidate('2', { customerLevels: ['gold'], readySince: 9 }),
    ];
    const gold = [waiting('A', { customerLevel: 'gold' })];
    expect(chosen({ waiting: gold, agents, queues: [policy('sales', { customerLevel: 'require' })] })).toBe('2');
  });

  it('one who has missed the call comes after the others', () => {
    const missed = [waiting('A', { missedBy: new Set(['1']) })];
    expect(chosen({ waiting: missed, agents: [candidate('1'), candidate('2', { readySince: 9 })] })).toBe('2');
    expect(chosen({ waiting: missed, agents: [candidate('1')] })).toBe('1');
  });
});

describe('skills and relaxing', () => {
  const skills = [{ skill: 'english', minLevel: 6 }];
  const agents = [
    candidate('1', { skills: { english: 4 } }),
    candidate('2', { skills: {} }),
    candidate('3', { queues: { other: {} } }),
  ];
  const queues = [
    policy('sales', {
      skills,
      relax: [
        { afterMs: 10_000, action: 'lower', skill: 'english', by: 2 },
        { afterMs: 20_000, action: 'drop', skill: null },
        { afterMs: 30_000, action: 'widen', queueId: 'other' },
      ],
    }),
    policy('other'),
  ];
  const who = (now: number, some = agents) => chosen({ now, queues, agents: some });

  it('asks for less with every step', () => {
    expect(who(9_999)).toBeUndefined();
    expect(who(10_000)).toBe('1');
    expect(who(19_999, agents.slice(1))).toBeUndefined();
    expect(who(20_000, agents.slice(1))).toBe('2');
    expect(who(29_999, agents.slice(2))).toBeUndefined();
    expect(who(30_000, agents.slice(2))).toBe('3');
  });

  it("says so, and takes the queue's own agents first", () => {
    const [offer] = offers({ now: 30_000, queues, agents: [...agents.slice(2)], waiting: [waiting('A')] });
    expect(offer?.agents[0]?.reason).toMatchObject({
      code: 'only_one',
      relaxed: 3,
      widenedTo: 'other',
      waitedMs: 30_000,
    });
    expect(who(30_000, [candidate('3', { queues: { other: {} } }), candidate('2', { readySince: 9 })])).toBe('2');
  });
});

describe('who is served first', () => {
  const agents = [candidate('1', { queues: { sales: {}, service: {} } })];

  it('who came first, in whatever order they are told', () => {
    expect(pairs({ agents, waiting: [waiting('B', { enteredAt: 2 }), waiting('A', { enteredAt: 1 })] })).toEqual([
      'A→1',
    ]);
  });

  it('higher priorities, and with ageing who has waited long enough', () => {
    const calls = [waiting('low', { priority: 3 }), waiting('high', { priority: 6, enteredAt: 60_000 })];
    expect(pairs({ agents, waiting: calls })).toEqual(['high→1']);
    const ageing = (ageingPerS: number) => pairs({ agents, waiting: calls, queues: [policy('sales', { ageingPerS })] });
    expect(ageing(0.04)).toEqual(['high→1']);
    expect(ageing(0.06)).toEqual(['low→1']);
  });

  it('VIPs, where the queue says so', () => {
    const calls = [waiting('A', { priority: 9 }), waiting('V', { vip: true, priority: 0, enteredAt: 99_000 })];
    const vip = (one: 'off' | 'boost' | 'first', ageingPerS = 0) =>
      pairs({ agents, waiting: calls, queues: [policy('sales', { vip: one, ageingPerS })] });
    expect([vip('first', 1), vip('boost'), vip('boost', 1), vip('off')].flat()).toEqual(['V→1', 'V→1', 'A→1', 'A→1']);
  });

  it('over the queues of an agent, the call that is due first; weights count waiting several times', () => {
    const calls = [waiting('A', { enteredAt: 50_000 }), waiting('B', { queueId: 'service', enteredAt: 70_000 })];
    expect(pairs({ agents, waiting: calls, queues: [policy(), policy('service')] })).toEqual(['A→1']);
    expect(pairs({ agents, waiting: calls, queues: [policy(), policy('service', { weight: 2 })] })).toEqual(['B→1']);
  });

  it('a call that nobody fits does not hold up the others, and the reason names it', () => {
    const hard = waiting('A', { skills: [{ skill: 'latin', minLevel: 1 }] });
    const { offers: made, unmatched } = match({
      ...{ now: 5, agents, queues: [policy()], waiting: [hard, waiting('B', { enteredAt: 1 })] },
    });
    expect(made[0]?.agents[0]?.reason).toMatchObject({
      overtook: [{ callId: 'A', why: { code: 'skill_missing', skill: 'latin' } }],
      overtookCount: 1,
    });
    expect(unmatched).toEqual([{ callId: 'A', queueId: 'sales', code: 'nobody_free', counts: { offered: 1 } }]);
  });
});

describe('reasons', () => {
  it('name who was passed over and by what rule, five at most, and count them all', () => {
    const others = Array.from({ length: 9 }, (_, i) => candidate(String(10 + i), { readySince: 50 + i }));
    const reason = offers({ waiting: [waiting('A')], agents: [candidate('1'), ...others] })[0]?.agents[0]?.reason;
    expect(reason).toMatchObject({ code: 'longest_idle', idleMs: 100_000, passedOverCount: 9 });
    expect(reason?.passedOver).toHaveLength(5);
    expect(reason?.passedOver[0]?.why).toEqual({ code: 'ranked_lower', by: 'strategy' });
  });

  it.each(['signed_out', 'not_ready', 'station_off_hook', 'resting'] as const)(
    'count who cannot be rung: %s',
    (unavailable) => {
      const { offers: made, unmatched } = match({
        ...{ now: 0, waiting: [waiting('A')], agents: [candidate('1', { unavailable })], queues: [policy()] },
      });
      expect(made).toEqual([]);
      expect(unmatched).toEqual([{ callId: 'A', queueId: 'sales', code: 'nobody_free', counts: { [unavailable]: 1 } }]);
    },
  );

  it('say that a queue has nobody, that nobody fits, that somebody is waited for', () => {
    const code = (input: Partial<MatchInput>) =>
      match({ now: 0, waiting: [waiting('A')], agents: [], queues: [policy()], ...input }).unmatched[0]?.code;
    expect(code({})).toBe('nobody_in_queue');
    expect(code({ agents: [candidate('1')], waiting: [waiting('A', { skills: [{ skill: 'x', minLevel: 1 }] })] })).toBe(
      'nobody_fits',
    );
    const preferred = { agentId: '2', rule: 'named_agent' as const, waitMs: 5 };
    const agents = [candidate('1'), candidate('2', { unavailable: 'wrap_up' })];
    expect(code({ agents, waiting: [waiting('A', { preferred })] })).toBe('waits_for_agent');
  });
});
