// How kinds of nodes stand in the palette, and what a new one begins with.
import type { DraftNode } from '../model/drawing';

export const GROUPS = ['hear', 'ask', 'decide', 'look', 'connect', 'control'] as const;
export type Group = (typeof GROUPS)[number];

const KINDS: Record<string, { group: Group; begin: Omit<DraftNode, 'type'> }> = {
  play: { group: 'hear', begin: { prompts: [] } },
  speak: { group: 'hear', begin: { texts: {} } },
  say: { group: 'hear', begin: { as: 'number', value: '' } },
  announce: { group: 'hear', begin: { announcement: '' } },
  language: { group: 'hear', begin: { language: 'en' } },
  menu: { group: 'ask', begin: { prompts: [], choices: { 1: '', 2: '' } } },
  collect: { group: 'ask', begin: { prompts: [], variable: 'digits', minDigits: 1, maxDigits: 8 } },
  member: { group: 'ask', begin: { number: { prompts: [] }, check: { via: 'http', url: '' }, variable: 'member' } },
  record: { group: 'ask', begin: { prompts: [], variable: 'answer' } },
  branch: { group: 'decide', begin: { cases: [{ when: '', next: '' }] } },
  schedule: { group: 'decide', begin: { calendar: '' } },
  set: { group: 'decide', begin: { assign: [{ variable: '', value: '' }] } },
  http: { group: 'look', begin: { url: '' } },
  sql: { group: 'look', begin: { source: '', sql: '' } },
  queue: { group: 'connect', begin: { queue: '' } },
  transfer: { group: 'connect', begin: { to: { kind: 'number', number: '' } } },
  voicemail: { group: 'connect', begin: { to: '' } },
  voicemailMenu: { group: 'connect', begin: {} },
  conference: { group: 'connect', begin: { to: '' } },
  survey: { group: 'connect', begin: { to: '' } },
  faxReceive: { group: 'connect', begin: { to: '' } },
  faxSend: { group: 'connect', begin: { to: '' } },
  subflow: { group: 'control', begin: { flow: '' } },
  return: { group: 'control', begin: {} },
  recording: { group: 'control', begin: { action: 'start' } },
  hangup: { group: 'control', begin: {} },
};

export const groupOf = (type: string): Group => KINDS[type]?.group ?? 'control';
export const ORDER = Object.keys(KINDS);

export function newNode(type: string): DraftNode {
  return { ...structuredClone(KINDS[type]?.begin ?? {}), type };
}
