// sd_notify(3): tells systemd that the service is ready, stopping, alive. Node has no datagram sockets of the unix domain, so
// the message goes through the program systemd-notify, which knows abstract sockets, too. It is sent by that program, so
// the unit needs NotifyAccess=all.
import { execFile } from 'node:child_process';
import { errorText } from './errors.js';
import { silentLog, type Log } from './log.js';

export interface SdNotify {
  /** false: nobody wants to hear */
  readonly wanted: boolean;
  /** Half of what systemd waits for a sign of life, ms; undefined: it does not watch. */
  readonly watchdogPeriodMs: number | undefined;
  /** READY=1, with a line for `systemctl status` */
  ready(status?: string): Promise<void>;
  stopping(): Promise<void>;
  watchdog(): Promise<void>;
  status(text: string): Promise<void>;
  /** The start or the stop goes on: systemd waits so long from now on. */
  extend(ms: number, status: string): Promise<void>;
}

export interface SdNotifyOptions {
  env?: NodeJS.ProcessEnv | undefined;
  log?: Log | undefined;
  /** the program; default systemd-notify of the PATH */
  program?: string | undefined;
}

/** It hangs when systemd does; the daemon does not. */
const TIMEOUT_MS = 5000;

/** Never rejects: what cannot be sent is logged once. */
export function sdNotify(options: SdNotifyOptions = {}): SdNotify {
  const env = options.env ?? process.env;
  const log = options.log ?? silentLog;
  const program = options.program ?? 'systemd-notify';
  const socket = env['NOTIFY_SOCKET'];
  const wanted = socket !== undefined && (socket.startsWith('/') || socket.startsWith('@'));
  let complained = false;

  function send(...state: string[]): Promise<void> {
    if (!wanted) return Promise.resolve();
    const childEnv = { PATH: env['PATH'] ?? '/usr/bin:/bin', NOTIFY_SOCKET: socket };
    return new Promise((resolve) => {
      execFile(program, state, { env: childEnv, timeout: TIMEOUT_MS }, (error) => {
        if (error !== null && !complained) {
          complained = true;
          log.warn({ err: error, socket }, `systemd was not told ${state.join(' ')}: ${errorText(error)}`);
        }
        resolve();
      });
    });
  }

  return {
    wanted,
    watchdogPeriodMs: wanted ? watchdogPeriodMs(env) : undefined,
    ready: (status) => send('READY=1', `MAINPID=${process.pid}`, `STATUS=${oneLine(status ?? 'running')}`),
    stopping: () => send('STOPPING=1'),
    watchdog: () => send('WATCHDOG=1'),
    extend: (ms, status) => send(`EXTEND_TIMEOUT_USEC=${ms * 1000}`, `STATUS=${oneLine(status)}`),
    status: (text) => send(`STATUS=${oneLine(text)}`),
  };
}

/** Half of WATCHDOG_USEC, when it is meant for this process (sd_watchdog_enabled(3)). */
function watchdogPeriodMs(env: NodeJS.ProcessEnv): number | undefined {
  const microseconds = Number(env['WATCHDOG_USEC']);
  const pid = env['WATCHDOG_PID'];
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined;
  if (pid !== undefined && pid !== String(process.pid)) return undefined;
  return Math.max(1, Math.floor(microseconds / 2000));
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
