// `cordboard group …`: numbers that ring several telephones.
import type { RingGroup } from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, numberOf, numbersOf } from './lines-values.js';
import { secondsToMs } from './parse-command.js';

const PATH = '/ring-groups';

const OPTIONS = {
  name: { type: 'string' },
  stations: { type: 'string' },
  strategy: { type: 'string' },
  ring: { type: 'string' },
} as const;
type Values = { [Name in keyof typeof OPTIONS]?: string };

export function runGroupCommand(args: readonly string[]): Promise<number> {
  return runVerb('group', { add, list, set, remove }, args);
}

function fields({ name, stations, strategy, ring }: Values) {
  return given({
    name,
    stations: stations === undefined ? undefined : numbersOf(stations, '--stations'),
    strategy,
    ringTimeoutMs: secondsToMs(ring, 'ring'),
  });
}

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('group', args, OPTIONS);
  const number = numberOf(context.needed(words), 'group add');
  const group = await context.api.request<RingGroup>('POST', PATH, { number, ...fields(values) });
  context.done('made', 'group', number, group);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('group', args, {}, 0);
  context.list(
    await context.api.request<RingGroup[]>('GET', PATH),
    ({ number, name, stations, strategy, ringTimeoutMs }) => [
      String(number),
      name,
      stations.join(', '),
      strategy,
      `${ringTimeoutMs / 1000} s`,
    ],
  );
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('group', args, OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const group = await context.api.request<RingGroup>('PATCH', path, context.mustChange(fields(values)));
  context.done('changed', 'group', group.number, group);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('group', args, {});
  const number = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, number));
  context.done('removed', 'group', number);
  return 0;
}
