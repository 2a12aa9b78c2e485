export * from './channel.js';
export * from './protocol.js';
