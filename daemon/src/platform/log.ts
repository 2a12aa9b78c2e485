// Log lines are JSON on standard output, one object a line (coloured text on a terminal). A child log carries what its
// lines are about: part, span, timeslot, callId.
import { pino, type DestinationStream, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';

export type Log = Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line may be about; the names are the same everywhere so that they can be searched for. */
export interface LogFields {
  /** part of the daemon, such as calls or http */
  part?: string;
  span?: number;
  timeslot?: number;
  station?: number;
  leg?: number;
  callId?: string;
  agentId?: string;
  queueId?: string;
}

export interface LogOptions {
  level?: LogLevel | undefined;
  /** true: for people; false: JSON; left out: for people on a terminal */
  pretty?: boolean | undefined;
  /** left out: standard output */
  destination?: DestinationStream | undefined;
}

/** Secrets never reach the log, whoever logs the object they are in. */
const SECRETS = ['password', 'token', 'setupCode', 'passwordHash', 'tokenHash', 'authorization'];
const REDACTED = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export function createLog(options: LogOptions = {}): Log {
  const pretty = options.pretty ?? (options.destination === undefined && process.stdout.isTTY);
  const destination =
    options.destination ??
    (pretty
      ? PinoPretty({ colorize: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' })
      : // Synchronous: the last lines before a crash are those one needs.
        pino.destination({ fd: 1, sync: true }));
  return pino(
    {
      level: options.level ?? 'info',
      base: {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[hidden]' },
    },
    destination,
  );
}

/** A log whose lines carry `fields`. */
export function childLog(log: Log, fields: LogFields): Log {
  return log.child(fields);
}

/** Says nothing: for tests and for those who were given no log. */
export const silentLog: Log = pino({ level: 'silent' });
