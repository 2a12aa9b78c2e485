// Reports, put together: the roll-up, what is read from it, files, schedules.
import type { ZoneClock } from '../calendar/index.js';
import type { Language, Report, ReportDefinitions } from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { Clock, Log, Metrics } from '../platform/index.js';
import { FIGURES, REPORTS } from './definitions.js';
import { makeFile } from './make-file.js';
import { ReportReader, type ReportRequest } from './report-reader.js';
import { RollUp } from './roll-up.js';
import { ReportSchedules, type ReportSchedulesOptions } from './schedules.js';
import { FILE_TYPES, reportSheet, wallText, type FileFormat, type Sheet } from './sheet.js';

export interface ReportServiceOptions {
  db: Db;
  zone: ZoneClock;
  send: ReportSchedulesOptions['send'];
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export interface MadeFile {
  bytes: Buffer;
  name: string;
  type: string;
}

/** a report that is asked for waits so long for what has just ended */
const FRESH_MS = 800;

export class ReportService {
  readonly rollUp: RollUp;
  readonly schedules: ReportSchedules;
  readonly #options: ReportServiceOptions;
  readonly #reader: ReportReader;

  constructor(options: ReportServiceOptions) {
    this.#options = options;
    this.rollUp = new RollUp(options);
    this.#reader = new ReportReader(options);
    this.schedules = new ReportSchedules({
      ...options,
      get send() {
        return options.send;
      },
      read: async (request) => {
        await this.rollUp.catchUp();
        return this.#read(request);
      },
    });
  }

  async start(): Promise<void> {
    await this.rollUp.start();
    await this.schedules.start();
  }

  async stop(): Promise<void> {
    await this.schedules.stop();
    await this.rollUp.stop();
  }

  definitions(): ReportDefinitions {
    return {
      reports: [...REPORTS],
      figures: FIGURES.map(({ id, unit, name, formula, calls }) => ({ id, unit, name, formula, calls })),
      zone: this.#options.zone.zone,
    };
  }

  /** AppError report_range_invalid, report_too_wide. */
  async read(request: ReportRequest): Promise<Report> {
    await this.#fresh();
    return this.#read(request);
  }

  async file(request: ReportRequest, format: FileFormat, language: Language): Promise<MadeFile> {
    const { zone } = this.#options;
    const report = await this.read({ ...request, language });
    const bytes = await makeFile(reportSheet(report, zone, language), format);
    return {
      bytes,
      name: `${request.report}-${wallText(report.from, zone, 'day')}.${format}`,
      type: FILE_TYPES[format],
    };
  }

  async sheetFile(sheet: Sheet, name: string, format: FileFormat): Promise<MadeFile> {
    return { bytes: await makeFile(sheet, format), name: `${name}.${format}`, type: FILE_TYPES[format] };
  }

  get zone(): ZoneClock {
    return this.#options.zone;
  }

  async #read(request: ReportRequest): Promise<Report> {
    return { ...(await this.#reader.read(request)), behind: this.rollUp.behind };
  }

  /** What ended a moment ago is counted, unless there is more of it than one waits for. */
  async #fresh(): Promise<void> {
    if (this.rollUp.behind) return;
    let timer: { cancel(): void } | undefined;
    const late = new Promise<void>((resolve) => (timer = this.#options.clock.after(FRESH_MS, resolve)));
    await Promise.race([this.rollUp.catchUp(), late]);
    timer?.cancel();
  }
}
