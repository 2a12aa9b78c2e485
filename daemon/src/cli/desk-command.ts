// `cordboard reason …`, `cordboard disposition …`, `cordboard agent …`: why agents are not ready, what calls come to, and what agents do.
import type { Agent, Disposition, NotReadyReason } from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, numberOf } from './lines-values.js';

const REASONS = '/agent-reasons';
const DISPOSITIONS = '/dispositions';
const NAMES = { zh: { type: 'string' }, en: { type: 'string' } } as const;
const REASON = { ...NAMES, unpaid: { type: 'boolean' }, minutes: { type: 'string' } } as const;
const DISPOSITION = {
  ...NAMES,
  under: { type: 'string' },
  queue: { type: 'string' },
  note: { type: 'boolean' },
} as const;

export function runReasonCommand(args: readonly string[]): Promise<number> {
  return runVerb('reason', { add: addReason, list: listReasons, remove: removeReason }, args);
}

export function runDispositionCommand(args: readonly string[]): Promise<number> {
  const verbs = { add: addDisposition, list: listDispositions, remove: removeDisposition };
  return runVerb('disposition', verbs, args);
}

export function runAgentCommand(args: readonly string[]): Promise<number> {
  return runVerb('agent', { state, force }, args);
}

async function addReason(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('reason', args, REASON);
  const code = context.needed(words);
  const reason = await context.api.request<NotReadyReason>('POST', REASONS, {
    ...{ code, nameZh: values.zh ?? values.en ?? code, nameEn: values.en ?? values.zh ?? code },
    ...{ paid: values.unpaid !== true },
    ...given({ maxMinutes: values.minutes === undefined ? undefined : numberOf(values.minutes, '--minutes') }),
  });
  context.done('made', 'reason', code, reason);
  return 0;
}

async function listReasons(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('reason', args, {}, 0);
  const all = await context.api.request<NotReadyReason[]>('GET', REASONS);
  context.list(all, ({ code, nameZh, nameEn, maxMinutes }) => [code, nameZh, nameEn, `${maxMinutes ?? '-'}`]);
  return 0;
}

async function removeReason(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('reason', args, {});
  const code = context.needed(words);
  await context.api.request('DELETE', context.at(REASONS, code));
  context.done('removed', 'reason', code);
  return 0;
}

async function addDisposition(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('disposition', args, DISPOSITION);
  const id = context.needed(words);
  const made = await context.api.request<Disposition>('POST', DISPOSITIONS, {
    ...{ id, nameZh: values.zh ?? values.en ?? id, nameEn: values.en ?? values.zh ?? id },
    ...given({ parentId: values.under, queueId: values.queue }),
    requiresNote: values.note === true,
  });
  context.done('made', 'disposition', id, made);
  return 0;
}

async function listDispositions(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('disposition', args, {}, 0);
  const all = await context.api.request<Disposition[]>('GET', DISPOSITIONS);
  context.list(all, ({ id, nameZh, nameEn, parentId, queueId }) => [
    id,
    nameZh,
    nameEn,
    parentId ?? '-',
    queueId ?? '-',
  ]);
  return 0;
}

async function removeDisposition(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('disposition', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(DISPOSITIONS, id));
  context.done('removed', 'disposition', id);
  return 0;
}

/** Without a number: of everybody. */
async function state(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('agent', args, {});
  const path = words[0] === undefined ? '/agents' : context.at('/agents', words[0]);
  const found = await context.api.request<Agent | Agent[]>('GET', path);
  context.list([found].flat(), (one) => [one.id, one.name, one.state, one.reason ?? '-', `${one.station ?? '-'}`]);
  return 0;
}

/** AGENT ready | notReady | signedOut [REASON]; of one who is in a call it is done after the call. */
async function force(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('agent', args, {}, 3);
  const id = context.needed(words);
  const body = { state: context.needed(words, 1), ...given({ reason: words[2] }) };
  const agent = await context.api.request<Agent>('POST', `${context.at('/agents', id)}/state`, body);
  context.list([agent], (one) => [one.id, one.pending?.state ?? one.state, one.pending === null ? '-' : one.state]);
  return 0;
}
