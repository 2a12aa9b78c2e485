// What each type of node does with its caller, those that ask others with others who are made up.
import { describe, expect, it } from 'vitest';
import type { FlowDefinitionInput, JsonObject } from '../../daemon/src/contract/index.js';
import { LookupError, type FlowPorts } from '../../daemon/src/ivr/flow-ports.js';
import { Caller } from '../support/caller.js';
import { enterFlow, type EnterOptions } from '../support/flows.js';

const bye = { type: 'hangup' as const, cause: 16 };
const other = { type: 'hangup' as const, cause: 17 };
type Nodes = FlowDefinitionInput['nodes'];

async function through(
  nodes: Nodes,
  options: EnterOptions & { more?: Partial<FlowDefinitionInput>; ms?: number; keys?: string } = {},
) {
  const all = { bye, other, ...nodes };
  const entered = enterFlow({ start: Object.keys(nodes)[0]!, nodes: all, ...options.more }, options);
  for (const key of options.keys ?? '') {
    await entered.pass(500);
    entered.caller.press(key);
  }
  await entered.pass(options.ms ?? 20_000);
  return entered;
}

describe('nodes that compute', () => {
  it('set and branch', async () => {
    const { way, trace, caller } = await through(
      {
        set: {
          type: 'set',
          assign: [
            { variable: 'n', value: 'call.calledNumber + 1' },
            { variable: 'pin', value: '"12"' },
          ],
          next: 'branch',
        },
        branch: {
          type: 'branch',
          cases: [
            { when: 'n == 1', next: 'bye' },
            { when: 'matches(n, "950011") and pin == 12', next: 'other' },
          ],
          otherwise: 'bye',
        },
      },
      { more: { variables: { n: { type: 'string' }, pin: { type: 'number', secret: true } } } },
    );
    expect(way().slice(0, 2)).toEqual(['set:next', 'branch:case']);
    expect(trace().steps[0]!.changed).toEqual({ n: '950011', pin: '****' });
    expect(caller.released).toBe(17);
  });

  it.each<[string, Partial<FlowDefinitionInput>, number, string[]]>([
    ['the node', {}, 17, []],
    ['the flow', { onError: 'other' }, 17, ['play technical-fault']],
    ['nobody', {}, 41, ['play technical-fault']],
  ])('that fail go on where %s says', async (who, more, cause, heard) => {
    const error = who === 'the node' ? { error: 'other' } : {};
    const { caller, trace } = await through(
      { set: { type: 'set', assign: [{ variable: 'n', value: '1 / 0' }], next: 'bye', ...error } },
      { more },
    );
    expect(caller.log).toEqual(heard);
    expect(caller.released).toBe(cause);
    expect(trace().steps[0]).toMatchObject({ why: 'error' });
  });

  it('whose way for errors leads into errors end', async () => {
    const fails = (error: string) => ({
      type: 'branch' as const,
      cases: [{ when: '1 / 0 > 1', next: 'bye' }],
      otherwise: 'bye',
      error,
    });
    const { caller } = await through({ a: fails('b'), b: fails('a') }, { unchecked: true });
    expect(caller.released).toBe(41);
  });

  it('bound what a caller may pile up', async () => {
    const grow = (variable: string) => ({ variable, value: 'if(len(text) > 1500, text, text + text)' });
    const nodes: Nodes = {
      set: { type: 'set', assign: [{ variable: 'text', value: '"1234567890"' }], next: 'more' },
      more: { type: 'set', assign: Array.from({ length: 12 }, () => grow('text')), next: 'fail' },
      fail: { type: 'set', assign: [{ variable: 'text', value: 'text + text + text' }], next: 'bye', error: 'other' },
    };
    const { caller, trace } = await through(nodes);
    expect(caller.released).toBe(17);
    expect(JSON.stringify(trace()).length).toBeLessThan(2000);
  });
});

