// SIPp as the far end of a call: runs a scenario of test/sipp and says how it ended.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ending } from './box.js';
import { listens, ownNetwork } from './free-ports.js';

const SCENARIOS = fileURLToPath(new URL('../sipp', import.meta.url));
const LIMIT_S = 25;
const ANYWHERE = ownNetwork();
/** where every SIPp listens, on its own address */
export const SIPP_PORT = 5060;

export interface SippOptions {
  /** name of a file in test/sipp */
  scenario: string;
  /** where it is to send to first; left out: it waits to be called */
  to?: number;
  /** address that it sends from; default one that nobody else has */
  address?: string;
  transport?: 'udp' | 'tcp';
  /** the number that it calls: [service] of the scenario */
  service?: string;
  /** of a station, for [authentication] */
  account?: { username: string; secret: string; /** what the request is sent to, without sip: */ uri: string };
  /** of <pause /> in the scenario */
  pauseMs?: number;
  /** [name] in the scenario, put in before SIPp reads it: it wants to know every status; `caller` is there always */
  keys?: Record<string, string>;
  calls?: number;
  /** a second */
  rate?: number;
  /** of messages both ways that are thrown away, percent */
  lossPercent?: number;
}

export interface SippOutcome {
  successful: number;
  failed: number;
  /** messages sent again by SIPp */
  retransmitted: number;
  /** every message with its time and direction */
  messages: string;
}

export interface RunningSipp {
  address: string;
  /** Resolves when each of its calls went as the scenario says; rejects with what did not, and the messages. */
  done: Promise<SippOutcome>;
}

/** Resolves when it listens. */
export async function startSipp(options: SippOptions, ending: Ending): Promise<RunningSipp> {
  const { scenario, transport = 'udp', address = ANYWHERE.address() } = options;
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-sipp-'));
  ending.onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const { keys = {} } = options;
  let text = readFileSync(join(SCENARIOS, `${scenario}.xml`), 'utf8');
  for (const [name, value] of Object.entries({ caller: '13800138000', ...keys }))
    text = text.replaceAll(`[${name}]`, value);
  // Who hangs up at once may do so before an ACK that was lost has come again.
  if (options.lossPercent !== undefined)
    text = text.replace('<recv request="ACK" />', '<recv request="ACK" optional="true" />');
  writeFileSync(join(folder, 'scenario.xml'), text);
  const child = spawn('sipp', argumentsOf(options, address, folder), {
    cwd: folder,
    env: { ...process.env, TERM: 'dumb' },
    stdio: 'ignore',
  });
  let over = false;
  const code = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => {
      over = true;
      resolve(status ?? signal ?? -1);
    });
  });
  ending.onEnd(async () => {
    if (!over) child.kill('SIGKILL');
    await code;
  });
  const done = code.then((exit) => {
    const text = (name: string): string =>
      existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
    const outcome = { ...statistics(text('statistics.csv')), messages: text('messages.log') };
    if (exit === 0) return outcome;
    throw new Error(`${scenario} ended with ${exit}:\n${text('errors.log')}\n${outcome.messages}`);
  });
  // Whoever waits for it later hears of it then.
  done.catch(() => undefined);
  const connects = options.to !== undefined && transport === 'tcp';
  while (!over && !connects && !listens(transport, address, SIPP_PORT))
    await new Promise((resolve) => setTimeout(resolve, 5));
  return { address, done };
}

export async function runSipp(options: SippOptions, ending: Ending): Promise<SippOutcome> {
  return (await startSipp(options, ending)).done;
}

function argumentsOf(options: SippOptions, address: string, folder: string): string[] {
  const { to, transport = 'udp', service = '95001', account, calls = 1, rate = 10 } = options;
  const { lossPercent, pauseMs = 300 } = options;
  return [
    ...(to === undefined ? [] : [`127.0.0.1:${to}`]),
    ...['-sf', join(folder, 'scenario.xml'), '-s', service, '-i', address, '-mi', address],
    ...['-p', String(SIPP_PORT), '-t', transport === 'tcp' ? 't1' : 'u1', '-m', String(calls), '-l', String(calls)],
    ...[
      '-r',
      String(rate),
      '-d',
      String(pauseMs),
      '-timeout',
      `${LIMIT_S}s`,
      '-timeout_error',
      '-nostdin',
      '-cid_str',
      `%u-%p-${address}`,
    ],
    ...[
      '-trace_err',
      '-error_file',
      join(folder, 'errors.log'),
      '-trace_msg',
      '-message_file',
      join(folder, 'messages.log'),
    ],
    ...['-trace_stat', '-fd', '1', '-stf', join(folder, 'statistics.csv')],
    ...(account === undefined ? [] : ['-au', account.username, '-ap', account.secret, '-auth_uri', account.uri]),
    ...(lossPercent === undefined ? [] : ['-lost', String(lossPercent)]),
  ];
}

/** The last line of SIPp's table, by the names of its first. */
function statistics(csv: string): Omit<SippOutcome, 'messages'> {
  const lines = csv.trim().split('\n');
  const names = lines[0]?.split(';') ?? [];
  const values = lines.at(-1)?.split(';') ?? [];
  const value = (name: string): number => Number(values[names.indexOf(name)] ?? Number.NaN);
  return {
    successful: value('SuccessfulCall(C)'),
    failed: value('FailedCall(C)'),
    retransmitted: value('Retransmissions(C)'),
  };
}
