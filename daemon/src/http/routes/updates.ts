// Another version of the whole box: brought, asked for, and what came of it.
import { z } from 'zod';
import { UpdatePiece, UpdateRequest, UpdateState } from '../../contract/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const MOST_BYTES = 8 << 20;
const NOT_FIT = [
  ...(['update_not_bundle', 'update_signature_wrong', 'update_not_for_this', 'update_damaged'] as const),
  ...(['update_older', 'update_same', 'update_too_large'] as const),
] as const;
const common = { tag: 'System', needs: 'settings.edit' } as const;

export function updateRoutes({ clock, db, log, ports }: HttpContext): Route[] {
  const { updates } = ports;
  return [
    route({
      ...{ method: 'get', path: '/updates', tag: 'System', needs: 'settings.view' },
      summary: 'Which version runs, how its trial goes, what came of the last update and of those before',
      reply: UpdateState,
      handle: ({ language }) => updates.state(language),
    }),
    route({
      ...common,
      method: 'put',
      path: '/updates/file',
      summary: 'Bring a piece of an update, at most 8 MiB; the pieces come in order',
      query: UpdatePiece,
      upload: { limitBytes: MOST_BYTES },
      reply: z.strictObject({ bytes: z.int() }),
      errors: ['update_not_here', 'update_piece_misplaced', 'body_too_large', 'update_no_room', ...NOT_FIT],
      handle: async ({ query, file }) => ({ bytes: await updates.piece(query.at, file, query.total) }),
    }),
    route({
      ...common,
      method: 'delete',
      path: '/updates/file',
      summary: 'Take what was brought away',
      handle: () => updates.drop(),
    }),
    route({
      ...common,
      method: 'post',
      path: '/updates',
      summary:
        'Have an update installed, or the version before started; calls in progress are waited for, with a limit',
      body: UpdateRequest,
      reply: UpdateState,
      status: 202,
      errors: ['update_not_here', 'update_busy', 'update_on_trial', 'update_not_uploaded', ...NOT_FIT],
      async handle({ body, identity, language }) {
        const state = await updates.ask(body, language);
        // What is only looked at changes nothing.
        if (body.checkOnly) return state;
        log.warn({ by: identity.user.username, source: body.source }, 'an update was asked for');
        await db.write((tx) =>
          audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'update', objectId: body.source.slice(0, 200), after: body },
          }),
        );
        return state;
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/updates',
      summary: 'Cancel what has not begun, or the restart that waits for calls',
      reply: UpdateState,
      errors: ['update_nothing_to_cancel'],
      async handle({ identity, language }) {
        const state = updates.cancel(language);
        await db.write((tx) =>
          audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'update', objectId: 'cancel', after: { cancelled: true } },
          }),
        );
        return state;
      },
    }),
  ];
}
