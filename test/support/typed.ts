// The command `cordboard`, as it is typed on the machine of a box.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { runCli } from '../../daemon/src/cli/index.js';

/** Resolves with the exit code and what was said; words are divided by single spaces. `command`: what every line begins with. */
export function typed(
  box: { home: string; base: string },
  command?: string,
): (line: string) => Promise<[number, string]> {
  writeFileSync(join(box.home, 'address'), `${box.base}/\n`);
  vi.stubEnv('CORDBOARD_HOME', box.home);
  vi.stubEnv('LC_ALL', 'C.UTF-8');
  onTestFinished(() => void vi.unstubAllEnvs());
  let said = '';
  const take = (text: string | Uint8Array): boolean => ((said += String(text)), true);
  vi.spyOn(process.stdout, 'write').mockImplementation(take);
  vi.spyOn(process.stderr, 'write').mockImplementation(take);
  onTestFinished(() => void vi.restoreAllMocks());
  return async (line) => {
    said = '';
    return [await runCli([...(command === undefined ? [] : [command]), ...line.split(' ')]), said.trim()];
  };
}
