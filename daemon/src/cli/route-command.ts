// `cordboard route …`: the numbers that those outside call, and the ways out.
import type { OutboundRoute, Route } from '../contract/index.js';
import { columns } from './columns.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, listOf, numberOf } from './lines-values.js';
import { say } from './lines-words.js';
import { CliError, terminalLanguage } from './terminal.js';

export function runRouteCommand(args: readonly string[]): Promise<number> {
  return runVerb('route', { add, list, remove }, args);
}

const OPTIONS = {
  flow: { type: 'string' },
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
  if (values.out !== undefined && values.flow === undefined && values.trunk !== undefined && words.length === 0) {
    const route = await context.api.request<OutboundRoute>('POST', '/outbound-routes', {
      pattern: values.out,
      trunks: listOf(values.trunk),
      ...given({
        name: values.name,
        priority: values.priority === undefined ? undefined : numberOf(values.priority, '--priority'),
        strip: values.strip === undefined ? undefined : numberOf(values.strip, '--strip'),
        prepend: values.prepend,
        emergency: values.emergency,
      }),
    });
    context.done('made', 'routeOut', route.pattern, route);
    return 0;
  }
  if (values.flow === undefined || values.out !== undefined) throw new CliError(say(language, 'routeKind'));
  const foreign = (['trunk', 'name', 'priority', 'strip', 'prepend', 'emergency'] as const).find(
    (one) => values[one] !== undefined,
  );
  if (foreign !== undefined) throw new CliError(say(language, 'both', { a: '--flow', b: `--${foreign}` }));
  const route = await context.api.request<Route>('POST', '/routes', {
    calledNumber: context.needed(words),
    flowId: values.flow,
    language: values.language ?? language,
  });
  context.done('made', 'routeIn', route.calledNumber, route);
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
      ...inbound.map(({ id, calledNumber, flowId, language }) => [
        context.say('in'),
        calledNumber,
        flowId,
        language,
        id,
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
