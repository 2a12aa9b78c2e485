export * from './alert-service.js';
export { hasText, kindText } from './texts.js';
export type { SnmpEngine } from './snmp.js';
