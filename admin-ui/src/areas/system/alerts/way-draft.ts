// A way as its form has it: every field of every kind, of which those of the chosen kind are kept.
import type { AlertWay, AlertWayKind, Language } from '@cordboard/daemon/contract';

const TEXTS = {
  ...{ host: '', version: '2c', user: '', auth: 'sha256', privacy: 'aes' },
  ...{ community: '', authSecret: '', privacySecret: '', secret: '' },
  ...{ url: '', preset: 'generic', method: 'POST', contentType: 'application/json', body: '', okPattern: '' },
  ...{ account: '', signature: '', template: '', appId: '' },
};

export type WayDraft = typeof TEXTS & {
  name: string;
  kind: AlertWayKind;
  language: Language;
  enabled: boolean;
  /** one a line */
  to: string;
  numbers: string;
  port: number;
  ownNetwork: boolean;
};

const FIELDS: Record<AlertWayKind, readonly (keyof WayDraft)[]> = {
  mail: ['to'],
  webhook: ['url', 'secret', 'ownNetwork'],
  snmp: ['host', 'port', 'version', 'community', 'user', 'auth', 'authSecret', 'privacy', 'privacySecret'],
  sms: [
    ...(['preset', 'numbers', 'url', 'method', 'contentType', 'body', 'okPattern', 'account', 'secret'] as const),
    ...(['signature', 'template', 'appId', 'ownNetwork'] as const),
  ],
};
const LISTS: readonly string[] = ['to', 'numbers'];
/** empty: as they are */
const OPTIONAL: readonly string[] = ['secret', 'community', 'authSecret', 'privacySecret', 'url'];

export function draftOf(way: AlertWay | null, language: Language): WayDraft {
  const empty: WayDraft = {
    ...TEXTS,
    ...{ name: '', kind: 'mail', language, enabled: true, to: '', numbers: '', port: 162, ownNetwork: false },
  };
  if (way === null) return empty;
  const shown = Object.entries(way.settings).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join('\n') : value,
  ]);
  return {
    ...empty,
    ...(Object.fromEntries(shown) as Partial<WayDraft>),
    ...{ name: way.name, language: way.language, enabled: way.enabled },
  };
}

export function bodyOf(draft: WayDraft): unknown {
  const { name, language, enabled, kind } = draft;
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  const settings = FIELDS[kind]
    .filter((field) => !(OPTIONAL.includes(field) && draft[field] === ''))
    .map((field) => [field, LISTS.includes(field) ? lines(String(draft[field])) : draft[field]]);
  return { name, language, enabled, settings: { kind, ...(Object.fromEntries(settings) as object) } };
}
