export * from './desk-service.js';
export * from './agent-figures.js';
