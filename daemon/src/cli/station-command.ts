// `cordboard station …`: SIP telephones.
import {
  DEFAULT_ALLOWED_CLASSES,
  type NumberClass,
  type SipAccount,
  type SipRegistration,
  type SipStation,
} from '../contract/index.js';
import { columns } from './columns.js';
import { linesCommand, runVerb, type LinesContext } from './lines-context.js';
import { say } from './lines-words.js';
import { eitherOf, given, listOf, numberOf } from './lines-values.js';
import { CliError, terminalLanguage } from './terminal.js';

const PATH = '/stations/sip';

const OPTIONS = {
  name: { type: 'string' },
  language: { type: 'string' },
  tls: { type: 'boolean' },
  'no-tls': { type: 'boolean' },
  srtp: { type: 'string' },
  codecs: { type: 'string' },
  dtmf: { type: 'string' },
  digest: { type: 'string' },
  contacts: { type: 'string' },
  calls: { type: 'string' },
  'calling-number': { type: 'string' },
  allow: { type: 'string' },
  deny: { type: 'string' },
  enable: { type: 'boolean' },
  disable: { type: 'boolean' },
} as const;
type Values = { [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string };

export function runStationCommand(args: readonly string[]): Promise<number> {
  return runVerb('station', { add, list, show, set, secret, remove }, args);
}

/** What was typed, but for the classes: those are added to what there is. */
function fields(values: Values) {
  const tls = eitherOf(values, 'tls', 'no-tls');
  return given({
    name: values.name,
    language: values.language,
    security: tls === undefined ? undefined : tls ? 'tls' : 'any',
    srtp: values.srtp,
    codecs: values.codecs === undefined ? undefined : listOf(values.codecs),
    dtmf: values.dtmf,
    digest: values.digest === undefined ? undefined : listOf(values.digest),
    maxContacts: values.contacts === undefined ? undefined : numberOf(values.contacts, '--contacts'),
    maxCalls: values.calls === undefined ? undefined : numberOf(values.calls, '--calls'),
    callingNumber: values['calling-number'],
    enabled: eitherOf(values, 'enable', 'disable'),
  });
}

function classes({ allow, deny }: Values, before: readonly NumberClass[]): string[] | undefined {
  if (allow === undefined && deny === undefined) return undefined;
  const denied = new Set(listOf(deny ?? ''));
  return [...new Set<string>([...before, ...listOf(allow ?? '')])].filter((one) => !denied.has(one));
}

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('station', args, { ...OPTIONS, sip: { type: 'boolean' } });
  if (values.sip !== true) throw new CliError(say(terminalLanguage(), 'onlySip'));
  const number = numberOf(context.needed(words), 'station add');
  // In one request: when it fails there is no telephone whose secret nobody has seen.
  const allowedClasses = classes(values, DEFAULT_ALLOWED_CLASSES);
  const body = { number, ...fields(values), ...given({ allowedClasses }) };
  const account = await context.api.request<SipAccount>('POST', PATH, body);
  context.result(account, () => accountLines(context, account));
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('station', args, {}, 0);
  const [stations, registrations] = await Promise.all([
    context.api.request<SipStation[]>('GET', PATH),
    context.api.request<SipRegistration[]>('GET', '/sip/registrations'),
  ]);
  const all = stations.map((station) => ({
    ...station,
    registrations: registrations.filter((one) => one.station === station.number),
  }));
  context.list(all, ({ number, name, enabled, secretValid, registrations: living }) => [
    String(number),
    name,
    ...(living.length === 0
      ? [context.say('notRegistered')]
      : [context.say('registered', { from: living.map(fromText).join(', ') })]),
    [enabled ? '' : context.say('off'), secretValid ? '' : context.say('newSecretNeeded')]
      .filter((text) => text !== '')
      .join(', '),
  ]);
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('station', args, {});
  context.show(await context.api.request<SipStation>('GET', context.at(PATH, context.needed(words))));
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('station', args, OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const change: Record<string, unknown> = fields(values);
  if (values.allow !== undefined || values.deny !== undefined)
    change['allowedClasses'] = classes(values, (await context.api.request<SipStation>('GET', path)).allowedClasses);
  const station = await context.api.request<SipStation>('PATCH', path, context.mustChange(change));
  context.done('changed', 'station', station.number, station);
  return 0;
}

async function secret(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('station', args, {});
  const account = await context.api.request<SipAccount>('POST', `${context.at(PATH, context.needed(words))}/secret`);
  context.result(account, () => accountLines(context, account));
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('station', args, {});
  const number = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, number));
  context.done('removed', 'station', number);
  return 0;
}

function fromText({ receivedHost, receivedPort, transport }: SipRegistration): string {
  const host = receivedHost.includes(':') ? `[${receivedHost}]` : receivedHost;
  return `${host}:${receivedPort} (${transport.toUpperCase()})`;
}

/** In the order in which telephones ask for it. */
function accountLines(
  context: LinesContext,
  { station, username, secret: shown, domain, servers }: SipAccount,
): string[] {
  const [best, ...others] = servers;
  const where: [string, string][] =
    best === undefined
      ? []
      : [
          [context.say('server'), best.host],
          [context.say('port'), String(best.port)],
          [context.say('transport'), best.transport.toUpperCase()],
        ];
  const typed = columns([
    ...where,
    [context.say('domain'), domain],
    [context.say('user'), username],
    [context.say('secret'), shown],
  ]);
  const ways = others
    .map(({ host, port, transport, url }) => url ?? `${host} ${port} ${transport.toUpperCase()}`)
    .join(', ');
  return [
    context.say('accountReady', { id: station.number }),
    '',
    ...typed.map((line) => `  ${line}`),
    ...(ways === '' ? [] : [`  ${context.say('otherWays', { ways })}`]),
    '',
    ...(best === undefined ? [context.say('sipOff')] : []),
    context.say('once', { id: station.number }),
  ];
}
