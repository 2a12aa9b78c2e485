export * from './open.js';
export * from './database.js';
export * from './repositories.js';
export * from './rows.js';
export * from './recording-rows.js';
export * from './mail-rows.js';
export * from './voicemail-rows.js';
