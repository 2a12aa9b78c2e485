// `cordboard ban …`: addresses that SIP does not listen to.
import type { SipBan } from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, numberOf } from './lines-values.js';

const PATH = '/sip/bans';
const HOUR_MS = 3_600_000;

export function runBanCommand(args: readonly string[]): Promise<number> {
  return runVerb('ban', { list, add, lift }, args);
}

const timeText = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .replace(/:\d\d\.\d+Z$/, 'Z')
    .replace('T', ' ');

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('ban', args, {}, 0);
  context.list(await context.api.request<SipBan[]>('GET', PATH), ({ address, reason, until, count }) => [
    address,
    reason,
    context.say('until', { until: timeText(until) }),
    `${count}×`,
  ]);
  return 0;
}

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('ban', args, {
    hours: { type: 'string' },
    reason: { type: 'string' },
  });
  const durationMs = values.hours === undefined ? undefined : numberOf(values.hours, '--hours') * HOUR_MS;
  const ban = await context.api.request<SipBan>('POST', PATH, {
    address: context.needed(words),
    ...given({ durationMs, reason: values.reason }),
  });
  context.result(ban, () => [
    context.say('banned', { what: context.say('address', { id: ban.address }), until: timeText(ban.until) }),
  ]);
  return 0;
}

async function lift(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('ban', args, {});
  const address = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, address));
  context.done('lifted', 'address', address);
  return 0;
}
