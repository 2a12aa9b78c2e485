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
  parseReplaces,
  q850Reason,
  routingOf,
  type Authorize,
  type Dialog,
  type Dialogs,
  type Replaces,
  type SessionEnd,
  type SessionSettings,
} from '../dialog/index.js';
import type { CallLimits } from '../guard/index.js';
import type { Target, TransportName } from '../locate/index.js';
import { formatNameAddr, type SipRequest, type SipUri } from '../message/index.js';
import type { RandomSource, ServerTransaction } from '../transaction/index.js';
import type { Accounts } from './accounts.js';
import { IncomingCall, OutgoingCall, type Attempt, type CallContext, type CallWays, type StackCall } from './call.js';
import { CallMedia, type MediaPolicy } from './call-media.js';
import { StackRefusal } from './channel.js';
import { divertedFrom, divertedHeaders, forwardedTo, hasPrivateHistory } from './diverted.js';
import { calledOf, callerOf, fromHeader, identityHeaders, sipAddress } from './identity.js';
import { keptDialog, keyOf, lastAnswer } from './kept-dialogs.js';
import { descriptionSource } from './offer-source.js';
import type { CallOrigin, StackCommands, StackEvents, StackStation, StackTrunk } from './protocol.js';
import { refuse, type Sender } from './requests.js';
import type { TrunkLink } from './trunk-link.js';
import { FIRST_WORD_MS, TrunkTries, type TrunkTry } from './trunk-tries.js';

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
  /** numbers that no limit holds back */
  emergency: ReadonlySet<string>;
  /** calls that stations begin */
  limits: CallLimits;
  /** where a station is registered; empty: nowhere */
  reach: (station: number) => readonly ReachableAt[];
  link: (trunk: string) => TrunkLink | undefined;
  /** the ringing call of a lamp that is meant; undefined: none */
  pickUp: (replaces: Replaces) => string | undefined;
  /** value of Contact, and the IP address that a peer at `remote` reaches us under */
  contact: (transport: TransportName, remote: string, user: string) => string;
  ownAddress: (transport: TransportName, remote: string) => string;
  /** all of ours that a browser there may reach, the nearest first */
  candidates: (remote: string) => readonly string[];
  /** of our certificate for browsers; undefined: they are not taken */
  fingerprint: string | undefined;
}

