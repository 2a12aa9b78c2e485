// `cordboard drain`: waits until nobody talks, with a limit, before somebody ends the service. New calls are still taken: a call centre that
// turns callers away for a quarter of an hour loses more than the one call that comes too late.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallCount } from '../contract/index.js';
import { systemClock } from '../platform/index.js';
import { LocalApi } from './local-api.js';
import { parseCommand } from './parse-command.js';
import { CliError, terminalLanguage } from './terminal.js';

const OPTIONS = { home: { type: 'string' }, within: { type: 'string' }, quiet: { type: 'boolean' } } as const;
const USUAL_MIN = 15;
const LOOK_MS = 1000;

/** 0: nobody talks, or no box runs; 1: the time is over and somebody still does. */
export async function runDrainCommand(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(args, OPTIONS, 0);
  const { home, within = String(USUAL_MIN), quiet = false } = values;
  if (!/^\d{1,4}$/.test(within))
    throw new CliError(say(`--within takes minutes, not "${within}".`, '--within 后面是分钟数。'));
  const end = systemClock.monotonicMs() + Number(within) * 60_000;
  const tell = (line: string): void => void (quiet || process.stdout.write(`${line}\n`));
  for (let before = -1; ;) {
    const calls = await callsNow(home);
    if (calls === 0) return 0;
    if (systemClock.monotonicMs() >= end) {
      tell(say(`${calls} calls are still in progress.`, `仍有 ${calls} 个通话。`));
      return 1;
    }
    if (calls !== before)
      tell(
        say(
          `Waiting for ${calls} calls to end, ${within} minutes at most.`,
          `等待 ${calls} 个通话结束，最多 ${within} 分钟。`,
        ),
      );
    before = calls;
    await sleep(Math.min(LOOK_MS, Math.max(0, end - systemClock.monotonicMs())));
  }
}

const say = (en: string, zh: string): string => (terminalLanguage() === 'en' ? en : zh);

async function callsNow(home: string | undefined): Promise<number> {
  try {
    return (await new LocalApi(home).request<CallCount>('GET', '/calls/count?state=live')).count;
  } catch {
    return 0;
  }
}
