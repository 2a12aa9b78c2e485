// Which calls are recorded.
import { describe, expect, it } from 'vitest';
import type { RecordingFacts } from '../../daemon/src/calls/index.js';
import type { RecordingRule } from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { matches, shareOf, wishOf } from '../../daemon/src/recording/rules.js';

const facts = (over: Partial<RecordingFacts> = {}): RecordingFacts => ({
  ...{ callId: newUlid(), direction: 'in', queueId: null, agentId: null, trunkId: 'e1' },
  ...{ callingNumber: '13800138000', calledNumber: '95001' },
  ...over,
});
const rule = (over: Partial<RecordingRule> = {}): RecordingRule => ({
  ...{ id: newUlid(), name: 'r', position: 1, enabled: true, match: {}, action: 'record', percentage: 100 },
  ...over,
});

describe('the rules of recording', () => {
  it('have every call recorded that none of them fits', () => {
    expect(wishOf([], facts())).toEqual({ record: true, rule: null });
    expect(wishOf([rule({ enabled: false, action: 'never' })], facts()).record).toBe(true);
    expect(wishOf([rule({ match: { queueId: 'sales' }, action: 'never' })], facts()).record).toBe(true);
  });

  it.each([
    [{ queueId: 'sales' }, { queueId: 'sales' }, { queueId: 'help' }],
    [{ agentId: '2001' }, { agentId: '2001' }, { agentId: null }],
    [{ direction: 'out' }, { direction: 'out' }, { direction: 'internal' }],
    [{ trunkId: 'e1' }, { trunkId: 'e1' }, { trunkId: null }],
    [{ callingNumber: '138.' }, { callingNumber: '13800138000' }, { callingNumber: '13900138000' }],
    [{ calledNumber: '9500X' }, { calledNumber: '95009' }, { calledNumber: '950011' }],
    [{ direction: 'in', queueId: 'sales' }, { queueId: 'sales' }, { direction: 'out', queueId: 'sales' }],
  ] as const)('fit by %j', (match, yes, no) => {
    const rules = [rule({ match, action: 'never' })];
    expect(wishOf(rules, facts(yes)).record).toBe(false);
    expect(wishOf(rules, facts(no)).record).toBe(true);
  });

  it('say the first that fits, and wait for somebody where that is on demand', () => {
    const first = rule({ match: { queueId: 'sales' } });
    const second = rule({ action: 'onDemand' });
    expect(wishOf([first, second], facts({ queueId: 'sales' }))).toEqual({ record: true, rule: first.id });
    expect(wishOf([first, second], facts())).toEqual({ record: false, rule: second.id });
  });

  it('take a share of the calls, the same ones whenever they are asked', () => {
    const third = rule({ percentage: 30 });
    const calls = Array.from({ length: 10_000 }, () => facts());
    const taken = calls.filter((one) => wishOf([third], one).record).length;
    // Six standard deviations of a binomial distribution.
    expect(Math.abs(taken - 3000)).toBeLessThan(275);
    for (const one of calls.slice(0, 100)) expect(wishOf([third], one)).toEqual(wishOf([third], one));
    expect(calls.filter((one) => wishOf([rule({ percentage: 0 })], one).record)).toEqual([]);
    expect(calls.every((one) => shareOf(one.callId, third.id) < 100)).toBe(true);
  });
});

it.each([
  ['', '', true],
  ['', '1', false],
  ['.', '', true],
  ['1X3', '123', true],
  ['1X3', '124', false],
  ['12.', '12', true],
  ['12.', '1', false],
])('the pattern %j and the number %j: %s', (pattern, number, fits) => {
  expect(matches(pattern, number)).toBe(fits);
});
