export * from './mail-service.js';
export * from './texts.js';
export * from './transport.js';
