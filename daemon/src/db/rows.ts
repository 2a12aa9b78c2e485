// What is stored, as plain data. Times are ms since 1970 UTC, durations ms; null: not known or not yet.
import type {
  AgentState,
  CallState,
  FlowDefinition,
  JsonObject,
  Language,
  QueueStrategy,
  RecordingState,
  ReleasedBy,
  Role,
  SegmentKind,
} from '../contract/index.js';

export interface UserRow {
  id: string;
  username: string;
  passwordHash: string;
  role: Role;
  language: Language;
  /** the agent this user is, if any */
  agentId: string | null;
  createdAt: number;
}

export interface SessionRow {
  id: string;
  /** SHA-256 of the token, hexadecimal */
  tokenHash: string;
  userId: string;
  createdAt: number;
  expiresAt: number;
}

export interface FlowRow {
  id: string;
  name: string;
  definition: FlowDefinition;
  version: number;
  updatedAt: number;
}

export interface RouteRow {
  id: string;
  calledNumber: string;
  flowId: string;
  language: Language;
}

export interface QueueRow {
  id: string;
  name: string;
  strategy: QueueStrategy;
  ringTimeoutMs: number;
  wrapUpMs: number;
  maxWaitMs: number;
  serviceLevelMs: number;
  /** a prompt's name; null: the bundled music */
  musicFile: string | null;
}

export interface AgentRow {
  /** his number */
  id: string;
  name: string;
  queues: string[];
  language: Language;
}

/** The state an agent is in now; restored at start. */
export interface AgentStateRow {
  agentId: string;
  state: AgentState;
  reason: string | null;
  station: number | null;
  since: number;
}

/** A piece of an agent's day. */
export interface AgentSegmentRow {
  id: string;
  agentId: string;
  state: AgentState;
  reason: string | null;
  station: number | null;
  startedAt: number;
  endedAt: number | null;
}

export interface CallRow {
  id: string;
  state: CallState;
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  callingNumber: string;
  callingName: string;
  calledNumber: string;
  span: number;
  timeslot: number;
  flowId: string | null;
  queueId: string | null;
  agentId: string | null;
  digits: string;
  cause: number | null;
  releasedBy: ReleasedBy | null;
}

/** A piece of a call's life. */
export interface SegmentRow {
  id: string;
  callId: string;
  kind: SegmentKind;
  startedAt: number;
  endedAt: number | null;
  data: JsonObject;
}

export interface RecordingRow {
  id: string;
  callId: string;
  /** relative to the recordings folder, with / */
  path: string;
  startedAt: number;
  endedAt: number | null;
  durationMs: number;
  bytes: number;
  /** silence put in where the disk was too slow */
  lostMs: number;
  state: RecordingState;
}
