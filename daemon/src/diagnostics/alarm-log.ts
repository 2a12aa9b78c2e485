// Alarms of the E1s as they came and went, in a file of lines in the home folder; the newest thousand are kept.
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DiagnosticAlarm, type AlarmKind } from '../contract/index.js';
import { isBoxSpan, type EngineClient } from '../engine/index.js';
import type { Clock, Log, Unsubscribe } from '../platform/index.js';

const MOST = 1000;

export class AlarmLog {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #names = new Map<number, string>();
  #alarms: DiagnosticAlarm[] = [];
  #off: Unsubscribe | undefined;

  constructor({ file, clock, log }: { file: string; clock: Clock; log: Log }) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
  }

  /** Listens at once. */
  async start(engine: EngineClient): Promise<void> {
    this.#alarms = this.#read();
    this.#off = engine.events.on('span.alarmed', ({ span, alarms }) => this.#told(span, alarms));
    const { spans } = await engine.command('engine.snapshot', {});
    for (const { span, name, alarms } of spans) {
      this.#names.set(span, name);
      // What began while nobody was there to see it begins now.
      if (alarms.length > 0 || this.#standing(span) !== undefined) this.#told(span, alarms);
    }
  }

  stop(): void {
    this.#off?.();
  }

  /** Newest first. */
  list(sinceMs = 0): DiagnosticAlarm[] {
    return this.#alarms
      .filter(({ startedAt, endedAt }) => (endedAt ?? Infinity) >= sinceMs || startedAt >= sinceMs)
      .reverse();
  }

  #standing(span: number): DiagnosticAlarm | undefined {
    return this.#alarms.findLast((one) => one.span === span && one.endedAt === null);
  }

  #told(span: number, alarms: AlarmKind[]): void {
    if (!isBoxSpan(span)) return;
    const standing = this.#standing(span);
    const at = this.#clock.wallMs();
    if (standing !== undefined) {
      if (standing.alarms.join() === alarms.join()) return;
      standing.endedAt = Math.max(at, standing.startedAt);
      this.#write(standing);
    }
    if (alarms.length === 0) return;
    const name = this.#names.get(span) ?? `E1-${span}`;
    const began: DiagnosticAlarm = { span, name, alarms: [...alarms], startedAt: at, endedAt: null };
    this.#alarms.push(began);
    if (this.#alarms.length > 2 * MOST) this.#shorten();
    this.#write(began);
  }

  /** A line for the beginning and one for the end; the later one of a span and beginning counts. */
  #write(alarm: DiagnosticAlarm): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      appendFileSync(this.#file, `${JSON.stringify(alarm)}\n`, { mode: 0o600 });
    } catch (error) {
      this.#log.warn({ err: error }, 'an alarm could not be written down');
    }
  }

  #shorten(): void {
    this.#alarms = this.#alarms.slice(-MOST);
    try {
      writeFileSync(`${this.#file}.new`, this.#alarms.map((one) => `${JSON.stringify(one)}\n`).join(''), {
        mode: 0o600,
      });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#log.warn({ err: error }, 'the history of alarms could not be shortened');
    }
  }

  #read(): DiagnosticAlarm[] {
    if (!existsSync(this.#file)) return [];
    const found = new Map<string, DiagnosticAlarm>();
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      let raw: unknown;
      try {
        raw = JSON.parse(line);
      } catch {
        continue; // cut off by a power failure
      }
      const parsed = DiagnosticAlarm.safeParse(raw);
      if (parsed.success) found.set(`${parsed.data.span} ${parsed.data.startedAt}`, parsed.data);
    }
    return [...found.values()].slice(-MOST);
  }
}
