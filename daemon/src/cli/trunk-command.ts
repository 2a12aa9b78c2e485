// `cordboard trunk …`: lines to carriers.
import type { SipTrunk, SipTrunkStatus, Trunk } from '../contract/index.js';
import { linesCommand, runVerb, type LinesContext } from './lines-context.js';
import { eitherOf, given, hostsOf, listOf, numberOf, numbersOf, rulesOf, secretOf } from './lines-values.js';
import { say } from './lines-words.js';
import { CliError, terminalLanguage } from './terminal.js';

const PATH = '/trunks';

const TRUNK_STATES = {
  up: 'trunkUp',
  down: 'trunkDown',
  registering: 'trunkRegistering',
  refused: 'trunkRefused',
} as const;

const text = { type: 'string' } as const;
const OPTIONS = {
  ...{ fxo: text, hunt: text, 'dial-prefix': text, 'line-number': text },
  ...{ name: text, calls: text, e1: text, host: text, transport: text, mode: text, user: text, secret: text },
  ...{ 'secret-file': text, 'from-user': text, 'from-domain': text, expires: text, options: text },
  ...{ codecs: text, dtmf: text, srtp: text, fingerprint: text, sources: text, format: text },
  ...{
    'rules-in': text,
    'rules-out': text,
    'caller-rules': text,
    'caller-id': text,
    'fixed-number': text,
    'caller-id-header': text,
    'diversion-header': text,
  },
  refer: { type: 'boolean' },
  'no-refer': { type: 'boolean' },
  enable: { type: 'boolean' },
  disable: { type: 'boolean' },
} as const;
type Values = { [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string };

export function runTrunkCommand(args: readonly string[]): Promise<number> {
  return runVerb('trunk', { add, list, show, set, remove }, args);
}

function fields(values: Values) {
  const when = <T>(value: string | undefined, read: (value: string) => T): T | undefined =>
    value === undefined ? undefined : read(value);
  return given({
    name: values.name,
    maxCalls: when(values.calls, (value) => numberOf(value, '--calls')),
    spans: when(values.e1, (value) => numbersOf(value, '--e1')),
    lines: when(values.fxo, (value) => numbersOf(value, '--fxo')),
    hunt: values.hunt,
    dialPrefix: values['dial-prefix'],
    lineNumber: values['line-number'],
    hosts: when(values.host, (value) =>
      hostsOf(value).map((host) => ({ ...host, ...given({ transport: values.transport }) })),
    ),
    mode: values.mode,
    username: values.user,
    secret: secretOf(values.secret, values['secret-file']),
    fromUser: values['from-user'],
    fromDomain: values['from-domain'],
    expiresS: when(values.expires, (value) => numberOf(value, '--expires')),
    optionsIntervalS: when(values.options, (value) => numberOf(value, '--options')),
    codecs: when(values.codecs, listOf),
    dtmf: values.dtmf,
    srtp: values.srtp,
    tlsFingerprint: when(values.fingerprint, (value) => value.toUpperCase()),
    sources: when(values.sources, listOf),
    numberFormat: values.format,
    numberRulesIn: when(values['rules-in'], rulesOf),
    numberRulesOut: when(values['rules-out'], rulesOf),
    callerRulesIn: when(values['caller-rules'], rulesOf),
    callerId: values['caller-id'],
    fixedNumber: values['fixed-number'],
    callerIdHeader: values['caller-id-header'],
    diversionHeader: values['diversion-header'],
    refer: eitherOf(values, 'refer', 'no-refer'),
    enabled: eitherOf(values, 'enable', 'disable'),
  });
}

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('trunk', args, OPTIONS);
  const id = context.needed(words);
  if ([values.e1, values.host, values.fxo].filter((one) => one !== undefined).length !== 1)
    throw new CliError(say(terminalLanguage(), 'trunkKind'));
  const kind = values.e1 !== undefined ? 'e1' : values.fxo !== undefined ? 'fxo' : 'sip';
  const trunk = await context.api.request<Trunk>('POST', PATH, { id, kind, ...fields(values) });
  context.done('made', 'trunk', trunk.id, trunk);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('trunk', args, {}, 0);
  const [trunks, states] = await Promise.all([
    context.api.request<Trunk[]>('GET', PATH),
    context.api.request<SipTrunkStatus[]>('GET', '/sip/trunks'),
  ]);
  const all = trunks.map((trunk) => ({ ...trunk, status: states.find(({ trunk: id }) => id === trunk.id) ?? null }));
  context.list(all, (trunk) => [
    trunk.id,
    trunk.name,
    overText(trunk),
    trunk.enabled ? stateText(context, trunk.status) : context.say('off'),
  ]);
  return 0;
}

function overText(trunk: Trunk): string {
  if (trunk.kind === 'e1') return `E1 ${trunk.spans.join(', ')}`;
  return trunk.kind === 'fxo' ? `FXO ${trunk.lines.join(', ')}` : `SIP ${hostsText(trunk)}`;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('trunk', args, {});
  context.show(await context.api.request<Trunk>('GET', context.at(PATH, context.needed(words))));
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('trunk', args, OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const change: Record<string, unknown> = fields(values);
  // Another transport to the hosts that there are.
  if (values.transport !== undefined && values.host === undefined) {
    const now = await context.api.request<Trunk>('GET', path);
    change['hosts'] = now.kind === 'sip' ? now.hosts.map((host) => ({ ...host, transport: values.transport })) : [];
  }
  const trunk = await context.api.request<Trunk>('PATCH', path, context.mustChange(change));
  context.done('changed', 'trunk', trunk.id, trunk);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('trunk', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, id));
  context.done('removed', 'trunk', id);
  return 0;
}

/** Of an E1 nothing: `GET /spans` has its state. */
function stateText(context: LinesContext, status: SipTrunkStatus | null): string {
  if (status === null) return '';
  const state = context.say(TRUNK_STATES[status.state]);
  return status.detail === '' ? state : `${state}: ${status.detail}`;
}

function hostsText({ hosts }: SipTrunk): string {
  return hosts
    .map(({ host, port, transport }) => {
      const shown = host.includes(':') ? `[${host}]` : host;
      return `${port === 0 ? shown : `${shown}:${port}`} (${transport.toUpperCase()})`;
    })
    .join(', ');
}
