// `cordboard queue …`: queues, who is in them, and what agents can do.
import type { AgentAbilities, Queue, QueueMember } from '../contract/index.js';
import { linesCommand, runVerb, type LinesContext } from './lines-context.js';
import { readSettings } from './lines-settings.js';
import { given, listOf, numberOf } from './lines-values.js';
import { secondsToMs } from './parse-command.js';

const PATH = '/queues';

const OPTIONS = {
  name: { type: 'string' },
  strategy: { type: 'string' },
  ring: { type: 'string' },
  'wrap-up': { type: 'string' },
  'max-wait': { type: 'string' },
  'max-length': { type: 'string' },
  'service-level': { type: 'string' },
  'short-abandon': { type: 'string' },
  music: { type: 'string' },
  settings: { type: 'string' },
} as const;
type Values = { [Name in keyof typeof OPTIONS]?: string };

export function runQueueCommand(args: readonly string[]): Promise<number> {
  return runVerb('queue', { add, list, show, set, remove, members, skills }, args);
}

/** A file of settings as the API takes them, and on top of it what the options say. */
function fields(values: Values, context: LinesContext) {
  const manual = values['wrap-up'] === 'manual';
  const length = values['max-length'];
  return {
    ...(values.settings === undefined ? {} : readSettings(values.settings, context)),
    ...given({
      name: values.name,
      strategy: values.strategy,
      ringTimeoutMs: secondsToMs(values.ring, 'ring'),
      wrapUpMode: values['wrap-up'] === undefined ? undefined : manual ? 'manual' : 'timed',
      wrapUpMs: manual ? undefined : secondsToMs(values['wrap-up'], 'wrap-up'),
      maxWaitMs: secondsToMs(values['max-wait'], 'max-wait'),
      maxLength: length === undefined ? undefined : numberOf(length, '--max-length'),
      serviceLevelMs: secondsToMs(values['service-level'], 'service-level'),
      shortAbandonMs: secondsToMs(values['short-abandon'], 'short-abandon'),
      music: values.music,
    }),
  };
}

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('queue', args, OPTIONS);
  const id = context.needed(words);
  const queue = await context.api.request<Queue>('POST', PATH, { id, name: id, ...fields(values, context) });
  context.done('made', 'queue', id, queue);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('queue', args, {}, 0);
  const all = await context.api.request<Queue[]>('GET', PATH);
  context.list(all, ({ id, name, strategy, maxWaitMs, maxLength }) => {
    return [id, name, strategy, `${maxWaitMs / 1000} s`, maxLength === 0 ? '-' : String(maxLength)];
  });
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('queue', args, {});
  context.show(await context.api.request<Queue>('GET', context.at(PATH, context.needed(words))));
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('queue', args, OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const queue = await context.api.request<Queue>('PATCH', path, context.mustChange(fields(values, context)));
  context.done('changed', 'queue', queue.id, queue);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('queue', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, id));
  context.done('removed', 'queue', id);
  return 0;
}

/** Without agents: who is in it. AGENT[:PENALTY[:WEIGHT]],… in the order of their places. */
async function members(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('queue', args, {}, 2);
  const path = `${context.at(PATH, context.needed(words))}/members`;
  const body = words[1] === undefined ? undefined : listOf(words[1]).map(memberOf);
  const all = await context.api.request<QueueMember[]>(body === undefined ? 'GET' : 'PUT', path, body);
  context.list(all, ({ agentId, position, penalty, weight }) => [agentId, `${position}`, `${penalty}`, `${weight}`]);
  return 0;
}

function memberOf(text: string, position: number) {
  const [agentId = '', penalty = '0', weight = '1'] = text.split(':');
  return { agentId, position, penalty: numberOf(penalty, 'PENALTY'), weight: numberOf(weight, 'WEIGHT') };
}

/** Without skills: what the agent can. SKILL:LEVEL,… in place of what he could; regions and levels of customers stay. */
async function skills(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('queue', args, {}, 2);
  const path = `${context.at('/agents', context.needed(words))}/abilities`;
  let can = await context.api.request<AgentAbilities>('GET', path);
  if (words[1] !== undefined) {
    const asked = listOf(words[1]).map((text) => {
      const [skill = '', level = '5'] = text.split(':');
      return { skill, level: numberOf(level, 'LEVEL') };
    });
    can = await context.api.request<AgentAbilities>('PUT', path, { ...can, skills: asked });
  }
  context.list(can.skills, ({ skill, level }) => [skill, `${level}`]);
  return 0;
}