/** Codes of Q.850 and of SIP that are given in more than one place. */
const BUSY_HERE = 486;
const NO_CIRCUIT = 34;
/** s; the count of an hour goes down by the minute */
const RATE_RETRY_AFTER_S = 60;
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
  /** calls whose telephone has hung up and still hears what becomes of the transfer that it asked for */
  readonly #leaving = new Map<string, StackCall>();
  /** dialogs that were told to be kept, by call, and since when */
  readonly #kept = new Map<string, Map<string, number>>();
  /** when calls were offered of which the daemon has not said anything yet, ms; the oldest first */
  readonly #untold = new Map<string, number>();
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

  /** How long the daemon has owed a call its first word, ms: it has too much to do when that grows. */
  get waitingMs(): number {
    for (const sinceMs of this.#untold.values()) return this.#options.dialogs.context.clock.monotonicMs() - sinceMs;
    return 0;
  }

  /** For those who carry out what the daemon says. */
  find(call: string): StackCall {
    const found = this.#calls.get(call);
    if (found === undefined) throw new StackRefusal('not_found', `there is no call ${call}`);
    this.#untold.delete(call);
    return found;
  }

  /** Asks the far end of a call to call somebody else. Throws a StackRefusal when it does not take that. */
  refer(id: string, to: StackCommands['call.refer']['params']['to']): Promise<{ done: boolean; cause: number }> {
    const call = this.find(id);
    if ('call' in to) {
      const { dialog, replaces } = this.find(to.call).session ?? {};
      if (dialog === undefined || replaces === undefined)
        throw new StackRefusal('invalid', `nobody has answered call ${to.call} yet`);
      return call.refer(nameAddr({ ...dialog.remoteTarget, headers: new Map([['Replaces', replaces]]) }));
    }
    const place = this.#places.get(id) ?? '';
    const link = place.startsWith(TRUNK) ? this.#options.link(place.slice(TRUNK.length)) : undefined;
    const [host] = link?.trunk.hosts ?? [];
    if (link === undefined || host === undefined) throw new StackRefusal('invalid', 'only a carrier is told a number');
    return call.refer(nameAddr(link.uriOf(to.number, host)));
  }

  /** What has become of a transfer; the telephone that asked for it may have left its call. */
  transfer(params: StackCommands['call.transfer']['params']): void {
    const leaving = this.#leaving.get(params.call);
    const call = leaving ?? this.find(params.call);
    call.transfer(params);
    if (!call.refers) this.#leaving.delete(params.call);
  }

  /** An INVITE outside any dialog, of somebody who is known. */
  receive(transaction: ServerTransaction, sender: Sender): void {
    const { request, flow } = transaction;
    const { emit, accounts, dialogs } = this.#options;
    if (this.#stopping) return refuse(transaction, 503, [['Retry-After', '5']]);
    const replaces = this.#replaced(request);
    if (typeof replaces === 'number') return refuse(transaction, replaces);
    const origin: CallOrigin =
      sender.kind === 'station'
        ? { kind: 'station', station: sender.account.station.number }
        : { kind: 'trunk', trunk: sender.trunk };
    const policy = sender.kind === 'station' ? sender.account.station : this.#options.link(sender.trunk)?.trunk;
    if (policy === undefined) return refuse(transaction, 403);
    const place = placeOf(origin);
    const calledNumber = calledOf(request, sender.kind === 'trunk' ? (policy as StackTrunk) : undefined);
    const emergency = sender.kind === 'station' && this.#options.emergency.has(calledNumber);
    // One that takes the place of another is no call more.
    if (!emergency && replaces === undefined && this.#held(transaction, sender, place, policy)) return;
    const id = this.#options.random.token(12);
    const media = this.#media(id, policy, flow.transport, flow.remote.host, origin.kind === 'station');
    const offer = bodyType(request) === SDP ? descriptionOf(request) : undefined;
    if (offer !== undefined && !media.accepts(offer)) return refuse(transaction, NOT_ACCEPTABLE_HERE);
    const session = IncomingSession.receive(transaction, {
      dialogs,
      settings: this.#settings,
      media,
      contact: this.#options.contact(flow.transport, flow.remote.host, request.uri.user ?? ''),
      authorize: sender.kind === 'trunk' ? this.#options.link(sender.trunk)?.authorize() : undefined,
    });
    if (session === undefined) return;
    this.#add(id, new IncomingCall(id, policy.dtmf, { session, media }, this.#context), session, place);
    // Stored with what call control stores before it answers: no peer is in a call that a crash would leave.
    if (session.dialog !== undefined) this.#keep(id, session.dialog, lastAnswer(transaction));
    this.#untold.set(id, dialogs.context.clock.monotonicMs());
    const station = origin.kind === 'station' ? accounts.station(origin.station) : undefined;
    const { callingNumber, callingName, anonymous } = callerOf(request, origin, station);
    emit('call.offered', {
      call: id,
      origin,
      callingNumber,
      callingName,
      anonymous,
      calledNumber,
      remote: descriptionSource(request, (body) => media.read(body)),
      signallingAddress: flow.remote.host,
      replaces,
      // Whatever a telephone says of that is its own invention.
      divertedFrom: origin.kind === 'trunk' ? divertedFrom(request) : undefined,
      ...(hasPrivateHistory(request) ? { privateHistory: true } : {}),
    });
  }

  /**
   * Whose place the call is to take (RFC 3891 clause 3), or the status that refuses it. Whether the sender may is for call control
   * to say, which knows who talks with whom.
   */
  #replaced(request: SipRequest): StackEvents['call.offered']['replaces'] | number {
    const { dialogs, pickUp } = this.#options;
    const [text] = request.headers.lines('Replaces');
    if (text === undefined) return undefined;
    const replaces = parseReplaces(text);
    const lamp = replaces === undefined ? undefined : pickUp(replaces);
    if (lamp !== undefined) return { lamp };
    const match = dialogs.replaced(request);
    if (match === undefined || 'status' in match) return match?.status;
    const session = InviteSession.of(match.dialog);
    const call = session === undefined ? undefined : this.#bySession.get(session);
    return call === undefined ? 481 : { call };
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
    const call = this.#outgoing(params, station, place, {
      next: () => false,
      sentOn: (end) => this.#sentOn(place, end, params.forwards === true),
    });
    for (const contact of contacts)
      this.#attempt(call, station, {
        ...contact,
        to: sipAddress('', String(number), domain),
        from: fromHeader(params, domain),
        headers: [
          ...identityHeaders(params, 'pai', domain),
          ...divertedHeaders(params.divertedFrom, 'diversion', { domain, to: contact.uri }),
          ['Alert-Info', `<http://${domain}>;info=${this.#isInside(params.callingNumber) ? 'internal' : 'external'}`],
        ],
        authorize: undefined,
        mayLatch: true,
      });
    return call.id;
  }

  /** A telephone of the box calls: it rings otherwise (Alert-Info, RFC 3261 20.4). Analog ones have one or two digits. */
  #isInside(callingNumber: string): boolean {
    if (!/^[1-9][0-9]{0,7}$/.test(callingNumber)) return false;
    return callingNumber.length <= 2 || this.#options.accounts.station(Number(callingNumber)) !== undefined;
  }

  #dialTrunk(params: StackCommands['call.dial']['params'], id: string, number: string): string {
    const { link: linkOf } = this.#options;
    const { emergency = false } = params;
    const link = linkOf(id);
    if (link === undefined) throw new StackRefusal('not_found', `there is no trunk ${id}`);
    const place = placeOf({ kind: 'trunk', trunk: id });
    if (!emergency && this.#full(place, link.trunk.maxCalls))
      throw new StackRefusal('busy', `trunk ${id} has no call left`);
    const tries = new TrunkTries(link, number, emergency);
    const first = tries.first();
    if (first === undefined) throw new StackRefusal('unreachable', `no host of trunk ${id} answers`);
    const call = this.#outgoing(params, link.trunk, place, {
      next: (end, heard) => {
        const next = tries.after(end, heard);
        if (next !== undefined) this.#attemptTrunk(call, link, params, number, next);
        return next !== undefined;
      },
      sentOn: () => undefined,
    });
    this.#attemptTrunk(call, link, params, number, first);
    return call.id;
  }

  #attemptTrunk(
    call: OutgoingCall,
    link: TrunkLink,
    params: StackCommands['call.dial']['params'],
    number: string,
    way: TrunkTry,
  ): void {
    const { trunk, user } = link;
    const { callerIdHeader } = trunk;
    const domain = trunk.fromDomain || this.#options.domain;
    // A carrier that wants its account in From has the number in a header of its own.
    const inFrom = trunk.fromUser === '' && (callerIdHeader === 'from' || user === '');
    this.#attempt(call, trunk, {
      ...way,
      to: sipAddress('', number, way.uri.host),
      from: fromHeader(inFrom || params.anonymous ? params : { ...params, callingNumber: user }, domain),
      headers: [
        ...identityHeaders(params, callerIdHeader, domain),
        ...divertedHeaders(params.divertedFrom, trunk.diversionHeader, {
          ...{ domain, to: way.uri, hidden: params.anonymous || params.privateHistory === true },
        }),
      ],
      authorize: link.authorize(),
      mayLatch: false,
      answerWithinMs: FIRST_WORD_MS,
    });
  }

  #outgoing(
    { media }: StackCommands['call.dial']['params'],
    { dtmf }: StackStation | StackTrunk,
    place: string,
    ways: CallWays,
  ): OutgoingCall {
    const id = this.#options.random.token(12);
    const call = new OutgoingCall(id, dtmf, media, ways, this.#context);
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
      answerWithinMs?: number | undefined;
    },
  ): void {
    const [target] = way.targets;
    if (target === undefined) return;
    const { dialogs, random, contact } = this.#options;
    const { transport, remote } = target;
    const media = this.#media(call.id, policy, transport, remote.host, way.mayLatch, isBrowser(transport, way.uri));
    const session = new OutgoingSession({
      ...{ dialogs, settings: this.#settings, media },
      ...{ uri: way.uri, routes: way.routes, targets: way.targets, to: way.to, from: way.from },
      contact: contact(transport, remote.host, 'cordboard'),
      callId: random.token(16),
      headers: way.headers,
      authorize: way.authorize,
      answerWithinMs: way.answerWithinMs,
    });
    this.#bySession.set(session, call.id);
    const { requestUri, routes } = routingOf(way.routes, way.uri);
    call.add({ session, media, uri: requestUri, routes } satisfies Attempt);
  }

  #media(
    call: string,
    policy: MediaPolicy,
    transport: TransportName,
    remote: string,
    mayLatch: boolean,
    browser = false,
  ): CallMedia {
    const { emit, random, randomBytes, ownAddress, candidates, fingerprint } = this.#options;
    return new CallMedia({
      ...{ policy, mayLatch, fingerprint, browser },
      sessionId: String(random.below(2 ** 48)),
      randomBytes,
      address: ownAddress(transport, remote),
      candidates: () => candidates(remote),
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
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    this.#untold.delete(id);
    if (call.refers) this.#leaving.set(id, call);
    for (const dialog of this.#kept.get(id)?.keys() ?? []) this.#options.emit('dialog.gone', { id: dialog });
    this.#kept.delete(id);
    const place = this.#places.get(id) ?? '';
    this.#places.delete(id);
    const left = (this.#load.get(place) ?? 1) - 1;
    if (left > 0) this.#load.set(place, left);
    else this.#load.delete(place);
  }

  /** Too many calls, of which it has been told. */
  #held(transaction: ServerTransaction, sender: Sender, place: string, { maxCalls }: { maxCalls: number }): boolean {
    if (this.#full(place, maxCalls)) {
      // A carrier that heard 503 would send nothing at all for a while, and a call may end at any moment.
      refuse(transaction, BUSY_HERE, sender.kind === 'trunk' ? [['Reason', q850Reason(NO_CIRCUIT)]] : []);
      return true;
    }
    if (sender.kind === 'trunk' || this.#begins(place)) return false;
    const source = transaction.flow.remote.host;
    this.#options.log.warn({ place, source }, 'a station makes too many calls: they are refused');
    refuse(transaction, 503, [
      ['Retry-After', String(RATE_RETRY_AFTER_S)],
      ['Reason', q850Reason(NO_CIRCUIT, 'too many calls within an hour')],
    ]);
    return true;
  }

  /** Where a telephone sends its call on counts as a call that it begins. */
  #sentOn(place: string, end: SessionEnd, followed: boolean): ReturnType<CallWays['sentOn']> {
    if ((end.status ?? 0) < 300 || (end.status ?? 0) >= 400) return undefined;
    const to = followed ? forwardedTo(end) : [];
    // One of them answers at most: one call.
    if (to.length === 0 || this.#begins(place)) return { to };
    this.#options.log.warn({ place }, 'a station sends on too many calls: they are not followed');
    return { to: [] };
  }

  /** Counts a call that a station begins; false: there have been too many. */
  #begins(place: string): boolean {
    const admitted = this.#options.limits.begin(place);
    // How many there are at once is counted here, of calls in and out.
    if (admitted.kind === 'taken') admitted.end();
    return admitted.kind === 'taken';
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

const TRUNK = 'trunk ';

function placeOf(origin: CallOrigin): string {
  return origin.kind === 'station' ? `station ${origin.station}` : `${TRUNK}${origin.trunk}`;
}

/** Value of Refer-To. */
function nameAddr(uri: SipUri): string {
  return formatNameAddr({ displayName: '', uri, params: new Map() });
}

/** RFC 7118 5.1: who cannot be reached but by his own connection says so by a name that nobody has, and only pages are so. */
function isBrowser(transport: TransportName, uri: SipUri): boolean {
  return (transport === 'ws' || transport === 'wss') && uri.host.endsWith('.invalid');
}
