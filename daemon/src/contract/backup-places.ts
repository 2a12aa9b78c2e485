// Where back-ups go besides the box's own folder: a disk, a USB disk, another server by SFTP, a bucket by S3.
import { z } from 'zod';
import { TimeMs } from './primitives.js';

export const BackupPlaceId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
  .meta({ description: 'For example office-nas; "box" is the box itself' });

const common = {
  name: z.string().trim().min(1).max(60),
  enabled: z.boolean().default(true),
  keep: z.int().min(1).max(365).default(14).meta({ description: 'So many back-ups are kept there' }),
  recordings: z
    .boolean()
    .default(false)
    .meta({ description: 'Recordings go there, too: each once, encrypted; they go when no kept back-up has them' }),
};
const Folder = z
  .string()
  .max(300)
  .regex(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^\0\\]*$/);
const Secret = z.string().max(500).optional().meta({ description: 'Never told again; left out: as it is' });

export const BackupFolderPlace = z
  .strictObject({ kind: z.literal('folder'), ...common, path: z.string().min(1).max(500) })
  .meta({ id: 'BackupFolderPlace' });
export const BackupUsbPlace = z
  .strictObject({
    ...{ kind: z.literal('usb'), ...common },
    volume: z.string().min(1).max(100).meta({ description: 'Label or UUID of the volume, wherever it is mounted' }),
    folder: Folder.default('cordboard').meta({ description: 'On the volume' }),
  })
  .meta({ id: 'BackupUsbPlace' });
export const BackupSftpPlace = z
  .strictObject({
    ...{ kind: z.literal('sftp'), ...common },
    host: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/),
    port: z.int().min(1).max(65_535).default(22),
    username: z.string().min(1).max(100),
    auth: z.enum(['password', 'key']).meta({ description: "key: the box's own, whose public part GET /backups tells" }),
    folder: Folder.min(1),
    hostKey: z
      .string()
      .regex(/^(?:SHA256:[A-Za-z0-9+/]{43})?$/)
      .default('')
      .meta({ description: 'Fingerprint of the server; empty: the first one that is seen is kept' }),
    secret: Secret,
  })
  .meta({ id: 'BackupSftpPlace' });
export const BackupS3Place = z
  .strictObject({
    ...{ kind: z.literal('s3'), ...common },
    endpoint: z.url({ protocol: /^https?$/ }).max(300),
    region: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,40}$/)
      .default('us-east-1'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
    folder: Folder.default('').meta({ description: 'What the names there begin with' }),
    accessKeyId: z.string().regex(/^[!-~]{1,128}$/),
    pathStyle: z.boolean().default(true).meta({ description: 'The bucket in the path, not in the name of the host' }),
    secret: Secret,
  })
  .meta({ id: 'BackupS3Place' });

export const BackupPlacePut = z
  .discriminatedUnion('kind', [BackupFolderPlace, BackupUsbPlace, BackupSftpPlace, BackupS3Place])
  .meta({ id: 'BackupPlacePut' });
export type BackupPlacePut = z.infer<typeof BackupPlacePut>;

export const BackupTrial = z
  .strictObject({
    at: TimeMs,
    ok: z.boolean(),
    problem: z.string(),
    name: z.string().meta({ description: 'Of the back-up that was restored on trial' }),
    files: z.int(),
    tables: z.int(),
    rows: z.int(),
    recordings: z.int().meta({ description: 'So many recordings were fetched and compared' }),
  })
  .meta({ id: 'BackupTrial' });
export type BackupTrial = z.infer<typeof BackupTrial>;

export const BackupPlace = z
  .strictObject({
    id: BackupPlaceId,
    settings: BackupPlacePut,
    hasSecret: z.boolean(),
    last: z
      .strictObject({ at: TimeMs, ok: z.boolean(), problem: z.string() })
      .nullable()
      .meta({ description: 'What came of the last time that something was sent there' }),
    nextAt: TimeMs.nullable().meta({ description: 'When it is tried again' }),
    sending: z.strictObject({ doneBytes: z.number(), totalBytes: z.number() }).nullable(),
    backups: z.int(),
    recordings: z.int().nullable().meta({ description: 'So many are there; null: not asked for' }),
    trial: BackupTrial.nullable(),
  })
  .meta({ id: 'BackupPlace' });
export type BackupPlace = z.infer<typeof BackupPlace>;

export const BackupPlaceTested = z
  .strictObject({
    hostKey: z.string().meta({ description: 'Fingerprint of the server; empty: it has none' }),
    backups: z.array(z.string()).meta({ description: 'What is there, newest first' }),
  })
  .meta({ id: 'BackupPlaceTested' });
export type BackupPlaceTested = z.infer<typeof BackupPlaceTested>;

export const BackupVolume = z
  .strictObject({
    label: z.string(),
    uuid: z.string(),
    mountedAt: z.string(),
    freeBytes: z.number(),
  })
  .meta({ id: 'BackupVolume' });
export type BackupVolume = z.infer<typeof BackupVolume>;
