// `cordboard firewall …`: carries out, as root, what the box asks of the firewall. Needs no box that runs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { homeFolder } from '../config/index.js';
import { FirewallWish, NO_RULES, WISH_FILE, firewallRules } from '../firewall/index.js';
import { check, errorText, foreignText, problemLine } from '../platform/index.js';
import { parseCommand } from './parse-command.js';
import { CliError, terminalLanguage } from './terminal.js';

const OPTIONS = { home: { type: 'string' } } as const;
/** Above what 10,000 bans take. */
const LONGEST = 2 ** 20;
const LIMIT_MS = 30_000;

export function runFirewallCommand(args: readonly string[]): Promise<number> {
  const [what = 'show', ...rest] = args;
  const { values } = parseCommand(rest, OPTIONS, 0);
  switch (what) {
    case 'show':
      process.stdout.write(rulesOf(values.home));
      return Promise.resolve(0);
    case 'apply':
      return Promise.resolve(upToDate(values.home));
    case 'remove':
      return Promise.resolve(carriedOut(NO_RULES));
    default:
      throw new CliError(`What of the firewall? show, apply or remove; not "${what}".`);
  }
}

/** A box that has not run yet asks for nothing. */
function rulesOf(home = homeFolder()): string {
  const file = join(home, WISH_FILE);
  if (!existsSync(file)) return NO_RULES;
  let json: unknown;
  try {
    json = JSON.parse(foreignText(file, LONGEST));
  } catch (error) {
    throw new Error(`${file}: ${errorText(error)}`, { cause: error });
  }
  const wish = check(FirewallWish, json);
  if (!wish.ok) throw new Error(`${file}: ${problemLine(wish.problems(terminalLanguage()))}`);
  return firewallRules(wish.value, Date.now());
}

/** Until it is what is asked for: a ban that comes meanwhile begins no second run of the unit. */
function upToDate(home: string | undefined): number {
  for (let done: string | undefined; ;) {
    const asked = wishText(home);
    if (asked === done) return 0;
    if (carriedOut(rulesOf(home)) !== 0) return 1;
    done = asked;
  }
}

const wishText = (home = homeFolder()): string => {
  const file = join(home, WISH_FILE);
  return existsSync(file) ? foreignText(file, LONGEST) : '';
};

/** One transaction: nft takes all of it or nothing. */
function carriedOut(rules: string): number {
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  const ran = spawnSync('nft', ['-f', '-'], { input: rules, encoding: 'utf8', timeout: LIMIT_MS, env });
  if (ran.error !== undefined) throw new Error(`nft: ${errorText(ran.error)}`, { cause: ran.error });
  if (ran.status !== 0) process.stderr.write(ran.stderr);
  return ran.status === 0 ? 0 : 1;
}
