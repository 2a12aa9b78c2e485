// Figures for reports: rolled up by quarter of an hour (`slot`) and by day of the box's time zone, from stored segments alone.

/** What each table counts: by which keys, what is added up, and of what the greatest is kept. */
export const REPORT_TABLES = {
  queue: {
    table: 'reportQueues',
    keys: ['queueId'],
    sums: [
      ...(['offered', 'answered', 'answeredInTime', 'abandoned', 'abandonedInTime', 'shortAbandoned'] as const),
      ...(['callbacks', 'left', 'waitMs', 'abandonWaitMs', 'handled', 'talkMs', 'holdMs', 'wrapUpMs'] as const),
      'transferred',
    ],
    most: ['longestWaitMs'],
  },
  agent: {
    table: 'reportAgents',
    keys: ['agentId'],
    sums: [
      ...(['offered', 'answered', 'missed', 'handled', 'talkMs', 'holdMs', 'wrapUpMs', 'transferred'] as const),
      ...(['readyMs', 'ringingMs', 'talkingMs', 'wrappingMs', 'notReadyMs'] as const),
    ],
    most: [],
  },
  trunk: {
    table: 'reportTrunks',
    keys: ['trunk'],
    sums: ['seizedIn', 'answeredIn', 'seizedOut', 'answeredOut', 'lost', 'usedMs', 'talkMs'],
    most: [],
  },
  path: { table: 'reportPaths', keys: ['flowId', 'node', 'exit'], sums: ['visits', 'ms'], most: [] },
  reason: { table: 'reportReasons', keys: ['agentId', 'reason'], sums: ['times', 'ms'], most: [] },
} as const satisfies Record<
  string,
  { table: string; keys: readonly string[]; sums: readonly string[]; most: readonly string[] }
>;

export type ReportDimension = keyof typeof REPORT_TABLES;
export type ReportSpan = 'slot' | 'day';
/** What is added to one row; columns left out: nothing. */
export type ReportMeasures = Record<string, number>;

export interface ReportDelta {
  dimension: ReportDimension;
  span: ReportSpan;
  at: number;
  keys: readonly string[];
  measures: ReportMeasures;
}

/** A call to be booked, as the roll-up reads it. */
export interface ReportCall {
  id: string;
  direction: 'in' | 'out' | 'internal';
  startedAt: number;
  answeredAt: number | null;
  endedAt: number;
  span: number;
  flowId: string | null;
  reported: 0 | 1;
  segments: ReportSegment[];
  /** of it: paperwork that is over */
  wrapUps: { agentId: string; startedAt: number; endedAt: number }[];
  /** somebody still talks or has paperwork: what was handled is booked when that is over */
  busy: boolean;
}

export interface ReportSegment {
  kind: string;
  startedAt: number;
  endedAt: number;
  data: Record<string, unknown>;
}

export interface ReportAgentSegment {
  id: string;
  agentId: string;
  state: string;
  reason: string | null;
  startedAt: number;
  endedAt: number;
}

/** What one step of the roll-up writes; all of it or nothing. */
export interface ReportStep {
  deltas: readonly ReportDelta[];
  /** the state that each call has afterwards; trunk: of the caller, or of who was called */
  calls: readonly { id: string; reported: 1 | 2; trunk: string | null }[];
  agentSegments: readonly string[];
}

/** reportState: under which version and zone everything has been booked; `clearing`: up to which call it has been undone. */
export interface ReportState {
  version: number;
  zone: string;
  clearing: string | null;
}

export interface ReportScheduleRow {
  id: string;
  name: string;
  /** contract/reports.ts says what is in it */
  definition: Record<string, unknown>;
  enabled: boolean;
  nextAt: number | null;
  createdBy: string;
  updatedAt: number;
}

export interface ReportRunRow {
  id: string;
  scheduleId: string;
  dueAt: number;
  at: number;
  state: 'running' | 'sent' | 'failed' | 'empty';
  fromMs: number;
  toMs: number;
  error: string | null;
  /** ids of outgoing mails */
  mails: string[];
}

export interface ReportsRead {
  state(): Promise<ReportState | null>;
  schedules(): Promise<ReportScheduleRow[]>;
  schedule(id: string): Promise<ReportScheduleRow | null>;
  due(nowMs: number): Promise<ReportScheduleRow[]>;
  nextAt(): Promise<number | null>;
  runs(scheduleId: string, limit: number): Promise<ReportRunRow[]>;
}

export interface ReportsWrite extends ReportsRead {
  book(step: ReportStep): Promise<void>;
  /** Forgets all figures and begins to book anew. */
  reset(state: ReportState): Promise<void>;
  /** Undoes the marks of so many calls or segments of agents; false when none are left. */
  clear(limit: number): Promise<boolean>;
  putSchedule(row: ReportScheduleRow): Promise<void>;
  removeSchedule(id: string): Promise<boolean>;
  putRun(row: ReportRunRow): Promise<void>;
}
