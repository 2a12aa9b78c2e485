export * from './settings-desk.js';
