export * from './archive.js';
export * from './recording-service.js';
export * from './wav-repair.js';
