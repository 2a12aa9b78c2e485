// What a case is: what it needs, and a function that measures and says what it found.
import type {
  DiagnosticAlarm,
  DiagnosticCaseId,
  DiagnosticInventory,
  DiagnosticMeasure,
  DiagnosticMeasureName,
  DiagnosticReason,
  DiagnosticRig,
} from '../contract/index.js';
import type { EngineClient } from '../engine/index.js';
import type { Clock } from '../platform/index.js';
import type { EngineClaims } from './claims.js';
import type { Line, PairLine, SpanLine } from './line.js';

export interface CaseContext {
  engine: EngineClient;
  claims: EngineClaims;
  clock: Clock;
  signal: AbortSignal;
  rig: DiagnosticRig;
  /** all that are chosen */
  lines: readonly Line[];
  inventory: DiagnosticInventory;
  /** of the last day */
  alarms: readonly DiagnosticAlarm[];
  /** for files that are sent and received */
  folder: string;
  /** 0 to 1 */
  progress(share: number): void;
}

export interface Found {
  measures: DiagnosticMeasure[];
  detail?: string;
  /** it could not be measured, or came to nothing: a failure unless `skipped` */
  reason?: DiagnosticReason;
  skipped?: boolean;
}

interface CaseBase {
  id: DiagnosticCaseId;
}
export type Case = CaseBase &
  (
    | { needs: 'box'; run(context: CaseContext): Promise<Found> }
    | { needs: 'span'; run(context: CaseContext, line: SpanLine): Promise<Found> }
    | { needs: 'pair'; run(context: CaseContext, line: PairLine): Promise<Found> }
    | { needs: 'line'; run(context: CaseContext, line: Line): Promise<Found> }
  );

export interface Limit {
  low?: number;
  high?: number;
  standard: string;
}

/** A value beside its limits; without limits it is only told. */
export function measure(
  name: DiagnosticMeasureName,
  value: number | string,
  unit: string,
  limit?: Limit,
  at = '',
): DiagnosticMeasure {
  const shown = typeof value === 'number' ? Number(value.toPrecision(6)) : value;
  const passed =
    limit === undefined || typeof value === 'string'
      ? null
      : value >= (limit.low ?? -Infinity) && value <= (limit.high ?? Infinity);
  return {
    ...{ name, at, value: Number.isNaN(shown) ? 'NaN' : shown, unit },
    ...{ low: limit?.low ?? null, high: limit?.high ?? null, standard: limit?.standard ?? '', passed },
  };
}

/** A text that has to be another's like. */
export function same(
  name: DiagnosticMeasureName,
  value: string,
  wanted: string,
  standard: string,
  at = '',
): DiagnosticMeasure {
  return { name, at, value, unit: '', low: null, high: null, standard, passed: value === wanted };
}

export const skipped = (reason: DiagnosticReason): Found => ({ measures: [], reason, skipped: true });
