export * from './desk-service.js';
export * from './desk-work.js';
export * from './agent-figures.js';
