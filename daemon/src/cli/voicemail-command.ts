// `cordboard voicemail …`: boxes, what is in them, and prompts that are to be recorded by telephone.
import type { PromptTicket, VoiceMessage, VoicemailBox } from '../contract/index.js';
import { linesCommand, runVerb, type LinesContext } from './lines-context.js';
import { given, listOf, numberOf } from './lines-values.js';
import { secondsToMs } from './parse-command.js';
import { CliError } from './terminal.js';

const PATH = '/voicemail/boxes';
const DEFAULT_KIND = 'number';

const OPTIONS = {
  name: { type: 'string' },
  kind: { type: 'string' },
  number: { type: 'string' },
  agents: { type: 'string' },
  queue: { type: 'string' },
  stations: { type: 'string' },
  language: { type: 'string' },
  pin: { type: 'string' },
  email: { type: 'string' },
  messages: { type: 'string' },
  'longest-message': { type: 'string' },
  'keep-days': { type: 'string' },
  notify: { type: 'string' },
  'notify-calendar': { type: 'string' },
  'notify-tries': { type: 'string' },
  'notify-pause': { type: 'string' },
  answers: { type: 'boolean' },
  'no-answers': { type: 'boolean' },
} as const;
type Values = { [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string };

export function runVoicemailCommand(args: readonly string[]): Promise<number> {
  return runVerb('voicemail', { add, list, show, set, remove, messages, record }, args);
}

/** `-` takes away what may be left out. */
const orNone = (text: string | undefined): string | null | undefined => (text === '-' ? null : text);
const amount = (text: string | undefined, option: string): number | undefined =>
  text === undefined ? undefined : numberOf(text, option);

function fields(values: Values, context: LinesContext) {
  if (values.answers === true && values['no-answers'] === true)
    throw new CliError(context.say('both', { a: '--answers', b: '--no-answers' }));
  const keepDays = orNone(values['keep-days']);
  return given({
    name: values.name,
    kind: values.kind,
    number: orNone(values.number),
    agents: values.agents === undefined ? undefined : listOf(values.agents),
    queueId: orNone(values.queue),
    stations:
      values.stations === undefined ? undefined : listOf(values.stations).map((one) => numberOf(one, '--stations')),
    language: values.language,
    pin: orNone(values.pin),
    email: orNone(values.email),
    maxMessages: amount(values.messages, '--messages'),
    maxMessageMs: secondsToMs(values['longest-message'], 'longest-message'),
    keepDays: keepDays === null ? null : amount(keepDays, '--keep-days'),
    notifyNumber: orNone(values.notify),
    notifyCalendarId: orNone(values['notify-calendar']),
    notifyTries: amount(values['notify-tries'], '--notify-tries'),
    notifyPauseMs: secondsToMs(values['notify-pause'], 'notify-pause'),
    answersStations: values.answers === true ? true : values['no-answers'] === true ? false : undefined,
  });
}

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('voicemail', args, OPTIONS);
  const id = context.needed(words);
  const made = { id, name: id, kind: DEFAULT_KIND, ...fields(values, context) };
  context.done('made', 'box', id, await context.api.request<VoicemailBox>('POST', PATH, made));
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('voicemail', args, {}, 0);
  const all = await context.api.request<VoicemailBox[]>('GET', PATH);
  context.list(all, ({ id, name, number, fresh, old }) => [id, name, number ?? '-', `${fresh}`, `${fresh + old}`]);
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('voicemail', args, {});
  const id = context.needed(words);
  const all = await context.api.request<VoicemailBox[]>('GET', PATH);
  const box = all.find((one) => one.id === id);
  if (box === undefined) await context.api.request('GET', `${context.at(PATH, id)}/messages`);
  else context.show(box);
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('voicemail', args, OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const box = await context.api.request<VoicemailBox>('PATCH', path, context.mustChange(fields(values, context)));
  context.done('changed', 'box', box.id, box);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('voicemail', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, id));
  context.done('removed', 'box', id);
  return 0;
}

async function messages(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('voicemail', args, {});
  const all = await context.api.request<VoiceMessage[]>('GET', `${context.at(PATH, context.needed(words))}/messages`);
  context.list(all, ({ id, callingNumber, receivedAt, durationMs, state }) => [
    ...[id, callingNumber || '-', new Date(receivedAt).toISOString(), `${Math.round(durationMs / 1000)} s`, state],
  ]);
  return 0;
}

/** A prompt: the telephone rings, or a code is told that is dialled. */
async function record(args: readonly string[]): Promise<number> {
  const options = { language: { type: 'string' }, station: { type: 'string' } } as const;
  const { values, words, context } = linesCommand('voicemail', args, options);
  const body = given({
    name: context.needed(words),
    language: values.language ?? 'zh-CN',
    station: amount(values.station, '--station'),
  });
  const ticket = await context.api.request<PromptTicket>('POST', '/prompt-tickets', body);
  context.list([ticket], ({ code, name, language }) => [`*90${code}#`, name, language]);
  return 0;
}
