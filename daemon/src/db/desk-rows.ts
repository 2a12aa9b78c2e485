// What is stored of agents' desks: reasons, dispositions, notes, PINs, numbers that were dialled.
import type { CallNote, Disposition, NotReadyReason } from '../contract/index.js';
import type { DeskWorkRead, DeskWorkWrite } from './desk-work-rows.js';

export type NotReadyReasonRow = NotReadyReason;
export type DispositionRow = Disposition;

export interface CallNoteRow extends CallNote {
  /** call and agent: each agent of a call has one */
  id: string;
}

export function noteId(callId: string, agentId: string): string {
  return `${callId}-${agentId}`;
}

export interface SpeedDialRow {
  /** owner/slot */
  id: string;
  /** an agent; '': everybody */
  owner: string;
  slot: string;
  number: string;
  name: string;
}

export interface DialledNumberRow {
  id: string;
  station: number;
  agentId: string | null;
  number: string;
  at: number;
}

/** What belongs to an agent besides what is laid down of him. */
export interface AgentDeskRow {
  agentId: string;
  pinHash: string | null;
  /** that he has chosen to show to those outside */
  shownNumber: string | null;
  /** queues of his from which he takes no calls now */
  pausedQueues: string[];
}

/** Wrong PINs at a telephone. */
export interface StationLockRow {
  station: number;
  wrong: number;
  lockedUntil: number;
}

type Patch<Row, Key extends keyof Row> = { [K in Exclude<keyof Row, Key>]?: Row[K] | undefined };

export interface CallNoteQuery {
  disposition?: string | undefined;
  agentId?: string | undefined;
  queueId?: string | undefined;
  followUp?: boolean | undefined;
  text?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
  limit: number;
}

export interface DeskRead extends DeskWorkRead {
  reasons(): Promise<NotReadyReasonRow[]>;
  reason(code: string): Promise<NotReadyReasonRow | null>;
  dispositions(): Promise<DispositionRow[]>;
  disposition(id: string): Promise<DispositionRow | null>;
  note(callId: string, agentId: string): Promise<CallNoteRow | null>;
  notesOf(callId: string): Promise<CallNoteRow[]>;
  /** newest first */
  notes(query: CallNoteQuery): Promise<CallNoteRow[]>;
  /** `owner` '': those of everybody */
  speedDials(owner: string): Promise<SpeedDialRow[]>;
  speedDial(owner: string, slot: string): Promise<SpeedDialRow | null>;
  /** newest first */
  dialled(of: { station?: number; agentId?: string }, limit: number): Promise<DialledNumberRow[]>;
  countDialled(agentId: string, fromMs: number): Promise<number>;
  of(agentId: string): Promise<AgentDeskRow>;
  all(): Promise<AgentDeskRow[]>;
  lock(station: number): Promise<StationLockRow | null>;
}
export interface DeskWrite extends DeskRead, DeskWorkWrite {
  /** reason_exists */
  insertReason(row: NotReadyReasonRow): Promise<void>;
  updateReason(code: string, patch: Patch<NotReadyReasonRow, 'code'>): Promise<boolean>;
  removeReason(code: string): Promise<boolean>;
  /** disposition_exists */
  insertDisposition(row: DispositionRow): Promise<void>;
  updateDisposition(id: string, patch: Patch<DispositionRow, 'id'>): Promise<boolean>;
  /** disposition_in_use when others stand under it, or calls came to it */
  removeDisposition(id: string): Promise<boolean>;
  putNote(row: CallNoteRow): Promise<void>;
  putSpeedDial(row: SpeedDialRow): Promise<void>;
  removeSpeedDial(owner: string, slot: string): Promise<boolean>;
  /** keeps the last ones of the telephone, and those of the last days for the figures */
  addDialled(row: DialledNumberRow): Promise<void>;
  put(row: AgentDeskRow): Promise<void>;
  putLock(row: StationLockRow): Promise<void>;
}
