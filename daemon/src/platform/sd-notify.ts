// sd_notify(3): tells systemd that the service is ready, stopping, alive. The daemon itself sends it, so systemd listens to nobody
// else (NotifyAccess=main) and a machine that can start no more programs still has its watchdog fed.
import { errorText } from './errors.js';
import { silentLog, type Log } from './log.js';

export interface SdNotify {
  /** false: nobody wants to hear */
  readonly wanted: boolean;
  /** Half of what systemd waits for a sign of life, ms; undefined: it does not watch. */
  readonly watchdogPeriodMs: number | undefined;
  /** READY=1, with a line for `systemctl status` */
  ready(status?: string): void;
  stopping(): void;
  watchdog(): void;
  status(text: string): void;
  /** The start or the stop goes on: systemd waits so long from now on. */
  extend(ms: number, status: string): void;
}

export interface SdNotifyOptions {
  env?: NodeJS.ProcessEnv | undefined;
  log?: Log | undefined;
  /** One datagram to the socket of this name ('/…', or '@…' for an abstract one). Throws when it cannot be sent. */
  send(socket: string, message: string): void;
}

/** Never throws and never rejects: what cannot be sent is logged once. */
export function sdNotify(options: SdNotifyOptions): SdNotify {
  const env = options.env ?? process.env;
  const log = options.log ?? silentLog;
  const socket = env['NOTIFY_SOCKET'];
  const wanted = socket !== undefined && (socket.startsWith('/') || socket.startsWith('@'));
  let complained = false;

  function send(...state: string[]): void {
    if (!wanted) return;
    try {
      options.send(socket, state.join('\n'));
    } catch (error) {
      if (complained) return;
      complained = true;
      log.warn({ err: error, socket }, `systemd was not told ${state.join(' ')}: ${errorText(error)}`);
    }
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
