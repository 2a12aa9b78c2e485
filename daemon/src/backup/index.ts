export * from './backup-service.js';
