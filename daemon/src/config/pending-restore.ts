// A restore that was asked for takes effect before anything of the box is opened: what there is moves aside and is kept, what the
// back-up had takes its place. Each move is a rename that can be done again after a power cut.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './migrations.js';

const Pending = z.strictObject({
  /** of the back-up */
  name: z.string(),
  /** absolute; what is there now moves from `to` to `kept`, what was restored from `from` to `to` */
  moves: z.array(z.strictObject({ from: z.string(), to: z.string(), kept: z.string() })),
  /** removed at the end */
  staging: z.string(),
});
export type PendingRestore = z.infer<typeof Pending>;

const fileIn = (home: string): string => join(home, 'restore.json');

export function planRestore(home: string, pending: PendingRestore): void {
  writeWhole(fileIn(home), JSON.stringify(pending));
}

export function pendingRestore(home: string): PendingRestore | undefined {
  const file = fileIn(home);
  return existsSync(file) ? Pending.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

export function forgetRestore(home: string): void {
  rmSync(fileIn(home), { force: true });
}

/** Does what is pending; the name of the back-up that is restored now. */
export function applyPendingRestore(home: string): string | undefined {
  const pending = pendingRestore(home);
  if (pending === undefined) return undefined;
  for (const { from, to, kept } of pending.moves) {
    if (from !== '' && !existsSync(from)) continue;
    if (existsSync(to)) move(to, kept);
    if (from !== '') move(from, to);
  }
  forgetRestore(home);
  rmSync(pending.staging, { recursive: true, force: true });
  return pending.name;
}

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    // Another disk: copied beside its place first, so that a half copy is never taken for the whole.
    const beside = `${to}.moving`;
    rmSync(beside, { recursive: true, force: true });
    cpSync(from, beside, { recursive: true, preserveTimestamps: true });
    renameSync(beside, to);
    rmSync(from, { recursive: true, force: true });
  }
}
