export * from './conference-service.js';
export { roomPatch, roomRow, shownRoom } from './room-book.js';
export type { Prompts } from './voice.js';
