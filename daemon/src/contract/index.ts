// Everything the pages may know of the daemon: schemas, their types and the socket's events.
export * from './formats.js';
export * from './primitives.js';
export * from './errors.js';
export * from './users.js';
export * from './flows.js';
export * from './routes.js';
export * from './queues.js';
export * from './agents.js';
export * from './calls.js';
export * from './hardware.js';
export * from './exchange.js';
export * from './system.js';
export * from './socket.js';
