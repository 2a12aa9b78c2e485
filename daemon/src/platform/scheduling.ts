// What the daemon asks of the system's scheduler and of the JavaScript engine, so that a call does not wait for work that can.
import { setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { errorText } from './errors.js';
import type { Log } from './log.js';

/** As services of a desktop's sound have it; below every real-time thread. */
const NICE = -10;

/**
 * Raises this thread above the ordinary programs of the machine, and with it every thread begun from now on; those that may take
 * their time lower themselves (the recorder's). Without the right to it (CAP_SYS_NICE) all stays as it is.
 */
export function preferCalls(log: Log): void {
  try {
    // Linux has a priority per thread, and takes 0 for the one that asks.
    setPriority(0, NICE);
  } catch (error) {
    log.info({ err: error }, `the daemon runs at the ordinary priority (${errorText(error)})`);
  }
  // A thread that collects its young objects waits for helpers, which wait for a processor on a machine that is busy: the pause
  // is shorter without them.
  setFlagsFromString('--no-parallel-scavenge');
}
