// A lock between processes, kept by the kernel: it goes with the process that holds it, however that ends.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import { run } from './child.mjs';

/**
 * Waits for the lock and gives a function that lets it go. The lock belongs to the open file, which flock(1) inherits,
 * locks and leaves to us. A machine without flock does without the lock.
 */
export async function lock(path, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a');
  const stdio = ['ignore', 'ignore', 'ignore', file];
  if (spawnSync('flock', ['--nonblock', '3'], { stdio }).status === 1) {
    onWait();
    await run('flock', ['3'], { stdio });
  }
  return () => closeSync(file);
}
