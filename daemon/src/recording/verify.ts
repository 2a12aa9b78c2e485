// Whether the recordings at rest are those that were laid down: the chain link by link, each file against its link, and every
// file of the folder against the tables.
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Verification } from '../contract/index.js';
import type { ChainRow, Db } from '../db/index.js';
import { errorText } from '../platform/index.js';
import { FIRST_LINK, linkHash } from './chain.js';
import { digestOf } from './sealed-file.js';

const PAGE = 200;
const MOST_FAULTS = 1000;

type Fault = Verification['faults'][number];

export interface VerifyOptions {
  db: Db;
  folder: string;
  chainKey: Buffer;
  signal?: AbortSignal | undefined;
}

export async function verifyRecordings({ db, folder, chainKey, signal }: VerifyOptions): Promise<Verification> {
  const faults: Fault[] = [];
  const fault = (kind: Fault['kind'], path: string, recordingId: string | null, detail: string): void => {
    if (faults.length < MOST_FAULTS) faults.push({ kind, path, recordingId, detail });
  };
  let [checked, seq, head] = [0, 0, FIRST_LINK];
  for (;;) {
    const links = await db.recordingArchive.chain(seq, PAGE);
    const removed = await db.recordingArchive.removedOf(links.map(({ recordingId }) => recordingId));
    for (const link of links) {
      signal?.throwIfAborted();
      if (link.seq !== seq + 1)
        fault('chain', link.path, link.recordingId, `links ${seq + 1} to ${link.seq - 1} are gone`);
      else if (linkHash(chainKey, head, link) !== link.hash)
        fault('chain', link.path, link.recordingId, `link ${link.seq} is not what was written`);
      [seq, head] = [link.seq, link.hash];
      if (link.kind !== 'stored' || removed.has(link.recordingId)) continue;
      checked += 1;
      await checkFile(link);
    }
    if (links.length < PAGE) break;
  }
  for (const { id, path } of await db.recordingArchive.unlinked(MOST_FAULTS))
    fault('added', path, id, 'its row is not in the chain');
  for await (const paths of filesOf(folder)) {
    signal?.throwIfAborted();
    const known = await db.recordingArchive.known(paths);
    for (const path of paths) if (!known.has(path)) fault('added', path, null, 'no recording has this file');
  }
  return { checked, head, faults };

  async function checkFile({ recordingId, path, digest }: ChainRow): Promise<void> {
    const row = await db.recordingArchive.stored(recordingId);
    if (row === null)
      return fault('missing', path, recordingId, 'its row is gone, and its removal is not in the chain');
    if (row.digest !== digest || row.path !== path) fault('changed', path, recordingId, 'its row was changed');
    try {
      if ((await digestOf(join(folder, path))) !== digest)
        fault('changed', path, recordingId, 'the file is not what was written');
    } catch (error) {
      const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      fault(gone ? 'missing' : 'unreadable', path, recordingId, gone ? 'the file is gone' : errorText(error));
    }
  }
}

/** The files of recordings, a folder at a time, relative and with /. What is being written is left out. */
async function* filesOf(folder: string): AsyncGenerator<string[]> {
  const folders = [folder];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    const paths: string[] = [];
    for (const entry of entries) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (/\.(?:wav|cbr)$/.test(entry.name)) paths.push(relative(folder, path).split(sep).join('/'));
    }
    for (let i = 0; i < paths.length; i += PAGE) yield paths.slice(i, i + PAGE);
  }
}
