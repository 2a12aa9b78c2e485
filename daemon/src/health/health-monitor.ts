// Looks at the machine and the box every five seconds and keeps an hour of it in memory: enough to see what has just happened.
// What needs doing is named; the words are the pages'.
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { HealthConcern, HealthReport, HealthSample } from '../contract/index.js';
import type { Clock, Timer } from '../platform/index.js';
import { soon, thisMachine, type Machine } from './machine.js';
import type { RootLook } from './root-look.js';

export interface HealthMonitorOptions {
  clock: Clock;
  recordingsFolder: string;
  databaseFile: string;
  reserveBytes: number;
  lowBytes: number;
  /** the setting; whether the engine got it is told by its snapshot */
  realtimeWanted: boolean;
  calls(): number;
  tick(): Promise<{ ticks: number; missed: number; realtime: boolean } | undefined>;
  recordingsState(): HealthReport['recordingsState'];
  /** pages of its file are damaged */
  databaseDamaged(): boolean;
  mailReady(): boolean;
  restartNeeded(): boolean;
  /** the last back-up; undefined: there is none */
  lastBackupAt(): number | undefined;
  /** the last one by the clock came to nothing */
  backupFailed(): boolean;
  /** what root has seen of the machine lately; undefined: nobody has looked */
  rootLook(): RootLook | undefined;
  /** when the certificate ends, wall clock ms; undefined: there is none */
  certificateEndsAt(): number | undefined;
  /** default: the one this runs on */
  machine?: Machine | undefined;
}

const EVERY_MS = 5000;
const MOST_SAMPLES = 720;
const HOT_C = 80;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const WORN_PERCENT = 90;
/** before the end of a certificate: time enough to have a new one signed, and hardly any */
const CERTIFICATE_DAYS = { soon: 21, grave: 3 };
/** of the last minutes, so that one busy moment is no concern */
const RECENT = 24;

export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #machine: Machine;
  readonly #samples: HealthSample[] = [];
  #loop: IntervalHistogram | undefined;
  #timer: Timer | undefined;
  #sampling: Promise<void> | undefined;
  #stopped = false;
  #ticksBefore: { ticks: number; missed: number } | undefined;
  #missedLately = 0;
  #realtime = true;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#machine = options.machine ?? thisMachine;
  }

  start(): void {
    this.#loop = monitorEventLoopDelay({ resolution: 10 });
    this.#loop.enable();
    this.#again();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#loop?.disable();
    await this.#sampling;
  }

  async report(): Promise<HealthReport> {
    if (this.#samples.length === 0) await (this.#sampling ??= this.#sample());
    const { recordingsFolder, databaseFile, reserveBytes, lowBytes } = this.#options;
    const [disk, ...sizes] = await Promise.all([
      this.#machine.disk(recordingsFolder),
      ...['', '-wal'].map((end) => this.#machine.fileBytes(databaseFile + end)),
    ]);
    const space = disk === undefined ? null : { ...disk, reserveBytes, lowBytes };
    return {
      samples: [...this.#samples],
      disk: space,
      databaseBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
      recordingsState: this.#options.recordingsState(),
      concerns: this.#concerns(space),
    };
  }

  #concerns(disk: HealthReport['disk']): HealthConcern[] {
    const {
      restartNeeded,
      mailReady,
      lastBackupAt,
      backupFailed,
      clock,
      recordingsState,
      realtimeWanted,
      databaseDamaged,
    } = this.#options;
    const recent = this.#samples.slice(-RECENT);
    const middle = (of: (sample: HealthSample) => number): number => median(recent.map(of));
    const cpu = middle((sample) => sample.cpuPercent);
    const memory = middle((sample) => sample.memoryPercent);
    const hot = middle((sample) => sample.temperatureC ?? 0);
    const late = middle((sample) => sample.eventLoopMs);
    const free = disk?.freeBytes ?? Number.POSITIVE_INFINITY;
    const backupAt = lastBackupAt();
    const found: (HealthConcern | false)[] = [
      ...this.#ofMachine(),
      databaseDamaged() && { kind: 'database', grave: true, value: null },
      recordingsState() !== 'good' && { kind: 'recordings', grave: true, value: null },
      disk !== null && free < disk.lowBytes && { kind: 'disk', grave: free < disk.reserveBytes * 1.5, value: free },
      this.#missedLately > 0 && { kind: 'ticks', grave: true, value: this.#missedLately },
      cpu > 85 && { kind: 'cpu', grave: cpu > 95, value: cpu },
      memory > 90 && { kind: 'memory', grave: memory > 97, value: memory },
      hot > HOT_C && { kind: 'temperature', grave: hot > 90, value: hot },
      late > 200 && { kind: 'eventLoop', grave: false, value: late },
      realtimeWanted && !this.#realtime && { kind: 'notRealtime', grave: false, value: null },
      restartNeeded() && { kind: 'restart', grave: false, value: null },
      (backupAt === undefined || clock.wallMs() - backupAt > WEEK_MS) && {
        ...{ kind: 'backup', grave: false },
        value: backupAt ?? null,
      },
      backupFailed() && { kind: 'backupFailed', grave: false, value: null },
      !mailReady() && { kind: 'mail', grave: false, value: null },
    ];
    return found.filter((one) => one !== false);
  }

  #ofMachine(): (HealthConcern | false)[] {
    const { rootLook, certificateEndsAt, clock } = this.#options;
    const look = rootLook();
    const failing = look?.disks.filter((disk) => disk.failing).length ?? 0;
    const worn = Math.max(0, ...(look?.disks ?? []).map(({ wornPercent }) => wornPercent ?? 0));
    const endsAt = certificateEndsAt();
    const days = endsAt === undefined ? Number.POSITIVE_INFINITY : Math.floor((endsAt - clock.wallMs()) / DAY_MS);
    return [
      failing > 0 && { kind: 'diskFailing', grave: true, value: failing },
      worn >= WORN_PERCENT && { kind: 'diskWorn', grave: worn >= 100, value: worn },
      look?.clockFollows === false && { kind: 'clock', grave: false, value: null },
      days < CERTIFICATE_DAYS.soon && {
        ...{ kind: 'certificate', grave: days < CERTIFICATE_DAYS.grave },
        value: Math.max(0, days),
      },
    ];
  }

  #again(): void {
    this.#sampling = this.#sample().finally(() => {
      if (!this.#stopped) this.#timer = this.#options.clock.after(EVERY_MS, () => this.#again());
    });
  }

  async #sample(): Promise<void> {
    const { clock, calls, tick } = this.#options;
    const [look, ticks] = await Promise.all([this.#machine.look(), soon(tick())]);
    if (ticks !== undefined) {
      this.#missedLately = ticks.missed - (this.#ticksBefore?.missed ?? ticks.missed);
      this.#ticksBefore = ticks;
      this.#realtime = ticks.realtime;
    }
    this.#samples.push({
      at: clock.wallMs(),
      ...look,
      cpuPercent: rounded(look.cpuPercent),
      memoryPercent: rounded(look.memoryPercent),
      eventLoopMs: rounded((this.#loop?.percentile(99) ?? 0) / 1e6),
      calls: calls(),
    });
    this.#loop?.reset();
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
  }
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
