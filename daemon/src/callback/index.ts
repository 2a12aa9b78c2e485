export * from './callback-book.js';
export * from './callback-desk.js';
export * from './callback-service.js';
