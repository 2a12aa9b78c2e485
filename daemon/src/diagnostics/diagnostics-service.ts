// The technician's bench as a part of the box: runs, reports that are kept and signed, the history of alarms.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  SignedDiagnosticReport,
  type DiagnosticAlarm,
  type DiagnosticInventory,
  type DiagnosticReport,
  type DiagnosticReportEntry,
  type DiagnosticRig,
  type DiagnosticRun,
  type DiagnosticVerdict,
  type Language,
} from '../contract/index.js';
import type { EngineClient } from '../engine/index.js';
import { AppError, madeInThread, type Clock, type Log } from '../platform/index.js';
import { AlarmLog } from './alarm-log.js';
import { Bench, type FinishedRun } from './bench.js';
import { boxSerial, readInventory } from './boards.js';
import type { EngineClaims } from './claims.js';
import { entryOf } from './entries.js';
import { ReportSigner } from './signature.js';

export interface DiagnosticsOptions {
  engine: EngineClient;
  claims: EngineClaims;
  /** where reports and alarms are kept */
  folder: string;
  keyFile: string;
  version: string;
  clock: Clock;
  log: Log;
}

const DAY_MS = 86_400_000;
const MOST_REPORTS = 500;

export class DiagnosticsService {
  readonly #options: DiagnosticsOptions;
  readonly #alarms: AlarmLog;
  readonly #signer: ReportSigner;
  readonly #bench: Bench;
  #stored: Promise<void> = Promise.resolve();

  constructor(options: DiagnosticsOptions) {
    this.#options = options;
    const { engine, claims, folder, keyFile, clock, log } = options;
    this.#alarms = new AlarmLog({ file: join(folder, 'alarms.jsonl'), clock, log });
    this.#signer = new ReportSigner(keyFile);
    this.#bench = new Bench({
      ...{ engine, claims, clock, log },
      inventory: (rig) => this.inventory(rig),
      alarms: () => this.#alarms.list(clock.wallMs() - DAY_MS),
    });
  }

  start(): Promise<void> {
    return this.#alarms.start(this.#options.engine);
  }

  async stop(): Promise<void> {
    if (this.#bench.running) await this.#bench.cancel();
    await this.#stored;
    this.#alarms.stop();
  }

  inventory(rig?: DiagnosticRig): Promise<DiagnosticInventory> {
    return readInventory(this.#options.engine, rig?.serials);
  }

  /** As Bench.begin. */
  async begin(rig: DiagnosticRig): Promise<DiagnosticRun> {
    const run = await this.#bench.begin(rig);
    const finished = this.#bench.finished;
    if (finished !== undefined)
      this.#stored = finished
        .then((done) => this.#store(done))
        .catch((error: unknown) => this.#options.log.error({ err: error }, 'a report could not be kept'));
    return run;
  }

  /** null: there was none since the start. A run that has ended is told when its report is there. */
  async run(): Promise<DiagnosticRun | null> {
    if (!this.#bench.running) await this.#stored;
    return this.#bench.run ?? null;
  }

  continue(step: number, done: boolean): void {
    this.#bench.continue(step, done);
  }

  async cancel(): Promise<void> {
    await this.#bench.cancel();
  }

  alarms(): DiagnosticAlarm[] {
    return this.#alarms.list();
  }

  /** Newest first. */
  reports(): DiagnosticReportEntry[] {
    return this.#names()
      .reverse()
      .flatMap((id) => {
        const parsed = this.#read(id);
        return parsed === undefined ? [] : [entryOf(parsed.report)];
      });
  }

  /** diagnostics_report_not_found */
  async file(
    id: string,
    format: 'json' | 'pdf',
    language: Language,
  ): Promise<{ bytes: Buffer; name: string; type: string }> {
    const signed = this.#read(id);
    if (signed === undefined) throw new AppError('diagnostics_report_not_found', { id });
    const name = `acceptance-${id}.${format}`;
    if (format === 'pdf') {
      const bytes = await madeInThread(import.meta.url, './report-worker.js', { signed, language });
      return { name, type: 'application/pdf', bytes };
    }
    return { name, type: 'application/json', bytes: readFileSync(this.#fileOf(id)) };
  }

  verify(text: string): DiagnosticVerdict {
    return this.#signer.judge(text);
  }

  #store(done: FinishedRun): void {
    const signed = this.#signer.sign(reportOf(done, this.#options.version));
    const { folder } = this.#options;
    mkdirSync(folder, { recursive: true });
    const file = this.#fileOf(done.run.id);
    writeFileSync(`${file}.new`, `${JSON.stringify(signed, null, 1)}\n`, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }

  #names(): string[] {
    const { folder } = this.#options;
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).flatMap((name) => /^([0-9A-HJKMNP-TV-Z]{26})\.json$/.exec(name)?.[1] ?? []);
    return names.sort().slice(-MOST_REPORTS);
  }

  #read(id: string): SignedDiagnosticReport | undefined {
    try {
      return SignedDiagnosticReport.parse(JSON.parse(readFileSync(this.#fileOf(id), 'utf8')));
    } catch {
      return undefined;
    }
  }

  #fileOf(id: string): string {
    return join(this.#options.folder, `${id}.json`);
  }
}

export function reportOf({ run, rig, inventory, alarms }: FinishedRun, version: string): DiagnosticReport {
  const { technician = '', site = '' } = rig;
  return {
    ...{ format: 'cordboard-acceptance-1' as const, id: run.id, version, boxSerial: boxSerial(), hostname: hostname() },
    ...{ technician, site, startedAt: run.startedAt, endedAt: run.endedAt ?? run.startedAt },
    ...{
      passed: run.state === 'passed',
      cancelled: run.state === 'cancelled',
      rig,
      inventory,
      alarms,
      results: run.results,
    },
  };
}
