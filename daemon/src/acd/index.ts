export * from './distributor.js';
export * from './hold-music.js';
export * from './queue-book.js';
