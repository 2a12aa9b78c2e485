// Back-ups: one encrypted file each, with everything that makes this box this box.
import { z } from 'zod';
import { TimeMs } from './primitives.js';

export const BackupName = z
  .string()
  .regex(/^cordboard-[0-9]{8}T[0-9]{6}Z(?:-[0-9]{1,3})?\.cbk$/)
  .meta({ description: 'Of the file, for example cordboard-20260102T030405Z.cbk' });

/** twelve characters at least: whoever has the file may guess as fast as he can */
export const Passphrase = z.string().min(12).max(200);

export const BackupPart = z.enum(['database', 'settings', 'prompts', 'keys', 'voicemail', 'recordings']);
export type BackupPart = z.infer<typeof BackupPart>;

export const Backup = z
  .strictObject({
    name: BackupName,
    createdAt: TimeMs,
    bytes: z.number(),
    places: z.array(z.enum(['first', 'second'])),
  })
  .meta({ id: 'Backup' });
export type Backup = z.infer<typeof Backup>;

export const BackupManifest = z
  .strictObject({
    format: z.literal(1),
    createdAt: TimeMs,
    version: z.string(),
    host: z.string(),
    parts: z.array(BackupPart),
    files: z.array(
      z.strictObject({ path: z.string().max(500), bytes: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
    ),
  })
  .meta({ id: 'BackupManifest' });
export type BackupManifest = z.infer<typeof BackupManifest>;

export const BackupCheck = z
  .strictObject({
    name: z.string(),
    createdAt: TimeMs,
    version: z.string(),
    host: z.string(),
    parts: z.array(BackupPart),
    files: z.int(),
    bytes: z.number(),
    /** what a restore would put in the place of what is here */
    replaces: z.array(BackupPart),
  })
  .meta({ id: 'BackupCheck' });
export type BackupCheck = z.infer<typeof BackupCheck>;

export const BackupCreate = z
  .strictObject({
    passphrase: Passphrase,
    recordings: z.boolean().default(false).meta({ description: 'With all recordings, which may be very much' }),
  })
  .meta({ id: 'BackupCreate' });
export type BackupCreate = z.infer<typeof BackupCreate>;

export const BackupOpen = z.strictObject({ passphrase: z.string().min(1).max(200) }).meta({ id: 'BackupOpen' });
export type BackupOpen = z.infer<typeof BackupOpen>;

export const BackupJob = z
  .strictObject({
    kind: z.enum(['create', 'verify', 'restore']),
    startedAt: TimeMs,
    doneBytes: z.number(),
    totalBytes: z.number(),
  })
  .meta({ id: 'BackupJob' });
export type BackupJob = z.infer<typeof BackupJob>;

export const BackupPlan = z
  .strictObject({
    enabled: z.boolean(),
    hour: z.int().min(0).max(23).meta({ description: 'Of the day, in the time of the machine' }),
    keep: z.int().min(1).max(365).meta({ description: 'So many are kept in each place; older ones are removed' }),
    secondFolder: z.string().max(500).meta({ description: 'Absolute, best on another disk; empty: none' }),
    recordings: z.boolean(),
    hasPassphrase: z.boolean(),
  })
  .meta({ id: 'BackupPlan' });
export type BackupPlan = z.infer<typeof BackupPlan>;

export const BackupPlanPut = BackupPlan.omit({ hasPassphrase: true })
  .extend({ passphrase: Passphrase.optional().meta({ description: 'Left out: as it is' }) })
  .meta({ id: 'BackupPlanPut' });
export type BackupPlanPut = z.infer<typeof BackupPlanPut>;

export const BackupState = z
  .strictObject({
    folder: z.string(),
    backups: z.array(Backup).meta({ description: 'Newest first' }),
    plan: BackupPlan,
    job: BackupJob.nullable(),
    last: z
      .strictObject({ at: TimeMs, ok: z.boolean(), problem: z.string() })
      .nullable()
      .meta({ description: 'What came of the last one that was made by the clock' }),
    /** a restore waits for the restart */
    restoring: z.string().nullable(),
  })
  .meta({ id: 'BackupState' });
export type BackupState = z.infer<typeof BackupState>;
