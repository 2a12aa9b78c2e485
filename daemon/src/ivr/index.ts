export * from './flow-book.js';
export * from './prompt-library.js';
