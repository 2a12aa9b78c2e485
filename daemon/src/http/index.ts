export { hasRole, isLoopback, type Identity } from './auth/identity.js';
export type * from './ports.js';
export { createHttpServer, type HttpOptions, type HttpServer } from './server.js';
export { hostAllowed, type HostRule } from './middleware/hosts.js';
