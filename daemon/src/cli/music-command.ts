// `cordboard music …`: playlists of those who wait or are on hold.
import { basename, extname } from 'node:path';
import type { MusicPlaylist } from '../contract/index.js';
import { linesCommand, runVerb } from './lines-context.js';

const PATH = '/music';

export function runMusicCommand(args: readonly string[]): Promise<number> {
  return runVerb('music', { add, list, put, remove }, args);
}

async function add(args: readonly string[]): Promise<number> {
  const options = { name: { type: 'string' }, shuffle: { type: 'boolean' } } as const;
  const { values, words, context } = linesCommand('music', args, options);
  const id = context.needed(words);
  const body = { name: values.name ?? id, shuffle: values.shuffle ?? false };
  context.done('made', 'music', id, await context.api.request<MusicPlaylist>('PUT', context.at(PATH, id), body));
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('music', args, {}, 0);
  context.list(await context.api.request<MusicPlaylist[]>('GET', PATH), ({ id, name, pieces, standard }) => [
    ...[id, name, standard ? '*' : '', pieces.map((piece) => piece.name).join(' ')],
  ]);
  return 0;
}

/** A piece is called what its file is. */
async function put(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('music', args, {}, 2);
  const [id, file] = [context.needed(words), context.needed(words, 1)];
  const piece = basename(file, extname(file))
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[_-]+|[_-]+$/g, '');
  const path = `${context.at(PATH, id)}/pieces/${piece || 'piece'}`;
  context.done('changed', 'music', id, await context.api.upload<MusicPlaylist>(path, file, 'PUT'));
  return 0;
}

/** Without a piece: the whole playlist. */
async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('music', args, {}, 2);
  const [id, piece] = [context.needed(words), words[1]];
  const path = context.at(PATH, id);
  await context.api.request('DELETE', piece === undefined ? path : `${path}/pieces/${encodeURIComponent(piece)}`);
  context.done('removed', 'music', piece === undefined ? id : `${id}/${piece}`);
  return 0;
}
