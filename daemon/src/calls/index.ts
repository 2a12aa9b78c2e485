export * from './call-control.js';
export * from './call-events.js';
export * from './call-recorder.js';
export * from './flow-session.js';
export type { Greeting, OfferOutcome } from './live-call.js';
export type { CallOut } from './originate.js';
export { Playbacks } from './playbacks.js';
export type { OfferTarget } from './queueing.js';
export type { Background } from './sounds.js';
