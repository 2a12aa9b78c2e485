// The calls of the stack: INVITEs that come in become IncomingCalls, what the daemon dials becomes OutgoingCalls.
import type { Log } from '../../platform/index.js';
import {
  DEFAULT_SESSION_SETTINGS,
  IncomingSession,
  InviteSession,
  OutgoingSession,
  SDP,
  bodyType,
  descriptionOf,
  routingOf,
  type Authorize,
  type Dialog,
  type Dialogs,
  type SessionSettings,
} from '../dialog/index.js';
import type { Target, TransportName } from '../locate/index.js';
import type { SipUri } from '../message/index.js';
import type { RandomSource, ServerTransaction } from '../transaction/index.js';
import type { Accounts } from './accounts.js';
import { IncomingCall, OutgoingCall, type Attempt, type CallContext, type StackCall } from './call.js';
import { CallMedia, type MediaPolicy } from './call-media.js';
import { StackRefusal } from './channel.js';
import { keptDialog, keyOf, lastAnswer } from './kept-dialogs.js';
import { calledOf, callerOf, fromHeader, identityHeaders, sipAddress } from './identity.js';
import { descriptionSource } from './offer-source.js';
import type { CallOrigin, StackCommands, StackEvents, StackStation, StackTrunk } from './protocol.js';
import { refuse, type Sender } from './requests.js';
import type { TrunkLink } from './trunk-link.js';

/** One place where a station can be reached. */
export interface ReachableAt {
  uri: SipUri;
  routes: readonly string[];
  targets: readonly Target[];
}

export interface CallsOptions {
  dialogs: Dialogs;
  accounts: Accounts;
  random: RandomSource;
  randomBytes: (size: number) => Buffer;
  wallMs: () => number;
  domain: string;
  product: string;
  log: Log;
  emit: <E extends keyof StackEvents>(event: E, data: StackEvents[E]) => void;
  /** where a station is registered; empty: nowhere */
  reach: (station: number) => readonly ReachableAt[];
  link: (trunk: string) => TrunkLink | undefined;
  /** value of Contact, and the IP address that a peer at `remote` reaches us under */
  contact: (transport: TransportName, remote: string, user: string) => string;
  ownAddress: (transport: TransportName, remote: string) => string;
}

/** Codes of Q.850 and of SIP that are given in more than one place. */
const BUSY_HERE = 486;
const NOT_ACCEPTABLE_HERE = 488;

