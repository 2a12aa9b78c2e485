// Back-ups: one encrypted file each, with everything that makes this box this box.
import { z } from 'zod';
import { BackupPlace, BackupPlaceId, BackupPlacePut, BackupTrial, BackupVolume } from './backup-places.js';
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
    places: z.array(z.string()).meta({ description: '"box", and the places it has arrived at' }),
  })
  .meta({ id: 'Backup' });
export type Backup = z.infer<typeof Backup>;

export const BackupManifest = z
  .strictObject({
    format: z.union([z.literal(1), z.literal(2)]),
    createdAt: TimeMs,
    version: z.string(),
    host: z.string(),
    parts: z.array(BackupPart),
    files: z.array(
      z.strictObject({ path: z.string().max(500), bytes: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
    ),
    /** rows of each table of the database */
    counts: z.record(z.string(), z.int()).optional(),
    /** those that are beside the back-up in its place, each a file of its own */
    recordings: z
      .array(
        z.strictObject({ path: z.string().max(500), bytes: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      )
      .optional(),
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
    recordings: z.int().meta({ description: 'Recordings that are beside it, each a file of its own' }),
    trial: BackupTrial.nullable().meta({ description: 'What came of restoring it on trial' }),
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

export const BackupOpen = z
  .strictObject({
    passphrase: z.string().min(1).max(200),
    place: BackupPlaceId.optional().meta({ description: 'Where it is taken from; left out: the box, else any place' }),
  })
  .meta({ id: 'BackupOpen' });
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
    keep: z.int().min(1).max(365).meta({ description: 'So many are kept in the box; each place has its own number' }),
    trialDays: z
      .int()
      .min(0)
      .max(365)
      .meta({ description: 'So often the newest of each place is restored on trial; 0: never' }),
    hasPassphrase: z.boolean(),
  })
  .meta({ id: 'BackupPlan' });
export type BackupPlan = z.infer<typeof BackupPlan>;

export const BackupPlanPut = BackupPlan.omit({ hasPassphrase: true })
  .extend({ passphrase: Passphrase.optional().meta({ description: 'Left out: as it is' }) })
  .meta({ id: 'BackupPlanPut' });
export type BackupPlanPut = z.infer<typeof BackupPlanPut>;

export const SetupRestoreState = z
  .strictObject({
    publicKey: z.string().meta({ description: 'Of the box, for authorized_keys of an SFTP server' }),
    backups: z.array(Backup).meta({ description: 'That were brought to the box' }),
    volumes: z.array(BackupVolume),
  })
  .meta({ id: 'SetupRestoreState' });
export type SetupRestoreState = z.infer<typeof SetupRestoreState>;

export const SetupRestore = z
  .strictObject({
    name: BackupName,
    passphrase: z.string().min(1).max(200),
    place: BackupPlacePut.optional().meta({ description: 'Where it is; left out: it was brought to the box' }),
  })
  .meta({ id: 'SetupRestore' });
export type SetupRestore = z.infer<typeof SetupRestore>;

export const SetupRestored = BackupCheck.extend({
  restarts: z.boolean().meta({ description: 'False: somebody has to restart the box' }),
}).meta({ id: 'SetupRestored' });
export type SetupRestored = z.infer<typeof SetupRestored>;

export const BackupState = z
  .strictObject({
    folder: z.string(),
    backups: z.array(Backup).meta({ description: 'Newest first' }),
    plan: BackupPlan,
    places: z.array(BackupPlace).meta({ description: 'Besides the box itself' }),
    trial: BackupTrial.nullable().meta({ description: 'Of the newest one in the box' }),
    publicKey: z.string().meta({ description: 'Of the box, for authorized_keys of an SFTP server' }),
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
