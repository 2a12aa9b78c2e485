export * from './agent-book.js';
export * from './service-desk.js';
export * from './station-book.js';
