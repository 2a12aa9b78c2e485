export * from './distributor.js';
export * from './erlang.js';
export * from './hold-music.js';
export { reasonText } from './match-words.js';
export * from './queue-book.js';
export * from './wait-estimate.js';
export * from './wait-sounds.js';
