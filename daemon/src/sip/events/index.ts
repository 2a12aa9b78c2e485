// Subscriptions and notifications (RFC 6665) with the packages that telephones watch: messages, lamps, presence, registrations.
export { NOTIFIER_LIMITS, type NotifierLimits } from './limits.js';
export {
  TERMINATION_REASONS,
  formatSubscriptionState,
  type EventPackage,
  type SubscriptionDialog,
  type SubscriptionState,
  type TerminationReason,
} from './types.js';
export { eventOf, parseSubscriptionState, type EventHeader } from './event-header.js';
export * from './packages.js';
export { Subscription } from './subscription.js';
export {
  Notifier,
  type NotifierOptions,
  type RefreshOutcome,
  type RefusedSubscribe,
  type SubscribeOutcome,
} from './notifier.js';
export { EventSubscriber, type SubscribeResult, type SubscriberOptions, type SubscriberState } from './subscriber.js';
export { escapeXml } from './xml.js';
