export * from './trunk-book.js';
