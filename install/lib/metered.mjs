// A program together with the processor time that it and all it started have used.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from './child.mjs';

/**
 * The shell's own `times`: a line for itself, then one for its children, each user and system as 1m2.345s. Where the kernel
 * schedules sessions as groups, how nice a program is counts within its own alone: the group is made as nice.
 */
const SCRIPT =
  'nice=$1; shift; [ "$nice" = 0 ] || echo "$nice" 2>/dev/null > /proc/self/autogroup; "$@"; code=$?; times > "$0"; exit "$code"';
/** By how much others go first: a little, or whenever they want to. */
const BEHIND = { some: { nice: '5', by: ['nice', '-n', '5'] }, all: { nice: '19', by: ['chrt', '--idle', '0'] } };
const TIME = /(\d+)m([\d.]+)s/g;

/**
 * As `run` does.
 * @param {object} options those of `run`; `behind`: what runs beside it goes first, a little (some) or always (all)
 * @returns {Promise<{ code: number, output: string, timedOut: boolean, cpuSeconds: number }>} cpuSeconds: 0 when it was ended
 */
export async function metered(command, args, { behind, ...options } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'times-'));
  const file = join(folder, 'times');
  const { nice, by } = BEHIND[behind] ?? { nice: '0', by: [] };
  try {
    const end = await run('bash', ['-c', SCRIPT, file, nice, ...by, command, ...args], options);
    return { ...end, cpuSeconds: secondsIn(file) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function secondsIn(file) {
  try {
    const times = [...readFileSync(file, 'utf8').matchAll(TIME)];
    return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
  } catch {
    return 0;
  }
}
