import type { OutgoingMail } from '../contract/index.js';

export interface MailAttachment {
  name: string;
  type: string;
  /** base 64 */
  content: string;
}

export interface OutgoingMailRow extends OutgoingMail {
  text: string;
  attachments: MailAttachment[];
  messageId: string;
}

export interface OutgoingMailRead {
  find(id: string): Promise<OutgoingMailRow | null>;
  /** newest first */
  list(query: {
    state?: OutgoingMail['state'] | undefined;
    before?: string | undefined;
    limit: number;
  }): Promise<OutgoingMailRow[]>;
  /** those that wait, and whose time has come, or lies so far ahead that somebody has set the clock back */
  due(nowMs: number, limit: number): Promise<OutgoingMailRow[]>;
  /** when the next one is due; null: none waits */
  nextAt(): Promise<number | null>;
}
export interface OutgoingMailWrite extends OutgoingMailRead {
  insert(row: OutgoingMailRow): Promise<void>;
  update(id: string, patch: Partial<Omit<OutgoingMailRow, 'id'>>): Promise<boolean>;
  remove(id: string): Promise<boolean>;
}