describe('nodes that speak', () => {
  it('say values by the words that there are, else by a voice, in the language of the moment', async () => {
    const { caller } = await through({
      one: { type: 'say', as: 'number', value: '42', next: 'two' },
      two: { type: 'language', language: 'zh-CN', next: 'three' },
      three: { type: 'say', as: 'money', value: '12.05', next: 'four' },
      four: { type: 'speak', texts: { en: 'Hello {1 + 1}' }, next: 'bye' },
    });
    expect(caller.log.slice(1)).toEqual(['play 十二元零五分', 'play Hello 2']);
    // Debian's recordings where they are installed, else the voice.
    expect(['play 40+2', 'play forty two']).toContain(caller.log[0]);
    expect(caller.language).toBe('zh-CN');
  });

  it('tell of a prompt in the wrong language, and of one that is missing', async () => {
    const { trace } = await through(
      { play: { type: 'play', prompts: ['a', 'nowhere', 'fremd'], next: 'bye' } },
      { foreign: ['fremd'] },
    );
    expect(trace().steps[0]!.warnings).toEqual(['prompt nowhere is missing', 'prompt fremd is missing in en']);
  });

  it('without barge-in are heard to the end, and what was pressed meanwhile is gone', async () => {
    const caller = new Caller();
    caller.press('1');
    const nodes: Nodes = {
      play: { type: 'play', prompts: ['a'], bargeIn: false, next: 'menu' },
      menu: { type: 'menu', prompts: ['b'], choices: { '1': 'bye' }, retries: 0, timeout: 'other', invalid: 'bye' },
    };
    const { way } = await through(nodes, { caller, keys: '1', ms: 10_000 });
    expect(caller.log).toEqual(['play a', 'play b']);
    expect(way()).toEqual(['play:next', 'menu:timeout', 'other:callEnded']);
  });

  it('fail without a voice, and the way for errors is taken', async () => {
    const speak = { type: 'speak', texts: { en: 'x' }, next: 'bye', error: 'other' };
    const speaker = { speak: () => Promise.reject(new Error('no voice')) };
    expect((await through({ speak }, { ports: { speaker } })).caller.released).toBe(17);
  });

  it('play an announcement while it is on', async () => {
    const nodes: Nodes = { announce: { type: 'announce', announcement: 'x', next: 'bye', active: 'other' } };
    const announcements = (on: boolean) => ({ ids: () => new Set(['x']), playing: () => (on ? ['a'] : undefined) });
    const off = await through(nodes, { ports: { announcements: announcements(false) } });
    const on = await through(nodes, { ports: { announcements: announcements(true) } });
    expect([off.caller.log, off.caller.released, on.caller.log, on.caller.released]).toEqual([[], 16, ['play a'], 17]);
  });
});

describe('nodes that ask the caller', () => {
  it('swallow a terminator after a number that was full, also while the next prompt is heard', async () => {
    const collect = (variable: string, next: string) => ({
      ...{ type: 'collect' as const, prompts: ['a'], variable, minDigits: 2, maxDigits: 2, next, timeout: 'other' },
    });
    const nodes: Nodes = { first: collect('x', 'second'), second: collect('y', 'bye') };
    const { caller, trace } = await through(nodes, { keys: '12#34' });
    expect(caller.released).toBe(16);
    expect(trace().steps.map(({ changed }) => changed)).toEqual([{ x: '12' }, { y: '34' }, undefined]);
    expect(caller.log).toEqual(['play a', 'stop', 'play a', 'stop']);
  });

  it('hide the keys of a secret', async () => {
    const nodes: Nodes = {
      ask: {
        type: 'collect',
        prompts: ['a'],
        variable: 'pin',
        minDigits: 2,
        maxDigits: 2,
        next: 'bye',
        timeout: 'bye',
      },
    };
    const more = { variables: { pin: { type: 'string' as const, secret: true } } };
    const { caller, trace } = await through(nodes, { keys: '42', more });
    expect([caller.everHidden, caller.hidden]).toEqual([true, false]);
    expect(JSON.stringify([caller.segments, trace()])).not.toContain('42');
  });

  const member = {
    ...{ type: 'member', number: { prompts: ['a'], maxDigits: 3 }, pin: { prompts: ['b'], maxDigits: 2 }, tries: 2 },
    ...{ variable: 'who', results: { level: '$.level' }, wrongPrompts: ['wrong'], next: 'bye', failed: 'other' },
    check: { via: 'http', method: 'POST', url: 'http://crm.example/', body: { n: 'number', p: 'pin' } },
  };
  const crm = (asked: string[]): FlowPorts['http'] => ({
    request: ({ body = '' }) => {
      asked.push(body);
      return Promise.resolve(
        body.includes('"99"') ? { status: 200, body: { level: 'gold' } } : { status: 403, body: '' },
      );
    },
  });

  it('check a number and a PIN, which is kept nowhere', async () => {
    const asked: string[] = [];
    const { caller, trace } = await through({ member }, { keys: '12388' + '12399', ports: { http: crm(asked) } });
    expect(asked).toEqual(['{"n":"123","p":"88"}', '{"n":"123","p":"99"}']);
    expect(caller.released).toBe(16);
    expect(trace().steps[0]!.changed).toEqual({ who: '123', level: 'gold' });
    expect(JSON.stringify([trace(), caller.segments])).not.toContain('99');
    expect(caller.log).toContain('play wrong');
  });

  it('let nobody try PINs without end, over several calls neither', async () => {
    const asked: string[] = [];
    for (let call = 0; call < 7; call += 1) {
      const { caller } = await through({ member }, { keys: '55511' + '55522', ports: { http: crm(asked) } });
      expect(caller.released).toBe(17);
    }
    expect(asked).toHaveLength(10);
  });
});

