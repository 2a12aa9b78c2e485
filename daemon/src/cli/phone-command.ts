// `cordboard phone …` and `cordboard alert …`: desk telephones that fetch their settings, and who is told of what is wrong.
import type {
  AlertDelivery,
  AlertList,
  AlertRule,
  AlertWayList,
  DeskPhoneList,
  DeskPhoneSet,
  PhoneAccess,
  PhoneCommonAccess,
  PhoneFile,
  PhoneProvisioned,
} from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, listOf, numberOf } from './lines-values.js';
import { CliError } from './terminal.js';

const PATH = '/phones';

const OPTIONS = {
  model: { type: 'string' },
  station: { type: 'string' },
  transport: { type: 'string' },
  blf: { type: 'string' },
  dial: { type: 'string' },
  firmware: { type: 'string' },
} as const;
type Values = { [Name in keyof typeof OPTIONS]?: string };

export function runPhoneCommand(args: readonly string[]): Promise<number> {
  return runVerb('phone', { add, list, show, set, provision, access, renew, file, url, unknown, remove }, args);
}

/** Keys are lamps first, then speed dials. */
function fields({ model, station, transport, blf, dial, firmware }: Values) {
  const key = (kind: 'blf' | 'speedDial', text: string | undefined) =>
    listOf(text ?? '').map((number) => ({ kind, number }));
  const keys = blf === undefined && dial === undefined ? undefined : [...key('blf', blf), ...key('speedDial', dial)];
  return given({
    ...{ model, transport, keys, firmwareUrl: firmware },
    station: station === undefined ? undefined : numberOf(station, '--station'),
  });
}

const timeText = (ms: number | null): string =>
  ms === null ? '–' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('phone', args, { ...OPTIONS, vendor: { type: 'string' } });
  const body = { mac: context.needed(words), ...fields(values), ...given({ vendor: values.vendor }) };
  const phone = await context.api.request<DeskPhoneSet>('POST', PATH, body);
  context.done('made', 'phone', phone.mac, phone);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('phone', args, {}, 0);
  const { phones } = await context.api.request<DeskPhoneList>('GET', PATH);
  context.list(phones, ({ mac, station, name, vendor, model, state, askedAt, fetchedAt, registeredAt }) => [
    ...[mac, String(station), name, `${vendor} ${model}`.trim(), context.say(`phone_${state}`)],
    ...[askedAt, fetchedAt, registeredAt].map(timeText),
  ]);
  return 0;
}

async function unknown(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('phone', args, {}, 0);
  const found = await context.api.request<DeskPhoneList>('GET', PATH);
  context.list(found.unknown, ({ mac, vendor, model, address, lastAt }) => [
    ...[mac, `${vendor} ${model}`.trim(), address, timeText(lastAt)],
  ]);
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('phone', args, {});
  const wanted = context.needed(words).replaceAll(/[:.-]/g, '').toLowerCase();
  const { phones } = await context.api.request<DeskPhoneList>('GET', PATH);
  const phone = phones.find(({ mac }) => mac === wanted);
  if (phone === undefined) throw new CliError(context.say('phoneMissing', { id: wanted }));
  context.show(phone);
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('phone', args, OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const phone = await context.api.request<DeskPhoneSet>('PATCH', path, context.mustChange(fields(values)));
  context.done('changed', 'phone', phone.mac, phone);
  return 0;
}

async function provision(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('phone', args, {});
  const path = `${context.at(PATH, context.needed(words))}/provision`;
  const found = await context.api.request<PhoneProvisioned>('POST', path);
  context.result(found, () => [context.say('phoneOpened', { id: found.phone.mac, count: found.notified })]);
  return 0;
}

async function access(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('phone', args, {});
  context.show(await context.api.request<PhoneAccess>('POST', `${context.at(PATH, context.needed(words))}/access`));
  return 0;
}

async function renew(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('phone', args, {});
  const phone = await context.api.request<DeskPhoneSet>('POST', `${context.at(PATH, context.needed(words))}/renew`);
  context.done('changed', 'phone', phone.mac, phone);
  return 0;
}

async function file(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('phone', args, {});
  const found = await context.api.request<PhoneFile>('GET', `${context.at(PATH, context.needed(words))}/file`);
  context.result(found, () => found.text.trimEnd().split('\n'));
  return 0;
}

async function url(args: readonly string[]): Promise<number> {
  const { values, context } = linesCommand('phone', args, { new: { type: 'boolean' } }, 0);
  const found = await context.api.request<PhoneCommonAccess>(values.new === true ? 'POST' : 'GET', `${PATH}/common`);
  context.result(found, () => [found.url]);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('phone', args, {});
  const mac = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, mac));
  context.done('removed', 'phone', mac);
  return 0;
}

export function runAlertCommand(args: readonly string[]): Promise<number> {
  return runVerb('alert', { list: alerts, ways, rules, test }, args);
}

async function alerts(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('alert', args, {}, 0);
  const found = await context.api.request<AlertList>('GET', '/alerts');
  context.list(found.alerts, ({ kind, startedAt, endedAt, deliveries }) => [
    ...[timeText(startedAt), timeText(endedAt), kind],
    deliveries.map(({ what, wayName, state }) => `${wayName} ${what} ${state}`).join(', '),
  ]);
  return 0;
}

async function ways(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('alert', args, {}, 0);
  const found = await context.api.request<AlertWayList>('GET', '/alert-ways');
  context.list(found.ways, ({ id, name, settings, lastOkAt, lastError }) => [
    ...[id, name, settings.kind, timeText(lastOkAt), lastError ?? ''],
  ]);
  return 0;
}

async function rules(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('alert', args, {}, 0);
  context.list(await context.api.request<AlertRule[]>('GET', '/alert-rules'), ({ id, name, concerns, severity }) => [
    ...[id, name, concerns.length === 0 ? '*' : concerns.join(','), severity],
  ]);
  return 0;
}

/** 1 when it did not go out. */
async function test(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('alert', args, {});
  const path = `${context.at('/alert-ways', context.needed(words))}/test`;
  const sent = await context.api.request<AlertDelivery>('POST', path);
  context.result(sent, () => [
    `${sent.wayName}: ${sent.state}${sent.lastError === null ? '' : ` (${sent.lastError})`}`,
  ]);
  return sent.state === 'sent' ? 0 : 1;
}
