// Those who want to be told (RFC 6665 4.2): who may subscribe to what, for how long, and who hears of a change.
import { silentLog, type Clock, type Log, type Timer } from '../../platform/index.js';
import type { SipRequest, SipUri } from '../message/index.js';
import { accepts, eventOf, expiresOf, type EventHeader } from './event-header.js';
import { NOTIFIER_LIMITS, type NotifierLimits } from './limits.js';
import { Subscription } from './subscription.js';
import type { EventPackage, SubscriptionDialog, TerminationReason } from './types.js';

type HeaderLine = readonly [name: string, value: string];

export interface RefusedSubscribe {
  kind: 'refused';
  status: number;
  reason?: string | undefined;
  headers: readonly HeaderLine[];
}

/** Give the 200 with these headers first, then call `answered`: the NOTIFY follows it. */
export type SubscribeOutcome =
  | { kind: 'accepted'; headers: readonly HeaderLine[]; answered: (dialog: SubscriptionDialog) => Subscription }
  | RefusedSubscribe;

export type RefreshOutcome =
  { kind: 'accepted'; headers: readonly HeaderLine[]; answered: () => void } | RefusedSubscribe;

export interface NotifierOptions {
  clock: Clock;
  packages: readonly EventPackage[];
  /** what a request URI means, in the one form that it has; undefined: nothing of ours */
  resourceOf: (uri: SipUri) => string | undefined;
  limits?: Partial<NotifierLimits> | undefined;
  log?: Log | undefined;
}

const TICK_MS = 1000;

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #limits: NotifierLimits;
  readonly #log: Log;
  readonly #packages: ReadonlyMap<string, EventPackage>;
  /** those that are not ending, in the order in which they came */
  readonly #subscriptions = new Set<Subscription>();
  readonly #byResource = new Map<string, Set<Subscription>>();
  readonly #byAccount = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#limits = { ...NOTIFIER_LIMITS, ...options.limits };
    this.#log = options.log ?? silentLog;
    this.#packages = new Map(options.packages.map((one) => [one.name, one]));
  }

  /** Value of Allow-Events. */
  get allowEvents(): string {
    return [...this.#packages.keys()].join(', ');
  }

  /** subscriptions */
  get size(): number {
    return this.#subscriptions.size;
  }

  /** Lets subscriptions expire from now on. */
  start(): void {
    this.#timer ??= this.#options.clock.every(TICK_MS, () => this.#expire());
  }

  /** Ends them all: each subscriber is told why, and when to come back. */
  stop(reason: TerminationReason = 'probation', retryAfterS?: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.terminate(() => true, reason, retryAfterS);
  }

  /** A SUBSCRIBE outside of any dialog (4.2.1), of an account that has shown its secret. */
  subscribe(request: SipRequest, account: string): SubscribeOutcome {
    const event = eventOf(request);
    const eventPackage = event && this.#packages.get(event.name);
    if (event === undefined || eventPackage === undefined) return refused(489, ['Allow-Events', this.allowEvents]);
    if (!accepts(request, eventPackage.contentType)) return refused(406, ['Accept', eventPackage.contentType]);
    const resource = this.#options.resourceOf(request.uri);
    if (resource === undefined) return refused(404);
    if (!eventPackage.allows(account, resource)) return refused(403);
    if (eventPackage.document(resource, 0) === undefined) return refused(404);
    const expiresS = this.#grant(request, eventPackage);
    if (typeof expiresS !== 'number') return expiresS;
    if (expiresS > 0 && (this.#byAccount.get(account) ?? 0) >= this.#limits.perAccount) {
      return { ...refused(403), reason: 'Too Many Subscriptions' };
    }
    if (this.#subscriptions.size >= this.#limits.total) return refused(503, ['Retry-After', '60']);
    return {
      kind: 'accepted',
      headers: [['Expires', String(expiresS)]],
      answered: (dialog) => this.#add({ eventPackage, event, account, resource, dialog }, expiresS),
    };
  }

  /** A SUBSCRIBE in the dialog of a subscription, with its Event: makes it longer, or ends it with Expires: 0. */
  refresh(subscription: Subscription, request: SipRequest): RefreshOutcome {
    if (subscription.ending) return refused(481);
    const expiresS = this.#grant(request, subscription.eventPackage);
    if (typeof expiresS !== 'number') return expiresS;
    return {
      kind: 'accepted',
      headers: [['Expires', String(expiresS)]],
      answered: () => this.#extend(subscription, expiresS),
    };
  }

  /** Tells everybody who watches. */
  changed(packageName: string, resource: string): void {
    for (const subscription of this.#byResource.get(keyOf(packageName, resource)) ?? []) subscription.changed();
  }

  /** Ends the subscriptions to a resource that is gone, or of an account that may not watch any more. */
  terminate(which: (subscription: Subscription) => boolean, reason: TerminationReason, retryAfterS?: number): void {
    for (const subscription of [...this.#subscriptions]) {
      if (!which(subscription)) continue;
      // It counts no more, though its last NOTIFY is still to be answered.
      this.#forget(subscription);
      subscription.terminate(reason, retryAfterS);
    }
  }

  /** s to grant (4.2.1.1) */
  #grant(request: SipRequest, { defaultExpiresS }: EventPackage): number | RefusedSubscribe {
    const { minS, maxS } = this.#limits;
    const wantedS = Math.min(maxS, expiresOf(request, defaultExpiresS));
    return wantedS > 0 && wantedS < minS ? refused(423, ['Min-Expires', String(minS)]) : wantedS;
  }

  #add(
    about: {
      eventPackage: EventPackage;
      event: EventHeader;
      account: string;
      resource: string;
      dialog: SubscriptionDialog;
    },
    expiresS: number,
  ): Subscription {
    const { clock } = this.#options;
    const subscription = new Subscription({
      ...about,
      clock,
      gapMs: this.#limits.gapMs,
      removed: (one) => this.#forget(one),
    });
    if (expiresS > 0) this.#remember(subscription);
    // Expires: 0 asks once and subscribes to nothing (4.4.3).
    subscription.extend(expiresS);
    return subscription;
  }

  #extend(subscription: Subscription, expiresS: number): void {
    if (expiresS === 0) this.#forget(subscription);
    subscription.extend(expiresS);
  }

  #expire(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.terminate(({ expiresMs }) => expiresMs <= nowMs, 'timeout');
  }

  #remember(subscription: Subscription): void {
    const { account, eventPackage, resource } = subscription;
    this.#subscriptions.add(subscription);
    this.#byAccount.set(account, (this.#byAccount.get(account) ?? 0) + 1);
    const key = keyOf(eventPackage.name, resource);
    const watchers = this.#byResource.get(key);
    if (watchers === undefined) this.#byResource.set(key, new Set([subscription]));
    else watchers.add(subscription);
  }

  #forget(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    const { account, eventPackage, resource } = subscription;
    const left = (this.#byAccount.get(account) ?? 1) - 1;
    if (left > 0) this.#byAccount.set(account, left);
    else this.#byAccount.delete(account);
    const key = keyOf(eventPackage.name, resource);
    const watchers = this.#byResource.get(key);
    watchers?.delete(subscription);
    if (watchers?.size === 0) this.#byResource.delete(key);
    this.#log.debug({ account, resource, event: eventPackage.name }, 'subscription over');
  }
}

function refused(status: number, ...headers: HeaderLine[]): RefusedSubscribe {
  return { kind: 'refused', status, headers };
}

function keyOf(packageName: string, resource: string): string {
  return `${packageName} ${resource}`;
}
