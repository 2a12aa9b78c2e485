// Reports that are sent by themselves. What was due while the box was off is sent once when it is back; a run that a crash cut off
// goes on where it was: each mail is laid down together with the note that it is.
import type { ZoneClock } from '../calendar/index.js';
import type { Language, Report, ReportRun, ReportSchedule, ReportScheduleCreate } from '../contract/index.js';
import type { Db, MailAttachment, ReportRunRow, ReportScheduleRow, Writes } from '../db/index.js';
import { AppError, errorText, newUlid, type Clock, type Log, type Timer } from '../platform/index.js';
import { makeFile } from './make-file.js';
import { nextDue, periodOf } from './periods.js';
import { FILE_TYPES, reportSheet, wallText } from './sheet.js';
import type { ReportRequest } from './report-reader.js';

/** written with what it belongs to */
type Also = (tx: Writes, id: string) => Promise<void>;

export interface ReportSchedulesOptions {
  db: Db;
  zone: ZoneClock;
  clock: Clock;
  log: Log;
  read(request: ReportRequest): Promise<Report>;
  /** `also` is written with the mail; undefined: no server is set */
  send:
    | ((mail: {
        to: string;
        language: Language;
        values: Readonly<Record<string, string>>;
        attachments: MailAttachment[];
        also: Also;
      }) => Promise<unknown>)
    | undefined;
}

const LOOK_EVERY_MS = 3_600_000;

