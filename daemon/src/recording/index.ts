export * from './archive.js';
export * from './recording-service.js';
export * from './voice-store.js';
export * from './wav-repair.js';
export * from './flow-recordings.js';
export type { SealingKeys } from './sealed-file.js';
