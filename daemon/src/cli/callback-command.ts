// `cordboard callback …`: who is to be called back, and how queues take callbacks.
import type { Callback, CallbackList, CallbackRule } from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, numberOf } from './lines-values.js';
import { secondsToMs } from './parse-command.js';

const PATH = '/callbacks';
const RULE = {
  first: { type: 'string' },
  tries: { type: 'string' },
  most: { type: 'string' },
  calendar: { type: 'string' },
  expires: { type: 'string' },
  abandoned: { type: 'string' },
  confirm: { type: 'string' },
} as const;

export function runCallbackCommand(args: readonly string[]): Promise<number> {
  return runVerb('callback', { list, add, cancel, rule }, args);
}

async function list(args: readonly string[]): Promise<number> {
  const { values, context } = linesCommand(
    'callback',
    args,
    { queue: { type: 'string' }, all: { type: 'boolean' } },
    0,
  );
  const query = new URLSearchParams({ limit: '500', ...(values.all === true ? {} : { open: 'true' }) });
  if (values.queue !== undefined) query.set('queueId', values.queue);
  const { callbacks } = await context.api.request<CallbackList>('GET', `${PATH}?${query}`);
  context.list(callbacks, ({ id, queueId, number, state, tries, lastResult, nextAt, dueAt }) => {
    return [id, queueId, number, state, String(tries), lastResult ?? '-', new Date(nextAt ?? dueAt).toISOString()];
  });
  return 0;
}

/** QUEUE NUMBER */
async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('callback', args, { at: { type: 'string' } }, 2);
  const [queueId, number] = [context.needed(words), context.needed(words, 1)];
  const at = values.at === undefined ? null : Date.parse(values.at);
  const made = await context.api.request<Callback>('POST', PATH, { queueId, number, at });
  context.done('made', 'callback', made.id, made);
  return 0;
}

async function cancel(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('callback', args, {});
  const id = context.needed(words);
  const cancelled = await context.api.request<Callback>('DELETE', context.at(PATH, id));
  context.done('removed', 'callback', id, cancelled);
  return 0;
}

/** Without options: the rule of a queue. With them: on top of what it is; `off` removes it. */
async function rule(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('callback', args, RULE, 2);
  const path = `${context.at('/queues', context.needed(words))}/callback-rule`;
  if (words[1] === 'off') {
    await context.api.request('DELETE', path);
    context.done('removed', 'callbackRule', context.needed(words));
    return 0;
  }
  const change = given({
    order: values.first === undefined ? undefined : `${values.first}First`,
    tries: values.tries === undefined ? undefined : numberOf(values.tries, '--tries'),
    mostOpen: values.most === undefined ? undefined : numberOf(values.most, '--most'),
    calendarId: values.calendar === '-' ? null : values.calendar,
    expiresAfterMs: secondsToMs(values.expires, 'expires'),
    abandonedAfterMs: values.abandoned === '-' ? null : secondsToMs(values.abandoned, 'abandoned'),
    confirm: values.confirm === undefined ? undefined : values.confirm === 'yes',
  });
  const asked = words[1] === 'on' || Object.keys(change).length > 0;
  if (!asked) {
    context.show(await context.api.request<CallbackRule>('GET', path));
    return 0;
  }
  const all = await context.api.request<CallbackRule[]>('GET', '/callback-rules');
  const { queueId: _queue, ...before } = all.find(({ queueId }) => queueId === words[0]) ?? { queueId: '' };
  context.show(await context.api.request<CallbackRule>('PUT', path, { ...before, ...change }));
  return 0;
}
