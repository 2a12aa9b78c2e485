export * from './dial-plan.js';
export * from './numbering-plan.js';
export { stepText, type Step } from './steps.js';
