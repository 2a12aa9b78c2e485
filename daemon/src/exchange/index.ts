export * from './exchange.js';
export type { CallPlan } from './exchange-calls.js';
export type { PhonePlan } from './exchange-phones.js';
export type { SubscriberCall, SubscriberPlan } from './exchange-subscribers.js';
export type { ExchangeAudio, LineEar, LineListener } from './exchange-audio.js';
