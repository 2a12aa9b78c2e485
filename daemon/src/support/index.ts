export * from './bundle.js';
export * from './redact.js';
