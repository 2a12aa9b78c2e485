// Opens the database: check, migrate, then one connection for reading and one for the writer.
import { existsSync, statSync } from 'node:fs';
import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import {
  TypedEmitter,
  errorText,
  silentLog,
  systemClock,
  type Clock,
  type Log,
  type Metrics,
} from '../platform/index.js';
import type { Db, DbEvents, Recovery, Work, WriteOptions } from './database.js';
import { CHECKED_AT_START_BYTES, checkAtStart, leftOpen, watchFile } from './file-check.js';
import { LongReads } from './long-reads.js';
import { migrate, type MigrateResult, type MigrationProgress } from './migrate.js';
import type { Migration } from './migrations/index.js';
import { defineModels } from './models.js';
import { rowScript } from './put-rows.js';
import { recover } from './recovery.js';
import { keepReserve } from './reserve.js';
import { repositories } from './repositories/index.js';
import { corrupt, execOn, isBusy, isCorrupt, isFull, sqliteSequelize } from './sqlite.js';
import { Writer, type WriterContext } from './writer.js';

export interface OpenOptions {
  /** absolute path */
  file: string;
  log?: Log | undefined;
  clock?: Clock | undefined;
  metrics?: Metrics | undefined;
  /** space laid by for the day when the disk is full; default 16 MB */
  reserveBytes?: number | undefined;
  /** A larger file is checked beside the running box, after a crash alone; default 64 MB */
  checkedAtStartBytes?: number | undefined;
  /** While the form of the database is being changed: it may take minutes, and the start waits for it. */
  progress?: ((progress: MigrationProgress) => void) | undefined;
  /** for tests */
  migrations?: readonly Migration[] | undefined;
}

export interface OpenedDb extends Db {
  /** what was done to the form of the database */
  readonly migrated: MigrateResult;
  /** Writes a whole and consistent copy beside the writers, to a file that is not there. */
  copyTo(file: string): Promise<void>;
}

/**
 * Opens (or makes) the database and brings its form up to date. AppError database_corrupt, which names the newest copies, or
 * database_newer; what the disk says otherwise.
 */
export async function openDatabase(options: OpenOptions): Promise<OpenedDb> {
  const log = options.log ?? silentLog;
  const existed = existsSync(options.file) && statSync(options.file).size > 0;
  const wasOpen = existed && leftOpen(options.file);
  const sequelize = sqliteSequelize(options.file);
  try {
    // The first statement opens the reading connection; nothing else may use it before its pragmas are set.
    await sequelize.authenticate();
    const most = options.checkedAtStartBytes ?? CHECKED_AT_START_BYTES;
    const checked = !existed || (await checkAtStart(sequelize, options.file, wasOpen, most));
    const { migrations, clock, progress } = options;
    const migrated = await migrate({ sequelize, file: options.file, log, migrations, clock, progress });
    return await openMigrated(sequelize, options, log, migrated, wasOpen && !checked);
  } catch (error) {
    await sequelize.close().catch(() => undefined);
    if (isCorrupt(error)) throw corrupt(options.file, errorText(error), error);
    throw error;
  }
}

