export * from './open.js';
export * from './database.js';
export * from './repositories.js';
export * from './rows.js';
export * from './data-sources.js';
export * from './routing-repositories.js';
export * from './routing-rows.js';
