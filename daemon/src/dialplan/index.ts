export * from './dial-plan.js';
export * from './numbering-plan.js';
export { stepText } from './steps.js';
