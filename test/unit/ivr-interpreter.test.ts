// What a caller goes through in a flow.
import { describe, expect, it } from 'vitest';
import type { FlowDefinitionInput } from '../../daemon/src/contract/index.js';
import { Caller } from '../support/caller.js';
import { enterFlow } from '../support/flows.js';

function enter(nodes: FlowDefinitionInput['nodes'], caller = new Caller(), start = Object.keys(nodes)[0]!) {
  return enterFlow({ start, nodes }, { caller });
}

const bye = { type: 'hangup' as const };
const menu = {
  type: 'menu' as const,
  prompts: ['a'],
  choices: { '1': 'sales' },
  invalidPrompts: ['wrong'],
  timeout: 'bye',
  invalid: 'operator',
};
const sales = { type: 'queue' as const, queue: 'sales' };
const operator = { type: 'queue' as const, queue: 'operator' };

describe('a flow', () => {
  it('plays its prompts one after the other and hangs up with its cause', async () => {
    const { caller, done, pass } = enter({
      first: { type: 'play', prompts: ['a', 'b'], next: 'second' },
      second: { type: 'play', prompts: ['b'], next: 'bye' },
      bye: { type: 'hangup', cause: 17 },
    });
    await pass(5000);
    await done;
    expect(caller.log).toEqual(['play a+b', 'play b']);
    expect(caller.released).toBe(17);
    expect(caller.segments.map(({ kind, data }) => [kind, data['finished']])).toEqual([
      ['prompt', true],
      ['prompt', true],
    ]);
  });

  it('lets a key cut a prompt short, and keeps the key for the menu', async () => {
    const { caller, pass } = enter({
      hello: { type: 'play', prompts: ['a'], next: 'menu' },
      menu,
      sales,
      operator,
      bye,
    });
    await pass(500);
    caller.press('1');
    await pass(200);
    expect(caller.log).toEqual(['play a', 'stop', 'queue sales']);
  });

  it('lets who types ahead hear nothing', async () => {
    const caller = new Caller();
    caller.press('1');
    const { pass } = enter(
      { hello: { type: 'play', prompts: ['a'], next: 'menu' }, menu, sales, operator, bye },
      caller,
    );
    await pass(200);
    expect(caller.log).toEqual(['queue sales']);
  });

  it('asks again after a wrong key, and goes its way for wrong keys in the end', async () => {
    const { caller, pass } = enter({ menu, sales, operator, bye });
    for (let i = 0; i < 3; i += 1) {
      await pass(500);
      caller.press('9');
      await pass(2500);
    }
    expect(caller.log.filter((line) => line !== 'stop')).toEqual([
      'play a',
      'play wrong',
      'play a',
      'play wrong',
      'play a',
      'play wrong',
      'queue operator',
    ]);
    expect(caller.segments.find(({ kind }) => kind === 'menu')?.data).toMatchObject({
      attempts: 3,
      failure: 'invalid',
    });
  });

  it('asks again after silence, and goes its way for silence in the end', async () => {
    const { caller, done, pass } = enter({ menu: { ...menu, retries: 1, timeoutMs: 3000 }, sales, operator, bye });
    await pass(11_000);
    await done;
    expect(caller.log).toEqual(['play a', 'play a']);
    expect(caller.released).toBe(16);
    expect(caller.segments.find(({ kind }) => kind === 'menu')?.data).toMatchObject({
      attempts: 2,
      failure: 'timeout',
    });
  });

  it('goes on at the overflow when a queue gives its caller back, and hangs up without one', async () => {
    const first = enter({ sales: { ...sales, overflow: 'operator' }, operator });
    await first.pass(100);
    first.caller.overflow();
    await first.pass(100);
    expect(first.caller.log).toEqual(['queue sales', 'queue operator']);
    first.caller.overflow();
    await first.done;
    expect(first.caller.released).toBe(16);
  });

  it('stops where it is when the caller hangs up', async () => {
    const { caller, done, pass } = enter({ menu, sales, operator, bye });
    await pass(500);
    caller.hangUp();
    await done;
    await pass(20_000);
    expect(caller.log).toEqual(['play a']);
    expect(caller.clock.timers).toBe(0);
  });

  it('leaves out a prompt that is missing or broken', async () => {
    const caller = new Caller();
    caller.broken.add('b');
    const { pass } = enter(
      {
        first: { type: 'play', prompts: ['missing', 'a'], next: 'second' },
        second: { type: 'play', prompts: ['b'], next: 'sales' },
        sales,
      },
      caller,
    );
    await pass(2500);
    expect(caller.log).toEqual(['play a', 'queue sales']);
    expect(caller.segments.at(-1)?.data).toMatchObject({ finished: false, error: 'b is broken' });
  });

  it('ends a caller who goes in circles', async () => {
    const nodes = { round: { type: 'play', prompts: ['missing'], next: 'round' } };
    const { caller, done, pass, trace } = enterFlow({ start: 'round', nodes }, { unchecked: true });
    await pass(5000);
    await done;
    expect(caller.released).toBe(41);
    expect(caller.log).toEqual(['play technical-fault']);
    expect([trace().steps.length, trace().dropped]).toEqual([200, 800]);
  });
});

describe('collecting a number', () => {
  const collect = {
    type: 'collect' as const,
    prompts: ['a'],
    variable: 'account',
    minDigits: 2,
    maxDigits: 4,
    next: 'sales',
    timeout: 'bye',
  };
  const result = (caller: Caller) => caller.segments.find(({ kind }) => kind === 'menu')?.data;

  it.each([
    ['ends with the terminator', ['1', '2', '#'], '12'],
    ['ends with the last digit it may have', ['1', '2', '3', '4'], '1234'],
  ])('%s', async (_name, keys, digits) => {
    const { caller, pass } = enter({ collect, sales, bye });
    await pass(500);
    caller.press(...keys);
    await pass(300);
    expect(result(caller)).toMatchObject({ variable: 'account', digits });
    expect(caller.log.at(-1)).toBe('queue sales');
  });

  it('ends with a pause', async () => {
    const { caller, pass } = enter({ collect, sales, bye });
    await pass(500);
    caller.press('1', '2', '3');
    await pass(2800);
    expect(caller.log.at(-1)).not.toBe('queue sales');
    await pass(400);
    expect(result(caller)).toMatchObject({ digits: '123' });
  });

  it('is asked for again when it is too short, then the flow goes on without it', async () => {
    const { caller, done, pass } = enter({ collect, sales, bye });
    await pass(500);
    caller.press('1', '#');
    await pass(20_000);
    await done;
    expect(caller.log.filter((line) => line === 'play a')).toHaveLength(2);
    expect(result(caller)).toMatchObject({ attempts: 2, failure: 'timeout' });
    expect(caller.released).toBe(16);
  });
});
