// Alerts joined to what the box notices: its health, and the clock that somebody has changed.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AlertService, type Concern, type SnmpEngine } from '../alerts/index.js';
import { Secrets, type Config } from '../config/index.js';
import type { Db } from '../db/index.js';
import type { MailService } from '../mail/index.js';
import { AddressGuard, AppError, type Clock, type Log, type Metrics } from '../platform/index.js';
import type { RecordingArchive } from '../recording/index.js';
import type { BoxParts } from './box-parts.js';

export interface AlertPartsOptions {
  config: Config;
  db: Db;
  mail: MailService;
  archive: RecordingArchive;
  box: BoxParts;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export interface AlertParts {
  readonly service: AlertService;
  /** of SNMP version 3, in hexadecimal: what a receiver is told of us */
  engineId(): string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const BOOTS_KEY = 'snmp.boots';
/** RFC 3411 5: the enterprise of documentation (RFC 5612), and octets of our own behind 5 */
const ENGINE_HEAD = Buffer.from([0x80, 0x00, 0x7e, 0xd9, 0x05]);

export function makeAlerts(options: AlertPartsOptions): AlertParts {
  const { config, db, mail, archive, box, clock, log, metrics } = options;
  const { settings, home } = config;
  const secrets = new Secrets(join(home, 'keys', 'access.key'));
  const startedAtMs = clock.monotonicMs();
  let engine = { id: ENGINE_HEAD, boots: 1 };
  const service = new AlertService({
    ...{ db, clock, log, metrics, secrets, language: settings.language },
    concerns: async (): Promise<Concern[]> => {
      const { concerns } = await box.health.report();
      const clockChanged = archive.alarms().some(({ kind }) => kind === 'clock');
      return clockChanged ? [...concerns, { kind: 'clockChanged', grave: true, value: null }] : concerns;
    },
    async mail({ to, subject, text }, also) {
      if (!mail.ready) throw new AppError('mail_not_set_up');
      await mail.sendText({ to, subject, text, also });
    },
    timeZone: () => settings.timeZone,
    guard: () => new AddressGuard(settings.flows.allowedNetworks),
    engine: (): SnmpEngine => ({ ...engine, seconds: Math.floor((clock.monotonicMs() - startedAtMs) / 1000) }),
  });
  return {
    service,
    engineId: () => engine.id.toString('hex'),
    async start() {
      // Of this box alone, and the same after a restart: the key of its secrets is.
      const own = createHash('sha256').update(secrets.fingerprint('snmp engine')).digest().subarray(0, 8);
      const boots = await db.write(async (tx) => {
        const next = (Number(await tx.meta.get(BOOTS_KEY)) || 0) + 1;
        await tx.meta.set(BOOTS_KEY, String(next));
        return next;
      });
      engine = { id: Buffer.concat([ENGINE_HEAD, own]), boots };
      await service.start();
    },
    stop: () => service.stop(),
  };
}
