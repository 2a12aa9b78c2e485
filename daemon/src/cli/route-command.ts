// `cordboard route …`: the numbers that those outside call, and the ways out.
import type { OutboundRoute, Route, RouteTryResult } from '../contract/index.js';
import { columns } from './columns.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, listOf, numberOf } from './lines-values.js';
import { say } from './lines-words.js';
import { CliError, terminalLanguage } from './terminal.js';

export function runRouteCommand(args: readonly string[]): Promise<number> {
  return runVerb('route', { add, list, try: tryRoute, remove }, args);
}

const OPTIONS = {
  flow: { type: 'string' },
  queue: { type: 'string' },
  ring: { type: 'string' },
  from: { type: 'string' },
  list: { type: 'string' },
  open: { type: 'string' },
  closed: { type: 'string' },
  busy: { type: 'boolean' },
  cost: { type: 'string' },
  language: { type: 'string' },
  out: { type: 'string' },
  trunk: { type: 'string' },
  name: { type: 'string' },
  priority: { type: 'string' },
  strip: { type: 'string' },
  prepend: { type: 'string' },
  emergency: { type: 'boolean' },
} as const;

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('route', args, OPTIONS);
  const language = terminalLanguage();
  const target = wantedTarget(values);
  const calendar = calendarOf(values);
  if (values.out !== undefined && target === undefined && values.trunk !== undefined && words.length === 0) {
    const route = await context.api.request<OutboundRoute>('POST', '/outbound-routes', {
      pattern: values.out,
      trunks: listOf(values.trunk),
      ...given({
        name: values.name,
        priority: values.priority === undefined ? undefined : numberOf(values.priority, '--priority'),
        strip: values.strip === undefined ? undefined : numberOf(values.strip, '--strip'),
        prepend: values.prepend,
        emergency: values.emergency,
        cost: values.cost === undefined ? undefined : numberOf(values.cost, '--cost'),
        calendar,
      }),
    });
    context.done('made', 'routeOut', route.pattern, route);
    return 0;
  }
  if (target === undefined || values.out !== undefined) throw new CliError(say(language, 'routeKind'));
  const foreign = (['strip', 'prepend', 'emergency', 'cost'] as const).find((one) => values[one] !== undefined);
  if (foreign !== undefined) throw new CliError(say(language, 'both', { a: '--flow', b: `--${foreign}` }));
  const route = await context.api.request<Route>('POST', '/routes', {
    calledNumber: context.needed(words),
    target,
    language: values.language ?? language,
    ...given({
      name: values.name,
      callingNumber: values.from,
      callingList: values.list,
      trunk: values.trunk,
      calendar,
      priority: values.priority === undefined ? undefined : numberOf(values.priority, '--priority'),
    }),
  });
  context.done('made', 'routeIn', route.calledNumber, route);
  return 0;
}

type Values = Partial<Record<'flow' | 'queue' | 'ring' | 'open' | 'closed', string>> & { busy?: boolean };

/** undefined: none was named; two: the first counts nothing, it is refused. */
function wantedTarget({ flow, queue, ring, busy }: Values): Route['target'] | undefined {
  const targets: Route['target'][] = [
    ...(flow === undefined ? [] : [{ kind: 'flow', flowId: flow } as const]),
    ...(queue === undefined ? [] : [{ kind: 'queue', queueId: queue } as const]),
    ...(ring === undefined ? [] : [{ kind: 'station', station: numberOf(ring, '--ring') } as const]),
    ...(busy === true ? [{ kind: 'busy' } as const] : []),
  ];
  if (targets.length > 1)
    throw new CliError(say(terminalLanguage(), 'both', { a: '--flow', b: '--queue, --ring, --busy' }));
  return targets[0];
}

function calendarOf({ open, closed }: Values): Route['calendar'] | undefined {
  if (open !== undefined && closed !== undefined)
    throw new CliError(say(terminalLanguage(), 'both', { a: '--open', b: '--closed' }));
  if (open !== undefined) return { calendarId: open, when: 'open' };
  return closed === undefined ? undefined : { calendarId: closed, when: 'closed' };
}

function targetText(target: Route['target']): string {
  const [kind, name] = Object.values(target) as [string, (string | number)?];
  return kind === 'flow' ? String(name) : [kind, name].filter((one) => one !== undefined).join(' ');
}

function conditionsOf({ callingNumber, callingList, trunk, calendar }: Route): string[] {
  return [
    callingNumber,
    callingList,
    trunk,
    calendar === null ? null : `${calendar.when} ${calendar.calendarId}`,
  ].filter((one): one is string => one !== null && one !== '');
}

/** What would happen to a call, and why. */
async function tryRoute(args: readonly string[]): Promise<number> {
  const options = {
    from: { type: 'string' },
    trunk: { type: 'string' },
    station: { type: 'string' },
    at: { type: 'string' },
    show: { type: 'string' },
  } as const;
  const { values, words, context } = linesCommand('route', args, options);
  const at = values.at === undefined ? undefined : Date.parse(values.at);
  if (Number.isNaN(at)) throw new CliError(context.say('time', { text: values.at ?? '' }));
  const result = await context.api.request<RouteTryResult>('POST', '/routes/try', {
    to: context.needed(words),
    ...given({
      ...{ from: values.from, trunk: values.trunk, callingNumber: values.show, at },
      station: values.station === undefined ? undefined : numberOf(values.station, '--station'),
    }),
  });
  context.result(result, () => [
    `${result.outcome} ${JSON.stringify(result.target)}`,
    ...(result.treatment === null ? [] : [JSON.stringify(result.treatment)]),
    ...result.steps.map(({ text }) => `  ${text}`),
  ]);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('route', args, {}, 0);
  const [inbound, outbound] = await Promise.all([
    context.api.request<Route[]>('GET', '/routes'),
    context.api.request<OutboundRoute[]>('GET', '/outbound-routes'),
  ]);
  context.result({ in: inbound, out: outbound }, () => {
    const rows = [
      ...inbound.map((route) => [
        context.say('in'),
        route.calledNumber || '*',
        targetText(route.target),
        [route.language, ...conditionsOf(route), ...(route.enabled ? [] : [context.say('off')])].join(', '),
        route.id,
      ]),
      ...outbound.map((route) => [
        context.say('out'),
        route.pattern,
        route.trunks.join(', '),
        changeText(route),
        route.id,
      ]),
    ];
    return rows.length === 0 ? [context.say('none')] : columns(rows);
  });
  return 0;

  function changeText({ strip, prepend, emergency, enabled }: OutboundRoute): string {
    const change = strip === 0 && prepend === '' ? '' : `-${strip} +${prepend}`;
    const marks = [change, emergency ? context.say('emergency') : '', enabled ? '' : context.say('off')];
    return marks.filter((mark) => mark !== '').join(', ');
  }
}

/** A number names a route in, an id one of either kind. */
async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('route', args, {});
  const id = context.needed(words);
  const inbound = (await context.api.request<Route[]>('GET', '/routes')).find(
    (one) => one.id === id || one.calledNumber === id,
  );
  if (inbound !== undefined) {
    await context.api.request('DELETE', `/routes/${inbound.id}`);
    context.done('removed', 'routeIn', inbound.calledNumber);
    return 0;
  }
  const outbound = (await context.api.request<OutboundRoute[]>('GET', '/outbound-routes')).find((one) => one.id === id);
  if (outbound === undefined) throw new CliError(context.say('routeMissing', { id }));
  await context.api.request('DELETE', `/outbound-routes/${outbound.id}`);
  context.done('removed', 'routeOut', outbound.pattern);
  return 0;
}