export class Calls {
  readonly #options: CallsOptions;
  readonly #settings: SessionSettings;
  readonly #calls = new Map<string, StackCall>();
  readonly #bySession = new WeakMap<InviteSession, string>();
  /** calls at once, by station or trunk */
  readonly #load = new Map<string, number>();
  readonly #context: CallContext;
  readonly #places = new Map<string, string>();
  /** dialogs that were told to be kept, by call, and since when */
  readonly #kept = new Map<string, Map<string, number>>();
  #stopping = false;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#settings = { ...DEFAULT_SESSION_SETTINGS, product: options.product };
    this.#context = {
      emit: options.emit,
      log: options.log,
      callOf: (session) => this.#bySession.get(session),
      sessionOf: (callId, toTag, fromTag) => {
        const dialog = options.dialogs.find(callId, toTag, fromTag);
        return dialog === undefined ? undefined : InviteSession.of(dialog);
      },
      keep: ({ id }, dialog, lastWord) => this.#keep(id, dialog, lastWord),
      unkeep: ({ id }, dialog) => this.#unkeep(id, keyOf(dialog)),
      dialogOf: ({ callId, localTag }, remoteTag) => options.dialogs.find(callId, localTag, remoteTag),
      gone: ({ id }) => this.#forget(id),
    };
  }

  get size(): number {
    return this.#calls.size;
  }

  find(call: string): StackCall {
    const found = this.#calls.get(call);
    if (found === undefined) throw new StackRefusal('not_found', `there is no call ${call}`);
    return found;
  }

  /** An INVITE outside any dialog, of somebody who is known. */
  receive(transaction: ServerTransaction, sender: Sender): void {
    const { request, flow } = transaction;
    const { emit, accounts, dialogs } = this.#options;
    if (this.#stopping) return refuse(transaction, 503, [['Retry-After', '5']]);
    // That one telephone takes the place of another in a call is asked for by REFER here.
    if (request.headers.has('Replaces')) return refuse(transaction, 481);
    const origin: CallOrigin =
      sender.kind === 'station'
        ? { kind: 'station', station: sender.account.station.number }
        : { kind: 'trunk', trunk: sender.trunk };
    const policy = sender.kind === 'station' ? sender.account.station : this.#options.link(sender.trunk)?.trunk;
    if (policy === undefined) return refuse(transaction, 403);
    const place = placeOf(origin);
    if (this.#full(place, policy.maxCalls)) return refuse(transaction, BUSY_HERE);
    const id = this.#options.random.token(12);
    const media = this.#media(id, policy, flow.transport, flow.remote.host, origin.kind === 'station');
    const offer = bodyType(request) === SDP ? descriptionOf(request) : undefined;
    if (offer !== undefined && !media.accepts(offer)) return refuse(transaction, NOT_ACCEPTABLE_HERE);
    const session = IncomingSession.receive(transaction, {
      ...{ dialogs, settings: this.#settings, media },
      contact: this.#options.contact(flow.transport, flow.remote.host, request.uri.user ?? ''),
      authorize: sender.kind === 'trunk' ? this.#options.link(sender.trunk)?.authorize() : undefined,
    });
    if (session === undefined) return;
    this.#add(id, new IncomingCall(id, policy.dtmf, { session, media }, this.#context), session, place);
    // Stored with what call control stores before it answers: no peer is in a call that a crash would leave.
    if (session.dialog !== undefined) this.#keep(id, session.dialog, lastAnswer(transaction));
    const caller = callerOf(request, origin, origin.kind === 'station' ? accounts.station(origin.station) : undefined);
    emit('call.offered', {
      ...{ call: id, origin, ...caller },
      calledNumber: calledOf(request, sender.kind === 'trunk' ? (policy as StackTrunk) : undefined),
      remote: descriptionSource(request),
      signallingAddress: flow.remote.host,
    });
  }

  /** Throws a StackRefusal when there is nobody to call. */
  dial(params: StackCommands['call.dial']['params']): string {
    const { target } = params;
    if (this.#stopping) throw new StackRefusal('unreachable', 'the stack is stopping');
    return target.kind === 'station'
      ? this.#dialStation(params, target.station)
      : this.#dialTrunk(params, target.trunk, target.number);
  }

  /** Every call hears that it is over; resolves at once. */
  stop(cause: number): void {
    this.#stopping = true;
    for (const call of [...this.#calls.values()]) call.release(cause);
  }

  #dialStation(params: StackCommands['call.dial']['params'], number: number): string {
    const { accounts, reach, domain } = this.#options;
    const station = accounts.station(number);
    if (station?.enabled !== true) throw new StackRefusal('not_found', `there is no station ${number}`);
    const contacts = reach(number).filter(({ targets }) => targets.length > 0);
    if (contacts.length === 0) throw new StackRefusal('unreachable', `station ${number} is not registered`);
    const place = placeOf({ kind: 'station', station: number });
    if (this.#full(place, station.maxCalls)) throw new StackRefusal('busy', `station ${number} is in other calls`);
    const call = this.#outgoing(params, station, place, () => false);
    for (const contact of contacts)
      this.#attempt(call, station, {
        ...contact,
        to: sipAddress('', String(number), domain),
        from: fromHeader(params, domain),
        headers: identityHeaders(params, 'pai', domain),
        authorize: undefined,
        mayLatch: true,
      });
    return call.id;
  }

  #dialTrunk(params: StackCommands['call.dial']['params'], id: string, number: string): string {
    const { link, domain } = this.#options;
    const trunk = link(id);
    if (trunk === undefined) throw new StackRefusal('not_found', `there is no trunk ${id}`);
    const targets = trunk.targets();
    if (targets.length === 0) throw new StackRefusal('unreachable', `no host of trunk ${id} answers`);
    const place = placeOf({ kind: 'trunk', trunk: id });
    if (this.#full(place, trunk.trunk.maxCalls)) throw new StackRefusal('busy', `trunk ${id} has no call left`);
    const call = this.#outgoing(params, trunk.trunk, place, () => false);
    const own = trunk.trunk.fromDomain || domain;
    const uri = trunk.uriOf(number);
    const user = trunk.trunk.fromUser || trunk.trunk.username;
    const shown = trunk.trunk.callerIdHeader === 'from' || user === '' ? params : { ...params, callingNumber: user };
    this.#attempt(call, trunk.trunk, {
      uri,
      routes: [],
      targets,
      to: sipAddress('', number, uri.host),
      from: fromHeader(shown, own),
      headers: identityHeaders(params, trunk.trunk.callerIdHeader, own),
      authorize: trunk.authorize(),
      mayLatch: false,
    });
    return call.id;
  }

  #outgoing(
    { media }: StackCommands['call.dial']['params'],
    { dtmf }: StackStation | StackTrunk,
    place: string,
    next: () => boolean,
  ): OutgoingCall {
    const id = this.#options.random.token(12);
    const call = new OutgoingCall(id, dtmf, media, next, this.#context);
    this.#add(id, call, undefined, place);
    return call;
  }

  #attempt(
    call: OutgoingCall,
    policy: MediaPolicy,
    way: ReachableAt & {
      to: string;
      from: string;
      headers: readonly (readonly [string, string])[];
      authorize: Authorize | undefined;
      mayLatch: boolean;
    },
  ): void {
    const [target] = way.targets;
    if (target === undefined) return;
    const { dialogs, random, contact } = this.#options;
    const { transport, remote } = target;
    const media = this.#media(call.id, policy, transport, remote.host, way.mayLatch);
    const session = new OutgoingSession({
      ...{ dialogs, settings: this.#settings, media },
      ...{ uri: way.uri, routes: way.routes, targets: way.targets, to: way.to, from: way.from },
      contact: contact(transport, remote.host, 'cordboard'),
      callId: random.token(16),
      headers: way.headers,
      authorize: way.authorize,
    });
    this.#bySession.set(session, call.id);
    const { requestUri, routes } = routingOf(way.routes, way.uri);
    call.add({ session, media, uri: requestUri, routes } satisfies Attempt);
  }

  #media(call: string, policy: MediaPolicy, transport: TransportName, remote: string, mayLatch: boolean): CallMedia {
    const { emit, randomBytes, ownAddress } = this.#options;
    return new CallMedia({
      ...{ policy, randomBytes, mayLatch },
      address: ownAddress(transport, remote),
      signalling: () => remote,
      changed: (media) => emit('call.mediaChanged', { call, media, info: policy.dtmf === 'info' }),
      held: (held) => emit(held ? 'call.held' : 'call.retrieved', { call }),
    });
  }

  #add(id: string, call: StackCall, session: InviteSession | undefined, place: string): void {
    this.#calls.set(id, call);
    this.#places.set(id, place);
    this.#load.set(place, (this.#load.get(place) ?? 0) + 1);
    if (session !== undefined) this.#bySession.set(session, id);
  }

  #forget(id: string): void {
    if (!this.#calls.delete(id)) return;
    for (const dialog of this.#kept.get(id)?.keys() ?? []) this.#options.emit('dialog.gone', { id: dialog });
    this.#kept.delete(id);
    const place = this.#places.get(id) ?? '';
    this.#places.delete(id);
    const left = (this.#load.get(place) ?? 1) - 1;
    if (left > 0) this.#load.set(place, left);
    else this.#load.delete(place);
  }

  #keep(id: string, dialog: Dialog, lastWord: Buffer | undefined): void {
    let kept = this.#kept.get(id);
    if (kept === undefined) this.#kept.set(id, (kept = new Map<string, number>()));
    const key = keyOf(dialog);
    const since = kept.get(key) ?? this.#options.wallMs();
    kept.set(key, since);
    this.#options.emit('dialog.kept', keptDialog(dialog, this.#trunkOf(id), since, lastWord));
  }

  #unkeep(id: string, dialog: string): void {
    if (this.#kept.get(id)?.delete(dialog) === true) this.#options.emit('dialog.gone', { id: dialog });
  }

  #trunkOf(id: string): string {
    const [kind, trunk = ''] = (this.#places.get(id) ?? '').split(' ');
    return kind === 'trunk' ? trunk : '';
  }

  /** `most` 0: as many as there may be */
  #full(place: string, most: number): boolean {
    return most > 0 && (this.#load.get(place) ?? 0) >= most;
  }
}

function placeOf(origin: CallOrigin): string {
  return origin.kind === 'station' ? `station ${origin.station}` : `trunk ${origin.trunk}`;
}
