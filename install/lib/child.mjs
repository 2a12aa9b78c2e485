// Child processes. Each is the leader of a process group of its own, so that ending it ends whatever it started; when
// this process is interrupted, the groups of all living children are ended by their ids before it goes.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const living = new Set();
/** How long a child may take to end itself before it is killed. */
const GRACE_MS = 15_000;
/** A terminal and npm both pass Ctrl-C on: the same signal again within this time is not a second wish. */
const SAME_WISH_MS = 1_000;

let interruptedBy;
let interruptedAt = 0;

/** The exit code of a process that a signal ended, as a shell gives it. */
const signalCode = (signal) => 128 + constants.signals[signal];

function signalGroup({ child, sameGroup }, signal) {
  try {
    process.kill(sameGroup ? child.pid : -child.pid, signal);
  } catch (error) {
    // Gone already, or run by sudo, which hears of the signal from the terminal.
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}

function interrupt(signal) {
  const now = performance.now();
  if (signal === interruptedBy && now - interruptedAt < SAME_WISH_MS) return;
  [interruptedBy, interruptedAt] = [signal, now];
  if (living.size === 0) process.exit(signalCode(signal));
  for (const entry of living) signalGroup(entry, signal);
  setTimeout(() => {
    for (const entry of living) if (!entry.passOn) signalGroup(entry, 'SIGKILL');
  }, GRACE_MS).unref();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {object} options `cwd`, `env`, `stdio` as for spawn; `onOutput(text)` hears what is piped; `timeLimitMs` ends
 *   the group; `sameGroup` keeps the child in our group (sudo ties its ticket to the terminal); `passOn`: the child
 *   decides what a signal means and may take its time (the daemon), where otherwise a signal is the end of all.
 * @returns {Promise<{code: number, output: string, timedOut: boolean}>} code 127 when there is no such program for us
 */
export function run(command, args, options = {}) {
  const { onOutput, timeLimitMs, sameGroup = false, passOn = false, ...spawnOptions } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: !sameGroup, ...spawnOptions });
    const entry = { child, sameGroup, passOn };
    let output = '';
    let timedOut = false;
    const hear = (text) => {
      output += text;
      onOutput?.(text);
    };
    child.stdout?.setEncoding('utf8').on('data', hear);
    child.stderr?.setEncoding('utf8').on('data', hear);
    child.on('error', (error) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES')
        resolve({ code: 127, output: `${command}: not found`, timedOut });
      else reject(error);
    });
    if (child.pid === undefined) return;
    living.add(entry);

    const limit = setTimeout(
      () => {
        timedOut = true;
        signalGroup(entry, 'SIGTERM');
        setTimeout(() => signalGroup(entry, 'SIGKILL'), GRACE_MS).unref();
      },
      timeLimitMs ?? 2 ** 31 - 1,
    );
    child.on('exit', () => {
      clearTimeout(limit);
      // Whatever it left behind in its group would hold ports, files and our pipes.
      if (!sameGroup) signalGroup(entry, 'SIGKILL');
    });
    child.on('close', (code, signal) => {
      living.delete(entry);
      if (interruptedBy === undefined || passOn) resolve({ code: code ?? signalCode(signal), output, timedOut });
      else if (living.size === 0) {
        console.error(`\nInterrupted by ${interruptedBy}.`);
        process.exit(signalCode(interruptedBy));
      }
    });
  });
}
