// A flow tried out without a call.
import { expect, it } from 'vitest';
import { FlowDryRun, type FlowDefinitionInput } from '../../daemon/src/contract/index.js';
import { dryRun } from '../../daemon/src/ivr/dry-run.js';
import { flowOf } from '../support/flows.js';

const definition = {
  start: 'hello',
  nodes: {
    hello: { type: 'play', prompts: ['welcome'], next: 'menu' },
    menu: { type: 'menu', prompts: ['main'], choices: { '1': 'ask', '2': 'sales' }, timeout: 'bye', invalid: 'bye' },
    ask: {
      type: 'collect',
      prompts: ['number'],
      variable: 'n',
      minDigits: 2,
      maxDigits: 4,
      next: 'http',
      timeout: 'menu',
    },
    http: { type: 'http', url: 'https://x.example/', next: 'speak', refused: 'bye' },
    speak: { type: 'speak', texts: { en: 'You said {n} on {today()}' }, next: 'menu' },
    sales: { type: 'queue', queue: 'sales', overflow: 'bye' },
    bye: { type: 'hangup', cause: 21 },
  },
} satisfies FlowDefinitionInput;

const run = (request: object) => {
  const asked = FlowDryRun.parse({ definition, language: 'en', ...request });
  return dryRun({
    definition: flowOf(definition),
    flows: new Map(),
    request: asked,
    nowMs: Date.UTC(2026, 10, 22, 12),
  });
};
const way = ({ steps }: Awaited<ReturnType<typeof run>>): string[] => steps.map(({ node, why }) => `${node}:${why}`);

it('goes where the keys lead, and says what would be heard', async () => {
  const result = await run({ keys: ['1', '', '123', '2'], outcomes: { sales: 'overflow' } });
  expect(way(result)).toEqual([
    ...['hello:next', 'menu:key', 'ask:collected', 'http:next', 'speak:next', 'menu:key', 'sales:overflow'],
    'bye:callEnded',
  ]);
  expect(result.heard).toEqual(['welcome', 'main', 'number', 'number', '“You said 123 on 2026-11-22”', 'main']);
  expect(result).toMatchObject({ ended: 'released', cause: 21 });
});

it('leaves nodes that ask others as it is told, and begins where it is told', async () => {
  const refused = await run({ node: 'http', variables: { n: '9' }, outcomes: { http: 'refused' } });
  expect(way(refused)).toEqual(['http:refused', 'bye:callEnded']);
});

it('ends when nobody presses anything', async () => {
  expect(await run({})).toMatchObject({ ended: 'released', cause: 21 });
});
