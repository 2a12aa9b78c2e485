import type { FlowRecording, VoicemailNotice } from '../contract/index.js';
import type { ReachFilter } from '../platform/index.js';

/** Tries of a PIN by one who calls from a number. */
export interface VoicemailTryRow {
  /** <box>|<caller> */
  id: string;
  boxId: string;
  /** a station as station:NUMBER; empty: withheld */
  caller: string;
  failed: number;
  lockedUntil: number;
  /** when it was right last; null: never */
  rightAt: number | null;
  at: number;
}

/** Somebody is to be called for a message; the id is the message's. */
export type VoicemailNoticeRow = VoicemailNotice;

export interface FlowRecordingRow extends FlowRecording {
  /** recording: it is being made */
  state: 'recording' | 'kept';
}

/** Of the announcement of this id. */
export interface AnnouncementNumberRow {
  id: string;
  number: string;
  pinHash: string | null;
}

type Patch<Row> = { [K in Exclude<keyof Row, 'id'>]?: Row[K] | undefined };

export interface VoiceRead {
  tries(boxId: string, caller: string): Promise<VoicemailTryRow | null>;
  notice(id: string): Promise<VoicemailNoticeRow | null>;
  /** newest first */
  noticesOf(boxId: string): Promise<VoicemailNoticeRow[]>;
  /** oldest first */
  waitingNotices(): Promise<VoicemailNoticeRow[]>;
  /** newest first, without those that are being made; `before`: an id */
  flowRecordings(query: {
    limit: number;
    before?: string | undefined;
    callId?: string | undefined;
    flowId?: string | undefined;
    reach?: ReachFilter | undefined;
  }): Promise<FlowRecordingRow[]>;
  flowRecording(id: string): Promise<FlowRecordingRow | null>;
  flowRecordingsBegun(): Promise<FlowRecordingRow[]>;
  flowRecordingsBefore(startedAt: number): Promise<FlowRecordingRow[]>;
  announcementNumbers(): Promise<AnnouncementNumberRow[]>;
  announcementNumber(id: string): Promise<AnnouncementNumberRow | null>;
}
export interface VoiceWrite extends VoiceRead {
  putTries(row: VoicemailTryRow): Promise<void>;
  /** of those who were never right */
  forgetTriesBefore(at: number): Promise<void>;
  forgetTriesOf(boxId: string): Promise<void>;
  insertNotice(row: VoicemailNoticeRow): Promise<void>;
  updateNotice(id: string, patch: Patch<VoicemailNoticeRow>): Promise<boolean>;
  insertFlowRecording(row: FlowRecordingRow): Promise<void>;
  updateFlowRecording(id: string, patch: Patch<FlowRecordingRow>): Promise<boolean>;
  removeFlowRecording(id: string): Promise<boolean>;
  /** number_in_use */
  putAnnouncementNumber(row: AnnouncementNumberRow): Promise<void>;
  removeAnnouncementNumber(id: string): Promise<boolean>;
}
