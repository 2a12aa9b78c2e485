// One thread of a process that hangs while the others go on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('stop-thread.py', import.meta.url));

/** Stops it (by the name it has given itself; left out: the first one, which has the event loop). Resolves with what lets it go on. */
export async function stopThread(pid: number, name?: string): Promise<() => void> {
  const child = spawn('python3', [PROGRAM, String(pid), ...(name === undefined ? [] : [name])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return () => void child.stdin.end();
}
