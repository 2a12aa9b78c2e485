export * from './agent-book.js';
export * from './known-agent.js';
export * from './pin-desk.js';
export * from './service-desk.js';
export * from './station-book.js';
