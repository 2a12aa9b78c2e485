export * from './book.js';
export { PREFIX as PROVISION_PREFIX, type PhoneRequest } from './gate.js';
export * from './phone-desk.js';
export * from './vendors.js';
