export * from './apply.js';
export * from './changes.js';
export * from './compare.js';
export * from './found.js';
export * from './plan.js';
export * from './problems.js';
export * from './profiles.js';
export * from './texts.js';
