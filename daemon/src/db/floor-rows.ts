import type { ReachFilter } from '../platform/index.js';
import type { AgentState, QueueThresholds, SegmentKind } from '../contract/index.js';

export type QueueThresholdsRow = Omit<QueueThresholds, 'own'>;

/** What is counted: agents who are ready, callers who wait. */
export type FloorCount = 'ready' | 'waiting';

export interface StateAt {
  agentId: string;
  state: AgentState;
  reason: string | null;
  station: number | null;
  startedAt: number;
  forced: boolean;
}

export interface SegmentAt {
  kind: SegmentKind;
  callId: string;
  startedAt: number;
  data: Record<string, unknown>;
  callingNumber: string;
  queueId: string | null;
}

/** How the floor was: counted and narrowed down where the rows are, as a busy hour has a hundred thousand of them. */
export interface FloorRead {
  /** How many there were at `from`, and at each following step up to `to`; of these agents, of calls of these queues. */
  counts(of: FloorCount, from: number, to: number, stepMs: number, within?: ReachFilter): Promise<number[]>;
  /** The state that each agent had; of who had none nothing. */
  statesAt(atMs: number): Promise<StateAt[]>;
  /** Waits, offers and talks that lasted then. */
  segmentsAt(atMs: number): Promise<SegmentAt[]>;
  thresholds(): Promise<QueueThresholdsRow[]>;
}

export interface FloorWrite extends FloorRead {
  putThresholds(row: QueueThresholdsRow): Promise<void>;
  /** false: there were none. */
  removeThresholds(queueId: string): Promise<boolean>;
}
