// Records that were being filled in when their card had to go: they wait until somebody goes on with them.
import type { Contact } from '@cordboard/daemon/contract';
import { shallowReactive } from 'vue';

export interface RecordForm {
  name: string;
  company: string;
  level: number;
  tags: string;
  numbers: string;
  address: string;
  note: string;
}

export interface Draft {
  agentId: string;
  form: RecordForm;
  /** whose card it was */
  number: string;
  callId: string | null;
  contact: Contact | null;
}

/** by agent, record and number */
const drafts = shallowReactive(new Map<string, Draft>());

const keyOf = (agentId: string, contact: Contact | null, number: string): string =>
  `${agentId}/${contact?.id ?? `new ${number}`}`;

export const draftOf = (agentId: string, contact: Contact | null, number: string): Draft | undefined =>
  drafts.get(keyOf(agentId, contact, number));

export function keepDraft(draft: Draft): void {
  drafts.set(keyOf(draft.agentId, draft.contact, draft.number), draft);
}

export function dropDraft(agentId: string, contact: Contact | null, number: string): void {
  drafts.delete(keyOf(agentId, contact, number));
}

export const draftsOf = (agentId: string): Draft[] => [...drafts.values()].filter((one) => one.agentId === agentId);
