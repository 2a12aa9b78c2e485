export * from './dial-plan.js';
export * from './numbering-plan.js';
