// `cordboard support`: one file for a helper from outside, without secrets. As root it has the log, too.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { homeFolder } from '../config/index.js';
import { version } from '../main/folders.js';
import { errorText } from '../platform/index.js';
import { makeBundle } from '../support/index.js';
import { LocalApi } from './local-api.js';
import { parseCommand } from './parse-command.js';
import { terminalLanguage } from './terminal.js';

const LIMIT_MS = 30_000;
const MOST_BYTES = 2 ** 25;

export async function runSupportCommand(args: readonly string[]): Promise<number> {
  const { values, words } = parseCommand(args, { home: { type: 'string' } } as const, 1);
  const home = values.home === undefined ? homeFolder() : resolve(values.home);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const file = resolve(words[0] ?? `cordboard-support-${stamp}.tar.gz`);
  const ask = async (path: string): Promise<string> => (await new LocalApi(home).download(path)).toString();
  try {
    await makeBundle(file, { home, run, ask, wallMs: Date.now, about: { version: version(), node: process.version } });
  } catch (error) {
    throw new Error(`${file}: ${errorText(error)}`, { cause: error });
  }
  const said =
    terminalLanguage() === 'en'
      ? `${file}: no passwords, keys, recordings or records of calls are in it. The log has numbers of callers.`
      : `${file}：其中没有密码、密钥、录音和通话记录；日志里有来电号码。`;
  process.stdout.write(`${said}\n`);
  return 0;
}

function run(command: string, args: readonly string[]): string | undefined {
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  const ran = spawnSync(command, args, { encoding: 'utf8', timeout: LIMIT_MS, env, maxBuffer: MOST_BYTES });
  return ran.error === undefined ? `${ran.stdout}${ran.stderr}` : undefined;
}
