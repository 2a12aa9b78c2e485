import type { ConferenceRoomCreate } from '../contract/index.js';

export interface ConferenceRoomRow extends Omit<ConferenceRoomCreate, 'pin' | 'moderatorPin'> {
  /** salt and scrypt of the PIN */
  pinHash: string | null;
  moderatorPinHash: string | null;
  adHoc: boolean;
}

/** Which recordings are of a room; what they are else is in `recordings`. */
export interface ConferenceRecordingRow {
  /** of the recording */
  id: string;
  /** the room may be gone */
  roomId: string;
  roomName: string;
}

type Patch<Row> = { [K in Exclude<keyof Row, 'id'>]?: Row[K] | undefined };

export interface ConferencesRead {
  room(id: string): Promise<ConferenceRoomRow | null>;
  /** by id */
  rooms(): Promise<ConferenceRoomRow[]>;
  recording(id: string): Promise<ConferenceRecordingRow | null>;
  /** newest first */
  recordings(roomId: string, limit: number): Promise<ConferenceRecordingRow[]>;
}
export interface ConferencesWrite extends ConferencesRead {
  /** conference_exists; number_in_use when anything else has the number */
  insertRoom(row: ConferenceRoomRow): Promise<void>;
  /** number_in_use */
  updateRoom(id: string, patch: Patch<ConferenceRoomRow>): Promise<boolean>;
  removeRoom(id: string): Promise<boolean>;
  addRecording(row: ConferenceRecordingRow): Promise<void>;
}
