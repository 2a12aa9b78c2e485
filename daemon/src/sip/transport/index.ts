export * from './transport-error.js';
export * from './types.js';
