export * from './check.js';
export * from './evaluate.js';
export * from './functions.js';
export * from './parse.js';
export * from './template.js';
export * from './values.js';