describe('nodes that ask others', () => {
  const http = {
    ...{ type: 'http', url: 'https://crm.example/{who}/bill', query: { q: '{who}' }, statusVariable: 'status' },
    ...{ results: { owed: '$.bills[1].owed', none: '$.nothing' }, next: 'say', refused: 'other', timeout: 'late' },
  };
  const nodes: Nodes = {
    http,
    say: { type: 'say', as: 'money', currency: 'USD', value: 'owed', next: 'bye' },
    late: { type: 'hangup', cause: 18 },
  };
  const more = { variables: { who: { type: 'string' as const, initial: 'a/b?c' }, owed: { type: 'number' as const } } };

  it('take what they are told, and say it', async () => {
    let url = '';
    const request: NonNullable<FlowPorts['http']>['request'] = (asked) => {
      url = asked.url;
      return Promise.resolve({ status: 200, body: { bills: [{}, { owed: '12.50' }] } });
    };
    const { caller, trace } = await through(nodes, { more, ports: { http: { request } } });
    expect(url).toBe('https://crm.example/a%2Fb%3Fc/bill?q=a%2Fb%3Fc');
    expect(trace().steps[0]).toMatchObject({
      changed: { owed: 12.5, status: 200 },
      warnings: ['nothing is at $.nothing'],
    });
    expect(caller.log).toEqual(['play twelve dollars and fifty cents']);
  });

  it.each<[string, () => Promise<{ status: number; body: JsonObject }>, number]>([
    ['refuses', () => Promise.resolve({ status: 500, body: {} }), 17],
    ['does not answer', () => Promise.reject(new LookupError('timeout', 'late')), 18],
    ['is not there', () => Promise.reject(new LookupError('unreachable', 'gone')), 41],
  ])('go another way when the other %s', async (_what, request, cause) => {
    const { caller } = await through(nodes, { more, ports: { http: { request } } });
    expect(caller.released).toBe(cause);
  });

  it('ask databases with bound values alone', async () => {
    const asked: unknown[] = [];
    const sql: FlowPorts['sql'] = {
      ids: () => new Set(['crm']),
      query: (...args) => {
        asked.push(args.slice(0, 3));
        return Promise.resolve(asked.length === 1 ? [{ name: 'Li' }, { name: 'Han' }] : []);
      },
    };
    const text = 'SELECT name FROM c WHERE n = $n';
    const ask = (next: string) => ({
      ...{ type: 'sql', source: 'crm', sql: text, bind: { n: 'call.callingNumber' }, results: { name: '$.name' } },
      ...{ rowsVariable: 'rows', next, empty: 'other' },
    });
    const { way, trace } = await through({ a: ask('b'), b: ask('bye') }, { ports: { sql } });
    expect(asked[0]).toEqual(['crm', text, { n: '13800138000' }]);
    expect(trace().steps[0]!.changed).toEqual({ rows: [{ name: 'Li' }, { name: 'Han' }], name: 'Li' });
    expect(way()[1]).toBe('b:empty');
  });

  it('look into a calendar', async () => {
    const schedule = { type: 'schedule', calendar: 'office', open: 'bye', closed: 'other', reasonVariable: 'why' };
    const calendars: FlowPorts['calendars'] = {
      ids: () => new Set(['office']),
      isOpen: () => ({ open: false, reason: 'holiday', until: null }),
    };
    const { caller, trace } = await through({ schedule }, { ports: { calendars } });
    expect(caller.released).toBe(17);
    expect(trace().steps[0]).toMatchObject({ why: 'closed', changed: { why: 'holiday' } });
  });

  it('queue with what the caller is worth', async () => {
    const queue = {
      ...{ type: 'queue', queue: 'sales', priority: '7 + 5', vip: 'level == "gold"', preferredAgent: 'last' },
      ...{ skills: [{ skill: 'english', minLevel: 3 }], level: '{level}' },
    };
    const variables = { level: { type: 'string' as const, initial: 'gold' } };
    const { caller } = await through({ queue }, { more: { variables } });
    expect(caller.entry).toMatchObject({ priority: 9, vip: true, customerLevel: 'gold' });
    expect(caller.entry?.preferredAgent).toEqual({ agentId: 'last', waitMs: 30_000 });
    expect(caller.entry?.skills).toEqual([{ skill: 'english', minLevel: 3 }]);
  });

  it('put through, and go on by what came of it', async () => {
    const asked: unknown[] = [];
    const transfer: FlowPorts['transfer'] = {
      agents: () => new Set(),
      transfer: (_call, target) => {
        asked.push(target);
        return Promise.resolve('busy');
      },
    };
    const node = (number: string): Nodes => ({
      transfer: { type: 'transfer', to: { kind: 'number', number }, busy: 'other', failed: 'bye' },
    });
    const { caller } = await through(node('9{call.calledNumber}'), { ports: { transfer } });
    expect([asked, caller.released]).toEqual([[{ kind: 'number', number: '995001' }], 17]);
    expect((await through(node('abc'), { ports: { transfer } })).caller.released).toBe(41);
  });

  it.each(['voicemail', 'conference', 'survey', 'faxReceive', 'faxSend'] as const)('hand over to %s', async (type) => {
    for (const [outcome, cause] of [
      ['done', 16],
      ['full', 17],
      ['failed', 41],
    ] as const) {
      const service = { ids: () => new Set(['box']), run: () => Promise.resolve({ outcome, values: { score: 5 } }) };
      const node = { type, to: 'box', results: { score: 'points' }, next: 'bye', refused: 'other' };
      const { caller, trace } = await through({ node }, { ports: { [type]: service } });
      expect(caller.released).toBe(cause);
      expect(trace().steps[0]!.changed).toEqual({ points: 5 });
    }
  });

  it('record', async () => {
    const record = { type: 'record', prompts: ['a'], variable: 'file', lengthVariable: 'ms', next: 'bye' };
    const port: FlowPorts['record'] = { record: () => Promise.resolve({ file: 'r1', durationMs: 1234 }) };
    const { trace } = await through({ record }, { ports: { record: port } });
    expect(trace().steps[0]!.changed).toEqual({ file: 'r1', ms: 1234 });
  });
});

describe('a flow that another calls', () => {
  const called: FlowDefinitionInput = {
    start: 'set',
    nodes: {
      set: { type: 'set', assign: [{ variable: 'y', value: 'x * 2' }], next: 'back' },
      back: { type: 'return' },
    },
    variables: { x: { type: 'number' }, y: { type: 'number' }, secretOfMine: { type: 'string', initial: 's' } },
    parameters: ['x'],
    results: ['y'],
  };
  const nodes: Nodes = {
    call: {
      type: 'subflow',
      flow: 'double',
      parameters: { x: '20 + 1' },
      results: { y: 'out' },
      next: 'bye',
      error: 'other',
    },
  };

  it('is given its parameters and gives its results', async () => {
    const { way, trace, caller } = await through(nodes, { flows: { double: called } });
    expect(way()).toEqual(['call:returned', 'set:next', 'back:returned', 'bye:callEnded']);
    expect(trace().steps[0]!.changed).toEqual({ out: 42 });
    expect(trace().steps[1]).toMatchObject({ flowId: 'double' });
    expect(caller.released).toBe(16);
  });

  it('that has gone is an error', async () => {
    expect((await through(nodes)).caller.released).toBe(17);
  });
});
