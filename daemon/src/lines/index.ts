export * from './analog-lines.js';
export * from './dial-plan.js';
export * from './engine-lines.js';
export * from './line-switch.js';
export * from './lines.js';
export * from './refusal.js';
