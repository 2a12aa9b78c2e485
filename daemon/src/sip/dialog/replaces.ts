// The Replaces header: which dialog a new INVITE takes the place of (RFC 3891).
import { formatParams, parseParams } from '../message/index.js';

export interface Replaces {
  callId: string;
  /** the tag of the one who receives it */
  toTag: string;
  /** the tag of that one's peer */
  fromTag: string;
  /** only a call that still rings is to be replaced */
  earlyOnly: boolean;
}

/** undefined: it is none. The grammar of clause 6.1: a Call-ID, and each tag once. */
export function parseReplaces(value: string): Replaces | undefined {
  const semicolon = value.indexOf(';');
  if (semicolon <= 0) return undefined;
  const callId = value.slice(0, semicolon).trim();
  const params = parseParams(value.slice(semicolon));
  const toTag = params.get('to-tag');
  const fromTag = params.get('from-tag');
  if (callId === '' || typeof toTag !== 'string' || typeof fromTag !== 'string') return undefined;
  return { callId, toTag, fromTag, earlyOnly: params.has('early-only') };
}

export function formatReplaces({ callId, toTag, fromTag, earlyOnly }: Replaces): string {
  const params = new Map<string, string | null>([
    ['to-tag', toTag],
    ['from-tag', fromTag],
  ]);
  if (earlyOnly) params.set('early-only', null);
  return `${callId}${formatParams(params)}`;
}
