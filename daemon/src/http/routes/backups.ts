// Back-ups: made, checked, fetched, brought, restored. What is asked for is written down with who asked.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import {
  Backup,
  BackupCheck,
  BackupCreate,
  BackupName,
  BackupOpen,
  BackupPlaceId,
  BackupPlacePut,
  BackupPlaceTested,
  BackupPlanPut,
  BackupState,
  BackupVolume,
} from '../../contract/index.js';
import { audit, type Change } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { Stream } from '../stream.js';

const ByName = z.strictObject({ name: BackupName });
const ById = z.strictObject({ id: BackupPlaceId });
const Tested = z.strictObject({ place: BackupPlacePut, id: BackupPlaceId.optional() }).meta({ id: 'BackupPlaceTest' });
/** larger ones are copied into the folder */
export const MOST_BYTES = 256 << 20;
const common = { tag: 'Back-up' } as const;
/** what a place may say when it is gone into */
export const PLACE_ERRORS = [
  ...(['backup_place_unreachable', 'backup_place_refused', 'backup_place_folder', 'backup_host_key_changed'] as const),
  ...(['backup_volume_missing', 'backup_no_secret'] as const),
] as const;

/** Why a back-up is not opened or laid ready. */
export const RESTORE_ERRORS = [
  ...(['backup_not_found', 'backup_passphrase_wrong', 'backup_damaged', 'backup_busy', 'backup_no_space'] as const),
  ...PLACE_ERRORS,
] as const;

export function backupRoutes({ clock, db, ports }: HttpContext): Route[] {
  const { backups } = ports.box;
  const note = (identity: Identity, action: Change['action'], objectId: string, after?: unknown): Promise<void> =>
    db.write((tx) => audit(tx, clock.wallMs(), identity, { action, objectKind: 'backup', objectId, after }));
  return [
    route({
      needs: 'backup.run',
      ...common,
      method: 'get',
      path: '/backups',
      summary: 'Back-ups, the plan by which they are made, and what is being done',
      reply: BackupState,
      handle: ({ language }) => backups.state(language),
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'post',
      path: '/backups',
      summary: 'Make a back-up now; answers when it is made, GET /backups tells how far it is',
      body: BackupCreate,
      reply: Backup,
      status: 201,
      errors: ['backup_busy', 'backup_no_space'],
      async handle({ body, identity }) {
        const made = await backups.create(body);
        await note(identity, 'created', made.name);
        return made;
      },
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'put',
      path: '/backups/plan',
      summary: 'When back-ups are made by the clock, where they go and how many are kept',
      body: BackupPlanPut,
      reply: BackupState,
      errors: ['backup_no_passphrase'],
      async handle({ body, identity, language }) {
        await backups.setPlan(body);
        const { passphrase: _passphrase, ...plan } = body;
        await note(identity, 'changed', 'plan', plan);
        return backups.state(language);
      },
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'get',
      path: '/backups/:name',
      summary: 'The file of a back-up',
      params: ByName,
      replyType: 'application/octet-stream',
      errors: ['backup_not_found', ...PLACE_ERRORS],
      async handle({ params: { name }, identity }) {
        const file = await backups.fileOf(name);
        await note(identity, 'opened', name);
        const { size } = await stat(file);
        return new Stream(createReadStream(file), 200, {
          'Content-Type': 'application/octet-stream',
          'Content-Length': String(size),
          'Content-Disposition': `attachment; filename="${name}"`,
          'Cache-Control': 'no-store',
        });
      },
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'put',
      path: '/backups/:name',
      summary: 'Bring a back-up from elsewhere; a larger one is copied into the folder',
      params: ByName,
      upload: { limitBytes: MOST_BYTES },
      reply: Backup,
      status: 201,
      errors: ['backup_exists', 'backup_no_space', 'body_too_large'],
      async handle({ params: { name }, file, identity }) {
        const put = await backups.put(name, file);
        await note(identity, 'imported', name);
        return put;
      },
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'delete',
      path: '/backups/:name',
      summary: 'Remove a back-up from every place',
      params: ByName,
      errors: ['backup_not_found', ...PLACE_ERRORS],
      async handle({ params: { name }, identity }) {
        await backups.remove(name);
        await note(identity, 'removed', name);
      },
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'post',
      path: '/backups/:name/verify',
      summary: 'Restore it on trial into a folder of its own, open and count its database, and say what is in it',
      params: ByName,
      body: BackupOpen,
      reply: BackupCheck,
      errors: [
        ...(['backup_not_found', 'backup_passphrase_wrong', 'backup_damaged', 'backup_busy'] as const),
        ...(['backup_trial_database', 'backup_trial_counts', 'backup_trial_recordings', 'backup_no_space'] as const),
        ...PLACE_ERRORS,
      ],
      handle: ({ params: { name }, body }) => backups.verify(name, body.passphrase, body.place),
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'post',
      path: '/backups/:name/restore',
      summary: 'Lay it ready; it takes effect at the next restart, and what is there now is kept',
      params: ByName,
      body: BackupOpen,
      reply: BackupCheck,
      errors: RESTORE_ERRORS,
      async handle({ params: { name }, body, identity }) {
        const check = await backups.restore(name, body.passphrase, body.place);
        await note(identity, 'changed', name, { restore: check.replaces });
        return check;
      },
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'get',
      path: '/backup-volumes',
      summary: 'Volumes that are mounted and not the system: disks that back-ups may go to',
      reply: z.array(BackupVolume),
      handle: () => backups.places.volumes(),
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'post',
      path: '/backup-places/test',
      summary:
        'Go into a place, write, read back and remove; with id, the secret that is kept is used where none is given',
      body: Tested,
      reply: BackupPlaceTested,
      errors: PLACE_ERRORS,
      handle: ({ body: { place, id } }) => backups.places.test(place, id),
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'put',
      path: '/backup-places/:id',
      summary: 'Where back-ups go, too; the newest one is sent there at once',
      params: ById,
      body: BackupPlacePut,
      reply: BackupState,
      errors: ['backup_places_many'],
      async handle({ params: { id }, body, identity, language }) {
        backups.places.put(id, body);
        const { secret: _secret, ...shown } = { secret: '', ...body };
        await note(identity, 'changed', id, shown);
        if (body.enabled) backups.places.sendNow(id);
        return backups.state(language);
      },
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'delete',
      path: '/backup-places/:id',
      summary: 'Send nothing there any more; what is there stays',
      params: ById,
      errors: ['backup_place_not_found'],
      async handle({ params: { id }, identity }) {
        backups.places.remove(id);
        await note(identity, 'removed', id);
      },
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'post',
      path: '/backup-places/:id/send',
      summary: 'Try again at once to send the newest back-up there',
      params: ById,
      errors: ['backup_place_not_found'],
      handle: ({ params: { id } }) => backups.places.sendNow(id),
    }),
    route({
      needs: 'backup.run',
      ...common,
      method: 'delete',
      path: '/restore',
      summary: 'Take back a restore that waits for the restart',
      handle: () => backups.cancelRestore(),
    }),
  ];
}
