// Event, Accept, Expires and Subscription-State as they come (RFC 6665 clause 8).
import { isToken, parseParams, type SipRequest } from '../message/index.js';
import { UNREADABLE_EXPIRES_S } from './limits.js';
import { TERMINATION_REASONS, type SubscriptionState } from './types.js';

export interface EventHeader {
  /** lower case */
  name: string;
  /** tells subscriptions of one dialog apart; undefined: there is none */
  id: string | undefined;
}

/** Splits `token;params`. */
function headAndParams(text: string): { head: string; params: ReadonlyMap<string, string | null> } {
  const semicolon = text.indexOf(';');
  if (semicolon < 0) return { head: text.trim().toLowerCase(), params: new Map() };
  return { head: text.slice(0, semicolon).trim().toLowerCase(), params: parseParams(text.slice(semicolon)) };
}

/** undefined: there is none, or it is no Event. */
export function eventOf(request: SipRequest): EventHeader | undefined {
  const text = request.headers.get('Event');
  if (text === undefined) return undefined;
  const { head, params } = headAndParams(text);
  return isToken(head) ? { name: head, id: params.get('id') ?? undefined } : undefined;
}

/** s; 0: to end it */
export function expiresOf(request: SipRequest, defaultS: number): number {
  const text = request.headers.get('Expires');
  if (text === undefined) return defaultS;
  return /^\d+$/.test(text) ? Number(text) : UNREADABLE_EXPIRES_S;
}

/** Whether the sender can read a content type (RFC 3261 20.1): it can when it does not say what it can. */
export function accepts(request: SipRequest, contentType: string): boolean {
  const ranges = request.headers.list('Accept').map((range) => headAndParams(range).head);
  const [kind = ''] = contentType.split('/');
  return ranges.length === 0 || ranges.some((range) => [contentType, `${kind}/*`, '*/*'].includes(range));
}

const MAX_S = 0xffff_ffff;

function secondsOf(text: string | null | undefined): number | undefined {
  return typeof text === 'string' && /^\d+$/.test(text) ? Math.min(Number(text), MAX_S) : undefined;
}

/** undefined: it is missing, or no state that anybody knows. */
export function parseSubscriptionState(text: string | undefined): SubscriptionState | undefined {
  if (text === undefined) return undefined;
  const { head, params } = headAndParams(text);
  if (head === 'active' || head === 'pending') return { state: head, expiresS: secondsOf(params.get('expires')) };
  if (head !== 'terminated') return undefined;
  const reason = TERMINATION_REASONS.find((known) => known === params.get('reason')?.toLowerCase());
  return { state: head, reason, retryAfterS: secondsOf(params.get('retry-after')) };
}
