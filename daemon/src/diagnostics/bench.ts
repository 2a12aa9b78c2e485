// A run: cases on lines, one after the other, with what the technician is asked to do before. The lines are the bench's alone
// meanwhile.
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  DiagnosticAlarm,
  DiagnosticCaseId,
  DiagnosticInventory,
  DiagnosticReason,
  DiagnosticResult,
  DiagnosticRig,
  DiagnosticRun,
  DiagnosticStep,
} from '../contract/index.js';
import { isRefusal, type EngineClient } from '../engine/index.js';
import { AppError, newUlid, type Clock, type Log } from '../platform/index.js';
import { CASES } from './cases/index.js';
import type { Case, CaseContext, Found } from './case.js';
import type { EngineClaims } from './claims.js';
import { alarmOf, enginesLines, legsOn, linesOf, type Line, type SpanLine } from './line.js';

export interface BenchOptions {
  engine: EngineClient;
  claims: EngineClaims;
  clock: Clock;
  log: Log;
  inventory: (rig: DiagnosticRig) => Promise<DiagnosticInventory>;
  alarms: () => DiagnosticAlarm[];
  changed?: ((run: DiagnosticRun) => void) | undefined;
}

export interface FinishedRun {
  run: DiagnosticRun;
  rig: DiagnosticRig;
  inventory: DiagnosticInventory;
  alarms: DiagnosticAlarm[];
}

class Cancelled extends Error {}

/** A line whose plug has just been put in gets so long until its alarm is over. */
const SETTLE_MS = 15_000;
const FREE_MS = 10_000;
/** Lines that a case measures side by side. */
const AT_A_TIME = 8;

export class Bench {
  readonly #options: BenchOptions;
  #run: DiagnosticRun | undefined;
  #ending: AbortController | undefined;
  #answer: ((done: boolean) => void) | undefined;
  #finished: Promise<FinishedRun> | undefined;

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  /** The run that is under way, or the last one; undefined: there was none. */
  get run(): DiagnosticRun | undefined {
    return this.#run === undefined ? undefined : structuredClone(this.#run);
  }

  get running(): boolean {
    return this.#ending !== undefined;
  }

  /** What came of the run that is under way, or of the last one. */
  get finished(): Promise<FinishedRun> | undefined {
    return this.#finished;
  }

