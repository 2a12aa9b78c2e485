// `cordboard survey …`: what callers are asked after a talk, who is asked, and what came of it.
import type { Survey, SurveyFigures, SurveyRule } from '../contract/index.js';
import { linesCommand, runVerb, type LinesContext } from './lines-context.js';
import { readSettings } from './lines-settings.js';
import { eitherOf, given, numberOf } from './lines-values.js';
import { secondsToMs } from './parse-command.js';

const PATH = '/surveys';
const RULES = '/survey-rules';

const OPTIONS = {
  name: { type: 'string' },
  retries: { type: 'string' },
  timeout: { type: 'string' },
  enable: { type: 'boolean' },
  disable: { type: 'boolean' },
  settings: { type: 'string' },
} as const;

export function runSurveyCommand(args: readonly string[]): Promise<number> {
  return runVerb('survey', { add, set, list, show, remove, ask, rules, drop, figures }, args);
}

interface Values {
  name?: string;
  retries?: string;
  timeout?: string;
  enable?: boolean;
  disable?: boolean;
  settings?: string;
}

/** A file as the API takes it, and on top of it what the options say. */
function fields(values: Values, context: LinesContext): object {
  const { name, retries, timeout, settings } = values;
  return {
    ...(settings === undefined ? {} : readSettings(settings, context)),
    ...given({
      name,
      retries: retries === undefined ? undefined : numberOf(retries, '--retries'),
      timeoutMs: secondsToMs(timeout, 'timeout'),
      enabled: eitherOf({ ...values }, 'enable', 'disable'),
    }),
  };
}

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('survey', args, OPTIONS);
  const id = context.needed(words);
  const survey = await context.api.request<Survey>('POST', PATH, { id, name: id, ...fields(values, context) });
  context.done('made', 'survey', id, survey);
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('survey', args, OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const survey = await context.api.request<Survey>('PATCH', path, context.mustChange(fields(values, context)));
  context.done('changed', 'survey', survey.id, survey);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('survey', args, {}, 0);
  context.list(await context.api.request<Survey[]>('GET', PATH), ({ id, name, questions, enabled }) => [
    ...[id, name, questions.map((question) => question.id).join(', '), enabled ? '' : context.say('off')],
  ]);
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('survey', args, {});
  context.show(await context.api.request<Survey>('GET', context.at(PATH, context.needed(words))));
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('survey', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, id));
  context.done('removed', 'survey', id);
  return 0;
}

/** Makes a rule: whom this survey is put to when his agent has hung up. */
async function ask(args: readonly string[]): Promise<number> {
  const options = {
    name: { type: 'string' },
    queue: { type: 'string' },
    direction: { type: 'string' },
    percentage: { type: 'string' },
    'not-again': { type: 'string' },
    'min-talk': { type: 'string' },
  } as const;
  const { values, words, context } = linesCommand('survey', args, options);
  const surveyId = context.needed(words);
  const number = (text: string | undefined, what: string): number | undefined =>
    text === undefined ? undefined : numberOf(text, what);
  const rule = await context.api.request<SurveyRule>('POST', RULES, {
    ...{ surveyId, name: values.name ?? surveyId },
    ...given({
      ...{ queueId: values.queue, direction: values.direction },
      percentage: number(values.percentage, '--percentage'),
      notAgainDays: number(values['not-again'], '--not-again'),
      minTalkMs: secondsToMs(values['min-talk'], 'min-talk'),
    }),
  });
  context.done('made', 'surveyRule', rule.id, rule);
  return 0;
}

async function rules(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('survey', args, {}, 0);
  context.list(await context.api.request<SurveyRule[]>('GET', RULES), (rule) => [
    ...[rule.id, rule.surveyId, rule.queueId ?? '*', rule.direction ?? '*', `${rule.percentage} %`],
    ...[rule.notAgainDays === 0 ? '' : `${rule.notAgainDays} d`, rule.enabled ? '' : context.say('off')],
  ]);
  return 0;
}

async function drop(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('survey', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(RULES, id));
  context.done('removed', 'surveyRule', id);
  return 0;
}

/** Who was asked, who has answered, mean and share of the two best scores. */
async function figures(args: readonly string[]): Promise<number> {
  const { values, context } = linesCommand('survey', args, { by: { type: 'string' } }, 0);
  const path = `/survey-figures?by=${encodeURIComponent(values.by ?? 'survey')}`;
  const percent = (share: number | null): string => (share === null ? '-' : `${Math.round(share * 1000) / 10} %`);
  context.list(await context.api.request<SurveyFigures[]>('GET', path), (one) => [
    ...[one.key ?? '-', `${one.answered} / ${one.offered}`, percent(one.responseRate)],
    ...[one.mean === null ? '-' : one.mean.toFixed(2), percent(one.topTwo)],
  ]);
  return 0;
}
