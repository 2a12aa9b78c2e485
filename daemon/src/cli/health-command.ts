// `cordboard health …`: what needs doing, as a box that runs has it; and the look at the machine that only root can take.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWhole } from '../config/index.js';
import type { HealthReport } from '../contract/index.js';
import { ROOT_LOOK_FILE, lookAsRoot } from '../health/index.js';
import { LocalApi } from './local-api.js';
import { parseCommand } from './parse-command.js';
import { CliError } from './terminal.js';

const OPTIONS = { home: { type: 'string' }, to: { type: 'string' }, json: { type: 'boolean' } } as const;
/** A disk that hangs is not waited for. */
const LIMIT_MS = 20_000;

export async function runHealthCommand(args: readonly string[]): Promise<number> {
  const [what = 'show', ...rest] = args;
  const { values } = parseCommand(rest, OPTIONS, 0);
  switch (what) {
    case 'show':
      return show(await new LocalApi(values.home).request('GET', '/system/health'), values.json === true);
    case 'look':
      return look(values.to ?? ROOT_LOOK_FILE);
    default:
      throw new CliError(`What of the health? show or look; not "${what}".`);
  }
}

/** 1 when something is grave. */
function show(report: HealthReport, json: boolean): number {
  const { concerns } = report;
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else
    for (const { kind, grave, value } of concerns)
      process.stdout.write(`${grave ? '!' : '-'} ${kind} ${value ?? ''}\n`);
  return concerns.some(({ grave }) => grave) ? 1 : 0;
}

function look(file: string): number {
  const found = lookAsRoot({ run, wallMs: Date.now });
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeWhole(file, `${JSON.stringify(found)}\n`, 0o644);
  return 0;
}

function run(command: string, args: readonly string[]): string | undefined {
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  const ran = spawnSync(command, args, { encoding: 'utf8', timeout: LIMIT_MS, env, maxBuffer: 2 ** 22 });
  return ran.error === undefined ? ran.stdout : undefined;
}
