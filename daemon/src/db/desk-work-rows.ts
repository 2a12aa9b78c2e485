// What waits on agents' desks: messages to them, and which of the calls that they missed they have dealt with.
import type { AgentMessage } from '../contract/index.js';

export type AgentMessageRow = AgentMessage;

export interface MissedDoneRow {
  /** call and agent */
  id: string;
  callId: string;
  agentId: string;
  at: number;
}

export interface DeskWorkRead {
  message(id: string): Promise<AgentMessageRow | null>;
  /** newest first */
  messages(query: { agentId: string; unread: boolean; limit: number }): Promise<AgentMessageRow[]>;
  /** ids of calls */
  missedDone(agentId: string): Promise<Set<string>>;
}

export interface DeskWorkWrite extends DeskWorkRead {
  addMessage(row: AgentMessageRow): Promise<void>;
  setMessageRead(id: string, readAt: number | null): Promise<boolean>;
  setMissedDone(row: Omit<MissedDoneRow, 'id'>, done: boolean): Promise<void>;
  /** what was read, or dealt with, before */
  removeWorkBefore(atMs: number): Promise<void>;
}
