// `cordboard calendar …`: opening hours, holidays, and closing at once.
import type { Calendar, SpecialDaysImport } from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given } from './lines-values.js';
import { CliError } from './terminal.js';

const PATH = '/calendars';

export function runCalendarCommand(args: readonly string[]): Promise<number> {
  const verbs = { add, list, show, open: override(true), close: override(false), clear, import: importDays, remove };
  return runVerb('calendar', verbs, args);
}

/** Mon-Fri from `--hours 09:00-18:00`; other hours are for the page or the API. */
async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('calendar', args, {
    name: { type: 'string' },
    hours: { type: 'string' },
  });
  const id = context.needed(words);
  const hours = (values.hours ?? '')
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .map((text) => {
      const match = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text);
      if (match === null) throw new CliError(context.say('time', { text }));
      const [, h1, m1, h2, m2] = match.map(Number) as [number, number, number, number, number];
      const [from, to] = [h1 * 60 + m1, h2 * 60 + m2];
      return { from, to: to > from ? to : to + 1440 };
    });
  const weekly = hours.length === 0 ? [] : [1, 2, 3, 4, 5].map((weekday) => ({ weekday, hours }));
  const calendar = await context.api.request<Calendar>('POST', PATH, { id, name: values.name ?? id, weekly });
  context.done('made', 'calendar', id, calendar);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('calendar', args, {}, 0);
  context.list(await context.api.request<Calendar[]>('GET', PATH), ({ id, name, state }) => [
    ...[id, name, context.say(state.open ? 'open' : 'closed')],
    state.until === null ? '' : context.say('until', { until: new Date(state.until).toLocaleString() }),
  ]);
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('calendar', args, {});
  context.show(await context.api.request<Calendar>('GET', context.at(PATH, context.needed(words))));
  return 0;
}

function override(open: boolean) {
  return async (args: readonly string[]): Promise<number> => {
    const options = { until: { type: 'string' }, reason: { type: 'string' } } as const;
    const { values, words, context } = linesCommand('calendar', args, options);
    const id = context.needed(words);
    const until = values.until === undefined ? undefined : Date.parse(values.until);
    if (Number.isNaN(until)) throw new CliError(context.say('time', { text: values.until ?? '' }));
    const path = `${context.at(PATH, id)}/override`;
    const calendar = await context.api.request<Calendar>('PUT', path, {
      open,
      ...given({ until, reason: values.reason }),
    });
    context.done('changed', 'calendar', id, calendar);
    return 0;
  };
}

async function clear(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('calendar', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', `${context.at(PATH, id)}/override`);
  context.done('changed', 'calendar', id);
  return 0;
}

/** A preview, until --apply is said. */
async function importDays(args: readonly string[]): Promise<number> {
  const options = { apply: { type: 'boolean' }, replace: { type: 'boolean' } } as const;
  const { values, words, context } = linesCommand('calendar', args, options, 2);
  const [id, file] = [context.needed(words), context.needed(words, 1)];
  const format = /\.(ics|csv)$/i.exec(file)?.[1]?.toLowerCase();
  if (format === undefined) throw new CliError(context.say('unknownFormat', { file }));
  const query = new URLSearchParams({
    format,
    apply: String(values.apply ?? false),
    replace: String(values.replace ?? false),
  });
  const path = `${context.at(PATH, id)}/special-days?${query.toString()}`;
  const result = await context.api.upload<SpecialDaysImport>(path, file);
  context.result(result, () => [
    ...result.days.map(({ date, lastDate, name, effect }) => `${date} ${lastDate ?? ''}  ${effect.kind}  ${name}`),
    ...result.problems.map(({ line, message }) => `${line}: ${message}`),
  ]);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('calendar', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, id));
  context.done('removed', 'calendar', id);
  return 0;
}
