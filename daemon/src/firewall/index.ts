export * from './firewall-desk.js';
export * from './rules.js';
