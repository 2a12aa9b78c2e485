export * from './line-book.js';
export * from './trunk-book.js';
