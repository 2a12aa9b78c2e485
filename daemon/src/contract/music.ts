// Music for those who wait or are on hold: playlists of pieces.
import { z } from 'zod';
import { ClipName, DisplayName, DurationMs, Slug } from './primitives.js';

export const MusicPiece = z
  .strictObject({ name: ClipName, durationMs: DurationMs, bytes: z.int().min(0) })
  .meta({ id: 'MusicPiece' });
export type MusicPiece = z.infer<typeof MusicPiece>;

const order = z.array(ClipName).max(200).meta({ description: 'Pieces in the order in which they are heard' });

export const MusicPlaylist = z
  .strictObject({
    id: Slug,
    name: DisplayName,
    shuffle: z.boolean().meta({ description: 'Each caller hears the pieces in an order of his own' }),
    own: z.boolean().meta({ description: "The box's own; false: bundled" }),
    standard: z.boolean().meta({ description: 'Heard on hold, and in queues that name none' }),
    pieces: z.array(MusicPiece),
  })
  .meta({ id: 'MusicPlaylist' });
export type MusicPlaylist = z.infer<typeof MusicPlaylist>;

export const MusicPlaylistPut = z
  .strictObject({
    name: DisplayName,
    shuffle: z.boolean().default(false),
    order: order.optional().meta({ description: 'Left out: as it is; pieces that are not named come after, by name' }),
  })
  .meta({ id: 'MusicPlaylistPut' });
export type MusicPlaylistPut = z.infer<typeof MusicPlaylistPut>;
