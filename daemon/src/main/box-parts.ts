// The running of the box itself: settings, health, back-ups, firewall, joined to the services.
import { join } from 'node:path';
import { BackupService } from '../backup/index.js';
import { BoardsDesk } from '../boards/index.js';
import { NetworkDesk } from '../machine-network/index.js';
import { UpdatesDesk, findMachine } from '../updates/index.js';
import { R2_PROTOCOLS, type Config } from '../config/index.js';
import type { LiveEvents, RecordingAlarm } from '../contract/index.js';
import { inspectDatabase, type OpenedDb } from '../db/index.js';
import { FirewallDesk } from '../firewall/index.js';
import { HealthMonitor, ROOT_LOOK_FILE, rootLook } from '../health/index.js';
import type { BoxPort } from '../http/index.js';
import { AppError, errorText, type Clock, type Log, type TypedEmitter, type Unsubscribe } from '../platform/index.js';
import { SettingsDesk } from '../settings/index.js';
import type { TlsPorts, TlsService } from '../tls/index.js';
import { version } from './folders.js';
import type { Services } from './ports.js';

export interface BoxPartsOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  db: OpenedDb;
  live: TypedEmitter<LiveEvents>;
  services: Pick<Services, 'engine' | 'calls' | 'recordings' | 'mail'>;
  /** telephones whose boards have refused to light their lamp */
  lampsRefused: () => ReadonlySet<number>;
  /** undefined: nobody can */
  restart: (() => void) | undefined;
  tls: TlsService;
  /** those that show the certificate */
  tlsPorts: () => TlsPorts;
  /** where /sys, /etc and /run begin */
  systemRoot: string;
  clock: Clock;
  log: Log;
}

export class BoxParts {
  readonly backups: BackupService;
  readonly health: HealthMonitor;
  readonly firewall: FirewallDesk;
  readonly settings: SettingsDesk;
  readonly boards: BoardsDesk;
  readonly updates: UpdatesDesk;
  readonly network: NetworkDesk;
  readonly port: BoxPort;
  readonly #alarms: RecordingAlarm[] = [];
  readonly #offDamage: Unsubscribe;

  constructor(options: BoxPartsOptions) {
    const { config, env, db, live, services, restart, systemRoot, clock, log, tls, tlsPorts, lampsRefused } = options;
    const { engine, calls, recordings, mail } = services;
    const { settings, settingsFile: file, countries, recordingsFolder, databaseFile } = config;
    const desk = new SettingsDesk({
      ...{ file, env, countries, canRestart: restart !== undefined },
      running: settings,
      changed: () => mail.look(),
    });
    this.settings = desk;
    this.boards = new BoardsDesk({
      ...{ home: config.home, root: systemRoot, r2Folder: R2_PROTOCOLS, settings: desk, clock },
      lampsRefused,
    });
    this.updates = new UpdatesDesk({ home: config.home, root: systemRoot, version: version(), clock });
    this.network = new NetworkDesk({
      ...{ home: config.home, root: systemRoot, clock, owned: () => findMachine(systemRoot) !== undefined },
      clockFollows: () => rootLook(clock.wallMs(), join(systemRoot, ROOT_LOOK_FILE))?.clockFollows ?? null,
    });
    this.backups = new BackupService({
      ...{ config, env, clock, log, version: version() },
      copyDatabase: (copy) => db.copyTo(copy),
      ...{ inspectDatabase, systemRoot },
    });
    this.health = new HealthMonitor({
      ...{ clock, recordingsFolder, databaseFile },
      reserveBytes: settings.recordings.reserveMb * 2 ** 20,
      lowBytes: settings.recordings.lowMb * 2 ** 20,
      realtimeWanted: settings.engine.realtime,
      calls: () => calls.live().length,
      tick: async () => (await engine.command('engine.snapshot', {})).tick,
      recordingsState: () => recordings.disk.state,
      databaseDamaged: () => this.#alarms.length > 0,
      mailReady: () => mail.ready,
      restartNeeded: () => desk.list().restartNeeded,
      lastBackupAt: () => this.backups.lastAt,
      backupFailed: () => this.backups.failed,
      rootLook: () => rootLook(clock.wallMs(), join(systemRoot, ROOT_LOOK_FILE)),
      certificateEndsAt: () => tls.endsAt,
    });
    this.firewall = new FirewallDesk({ config, db, clock, log });
    // It stands until the next start: what is damaged does not mend.
    this.#offDamage = db.events.on('database.damaged', ({ error }) => {
      if (this.#alarms.length > 0) return;
      const alarm = { kind: 'database', detail: errorText(error), freeBytes: 0 } as const;
      this.#alarms.push(alarm);
      live.emit('recording.alarm', { ...alarm, active: true });
    });
    this.port = {
      settings: desk,
      health: () => this.health.report(),
      alarms: () => this.#alarms,
      backups: this.backups,
      tls: {
        state: (language) => tls.state(language, tlsPorts()),
        certificate: () => tls.current().cert,
        upload: (given) => tls.upload(given),
        makeOwn: () => tls.makeOwn(),
        setAcme: (plan) => tls.setAcme(plan),
        renew: () => tls.renew(),
        endAcme: () => tls.endAcme(),
      },
      restart() {
        if (restart === undefined) throw new AppError('restart_not_possible');
        // After the answer has gone out.
        clock.after(300, restart);
      },
    };
  }

  async start(): Promise<void> {
    await this.backups.start();
    await this.firewall.start();
    this.health.start();
  }

  async stop(): Promise<void> {
    this.#offDamage();
    await this.health.stop();
    await this.firewall.stop();
    await this.backups.stop();
  }
}
