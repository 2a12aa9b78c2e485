// How long recordings are kept. The first rule that fits a recording gives its age and its share of the disk; what no rule fits
// is kept. The oldest go first, those that are held never.
import type { RetentionRule, RetentionRun } from '../contract/index.js';
import type { Db, FoundRecording } from '../db/index.js';

const PAGE = 200;
const DAY_MS = 86_400_000;

export interface RetentionOptions {
  db: Db;
  nowMs: number;
  /** so many bytes more are to be given up, whatever the rules say: the disk is full */
  giveUpBytes?: number;
  dryRun: boolean;
  /** Removes one for good; false: it could not be. */
  remove: (found: FoundRecording, reason: string) => Promise<boolean>;
  signal?: AbortSignal | undefined;
}

interface Shared {
  rule: RetentionRule;
  bytes: number;
}

const sizeOf = ({ stored, recording }: FoundRecording): number => stored?.bytes ?? recording.bytes;

export function ruleOf(rules: readonly RetentionRule[], { call }: FoundRecording): RetentionRule | undefined {
  return rules.find(
    ({ queueId, direction }) =>
      (queueId === null || queueId === call.queueId) && (direction === null || direction === call.direction),
  );
}

export async function runRetention(options: RetentionOptions): Promise<RetentionRun> {
  const { db, nowMs, dryRun, remove } = options;
  const rules = await db.retentionRules.list();
  const shares = new Map<string, Shared>(rules.map((rule) => [rule.id, { rule, bytes: 0 }]));
  // What each rule's recordings take together is known before the first one goes.
  if (rules.some(({ maxBytes }) => maxBytes !== null)) {
    for await (const found of oldestFirst(options)) {
      const share = shares.get(ruleOf(rules, found)?.id ?? '');
      if (share !== undefined) share.bytes += sizeOf(found);
    }
  }
  const run: RetentionRun = { dryRun, removed: [], bytes: 0, kept: 0, held: 0 };
  let giveUp = options.giveUpBytes ?? 0;
  for await (const found of oldestFirst(options)) {
    const share = shares.get(ruleOf(rules, found)?.id ?? '');
    const reason = reasonOf(share, found, nowMs) ?? (giveUp > 0 ? 'space' : undefined);
    if (reason === undefined) {
      run.kept += 1;
      continue;
    }
    if (found.hold !== null) {
      run.held += 1;
      continue;
    }
    if (!dryRun && !(await remove(found, reason))) continue;
    const bytes = sizeOf(found);
    if (share !== undefined) share.bytes -= bytes;
    giveUp -= bytes;
    run.bytes += bytes;
    run.removed.push({ recordingId: found.recording.id, startedAt: found.recording.startedAt, bytes, reason });
  }
  return run;
}

function reasonOf(share: Shared | undefined, { recording }: FoundRecording, nowMs: number): string | undefined {
  if (share === undefined) return undefined;
  const { keepDays, maxBytes } = share.rule;
  if (keepDays !== null && nowMs - recording.startedAt > keepDays * DAY_MS) return 'age';
  return maxBytes !== null && share.bytes > maxBytes ? 'quota' : undefined;
}

async function* oldestFirst({ db, signal }: RetentionOptions): AsyncGenerator<FoundRecording> {
  for (let after: string | undefined; ;) {
    const page = await db.recordingArchive.search({ finished: true, order: 'oldest', limit: PAGE, after });
    for (const found of page) {
      signal?.throwIfAborted();
      yield found;
    }
    if (page.length < PAGE) return;
    after = page.at(-1)?.recording.id;
  }
}
