// The chain of digests: every recording that is laid down, and every one that is removed, is a link that holds the link before.
// It is keyed (RFC 2104) with a key of the key file: who has the disk and the database alone cannot make a link.
import { createHmac } from 'node:crypto';
import type { ChainRow, Writes } from '../db/index.js';

export const FIRST_LINK = '0'.repeat(64);

export function linkHash(chainKey: Buffer, before: string, link: Omit<ChainRow, 'hash'>): string {
  const { seq, at, kind, recordingId, path, digest } = link;
  const text = JSON.stringify([before, seq, at, kind, recordingId, path, digest]);
  return createHmac('sha256', chainKey).update(text).digest('hex');
}

export async function appendLink(tx: Writes, chainKey: Buffer, link: Omit<ChainRow, 'hash' | 'seq'>): Promise<void> {
  const head = await tx.recordingArchive.chainHead();
  const next = { ...link, seq: (head?.seq ?? 0) + 1 };
  await tx.recordingArchive.link({ ...next, hash: linkHash(chainKey, head?.hash ?? FIRST_LINK, next) });
}
