export * from './config.js';
export * from './country.js';
export * from './environment.js';
export * from './load.js';
export * from './migrations.js';
export * from './numbering.js';
export * from './schema.js';
export * from './tls-files.js';
