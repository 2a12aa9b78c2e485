export * from './match.js';
export * from './matcher.js';
export { boundariesOf, ineligible, requirementsOf } from './requirements.js';
export { compareDue, dueOf } from './due.js';
export * from './types.js';
