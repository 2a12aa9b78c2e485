// What telephones watch (RFC 6665): lamps of other stations (dialog), whether somebody can be called (presence), their own
// messages (message-summary) and registrations (reg). Subscriptions are usages of dialogs, as calls are.
//
//   lamp.set, messages.set, registrar ─> Notifier ─> WatchUsage ─ NOTIFY in the dialog ─> telephone
import type { Clock, Log } from '../../platform/index.js';
import type { Dialog, Dialogs, DialogUsage, Replaces } from '../dialog/index.js';
import {
  Notifier,
  dialogPackage,
  eventOf,
  formatSubscriptionState,
  messageSummaryPackage,
  presencePackage,
  regPackage,
  type DialogCall,
  type EventHeader,
  type PresenceState,
  type RegisteredContact,
  type Subscription,
  type SubscriptionDialog,
  type SubscriptionState,
} from '../events/index.js';
import type { SipRequest, SipUri } from '../message/index.js';
import type { RandomSource, ServerTransaction } from '../transaction/index.js';
import type { Flow } from '../transport/index.js';
import type { LampCall, StackLamp } from './protocol.js';
import { refuse } from './requests.js';

export interface WatchingOptions {
  dialogs: Dialogs;
  random: RandomSource;
  clock: Clock;
  log: Log;
  domain: string;
  /** name of a station with an account; undefined: there is none */
  nameOf: (station: number) => string | undefined;
  registered: (station: number) => readonly RegisteredContact[];
  /** value of Contact for a telephone that was heard there */
  contact: (flow: Flow) => string;
  product: string;
}

/** A call that rings, under the name by which it may be picked up. */
interface PickUp {
  lamp: string;
  station: number;
  dialog: NonNullable<DialogCall['dialog']>;
}

interface Lamp extends StackLamp {
  /** wall clock, ms; when it became so */
  sinceMs: number;
  /** by id of the call */
  pickUps: Map<string, PickUp>;
}

/** s; when subscribers are asked to come back after the box has stopped */
const RETRY_S = 10;

export class Watching {
  readonly #options: WatchingOptions;
  readonly #notifier: Notifier;
  readonly #lamps = new Map<number, Lamp>();
  readonly #messages = new Map<number, { fresh: number; old: number }>();
  /** by Call-ID */
  readonly #pickUps = new Map<string, PickUp>();

  constructor(options: WatchingOptions) {
    const { clock, log } = options;
    this.#options = options;
    const own = (account: string, resource: string): boolean => account === String(numberOf(resource));
    this.#notifier = new Notifier({
      ...{ clock, log },
      resourceOf: (uri) => this.#resourceOf(uri),
      packages: [
        dialogPackage({
          state: (resource) => {
            const station = numberOf(resource);
            return this.#known(station) ? { station: String(station), calls: this.#callsOf(station) } : undefined;
          },
        }),
        messageSummaryPackage({ state: (resource) => this.#mailbox(numberOf(resource)), allows: own }),
        presencePackage({ state: (resource) => this.#presence(numberOf(resource)) }),
        regPackage({
          state: (resource) => {
            const station = numberOf(resource);
            if (options.nameOf(station) === undefined) return undefined;
            return { id: String(station), contacts: options.registered(station) };
          },
          allows: own,
        }),
      ],
    });
  }

  get size(): number {
    return this.#notifier.size;
  }

  get allowEvents(): string {
    return this.#notifier.allowEvents;
  }

  start(): void {
    this.#notifier.start();
  }

  /** Each subscriber is told to come back. */
  stop(): void {
    this.#notifier.stop('probation', RETRY_S);
  }

  /** A SUBSCRIBE outside of any dialog, of a station. */
  subscribe(transaction: ServerTransaction, station: number): void {
    const { dialogs, contact, product } = this.#options;
    const { request, flow } = transaction;
    const event = eventOf(request);
    const outcome = this.#notifier.subscribe(request, String(station));
    if (outcome.kind === 'refused' || event === undefined) {
      const { status, headers, reason } = outcome as Extract<typeof outcome, { kind: 'refused' }>;
      return refuse(transaction, status, headers, reason);
    }
    if (dialogs.full) return refuse(transaction, 503, [['Retry-After', String(RETRY_S)]]);
    const dialog = dialogs.fromRequest(transaction, contact(flow));
    if (dialog === undefined) return refuse(transaction, 400, [['Warning', '399 - "No Contact"']]);
    const usage = new WatchUsage(dialog, event, this.#notifier);
    dialog.attach(usage);
    accept(transaction, dialog, outcome.headers, product);
    dialog.confirm();
    usage.subscription = outcome.answered(usage);
  }

  setLamp(lamp: StackLamp): void {
    const { station } = lamp;
    const before = this.#lamps.get(station);
    const pickUps = new Map<string, PickUp>();
    for (const call of lamp.calls) {
      if (call.direction === 'in' && call.state === 'early')
        pickUps.set(call.id, before?.pickUps.get(call.id) ?? this.#newPickUp(station, call));
    }
    this.#forgetPickUps(before, pickUps);
    this.#lamps.set(station, { ...lamp, pickUps, sinceMs: this.#options.clock.wallMs() });
    const resource = this.#resource(station);
    this.#notifier.changed('dialog', resource);
    this.#notifier.changed('presence', resource);
  }

  removeLamp(station: number): void {
    this.#forgetPickUps(this.#lamps.get(station), new Map());
    if (!this.#lamps.delete(station) || this.#known(station)) return;
    const resource = this.#resource(station);
    this.#notifier.terminate((one) => one.resource === resource, 'noresource');
  }

  setMessages(station: number, counts: { fresh: number; old: number }): void {
    this.#messages.set(station, counts);
    this.#notifier.changed('message-summary', this.#resource(station));
  }

  registrationChanged(station: number): void {
    this.#notifier.changed('reg', this.#resource(station));
  }

  /** The account has gone, or may do nothing any more. */
  removeAccount(station: number): void {
    this.#notifier.terminate(({ account }) => account === String(station), 'rejected');
    this.#messages.delete(station);
  }

  /** The lamp's call that a Replaces header means; undefined: none. Both orders of the tags are in use among telephones. */
  pickUp({ callId, toTag, fromTag }: Replaces): string | undefined {
    const found = this.#pickUps.get(callId);
    if (found === undefined) return undefined;
    const { localTag, remoteTag } = found.dialog;
    const fits = (toTag === localTag && fromTag === remoteTag) || (toTag === remoteTag && fromTag === localTag);
    return fits ? found.lamp : undefined;
  }

  #newPickUp(station: number, { id }: LampCall): PickUp {
    const { random } = this.#options;
    const dialog = { callId: random.token(16), localTag: random.token(), remoteTag: random.token() };
    const made: PickUp = { lamp: id, station, dialog };
    this.#pickUps.set(dialog.callId, made);
    return made;
  }

  #forgetPickUps(before: Lamp | undefined, kept: ReadonlyMap<string, PickUp>): void {
    for (const [id, { dialog }] of before?.pickUps ?? []) if (!kept.has(id)) this.#pickUps.delete(dialog.callId);
  }

  #resource(station: number): string {
    return `sip:${station}@${this.#options.domain}`;
  }

  /** Whatever name the box is reached under. */
  #resourceOf({ user = '' }: SipUri): string | undefined {
    const station = /^\d{1,9}$/.test(user) ? Number(user) : undefined;
    return station !== undefined && this.#known(station) ? this.#resource(station) : undefined;
  }

  #known(station: number): boolean {
    return this.#lamps.has(station) || this.#options.nameOf(station) !== undefined;
  }

