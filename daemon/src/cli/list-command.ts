// `cordboard list …`: black, white and VIP lists; `cordboard number …`: what a number tells.
import type { NumberInfo, NumberList, NumberListEntry, NumberListImport } from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, numberOf } from './lines-values.js';
import { CliError } from './terminal.js';

const PATH = '/number-lists';

export function runListCommand(args: readonly string[]): Promise<number> {
  return runVerb('list', { add, list, put, import: importEntries, export: exportEntries, remove }, args);
}

export function runNumberCommand(args: readonly string[]): Promise<number> {
  return runVerb('number', { show }, args);
}

async function add(args: readonly string[]): Promise<number> {
  const options = { kind: { type: 'string' }, name: { type: 'string' }, priority: { type: 'string' } } as const;
  const { values, words, context } = linesCommand('list', args, options);
  const id = context.needed(words);
  const priority = values.priority === undefined ? undefined : numberOf(values.priority, '--priority');
  const body = { id, kind: values.kind ?? 'black', name: values.name ?? id, ...given({ priority }) };
  context.done('made', 'list', id, await context.api.request<NumberList>('POST', PATH, body));
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('list', args, {}, 0);
  context.list(await context.api.request<NumberList[]>('GET', PATH), ({ id, kind, name, entries, enabled }) => [
    ...[id, kind, name, String(entries), enabled ? '' : context.say('off')],
  ]);
  return 0;
}

async function put(args: readonly string[]): Promise<number> {
  const options = {
    reason: { type: 'string' },
    until: { type: 'string' },
    level: { type: 'string' },
    agent: { type: 'string' },
  } as const;
  const { values, words, context } = linesCommand('list', args, options, 2);
  const [id, number] = [context.needed(words), context.needed(words, 1)];
  const expiresAt = values.until === undefined ? undefined : Date.parse(values.until);
  if (Number.isNaN(expiresAt)) throw new CliError(context.say('time', { text: values.until ?? '' }));
  const level = values.level === undefined ? undefined : numberOf(values.level, '--level');
  const body = { number, ...given({ reason: values.reason, agentId: values.agent, expiresAt, level }) };
  const entry = await context.api.request<NumberListEntry>('POST', `${context.at(PATH, id)}/entries`, body);
  context.done('made', 'entry', entry.number, entry);
  return 0;
}

/** A preview, until --apply is said. */
async function importEntries(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('list', args, { apply: { type: 'boolean' } }, 2);
  const path = `${context.at(PATH, context.needed(words))}/import?apply=${values.apply ?? false}`;
  const result = await context.api.upload<NumberListImport>(path, context.needed(words, 1));
  context.result(result, () => [
    `${result.rows} (${result.encoding})`,
    ...result.problems.map(({ line, message }) => `${line}: ${message}`),
  ]);
  return 0;
}

async function exportEntries(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('list', args, {});
  process.stdout.write(await context.api.download(`${context.at(PATH, context.needed(words))}/entries.csv`));
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('list', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, id));
  context.done('removed', 'list', id);
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('number', args, {});
  context.show(await context.api.request<NumberInfo>('GET', context.at('/numbers', context.needed(words))));
  return 0;
}
