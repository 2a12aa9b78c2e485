export * from './list-book.js';
export * from './list-index.js';
export * from './import-entries.js';
