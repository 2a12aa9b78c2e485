// A flow that is refused is refused with a sentence that names the node and the field.
import { describe, expect, it } from 'vitest';
import { validateFlow } from '../../daemon/src/ivr/validate-flow.js';

const good = {
  start: 'welcome',
  nodes: {
    welcome: { type: 'play', prompts: ['welcome'], next: 'menu' },
    menu: { type: 'menu', prompts: ['main-menu'], choices: { '1': 'sales' }, timeout: 'bye', invalid: 'bye' },
    sales: { type: 'queue', queue: 'sales', overflow: 'bye' },
    number: {
      type: 'collect',
      prompts: ['enter-number'],
      variable: 'account',
      minDigits: 3,
      maxDigits: 8,
      next: 'bye',
      timeout: 'bye',
    },
    bye: { type: 'hangup' },
  },
};
const surroundings = {
  queues: new Set(['sales']),
  prompts: new Set(['welcome', 'main-menu', 'enter-number', 'invalid-choice']),
};

/** The flow with one node changed. */
function withNode(name: string, change: Record<string, unknown>): unknown {
  const nodes: Record<string, unknown> = { ...good.nodes };
  nodes[name] = { ...(nodes[name] as object), ...change };
  return { ...good, nodes };
}

function problems(definition: unknown, language: 'en' | 'zh-CN' = 'en'): string[] {
  const check = validateFlow(definition, surroundings, language);
  return check.ok ? [] : check.problems.map(({ path, message }) => `${path} | ${message}`);
}

describe('a flow', () => {
  it('that holds together is taken, with its defaults', () => {
    const check = validateFlow(good, surroundings, 'en');
    expect(check.ok && check.definition.nodes['menu']).toMatchObject({ timeoutMs: 5000, retries: 2 });
    expect(check.ok && check.definition.nodes['number']).toMatchObject({ terminator: '#', interDigitMs: 3000 });
    expect(check.ok && check.definition.nodes['bye']).toEqual({ type: 'hangup', cause: 16 });
  });

  it.each([
    [{ ...good, start: 'nowhere' }, 'start | Field "start": the flow starts at "nowhere", and there is no such node.'],
    [
      withNode('welcome', { next: 'gone' }),
      'nodes.welcome.next | Node "welcome", field "next": there is no node "gone".',
    ],
    [
      withNode('menu', { choices: { '1': 'sale' } }),
      'nodes.menu.choices.1 | Node "menu", field "choices.1": there is no node "sale".',
    ],
    [
      withNode('menu', { choices: {} }),
      'nodes.menu.choices | Node "menu", field "choices": a menu needs at least one choice.',
    ],
    [withNode('sales', { queue: 'vip' }), 'nodes.sales.queue | Node "sales", field "queue": there is no queue "vip".'],
    [
      withNode('welcome', { prompts: ['hullo'] }),
      'nodes.welcome.prompts | Node "welcome", field "prompts": there is no prompt "hullo".',
    ],
    [
      withNode('menu', { invalidPrompts: ['wrong'] }),
      'nodes.menu.invalidPrompts | Node "menu", field "invalidPrompts": there is no prompt "wrong".',
    ],
    [
      withNode('number', { minDigits: 9 }),
      'nodes.number.minDigits | Node "number", field "minDigits": it is greater than the most that is allowed.',
    ],
    [withNode('welcome', { next: undefined }), 'nodes.welcome.next | Node "welcome", field "next": it is missing.'],
    [
      withNode('bye', { type: 'explode' }),
      'nodes.bye.type | Node "bye", field "type": there is no such type of node; there are play, speak, say, menu, collect, branch, set, schedule, language, member, http, sql, queue, transfer, voicemail, voicemailMenu, record, recording, conference, survey, faxReceive, faxSend, announce, subflow, return, hangup.',
    ],
    [
      withNode('bye', { cause: 0 }),
      'nodes.bye.cause | Node "bye", field "cause": Too small: expected number to be >=1.',
    ],
    [withNode('bye', { colour: 'red' }), 'nodes.bye | Node "bye": Unrecognized key: "colour".'],
    [{ ...good, extra: 1 }, ' | The flow: Unrecognized key: "extra".'],
    [{ nodes: good.nodes }, 'start | Field "start": it is missing.'],
  ])('is refused: %#', (definition, problem) => {
    expect(problems(definition)).toEqual([problem]);
  });

  it('names a prompt that leads out of its folder as what it is', () => {
    expect(problems(withNode('welcome', { prompts: ['../../etc/passwd'] }))).toHaveLength(1);
  });

  it.each([null, undefined, 7, 'text', [], { start: 'a', nodes: [] }])(
    'is refused when it is no flow at all: %j',
    (definition) => {
      expect(problems(definition).length).toBeGreaterThan(0);
    },
  );

  it('says it in Chinese, too', () => {
    expect(problems(withNode('welcome', { next: 'gone' }), 'zh-CN')).toEqual([
      'nodes.welcome.next | 节点“welcome”的字段“next”：没有节点“gone”。',
    ]);
    expect(problems(withNode('bye', { cause: 0 }), 'zh-CN')[0]).toMatch(
      /^nodes\.bye\.cause \| 节点“bye”的字段“cause”：.*[一-鿿]/,
    );
  });

  it('is told of all that is wrong with it at once', () => {
    const nodes = { ...good.nodes, a: { type: 'play', prompts: ['x'], next: 'y' } };
    expect(problems({ ...good, nodes })).toHaveLength(2);
  });
});