async function openMigrated(
  sequelize: Sequelize,
  options: OpenOptions,
  log: Log,
  migrated: MigrateResult,
  checkOwed: boolean,
): Promise<OpenedDb> {
  const models = defineModels(sequelize);
  const events = new TypedEmitter<DbEvents>(log);
  const publishNothing = (): void => undefined;
  const reads = repositories(models, { transaction: undefined, context: undefined, publish: publishNothing });

  // A transaction of Sequelize is here no more than the handle of a connection that the writer keeps: it begins and
  // commits by itself, again and again, which costs a tenth of opening a connection for every group.
  const handle: Transaction = await sequelize.transaction();
  const connection = (handle as unknown as { connection: unknown }).connection;
  await execOn(connection, 'COMMIT');

  const clock = options.clock ?? systemClock;
  const reserve = keepReserve({ file: options.file, clock, log, bytes: options.reserveBytes });

  const waitingGauge = options.metrics?.gauge('database_waiting_works', 'Writes that wait for their turn');
  const writer = new Writer({
    connection: { exec: (sql) => execOn(connection, sql), isBusy, isFull, begin: 'BEGIN IMMEDIATE' },
    rowScript: rowScript(models),
    log,
    clock,
    metrics: options.metrics,
    locked: (state) => {
      log.warn(state, 'another program has locked the database; writes wait');
      events.emit('database.locked', state);
    },
    unlocked: (state) => events.emit('database.unlocked', state),
    failed: (state) => events.emit('database.failed', state),
    makeRoom() {
      const reserveUsed = reserve.use();
      if (reserveUsed) log.error('the disk is full; the database lives on what was laid by');
      events.emit('database.full', { reserveUsed });
      return reserveUsed;
    },
  });
  options.metrics?.beforeScrape(() => waitingGauge?.set(writer.waiting));

  const scoped = (context: WriterContext) =>
    repositories(models, {
      transaction: handle,
      context,
      publish: (event, data) => context.afterCommit.push(() => events.emitAndWait(event, data)),
    });

  const long = new LongReads(options.file, clock);
  const watch = watchFile({
    ...{ file: options.file, clock, log, owed: checkOwed },
    damaged: (error) => events.emit('database.damaged', { error }),
  });
  let closing: Promise<void> | undefined;
  async function closeAll(): Promise<void> {
    await writer.close();
    await reserve.stop();
    await watch.stop();
    await long.close();
    await sequelize.close();
    watch.closed();
    events.removeAll();
  }

  return {
    users: reads.users,
    sessions: reads.sessions,
    roles: reads.roles,
    userSecurity: reads.userSecurity,
    flows: reads.flows,
    flowDrafts: reads.flowDrafts,
    flowTraces: reads.flowTraces,
    announcements: reads.announcements,
    routes: reads.routes,
    queues: reads.queues,
    queueMembers: reads.queueMembers,
    abilities: reads.abilities,
    agents: reads.agents,
    agentStates: reads.agentStates,
    agentSegments: reads.agentSegments,
    calls: reads.calls,
    segments: reads.segments,
    recordings: reads.recordings,
    recordingRules: reads.recordingRules,
    retentionRules: reads.retentionRules,
    recordingArchive: reads.recordingArchive,
    outgoingMail: reads.outgoingMail,
    phones: reads.phones,
    alerts: reads.alerts,
    voicemail: reads.voicemail,
    callbacks: reads.callbacks,
    surveys: reads.surveys,
    floor: reads.floor,
    reports: reads.reports,
    contacts: reads.contacts,
    conferences: reads.conferences,
    voice: reads.voice,
    streams: reads.streams,
    sipStations: reads.sipStations,
    trunks: reads.trunks,
    outboundRoutes: reads.outboundRoutes,
    ringGroups: reads.ringGroups,
    sipBindings: reads.sipBindings,
    sipBans: reads.sipBans,
    sipDialogs: reads.sipDialogs,
    calendars: reads.calendars,
    dutyGroups: reads.dutyGroups,
    numberLists: reads.numberLists,
    dialRights: reads.dialRights,
    desk: reads.desk,
    audit: reads.audit,
    meta: reads.meta,
    long,
    events,
    migrated,
    write: <T>(work: Work<T>, writeOptions?: WriteOptions) =>
      writer.write(async (context) => work(scoped(context)), writeOptions),
    put: (rows, writeOptions) => writer.put(rows, writeOptions),
    recoverAtStart: (nowMs: number): Promise<Recovery> =>
      // Nothing else goes on yet, and a box that is slow to come back is better than one that does not.
      writer.write((context) => recover(scoped(context), models, handle, nowMs), { limitMs: Infinity }),
    async copyTo(copy: string): Promise<void> {
      await sequelize.query('VACUUM INTO $copy', { bind: { copy }, type: QueryTypes.RAW });
    },
    close: () => (closing ??= closeAll()),
  };
}
