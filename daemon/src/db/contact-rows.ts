import type { Contact } from '../contract/index.js';

export type ContactRow = Omit<Contact, 'numbers'>;
export interface ContactNumberRow {
  /** contact/number */
  id: string;
  contactId: string;
  /** as it is dialled in the country of the box */
  number: string;
  position: number;
}

export interface ContactQueryRow {
  number?: string | undefined;
  text?: string | undefined;
  before?: string | undefined;
  limit: number;
}

export interface ContactsRead {
  find(id: string): Promise<Contact | null>;
  /** newest first */
  list(query: ContactQueryRow): Promise<Contact[]>;
}
export interface ContactsWrite extends ContactsRead {
  insert(contact: Contact): Promise<void>;
  update(id: string, patch: { [K in Exclude<keyof Contact, 'id'>]?: Contact[K] | undefined }): Promise<boolean>;
  remove(id: string): Promise<boolean>;
}
