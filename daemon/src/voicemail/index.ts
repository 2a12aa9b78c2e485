export * from './voicemail-service.js';