  #callsOf(station: number): DialogCall[] {
    const lamp = this.#lamps.get(station);
    return (lamp?.calls ?? []).map(({ id, direction, state, remote }) => ({
      ...{ id, state },
      direction: direction === 'in' ? 'recipient' : 'initiator',
      remote: remote === '' ? undefined : { uri: `sip:${encodeURIComponent(remote)}@${this.#options.domain}` },
      dialog: lamp?.pickUps.get(id)?.dialog,
    }));
  }

  #mailbox(station: number): { voice: { fresh: number; old: number } } | undefined {
    if (this.#options.nameOf(station) === undefined) return undefined;
    return { voice: this.#messages.get(station) ?? { fresh: 0, old: 0 } };
  }

  #presence(station: number): PresenceState | undefined {
    if (!this.#known(station)) return undefined;
    const lamp = this.#lamps.get(station);
    const reachable = lamp?.reachable ?? this.#options.registered(station).length > 0;
    const { calls = [], note = '' } = lamp ?? {};
    const said =
      note || (calls.some(({ state }) => state === 'confirmed') ? 'On the phone' : calls.length > 0 ? 'Ringing' : '');
    return {
      basic: reachable ? 'open' : 'closed',
      note: said === '' ? undefined : said,
      sinceMs: lamp?.sinceMs,
    };
  }
}

/** A subscription in its dialog. */
class WatchUsage implements DialogUsage, SubscriptionDialog {
  readonly kind = 'subscription';
  readonly over = false;
  subscription: Subscription | undefined;
  readonly #dialog: Dialog;
  readonly #event: EventHeader;
  readonly #notifier: Notifier;

  constructor(dialog: Dialog, event: EventHeader, notifier: Notifier) {
    this.#dialog = dialog;
    this.#event = event;
    this.#notifier = notifier;
  }

  request(transaction: ServerTransaction): boolean {
    const { request } = transaction;
    const { subscription } = this;
    if (request.method !== 'SUBSCRIBE' || subscription === undefined || !this.#concerns(request)) return false;
    const outcome = this.#notifier.refresh(subscription, request);
    if (outcome.kind === 'refused') {
      refuse(transaction, outcome.status, outcome.headers, outcome.reason);
      return true;
    }
    this.#dialog.refreshTarget(request);
    accept(transaction, this.#dialog, outcome.headers, '');
    outcome.answered();
    return true;
  }

  destroyed(): void {
    this.subscription?.lost();
  }

  notify(body: string | undefined, contentType: string | undefined, state: SubscriptionState): Promise<number> {
    const { name, id } = this.#event;
    const headers: [string, string][] = [
      ['Event', id === undefined ? name : `${name};id=${id}`],
      ['Subscription-State', formatSubscriptionState(state)],
    ];
    if (contentType !== undefined) headers.push(['Content-Type', contentType]);
    return new Promise((resolve) => {
      this.#dialog.send(
        'NOTIFY',
        { headers, body: body === undefined ? undefined : Buffer.from(body) },
        {
          final: ({ status }) => resolve(status),
          failed: () => resolve(408),
        },
      );
    });
  }

  ended(): void {
    this.#dialog.detach(this);
  }

  #concerns(request: SipRequest): boolean {
    const event = eventOf(request);
    return event?.name === this.#event.name && event.id === this.#event.id;
  }
}

function accept(
  transaction: ServerTransaction,
  dialog: Dialog,
  headers: readonly (readonly [string, string])[],
  product: string,
): void {
  const response = transaction.response(200);
  response.headers.add('Contact', dialog.contact);
  for (const [name, value] of headers) response.headers.add(name, value);
  if (product !== '') response.headers.add('Server', product);
  transaction.respond(response);
}

function numberOf(resource: string): number {
  return Number(resource.slice('sip:'.length, resource.indexOf('@')));
}
