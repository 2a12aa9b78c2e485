// A new box that takes the place of another one: while it has no administrator, who has the set-up code may restore a back-up into it. The
// code is looked at before anything of the body is read.
import { z } from 'zod';
import {
  Backup,
  BackupName,
  BackupPlacePut,
  BackupPlaceTested,
  SetupRestore,
  SetupRestored,
  SetupRestoreState,
} from '../../contract/index.js';
import type { HttpContext } from '../context.js';
import { openRoute, type BeforeRequest, type Route } from '../route.js';
import { MOST_BYTES, PLACE_ERRORS, RESTORE_ERRORS } from './backups.js';

const ByName = z.strictObject({ name: BackupName });
const common = { tag: 'Session' } as const;

export function setupRestoreRoutes({ attempts, log, ports, setup }: HttpContext): Route[] {
  const { box } = ports;
  /** setup_done, setup_code_wrong, sign_in_too_often */
  async function before({ header, remoteAddress }: BeforeRequest): Promise<void> {
    const keys = [`setup from ${remoteAddress}`, 'setup'];
    attempts.take(keys);
    await setup.mustBeNew(header('x-setup-code') ?? '');
    attempts.forgive(keys);
  }
  const errors = ['setup_done', 'setup_code_wrong', 'sign_in_too_often'] as const;
  return [
    openRoute({
      ...common,
      method: 'get',
      path: '/setup/restore',
      summary: 'What a new box may be restored from; every such request has the set-up code in X-Setup-Code',
      reply: SetupRestoreState,
      errors,
      before,
      async handle({ language }) {
        const { publicKey, backups } = await box.backups.state(language);
        return { publicKey, backups, volumes: await box.backups.places.volumes() };
      },
    }),
    openRoute({
      ...common,
      method: 'put',
      path: '/setup/backups/:name',
      summary: 'Bring a back-up to a new box',
      params: ByName,
      upload: { limitBytes: MOST_BYTES },
      reply: Backup,
      status: 201,
      errors: [...errors, 'backup_exists', 'backup_no_space', 'body_too_large'],
      before,
      handle: ({ params: { name }, file }) => box.backups.put(name, file),
    }),
    openRoute({
      ...common,
      method: 'post',
      path: '/setup/places',
      summary: 'Go into the place where the back-ups of the other box are, and say which there are',
      body: BackupPlacePut,
      reply: BackupPlaceTested,
      errors: [...errors, ...PLACE_ERRORS],
      before,
      handle: ({ body }) => box.backups.places.test(body),
    }),
    openRoute({
      ...common,
      method: 'post',
      path: '/setup/restore',
      summary: 'Restore it; the box restarts by itself where it can, and has the administrators of the other box then',
      body: SetupRestore,
      reply: SetupRestored,
      errors: [...errors, ...RESTORE_ERRORS],
      before,
      async handle({ body: { name, passphrase, place }, remoteAddress }) {
        const check = await box.backups.restore(name, passphrase, place);
        const restarts = box.settings.list().canRestart;
        log.warn({ backup: name, remoteAddress }, 'a new box is restored from a back-up');
        if (restarts) box.restart();
        return { ...check, restarts };
      },
    }),
  ];
}
