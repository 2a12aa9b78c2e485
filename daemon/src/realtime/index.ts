export { createRealtime, type Realtime, type RealtimeIdentity, type RealtimeOptions } from './server.js';