  /**
   * Begins, and resolves when the lines are the bench's. Rejects with diagnostics_running, diagnostics_lines_busy,
   * diagnostics_line_unknown, diagnostics_line_twice.
   */
  async begin(rig: DiagnosticRig): Promise<DiagnosticRun> {
    if (this.#ending !== undefined) throw new AppError('diagnostics_running');
    const ending = new AbortController();
    // Whatever is measured side by side listens to it.
    setMaxListeners(0, ending.signal);
    this.#ending = ending;
    try {
      const { engine, claims, clock } = this.#options;
      const snapshot = await engine.command('engine.snapshot', {});
      const lines = linesOf(rig, snapshot);
      const legs = legsOn(lines, snapshot);
      if (legs.length > 0 && !rig.endCalls) {
        const names = lines.map(({ name }) => name).join(', ');
        throw new AppError('diagnostics_lines_busy', { lines: names, calls: legs.length });
      }
      for (const { leg } of legs) await engine.command('leg.release', { leg, cause: 41 }).catch(() => undefined);
      claims.claim(enginesLines(lines));
      await this.#untilFree(lines);
      const inventory = await this.#options.inventory(rig);
      const alarms = this.#options.alarms();
      const run: DiagnosticRun = {
        ...{
          id: newUlid(),
          startedAt: clock.wallMs(),
          endedAt: null,
          state: 'running',
          step: null,
          now: null,
        },
        ...{ done: 0, planned: 0, results: [] },
      };
      this.#run = run;
      this.#finished = this.#all(run, rig, lines, inventory, alarms, ending.signal).then(() => ({
        ...{ run: structuredClone(run), rig, inventory, alarms },
      }));
      this.#finished.catch(() => undefined);
      return structuredClone(run);
    } catch (error) {
      await this.#options.claims.giveBack();
      this.#ending = undefined;
      throw error;
    }
  }

  /** The technician has done what was asked (or leaves the line out). Throws diagnostics_not_running, diagnostics_step_over. */
  continue(step: number, done: boolean): void {
    if (this.#ending === undefined) throw new AppError('diagnostics_not_running');
    if (this.#run?.step?.id !== step) throw new AppError('diagnostics_step_over');
    this.#answer?.(done);
  }

  /** Throws diagnostics_not_running. Resolves when the lines are given back. */
  async cancel(): Promise<void> {
    if (this.#ending === undefined) throw new AppError('diagnostics_not_running');
    this.#ending.abort(new Cancelled('cancelled'));
    await this.#finished?.catch(() => undefined);
  }

  async #untilFree(lines: readonly Line[]): Promise<void> {
    const { engine, clock } = this.#options;
    for (const sinceMs = clock.monotonicMs(); clock.monotonicMs() - sinceMs < FREE_MS; await clock.sleep(50))
      if (legsOn(lines, await engine.command('engine.snapshot', {})).length === 0) return;
  }

  async #all(
    run: DiagnosticRun,
    rig: DiagnosticRig,
    lines: readonly Line[],
    inventory: DiagnosticInventory,
    alarms: DiagnosticAlarm[],
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, log, claims, engine } = this.#options;
    const wanted = CASES.filter(({ id }) => rig.cases === undefined || rig.cases.includes(id));
    run.planned = wanted.reduce((sum, one) => sum + linesFor(one, lines).length, 0);
    const folder = mkdtempSync(join(tmpdir(), 'cordboard-bench-'));
    const leftOut = new Set<Line>();
    try {
      if (rig.attended) for (const line of lines) if (!(await this.#prepare(run, line, signal))) leftOut.add(line);
      for (const one of wanted) {
        const context = {
          ...{ engine, claims, clock, signal, rig, inventory, alarms, folder },
          lines: lines.filter((each) => !leftOut.has(each)),
        };
        await this.#case(run, one, linesFor(one, lines), leftOut, context);
        signal.throwIfAborted();
      }
      if (rig.attended && lines.some((line) => stepOf(line) !== undefined))
        await this.#ask(run, { kind: 'removePlugs', line: '', other: '' }, signal);
      run.state = run.results.some(({ outcome }) => outcome === 'failed') ? 'failed' : 'passed';
    } catch (error) {
      if (!(error instanceof Cancelled)) log.error({ err: error }, 'the measuring of lines has ended with a fault');
      run.state = 'cancelled';
    } finally {
      run.now = null;
      run.step = null;
      run.endedAt = clock.wallMs();
      await claims.giveBack();
      rmSync(folder, { recursive: true, force: true });
      this.#ending = undefined;
      this.#changed();
    }
  }

  /** Several lines at once, as none hears another; results stand in the order of the lines. */
  async #case(
    run: DiagnosticRun,
    one: Case,
    lines: readonly (Line | undefined)[],
    leftOut: ReadonlySet<Line>,
    context: Omit<CaseContext, 'progress'>,
  ): Promise<void> {
    const shares = lines.map(() => 0);
    const results: (DiagnosticResult | undefined)[] = lines.map(() => undefined);
    const before = run.results.length;
    const left = lines.map((line, index) => ({ line, index }));
    const next = async (): Promise<void> => {
      for (let each = left.shift(); each !== undefined && !context.signal.aborted; each = left.shift()) {
        const { line, index } = each;
        const progress = (share: number): void => {
          shares[index] = share;
          const all = shares.reduce((sum, one) => sum + one, 0);
          this.#progress(run, one.id, lines.length === 1 ? line : undefined, all / lines.length);
        };
        progress(0);
        const reason = line !== undefined && leftOut.has(line) ? 'skippedByHand' : undefined;
        results[index] = await this.#one({ ...context, progress }, one, line, reason);
        run.results.splice(before, Infinity, ...results.filter((result) => result !== undefined));
        run.done += 1;
        progress(1);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, next));
    run.now = null;
    this.#changed();
  }

  /** False: the technician leaves it out. */
  async #prepare(run: DiagnosticRun, line: Line, signal: AbortSignal): Promise<boolean> {
    const step = stepOf(line);
    if (step === undefined) return true;
    const { engine, clock } = this.#options;
    const other = step === 'connectCable' && line.kind === 'span' ? await this.#nameOf(line) : '';
    if (!(await this.#ask(run, { kind: step, line: line.name, other }, signal))) return false;
    for (const sinceMs = clock.monotonicMs(); clock.monotonicMs() - sinceMs < SETTLE_MS; await clock.sleep(250, signal))
      if (!(await alarmOf(engine, line))) break;
    return true;
  }

  async #nameOf(line: SpanLine): Promise<string> {
    const { spans } = await this.#options.engine.command('engine.snapshot', {});
    return spans.find(({ span }) => span === line.farSpan)?.name ?? '';
  }

  async #ask(run: DiagnosticRun, step: Omit<DiagnosticStep, 'id'>, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const id = (this.#steps += 1);
    run.step = { id, ...step };
    run.state = 'waiting';
    this.#changed();
    try {
      return await new Promise<boolean>((resolve, reject) => {
        this.#answer = resolve;
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    } finally {
      this.#answer = undefined;
      run.step = null;
      run.state = 'running';
      this.#changed();
    }
  }
  #steps = 0;

  #progress(run: DiagnosticRun, id: DiagnosticCaseId, line: Line | undefined, share: number): void {
    run.now = { case: id, line: line?.name ?? '', share: Math.min(1, Math.max(0, share)) };
    this.#changed();
  }

  #changed(): void {
    if (this.#run !== undefined) this.#options.changed?.(this.#run);
  }

  async #one(
    context: CaseContext,
    one: Case,
    line: Line | undefined,
    leftOut: DiagnosticReason | undefined,
  ): Promise<DiagnosticResult> {
    const { clock, log } = this.#options;
    const began = clock.moment();
    const found: Found =
      leftOut === undefined
        ? await measureOne(context, one, line).catch((error: unknown): Found => {
            if (context.signal.aborted) return { measures: [], reason: 'cancelled', skipped: true };
            const detail = error instanceof Error ? error.message : String(error);
            log.warn({ case: one.id, line: line?.name, err: error }, 'a case could not be measured');
            return { measures: [], reason: isRefusal(error, 'wrong_state') ? 'lineTaken' : 'fault', detail };
          })
        : { measures: [], reason: leftOut, skipped: true };
    const { measures, detail = '', reason = null, skipped = false } = found;
    const bad = !skipped && (reason !== null || measures.some(({ passed }) => passed === false));
    const judged = measures.some(({ passed }) => passed !== null);
    const outcome = skipped ? 'skipped' : bad ? 'failed' : judged ? 'passed' : 'told';
    return {
      ...{ case: one.id, line: line?.name ?? '', outcome, reason, detail, measures },
      ...{ startedAt: began.wallMs, lastedMs: Math.round(clock.monotonicMs() - began.monotonicMs) },
    };
  }
}

