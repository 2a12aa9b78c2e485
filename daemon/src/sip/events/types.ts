// What subscriptions are to both sides of them (RFC 6665).

/**
 * Why a subscription has ended (RFC 6665 4.1.3). deactivated: subscribe again at once; probation: later; rejected: do not; timeout:
 * it was not refreshed; giveup: nobody decided about it; noresource: it is gone; invariant: it will not change
 */
export const TERMINATION_REASONS = [
  'deactivated',
  'probation',
  'rejected',
  'timeout',
  'giveup',
  'noresource',
  'invariant',
] as const;
export type TerminationReason = (typeof TERMINATION_REASONS)[number];

export type SubscriptionState =
  | { state: 'active' | 'pending'; expiresS: number | undefined }
  | { state: 'terminated'; reason: TerminationReason | undefined; retryAfterS: number | undefined };

/** The notifier's side of a dialog: what sends for it. */
export interface SubscriptionDialog {
  /**
   * Sends a NOTIFY with Subscription-State and the Event of the SUBSCRIBE. Resolves with the status of its final answer, 408 when none
   * came or it could not be sent; never rejects. It is not called again before.
   */
  notify(body: string | undefined, contentType: string | undefined, state: SubscriptionState): Promise<number>;
  /** The subscription is over and nothing more will be sent; called once. */
  ended(): void;
}

/** A kind of event (RFC 6665 clause 5). */
export interface EventPackage {
  /** as in Event and Allow-Events */
  readonly name: string;
  readonly contentType: string;
  /** s; when the subscriber names none */
  readonly defaultExpiresS: number;
  /** Whether an account may watch a resource. */
  allows(account: string, resource: string): boolean;
  /**
   * The whole state of a resource; `version` is 0 for the first document of a subscription and one more for each further one.
   * undefined: there is no such resource.
   */
  document(resource: string, version: number): string | undefined;
}

/** Value of Subscription-State. */
export function formatSubscriptionState(state: SubscriptionState): string {
  if (state.state !== 'terminated') {
    return state.expiresS === undefined ? state.state : `${state.state};expires=${state.expiresS}`;
  }
  const reason = state.reason === undefined ? '' : `;reason=${state.reason}`;
  return `terminated${reason}${state.retryAfterS === undefined ? '' : `;retry-after=${state.retryAfterS}`}`;
}
