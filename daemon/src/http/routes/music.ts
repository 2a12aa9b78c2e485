// Music for those who wait or are on hold.
import { z } from 'zod';
import { ClipName, MusicPlaylist, MusicPlaylistPut, Slug } from '../../contract/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import type { Identity } from '../auth/identity.js';
import { route, type Route } from '../route.js';
import { wavFile } from '../stream.js';

const ById = z.strictObject({ id: Slug });
const ByPiece = z.strictObject({ id: Slug, piece: ClipName });
const UPLOAD_BYTES = 20 * 1024 * 1024;

export function musicRoutes({ db, clock, ports }: HttpContext): Route[] {
  const { music } = ports;
  const note = (identity: Identity, action: 'changed' | 'removed', objectId: string, after?: unknown): Promise<void> =>
    db.write((tx) => audit(tx, clock.wallMs(), identity, { action, objectKind: 'music', objectId, after }));
  return [
    route({
      method: 'get',
      path: '/music',
      summary: 'All playlists, with their pieces',
      tag: 'Music',
      needs: 'prompts.view',
      reply: z.array(MusicPlaylist),
      handle: () => music.list(),
    }),
    route({
      method: 'put',
      path: '/music/:id',
      summary: "Make or change a playlist of the box's own",
      tag: 'Music',
      needs: 'prompts.edit',
      params: ById,
      body: MusicPlaylistPut,
      reply: MusicPlaylist,
      errors: ['music_bundled', 'music_full'],
      async handle({ params: { id }, body, identity }) {
        const made = await music.put(id, body, identity.user.username);
        await note(identity, 'changed', id, body);
        return made;
      },
    }),
    route({
      method: 'delete',
      path: '/music/:id',
      summary: 'Remove a playlist with its pieces',
      tag: 'Music',
      needs: 'prompts.edit',
      params: ById,
      errors: ['music_not_found', 'music_bundled', 'music_in_use'],
      async handle({ params: { id }, identity }) {
        await music.remove(id);
        await note(identity, 'removed', id);
      },
    }),
    route({
      method: 'get',
      path: '/music/:id/pieces/:piece/audio',
      summary: 'The sound of a piece',
      tag: 'Music',
      needs: 'prompts.view',
      params: ByPiece,
      replyType: 'audio/wav',
      errors: ['music_not_found'],
      async handle({ params: { id, piece } }) {
        return wavFile(await music.file(id, piece));
      },
    }),
    route({
      method: 'put',
      path: '/music/:id/pieces/:piece',
      summary: 'Upload a piece in any common audio format',
      tag: 'Music',
      needs: 'prompts.edit',
      params: ByPiece,
      upload: { limitBytes: UPLOAD_BYTES },
      reply: MusicPlaylist,
      errors: ['music_not_found', 'music_bundled', 'music_full', 'prompt_invalid', 'body_too_large', 'unavailable'],
      async handle({ params: { id, piece }, file, identity }) {
        const made = await music.upload(id, piece, file, identity.user.username);
        await note(identity, 'changed', `${id}/${piece}`);
        return made;
      },
    }),
    route({
      method: 'delete',
      path: '/music/:id/pieces/:piece',
      summary: 'Remove a piece',
      tag: 'Music',
      needs: 'prompts.edit',
      params: ByPiece,
      errors: ['music_not_found', 'music_bundled'],
      async handle({ params: { id, piece }, identity }) {
        await music.removePiece(id, piece);
        await note(identity, 'removed', `${id}/${piece}`);
      },
    }),
  ];
}
