// `cordboard flow …`: flows from files: drafts, what is live, the way back, and trying out.
import { readFileSync } from 'node:fs';
import type {
  ExchangeCall,
  Flow,
  FlowCallers,
  FlowDraft,
  FlowDryRunResult,
  FlowVerdict,
  FlowVersion,
  FlowVersionSummary,
  JsonValue,
} from '../contract/index.js';
import { errorText } from '../platform/index.js';
import { columns } from './columns.js';
import { linesCommand, runVerb, type LinesContext } from './lines-context.js';
import { given, numberOf } from './lines-values.js';
import { secondsToMs } from './parse-command.js';
import { CliError } from './terminal.js';

const PATH = '/flows';

export function runFlowCommand(args: readonly string[]): Promise<number> {
  return runVerb('flow', { list, show, validate, put, live, versions, rollback, callers, test }, args);
}

const timeOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** What is live, and what is only a draft. */
async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('flow', args, {}, 0);
  const [flows, drafts] = [
    await context.api.request<Flow[]>('GET', PATH),
    await context.api.request<FlowDraft[]>('GET', '/flow-drafts'),
  ];
  const ids = [...new Set([...flows, ...drafts].map(({ id }) => id))].sort();
  const all = ids.map((id) => {
    const [flow, draft] = [flows.find((one) => one.id === id), drafts.find((one) => one.id === id)];
    const name = flow?.name ?? draft?.name ?? id;
    return {
      id,
      name,
      version: flow?.version ?? 0,
      updatedAt: (flow ?? draft)?.updatedAt ?? 0,
      draft: draft !== undefined,
    };
  });
  context.list(all, ({ id, name, version, updatedAt, draft }) => [
    ...[id, version === 0 ? '-' : String(version), timeOf(updatedAt), draft ? context.say('draft') : '-', name],
  ]);
  return 0;
}

/** The definition, as `put` takes it. */
async function show(args: readonly string[]): Promise<number> {
  const options = { draft: { type: 'boolean' }, version: { type: 'string' } } as const;
  const { values, words, context } = linesCommand('flow', args, options);
  const path = context.at(PATH, context.needed(words));
  if (values.draft === true && values.version !== undefined)
    throw new CliError(context.say('both', { a: '--draft', b: '--version' }));
  const version = values.version === undefined ? undefined : numberOf(values.version, '--version');
  const which = version === undefined ? (values.draft === true ? '/draft' : '') : `/versions/${version}`;
  const found = await context.api.request<Flow | FlowDraft | FlowVersion>('GET', `${path}${which}`);
  context.result(found, () => [JSON.stringify(found.definition, null, 2)]);
  return 0;
}

async function validate(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('flow', args, { id: { type: 'string' } });
  const definition = definitionIn(context.needed(words), context);
  const body = { definition, ...given({ id: values.id }) };
  const verdict = await context.api.request<FlowVerdict>('POST', `${PATH}/validate`, body);
  context.result(verdict, () => [
    ...verdict.problems.map(({ message }) => message),
    ...verdict.warnings.map(({ message }) => `(${message})`),
    ...(verdict.valid ? [context.say('flowValid')] : []),
  ]);
  return verdict.valid ? 0 : 1;
}

/** Keeps a draft: nobody comes to it. */
async function put(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('flow', args, { name: { type: 'string' } }, 2);
  const id = context.needed(words);
  const definition = definitionIn(context.needed(words, 1), context);
  const path = `${context.at(PATH, id)}/draft`;
  const name = values.name ?? (await nameOf(context, id));
  const draft = await context.api.request<FlowDraft>('PUT', path, { name, definition });
  context.result(draft, () => [context.say('draftKept', { id })]);
  return 0;
}

/** As it is called now. */
async function nameOf(context: LinesContext, id: string): Promise<string> {
  const known = [
    ...(await context.api.request<FlowDraft[]>('GET', '/flow-drafts')),
    ...(await context.api.request<Flow[]>('GET', PATH)),
  ];
  return known.find((one) => one.id === id)?.name ?? id;
}

async function live(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('flow', args, { note: { type: 'string' } });
  const id = context.needed(words);
  const flow = await context.api.request<Flow>(
    'POST',
    `${context.at(PATH, id)}/draft/live`,
    given({ note: values.note }),
  );
  context.result(flow, () => [context.say('flowLive', { id, version: flow.version })]);
  return 0;
}

async function versions(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('flow', args, {});
  const path = `${context.at(PATH, context.needed(words))}/versions`;
  context.list(await context.api.request<FlowVersionSummary[]>('GET', path), (one) => [
    ...[String(one.version), timeOf(one.createdAt), one.createdBy || '-', one.note || '-'],
  ]);
  return 0;
}

async function rollback(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('flow', args, { note: { type: 'string' } }, 2);
  const id = context.needed(words);
  const version = numberOf(context.needed(words, 1), 'VERSION');
  const path = `${context.at(PATH, id)}/versions/${version}/live`;
  const flow = await context.api.request<Flow>('POST', path, given({ note: values.note }));
  context.result(flow, () => [context.say('flowLive', { id, version: flow.version })]);
  return 0;
}

/** Who is in it now. */
async function callers(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('flow', args, {});
  const now = await context.api.request<FlowCallers>('GET', `${context.at(PATH, context.needed(words))}/callers`);
  context.result(now, () =>
    now.callers.length === 0
      ? [context.say('none')]
      : columns(now.callers.map((one) => [one.node, one.type, one.callId, one.phase ?? '-', timeOf(one.since)])),
  );
  return 0;
}

const TEST_OPTIONS = {
  live: { type: 'boolean' },
  node: { type: 'string' },
  from: { type: 'string' },
  digits: { type: 'string' },
  keys: { type: 'string' },
  'hang-up-after': { type: 'string' },
} as const;

/** A call of the simulator into the draft; with keys nobody is called, and it is told what the flow would do. */
async function test(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('flow', args, TEST_OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const common = given({ node: values.node, callingNumber: values.from });
  if (values.keys !== undefined) {
    if (values.digits !== undefined) throw new CliError(context.say('both', { a: '--keys', b: '--digits' }));
    const { definition } = await context.api.request<Flow | FlowDraft>(
      'GET',
      values.live === true ? path : `${path}/draft`,
    );
    const body = { ...common, definition, language: context.language, keys: values.keys.split(',') };
    const run = await context.api.request<FlowDryRunResult>('POST', `${PATH}/dry-run`, body);
    context.result(run, () => [
      ...columns(run.steps.map(({ node, type, why, next }) => [node, type, why, next ?? '-'])),
      context.say('dryRun', { heard: run.heard.join(', ') || '-', ended: run.ended, cause: run.cause ?? '-' }),
    ]);
    return 0;
  }
  const call = await context.api.request<ExchangeCall>('POST', `${path}/test-calls`, {
    ...common,
    ...given({ digits: values.digits, hangUpAfterMs: secondsToMs(values['hang-up-after'], 'hang-up-after') }),
    source: values.live === true ? 'live' : 'draft',
  });
  context.result(call, () => [context.say('testCall', { id: call.id, span: call.span, timeslot: call.timeslot })]);
  return 0;
}

/** A definition, or a flow with one in it, as `show --json` prints it. */
function definitionIn(file: string, context: LinesContext): JsonValue {
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as JsonValue;
    const whole = typeof read === 'object' && read !== null && !Array.isArray(read) ? read : {};
    return whole['definition'] ?? read;
  } catch (error) {
    throw new CliError(context.say('secretFile', { file, reason: errorText(error) }));
  }
}