export class ReportSchedules {
  readonly #options: ReportSchedulesOptions;
  #timer: Timer | undefined;
  #working: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(options: ReportSchedulesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#stopped = false;
    const { db } = this.#options;
    for (const schedule of await db.reports.schedules()) {
      const [last] = await db.reports.runs(schedule.id, 1);
      if (last?.state === 'running') this.#queue(() => this.#finish(schedule, last));
    }
    this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#working;
  }

  async list(): Promise<ReportSchedule[]> {
    const { reports } = this.#options.db;
    return Promise.all(
      (await reports.schedules()).map(async (row) => toSchedule(row, (await reports.runs(row.id, 1))[0])),
    );
  }

  async runs(id: string): Promise<ReportRun[]> {
    await this.#get(id);
    return (await this.#options.db.reports.runs(id, 50)).map(toRun);
  }

  /** `id`: in place of that one. AppError report_schedule_not_found. */
  async put(schedule: ReportScheduleCreate, by: string, id?: string, also?: Also): Promise<ReportSchedule> {
    const { db, clock, zone } = this.#options;
    const before = id === undefined ? undefined : await this.#get(id);
    const { name, enabled, ...definition } = schedule;
    const now = clock.wallMs();
    const row: ReportScheduleRow = {
      ...{ id: before?.id ?? newUlid(), name, enabled, definition, updatedAt: now, createdBy: before?.createdBy ?? by },
      nextAt: nextDue(schedule, now, zone),
    };
    await db.write(async (tx) => {
      await tx.reports.putSchedule(row);
      await also?.(tx, row.id);
    });
    this.#look();
    return toSchedule(row, (await db.reports.runs(row.id, 1))[0]);
  }

  async remove(id: string, also?: Also): Promise<void> {
    await this.#options.db.write(async (tx) => {
      if (!(await tx.reports.removeSchedule(id))) throw new AppError('report_schedule_not_found', { id });
      await also?.(tx, id);
    });
  }

  /** Now, besides when it is due. */
  async runNow(id: string): Promise<ReportRun> {
    const { clock } = this.#options;
    if (this.#options.send === undefined) throw new AppError('mail_not_set_up');
    const run = await this.#begin(await this.#get(id), clock.wallMs());
    const schedule = await this.#get(id);
    this.#queue(() => this.#finish(schedule, run));
    await this.#working;
    return toRun((await this.#options.db.reports.runs(id, 50)).find((one) => one.id === run.id) ?? run);
  }

  async #get(id: string): Promise<ReportScheduleRow> {
    const row = await this.#options.db.reports.schedule(id);
    if (row === null) throw new AppError('report_schedule_not_found', { id });
    return row;
  }

  #queue(work: () => Promise<void>): void {
    this.#working = this.#working
      .then(() => (this.#stopped ? undefined : work()))
      .catch((error: unknown) => this.#options.log.error({ err: error }, `a scheduled report: ${errorText(error)}`));
  }

  #look(): void {
    this.#queue(() => this.#sendDue());
    void this.#working.then(() => this.#wait());
  }

  async #wait(): Promise<void> {
    const { db, clock } = this.#options;
    const next = await db.reports.nextAt().catch(() => null);
    if (this.#stopped) return;
    this.#timer?.cancel();
    const inMs = Math.min(LOOK_EVERY_MS, Math.max(0, (next ?? Infinity) - clock.wallMs()));
    this.#timer = clock.after(inMs, () => this.#look());
  }

  async #sendDue(): Promise<void> {
    const { db, clock, send } = this.#options;
    for (const schedule of await db.reports.due(clock.wallMs())) {
      if (this.#stopped) return;
      const run = await this.#begin(schedule, schedule.nextAt ?? clock.wallMs());
      if (send !== undefined) await this.#finish(schedule, run);
      else await this.#ended(run, 'failed', new AppError('mail_not_set_up').text(definitionOf(schedule).language));
    }
  }

  /** From here on it is this run's business, and the schedule waits for its next time: however many were missed, one is sent. */
  async #begin(schedule: ReportScheduleRow, dueAt: number): Promise<ReportRunRow> {
    const { db, clock, zone } = this.#options;
    const now = clock.wallMs();
    const definition = definitionOf(schedule);
    const { from, to } = periodOf(definition.period, now, zone);
    const run: ReportRunRow = {
      ...{ id: newUlid(), scheduleId: schedule.id, dueAt, at: now, state: 'running' },
      ...{ fromMs: from, toMs: to, error: null, mails: [] },
    };
    await db.write(async (tx) => {
      await tx.reports.putRun(run);
      await tx.reports.putSchedule({ ...schedule, nextAt: nextDue(definition, now, zone) });
    });
    return run;
  }

  async #finish(schedule: ReportScheduleRow, run: ReportRunRow): Promise<void> {
    const { zone, log, send } = this.#options;
    const { report, by, filters, format, language, recipients } = definitionOf(schedule);
    try {
      if (send === undefined) throw new AppError('mail_not_set_up');
      const figures = await this.#options.read({ report, from: run.fromMs, to: run.toMs, by, filters, language });
      const sheet = reportSheet(figures, zone, language);
      const file = await makeFile({ ...sheet, title: `${sheet.title} · ${schedule.name}` }, format);
      const day = wallText(run.fromMs, zone, 'day');
      const name = `${report}-${day}.${format}`;
      const attachments = [{ name, type: FILE_TYPES[format], content: file.toString('base64') }];
      const values = {
        name: schedule.name,
        from: wallText(run.fromMs, zone, 'moment'),
        to: wallText(run.toMs, zone, 'moment'),
      };
      const mails = [...run.mails];
      for (const to of recipients.slice(run.mails.length)) {
        await send({
          ...{ to, language, values, attachments },
          also: async (tx, mailId) => {
            mails.push(mailId);
            await tx.reports.putRun({ ...run, mails });
          },
        });
      }
      await this.#ended({ ...run, mails }, 'sent', null);
    } catch (error) {
      log.error({ err: error, schedule: schedule.id }, `a scheduled report was not sent: ${errorText(error)}`);
      await this.#ended(run, 'failed', error instanceof AppError ? error.text(language) : errorText(error));
    }
  }

  async #ended(run: ReportRunRow, state: 'sent' | 'failed', error: string | null): Promise<void> {
    await this.#options.db.write(
      async (tx) => {
        const kept = (await tx.reports.runs(run.scheduleId, 50)).find(({ id }) => id === run.id);
        if (kept !== undefined) await tx.reports.putRun({ ...run, mails: kept.mails, state, error });
      },
      { lockWaitMs: Infinity },
    );
  }
}

/** What was put in is what comes out: the shape was checked by the API. */
const definitionOf = ({ definition }: ReportScheduleRow): Omit<ReportScheduleCreate, 'name' | 'enabled'> =>
  definition as unknown as Omit<ReportScheduleCreate, 'name' | 'enabled'>;

function toSchedule(row: ReportScheduleRow, last: ReportRunRow | undefined): ReportSchedule {
  const { id, name, enabled, nextAt, createdBy } = row;
  return {
    ...{ id, name, enabled, nextAt: enabled ? nextAt : null, createdBy },
    ...definitionOf(row),
    lastRun: last === undefined ? null : toRun(last),
  };
}

function toRun({ id, dueAt, at, state, fromMs, toMs, error }: ReportRunRow): ReportRun {
  return { id, dueAt, at, state, from: fromMs, to: toMs, error };
}
