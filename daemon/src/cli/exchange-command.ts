// `cordboard exchange …`: drives the exchange simulator of the box that runs on this machine.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExchangeCall, ExchangeCallCreate, ExchangePhone, PhoneBehaviour } from '../contract/index.js';
import { LocalApi } from './local-api.js';
import { parseCommand, secondsToMs, wholeNumber } from './parse-command.js';
import { CliError } from './terminal.js';

const homeOption = { home: { type: 'string' } } as const;
/** How often the state of a placed call is asked for. */
const POLL_MS = 100;

export async function runExchangeCommand(args: readonly string[]): Promise<number> {
  const [what, ...rest] = args;
  switch (what) {
    case 'call':
      return placeCall(rest);
    case 'calls':
      return list(rest, '/exchange/calls', callLine);
    case 'phones':
      return list(rest, '/exchange/phones', phoneLine);
    case 'phone':
      return phone(rest);
    case 'alarm':
      return alarm(rest);
    case 'dchannel':
      return dchannel(rest);
    case 'restart':
      return restart(rest);
    default:
      throw new CliError(
        `What should the exchange do? call, calls, phone, phones, alarm, dchannel or restart; not "${what ?? ''}".`,
      );
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function placeCall(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(
    args,
    {
      ...homeOption,
      to: { type: 'string' },
      from: { type: 'string' },
      span: { type: 'string' },
      digits: { type: 'string' },
      'digits-after': { type: 'string' },
      play: { type: 'string' },
      talk: { type: 'string' },
      'hang-up-after': { type: 'string' },
    },
    0,
  );
  if (values.to === undefined) throw new CliError('Which number is called? Give it with --to.');
  const api = new LocalApi(values.home);
  const plan: ExchangeCallCreate = { calledNumber: values.to };
  if (values.from !== undefined) plan.callingNumber = values.from;
  if (values.span !== undefined) plan.span = wholeNumber(values.span, '--span');
  if (values.digits !== undefined) plan.digits = values.digits;
  if (values.play !== undefined) plan.play = api.lendSound(values.play);
  const digitsAfterMs = secondsToMs(values['digits-after'], 'digits-after');
  const talkMs = secondsToMs(values.talk, 'talk');
  const hangUpAfterMs = secondsToMs(values['hang-up-after'], 'hang-up-after');
  if (digitsAfterMs !== undefined) plan.digitsAfterMs = digitsAfterMs;
  if (talkMs !== undefined) plan.talkMs = talkMs;
  if (hangUpAfterMs !== undefined) plan.hangUpAfterMs = hangUpAfterMs;
  let call = await api.request<ExchangeCall>('POST', '/exchange/calls', plan);
  print(callLine(call));
  while (call.state !== 'released') {
    await sleep(POLL_MS);
    const now = await api.request<ExchangeCall>('GET', `/exchange/calls/${call.id}`);
    if (now.state !== call.state) print(callLine(now));
    call = now;
  }
  return call.answeredAt === null ? 1 : 0;
}

async function phone(args: readonly string[]): Promise<number> {
  const { values, words } = parseCommand(
    args,
    { ...homeOption, after: { type: 'string' }, play: { type: 'string' }, 'hang-up-after': { type: 'string' } },
    3,
  );
  const [number, verb, argument] = words;
  const path = `/exchange/phones/${wholeNumber(number, 'The telephone')}`;
  const api = new LocalApi(values.home);
  const needed = (what: string): string => {
    if (argument === undefined) throw new CliError(`What is to be ${what}? See: cordboard help`);
    return argument;
  };
  const behave = (answer: boolean): Promise<ExchangePhone> => {
    const behaviour: PhoneBehaviour = {
      answer,
      answerAfterMs: secondsToMs(values.after, 'after') ?? 1000,
      play: values.play === undefined ? null : api.lendSound(values.play),
      hangUpAfterMs: secondsToMs(values['hang-up-after'], 'hang-up-after') ?? null,
      hangUpOnTone: true,
    };
    return api.request('PUT', `${path}/behaviour`, behaviour);
  };
  switch (verb) {
    case 'lift':
      await api.request('POST', `${path}/lift`);
      break;
    case 'hang-up':
      await api.request('POST', `${path}/hangUp`);
      break;
    case 'flash':
      await api.request('POST', `${path}/flash`);
      break;
    case 'dial':
      await api.request('POST', `${path}/dial`, { digits: needed('dialled') });
      break;
    case 'play':
      await api.request('POST', `${path}/play`, { play: api.lendSound(needed('played')) });
      break;
    case 'answer':
      await behave(true);
      break;
    case 'ignore':
      await behave(false);
      break;
    default:
      throw new CliError(`A telephone can lift, hang-up, flash, dial, play, answer or ignore; not "${verb ?? ''}".`);
  }
  const phones = await api.request<ExchangePhone[]>('GET', '/exchange/phones');
  for (const one of phones) if (String(one.station) === number) print(phoneLine(one));
  return 0;
}

async function alarm(args: readonly string[]): Promise<number> {
  const { values, words } = parseCommand(args, homeOption, 3);
  const [span, kind, state] = words;
  if (!['los', 'red', 'yellow', 'ais'].includes(kind ?? ''))
    throw new CliError(`An alarm is los, red, yellow or ais; not "${kind ?? ''}".`);
  if (state !== 'on' && state !== 'off') throw new CliError(`An alarm goes on or off; not "${state ?? ''}".`);
  const path = `/exchange/spans/${wholeNumber(span, 'The span')}/alarm`;
  await new LocalApi(values.home).request('POST', path, { alarm: kind, active: state === 'on' });
  return 0;
}

async function dchannel(args: readonly string[]): Promise<number> {
  const { values, words } = parseCommand(args, homeOption, 2);
  const [span, state] = words;
  if (state !== 'cut' && state !== 'join') throw new CliError(`A D-channel is cut or joined; not "${state ?? ''}".`);
  const path = `/exchange/spans/${wholeNumber(span, 'The span')}/dchannel`;
  await new LocalApi(values.home).request('POST', path, { cut: state === 'cut' });
  return 0;
}

async function restart(args: readonly string[]): Promise<number> {
  const { values, words } = parseCommand(args, homeOption, 2);
  const path = `/exchange/spans/${wholeNumber(words[0], 'The span')}/restart`;
  await new LocalApi(values.home).request('POST', path, { timeslot: wholeNumber(words[1], 'The timeslot') });
  return 0;
}

async function list<T>(args: readonly string[], path: string, line: (one: T) => string): Promise<number> {
  const { values } = parseCommand(args, homeOption, 0);
  for (const one of await new LocalApi(values.home).request<T[]>('GET', path)) print(line(one));
  return 0;
}

function callLine({ id, span, timeslot, callingNumber, calledNumber, state, cause, releasedBy }: ExchangeCall): string {
  const how = cause === null ? '' : ` (cause ${cause}, by ${releasedBy ?? 'nobody'})`;
  return `${id}  E1-${span}/${timeslot}  ${callingNumber || 'withheld'} → ${calledNumber}  ${state}${how}`;
}

function phoneLine({ station, offHook, ringing, behaviour }: ExchangePhone): string {
  const state = offHook ? 'off the hook' : ringing ? 'ringing' : 'on the hook';
  const does = behaviour.answer ? `answers after ${behaviour.answerAfterMs / 1000} s` : 'lets it ring';
  return `telephone ${station}  ${state}, ${does}`;
}
