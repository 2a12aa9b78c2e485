import type { VoiceMessage, VoicemailBoxCreate } from '../contract/index.js';

export interface VoicemailBoxRow extends Omit<VoicemailBoxCreate, 'pin'> {
  /** salt and scrypt of the PIN */
  pinHash: string | null;
  failedPins: number;
  lockedUntil: number;
}

export interface VoiceMessageRow extends Omit<VoiceMessage, 'state'> {
  /** recording: it is being left */
  state: VoiceMessage['state'] | 'recording';
}

type Patch<Row> = { [K in Exclude<keyof Row, 'id'>]?: Row[K] | undefined };

export interface VoicemailRead {
  box(id: string): Promise<VoicemailBoxRow | null>;
  boxes(): Promise<VoicemailBoxRow[]>;
  message(id: string): Promise<VoiceMessageRow | null>;
  /** newest first, without those that are being left */
  messages(boxId: string): Promise<VoiceMessageRow[]>;
  recording(): Promise<VoiceMessageRow[]>;
  /** those being left count, too */
  count(boxId: string): Promise<{ fresh: number; old: number; all: number }>;
  before(boxId: string, receivedAt: number): Promise<VoiceMessageRow[]>;
}
export interface VoicemailWrite extends VoicemailRead {
  /** voicemail_box_exists */
  insertBox(row: VoicemailBoxRow): Promise<void>;
  updateBox(id: string, patch: Patch<VoicemailBoxRow>): Promise<boolean>;
  removeBox(id: string): Promise<boolean>;
  insertMessage(row: VoiceMessageRow): Promise<void>;
  updateMessage(id: string, patch: Patch<VoiceMessageRow>): Promise<boolean>;
  removeMessage(id: string): Promise<boolean>;
}
