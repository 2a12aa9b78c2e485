// What every route works with.
import type { Numbering, Settings } from '../config/index.js';
import type { Language } from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { Clock, Log, Metrics } from '../platform/index.js';
import type { AttemptLimit } from './auth/attempt-limit.js';
import type { Passwords } from './auth/passwords.js';
import type { SecondFactor } from './auth/second-factor.js';
import type { Sessions } from './auth/sessions.js';
import type { Setup } from './auth/setup.js';
import type { Ports } from './ports.js';

export interface HttpContext {
  db: Db;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  ports: Ports;
  sessions: Sessions;
  passwords: Passwords;
  setup: Setup;
  attempts: AttemptLimit;
  secondFactor: SecondFactor;
  version: string;
  startedAtMs: number;
  recordingsFolder: string;
  defaultLanguage: Language;
  sip: Settings['sip'];
  numbering: Numbering;
}
