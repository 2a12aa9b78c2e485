export * from './tls-service.js';
