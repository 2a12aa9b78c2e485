// Rows for tests: whole and valid; a test names what matters to it.
import type { AgentRow, CallRow, QueueRow, RecordingRow, SegmentRow, UserRow } from '../../daemon/src/db/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';

export const T0 = 1_732_226_400_000;

export function callRow(over: Partial<CallRow> = {}): CallRow {
  return {
    id: newUlid(),
    direction: 'in',
    state: 'live',
    startedAt: T0,
    answeredAt: null,
    endedAt: null,
    callingNumber: '13800138000',
    callingName: '',
    calledNumber: '4001',
    span: 1,
    timeslot: 1,
    flowId: null,
    queueId: null,
    agentId: null,
    digits: '',
    cause: null,
    releasedBy: null,
    ...over,
  };
}

export function segmentRow(callId: string, over: Partial<SegmentRow> = {}): SegmentRow {
  return { id: newUlid(), callId, kind: 'seized', startedAt: T0, endedAt: T0, data: {}, ...over };
}

export function recordingRow(callId: string, over: Partial<RecordingRow> = {}): RecordingRow {
  const id = newUlid();
  return {
    id,
    callId,
    path: `2024/11/21/${id}.wav`,
    startedAt: T0,
    endedAt: null,
    durationMs: 0,
    bytes: 0,
    lostMs: 0,
    state: 'recording',
    ...over,
  };
}

export function userRow(over: Partial<UserRow> = {}): UserRow {
  const id = newUlid();
  return {
    id,
    username: `user-${id.toLowerCase()}`,
    passwordHash: 'none',
    role: 'supervisor',
    language: 'en',
    agentId: null,
    createdAt: T0,
    ...over,
  };
}

export function agentRow(over: Partial<AgentRow> = {}): AgentRow {
  return { id: '2001', name: 'Lina', queues: [], language: 'zh-CN', ...over };
}

export function queueRow(over: Partial<QueueRow> = {}): QueueRow {
  return {
    id: 'sales',
    name: 'Sales',
    strategy: 'longest_idle',
    ringTimeoutMs: 15_000,
    wrapUpMs: 10_000,
    maxWaitMs: 600_000,
    serviceLevelMs: 20_000,
    musicFile: null,
    ...over,
  };
}
