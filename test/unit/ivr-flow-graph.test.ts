// What the ways of a flow show before anybody walks them, and what else a new node may get wrong.
import { describe, expect, it } from 'vitest';
import type { FlowDefinition } from '../../daemon/src/contract/index.js';
import { validateFlow, type FlowSurroundings } from '../../daemon/src/ivr/validate-flow.js';

const bye = { type: 'hangup' };
type Nodes = Record<string, Record<string, unknown>>;

function check(nodes: Nodes, surroundings: FlowSurroundings = {}, more: object = {}, language: 'en' | 'zh-CN' = 'en') {
  const definition = { start: Object.keys(nodes)[0], nodes: { ...nodes, bye }, ...more };
  const found = validateFlow(definition, surroundings, language);
  const lines = (list: { path: string; message: string }[]): string[] =>
    list.map(({ path, message }) => `${path} | ${message}`);
  return { problems: found.ok ? [] : lines(found.problems), warnings: lines(found.warnings) };
}
const play = (next: string) => ({ type: 'play', prompts: ['a'], next });
const menu = (next: string) => ({
  type: 'menu',
  prompts: ['a'],
  choices: { '1': 'bye' },
  timeout: next,
  invalid: 'bye',
});
const call = (flow: string, next = 'bye') => ({ type: 'subflow', flow, next });
const flow = (nodes: Nodes): FlowDefinition => ({ start: Object.keys(nodes)[0]!, nodes: nodes as never });

describe('the ways of a flow', () => {
  it('warn of nodes that nobody comes to', () => {
    const { problems, warnings } = check({ a: play('bye'), lost: play('lost2'), lost2: play('bye') });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      'nodes.lost | Node "lost": no caller can come to this node.',
      'nodes.lost2 | Node "lost2": no caller can come to this node.',
    ]);
  });

  it('are refused when they lead in a circle that waits for nobody', () => {
    expect(check({ a: play('b'), b: play('c'), c: play('a') }).problems).toEqual([
      expect.stringMatching(
        /^nodes\.c\.next \| Node "c", field "next": this way leads in a circle .*\(a → b → c → a\)/,
      ),
    ]);
    expect(check({ a: play('a') }, {}, {}, 'zh-CN').problems[0]).toMatch(/^nodes\.a\.next \| 节点“a”.*循环/);
    expect(check({ a: play('b'), b: menu('a') }).problems).toEqual([]);
    const long = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [`n${i}`, play(i === 399 ? 'n0' : `n${i + 1}`)]),
    );
    expect(check(long).problems).toHaveLength(1);
  });

  it('may lead in a circle through a flow that waits', () => {
    const flows = new Map(
      Object.entries({ asks: flow({ m: menu('bye'), bye }), talks: flow({ p: play('bye'), bye }) }),
    );
    expect(check({ a: call('asks', 'a') }, { flows }).problems).toEqual([]);
    expect(check({ a: call('talks', 'a') }, { flows }).problems).toHaveLength(1);
  });

  it('are refused when flows call one another in a circle, also over several', () => {
    const flows = new Map(
      Object.entries({
        b: flow({ c: call('c'), bye }),
        c: flow({ d: call('d'), bye }),
        d: flow({ a: call('a'), bye }),
        e: flow({ bye }),
      }),
    );
    expect(check({ x: call('b') }, { flows, id: 'a' }).problems).toEqual([
      expect.stringMatching(/^nodes\.x\.flow .*\(a → b → c → d → a\)/),
    ]);
    flows.set('a', flow({ bye }));
    expect(check({ x: call('a') }, { flows, id: 'a' }).problems[0]).toContain('(a → a)');
    expect(check({ x: call('e') }, { flows, id: 'a' }).problems).toEqual([]);
    expect(check({ x: call('nobody') }, { flows, id: 'a' }).problems[0]).toContain('there is no live flow "nobody"');
  });
});

describe('what nodes name and compute', () => {
  it.each<[string, Nodes, RegExp]>([
    [
      'a variable',
      { a: { type: 'branch', cases: [{ when: 'x == 1', next: 'bye' }], otherwise: 'bye' } },
      /cases\.0\.when".*no variable "x"/,
    ],
    [
      'a type',
      { a: { type: 'branch', cases: [{ when: '1 + 1', next: 'bye' }], otherwise: 'bye' } },
      /yes or no is needed here, and this is a number/,
    ],
    [
      'a function',
      { a: { type: 'set', assign: [{ variable: 'y', value: 'eval("1")' }], next: 'bye' } },
      /no function "eval"/,
    ],
    ['an expression', { a: { type: 'set', assign: [{ variable: 'y', value: '1 +' }], next: 'bye' } }, /not complete/],
    [
      'an assignment',
      { a: { type: 'set', assign: [{ variable: 'n', value: 'today()' }], next: 'bye' } },
      /a number is needed here, and this is a date/,
    ],
    ['a text', { a: { type: 'speak', texts: { en: 'Hi {nobody}' }, next: 'bye' } }, /texts\.en".*no variable "nobody"/],
    ['no text', { a: { type: 'speak', texts: {}, next: 'bye' } }, /at least one language/],
    ['a brace', { a: { type: 'speak', texts: { en: 'Hi {' }, next: 'bye' } }, /character 4/],
    [
      'a service',
      { a: { type: 'voicemail', to: 'box', next: 'bye' } },
      /"type": nodes of type voicemail need a service/,
    ],
    ['a calendar', { a: { type: 'schedule', calendar: 'none', open: 'bye', closed: 'bye' } }, /no calendar "none"/],
    ['a data source', { a: { type: 'sql', source: 'none', sql: 'SELECT 1', next: 'bye' } }, /no data source "none"/],
    ['SQL', { a: { type: 'sql', source: 'crm', sql: 'DROP TABLE x', next: 'bye' } }, /one SELECT/],
    [
      'a path',
      { a: { type: 'http', url: 'https://x.example/', results: { n: 'bills[0]' }, next: 'bye' } },
      /results\.n".*no path/,
    ],
    ['an address', { a: { type: 'http', url: '{n}', next: 'bye' } }, /must begin with http/],
  ])('%s', (_what, nodes, wanted) => {
    const surroundings: FlowSurroundings = {
      ports: new Set(['speaker', 'http', 'sql', 'calendars']),
      names: { calendar: new Set(), dataSource: new Set(['crm']) },
    };
    const { problems } = check(nodes, surroundings, { variables: { n: { type: 'number' } } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(wanted);
  });

  it('an initial value, a parameter and a result that are none', () => {
    const variables = { n: { type: 'number', initial: 'x' }, d: { type: 'date', initial: '2026-11-22' } };
    expect(
      check({ a: play('bye') }, {}, { variables, parameters: ['p'], results: ['n', 'q'], onError: 'no' }).problems,
    ).toEqual([
      expect.stringContaining('onError'),
      expect.stringContaining('variables.n.initial'),
      expect.stringContaining('parameters'),
      expect.stringContaining('results'),
    ]);
    const flows = new Map([['b', { ...flow({ bye }), parameters: ['p'] }]]);
    const wrong = { a: { ...call('b'), parameters: { x: '1' }, results: { y: 'z' } } };
    expect(check(wrong, { flows }).problems).toHaveLength(2);
  });

  it('nothing is too large to be refused', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`n${i}`, play('bye')]));
    expect(check(many).problems).toEqual(['nodes | Field "nodes": it has more than 500 nodes.']);
    const bad = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`n${i}`, play('gone')]));
    expect(check(bad).problems).toHaveLength(100);
  });
});
