export * from './apply.js';
export * from './found.js';
export * from './network-desk.js';
export * from './plan.js';
