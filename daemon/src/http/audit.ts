// Who changed what: written in the transaction of the change itself, so that there is never one without the other.
import type { JsonValue } from '../contract/index.js';
import type { Writes } from '../db/index.js';
import { newUlid } from '../platform/index.js';
import type { Identity } from './auth/identity.js';

export interface Change {
  action:
    | 'created'
    | 'changed'
    | 'removed'
    | 'imported'
    | 'opened'
    | 'closed'
    | 'overrideEnded'
    | 'reset'
    | 'ended'
    | 'unlocked';
  objectKind: string;
  objectId: string;
  before?: unknown;
  after?: unknown;
}

/** of each, before and after */
const MOST_CHARACTERS = 8000;
const SECRET = /secret|password|token|ha1|^(moderator)?pin(hash)?$/i;

export async function audit(tx: Writes, atMs: number, identity: Identity, change: Change): Promise<void> {
  const { action, objectKind, objectId, before, after } = change;
  await tx.audit.insert({
    ...{ id: newUlid(), at: atMs, actor: identity.user.username, action, objectKind, objectId },
    ...{ before: bounded(before), after: bounded(after) },
  });
}

/** Without secrets, and not longer than it may be. */
export function bounded(value: unknown): JsonValue {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value, (key, inner: unknown) => (SECRET.test(key) ? '***' : inner));
  if (text.length <= MOST_CHARACTERS) return JSON.parse(text) as JsonValue;
  return { cut: true, text: text.slice(0, MOST_CHARACTERS) };
}
