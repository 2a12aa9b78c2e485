export { isLoopback, type Identity } from './auth/identity.js';
export type * from './ports.js';
export { describeApi } from './describe.js';
export { startingPage, type StartingPage } from './starting-page.js';
export { createHttpServer, type HttpOptions, type HttpServer } from './server.js';
export { reachableHost, sipServers } from './sip-account.js';
export { hostAllowed, type HostRule } from './middleware/hosts.js';
export type { BoxPort } from './box-ports.js';
