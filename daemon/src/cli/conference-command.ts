// `cordboard conference …`: conference rooms, who is in them, and what moderators do.
import type { ConferenceRecording, ConferenceRoom, ConferenceStatus } from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, listOf, numberOf } from './lines-values.js';

const PATH = '/conferences';
/** In place of a PIN: none is asked for. */
const NO_PIN = 'none';

const OPTIONS = {
  number: { type: 'string' },
  name: { type: 'string' },
  language: { type: 'string' },
  pin: { type: 'string' },
  'moderator-pin': { type: 'string' },
  parties: { type: 'string' },
  record: { type: 'string' },
  announce: { type: 'string' },
  moderators: { type: 'string' },
  'dial-out-station': { type: 'string' },
  wait: { type: 'boolean' },
  'no-wait': { type: 'boolean' },
  'end-with-moderator': { type: 'boolean' },
  'go-on-without': { type: 'boolean' },
  'mute-on-entry': { type: 'boolean' },
  'no-mute-on-entry': { type: 'boolean' },
} as const;
type Values = { [Name in keyof typeof OPTIONS]?: string | boolean };

export function runConferenceCommand(args: readonly string[]): Promise<number> {
  return runVerb('conference', { add, list, show, set, remove, parties, action, party, invite, recordings }, args);
}

function fields(values: Values) {
  const text = (name: keyof Values): string | undefined => values[name] as string | undefined;
  const pin = (name: keyof Values): string | null | undefined => (text(name) === NO_PIN ? null : text(name));
  const either = (yes: keyof Values, no: keyof Values): boolean | undefined =>
    values[yes] === true ? true : values[no] === true ? false : undefined;
  const count = (name: keyof Values): number | undefined =>
    text(name) === undefined ? undefined : numberOf(text(name) ?? '', `--${name}`);
  const moderators = text('moderators');
  return given({
    number: text('number'),
    name: text('name'),
    language: text('language'),
    pin: pin('pin'),
    moderatorPin: pin('moderator-pin'),
    maxParties: count('parties'),
    record: text('record'),
    announce: text('announce'),
    moderators: moderators === undefined ? undefined : listOf(moderators),
    dialOutStation: count('dial-out-station'),
    waitForModerator: either('wait', 'no-wait'),
    endWhenModeratorLeaves: either('end-with-moderator', 'go-on-without'),
    muteOnEntry: either('mute-on-entry', 'no-mute-on-entry'),
  });
}

async function add(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('conference', args, OPTIONS);
  const id = context.needed(words);
  const room = await context.api.request<ConferenceRoom>('POST', PATH, { id, name: id, ...fields(values) });
  context.done('made', 'conferenceRoom', id, room);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('conference', args, {}, 0);
  const all = await context.api.request<ConferenceRoom[]>('GET', PATH);
  context.list(all, ({ id, number, name, maxParties, record }) => [id, number ?? '-', name, `${maxParties}`, record]);
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('conference', args, {});
  context.show(await context.api.request<ConferenceRoom>('GET', context.at(PATH, context.needed(words))));
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('conference', args, OPTIONS);
  const path = context.at(PATH, context.needed(words));
  const room = await context.api.request<ConferenceRoom>('PATCH', path, context.mustChange(fields(values)));
  context.done('changed', 'conferenceRoom', room.id, room);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('conference', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, id));
  context.done('removed', 'conferenceRoom', id);
  return 0;
}

async function parties(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('conference', args, {});
  const status = await context.api.request<ConferenceStatus>(
    'GET',
    `${context.at(PATH, context.needed(words))}/parties`,
  );
  context.list(status.parties, ({ id, number, name, moderator, muted, talking }) => [
    ...[id, number || '-', name || '-'],
    [moderator ? 'moderator' : '', muted ? 'muted' : '', talking ? 'talking' : ''].filter(Boolean).join(', '),
  ]);
  return 0;
}

/** lock, unlock, muteAll, unmuteAll, startRecording, stopRecording, end */
async function action(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('conference', args, {}, 2);
  const id = context.needed(words);
  const path = `${context.at(PATH, id)}/actions`;
  const status = await context.api.request<ConferenceStatus>('POST', path, { action: context.needed(words, 1) });
  context.done('changed', 'conferenceRoom', id, status);
  return 0;
}

/** mute, unmute, deafen, undeafen, remove, or how many dB louder */
async function party(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('conference', args, {}, 3);
  const id = context.needed(words);
  const path = `${context.at(`${context.at(PATH, id)}/parties`, context.needed(words, 1))}/actions`;
  const what = context.needed(words, 2);
  const body = /^[+-]?\d+$/.test(what) ? { action: 'setGain', gainDb: Number(what) } : { action: what };
  const status = await context.api.request<ConferenceStatus>('POST', path, body);
  context.done('changed', 'conferenceRoom', id, status);
  return 0;
}

async function invite(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('conference', args, { station: { type: 'string' } }, 2);
  const id = context.needed(words);
  const station = values.station === undefined ? undefined : numberOf(values.station, '--station');
  const body = { number: context.needed(words, 1), ...given({ station }) };
  const status = await context.api.request<ConferenceStatus>('POST', `${context.at(PATH, id)}/invitations`, body);
  context.done('changed', 'conferenceRoom', id, status);
  return 0;
}

async function recordings(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('conference', args, {});
  const path = `${context.at(PATH, context.needed(words))}/recordings`;
  context.list(
    await context.api.request<ConferenceRecording[]>('GET', path),
    ({ id, startedAt, durationMs, state }) => [
      ...[id, new Date(startedAt).toISOString(), `${Math.round(durationMs / 1000)} s`, state],
    ],
  );
  return 0;
}