function linesFor(one: Case, lines: readonly Line[]): (Line | undefined)[] {
  if (one.needs === 'box') return [undefined];
  return lines.filter(({ kind }) => one.needs === 'line' || kind === one.needs);
}

async function measureOne(context: CaseContext, one: Case, line: Line | undefined): Promise<Found> {
  if (one.needs === 'box') return one.run(context);
  if (line === undefined) throw new Error(`the case ${one.id} wants a line`);
  // What is measured of a dead line says nothing but that it is dead.
  if (one.id !== 'alarms' && one.id !== 'bit-errors' && (await alarmOf(context.engine, line)))
    return { measures: [], reason: 'inAlarm' };
  if (one.needs === 'line') return one.run(context, line);
  if (one.needs === 'span' && line.kind === 'span') return one.run(context, line);
  if (one.needs === 'pair' && line.kind === 'pair') return one.run(context, line);
  throw new Error(`the case ${one.id} does not fit the line ${line.name}`);
}

/** What somebody has to do before the line can be measured; a virtual cable is always in its place. */
function stepOf(line: Line): DiagnosticStep['kind'] | undefined {
  if (line.kind === 'pair') return undefined;
  const { far } = line.spec;
  if (far.kind === 'plug') return 'insertPlug';
  if (far.kind === 'remote') return 'loopFarEnd';
  return far.kind === 'cable' && far.span <= 100 ? 'connectCable' : undefined;
}
