export * from './blocks.js';
export * from './number-book.js';
