// The stack put together: from sockets to calls. It knows nothing of the daemon but the protocol.
//
//   Transports ─ Transactions ─ Requests ─┬─ Dialogs ─ Calls ───────> events
//                                         ├─ Bindings (registrar)
//                                         └─ TrunkLinks
// long because: it joins every part, and says what the daemon may ask of them
import { randomBytes } from 'node:crypto';
import type { Clock, Log } from '../../platform/index.js';
import { DigestServer } from '../auth/index.js';
import { DEFAULT_DIALOG_LIMITS, DEFAULT_SESSION_SETTINGS, DialogCounters, Dialogs } from '../dialog/index.js';
import type { DialogContext } from '../dialog/index.js';
import {
  CallLimits,
  Guard,
  Networks,
  Overload,
  type NewRequest,
  type OverloadLimits,
  type OverloadMeasures,
} from '../guard/index.js';
import { LoopDelay } from './loop-delay.js';
import {
  Locator,
  SystemResolver,
  TargetHealth,
  addressFamily,
  type DnsResolver,
  type Target,
  type TransportName,
} from '../locate/index.js';
import { parseUri, type SipRequest } from '../message/index.js';
import { DEFAULT_TIMES, RandomSource, TimerWheel, Transactions } from '../transaction/index.js';
import {
  LocalAddresses,
  Transports,
  type Flow,
  type SocketAddress,
  type TransportCounts,
  type Triage,
} from '../transport/index.js';
import { PageSockets } from './page-sockets.js';
import { Accounts, type StationAccount } from './accounts.js';
import { Bindings } from './bindings.js';
import { browserCandidates } from './browser-candidates.js';
import { Calls } from './calls.js';
import { StackRefusal, type StackHandlers } from './channel.js';
import { endOrphans } from './kept-dialogs.js';
import { inDialogTargets } from './in-dialog.js';
import { listenersOf } from './listeners.js';
import type {
  StackConfig,
  StackEvents,
  StackPorts,
  StackStation,
  StackStatistics,
  StackTrunk,
  StackTrunkHost,
} from './protocol.js';
import { Messages } from './messages.js';
import { Requests } from './requests.js';
import { resync } from './resync.js';
import { TrunkLink } from './trunk-link.js';
import { Watching } from './watching.js';

export interface StackOptions {
  config: StackConfig;
  emit: <E extends keyof StackEvents>(event: E, data: StackEvents[E]) => void;
  clock: Clock;
  log: Log;
  /** left out: that of the machine */
  resolver?: DnsResolver | undefined;
  /** what is too much, where it is not as usual */
  overload?: Partial<OverloadLimits> | undefined;
}

/** Q.850: the network is going down */
const STOPPING_CAUSE = 38;
const PRODUCT = 'Cordboard';
/** RFC 5626 3.5.1 */
const PING = Buffer.from('\r\n\r\n');
const NOTHING: Record<string, never> = {};

export class Stack {
  readonly #options: StackOptions;
  readonly #accounts = new Accounts((connection) => this.#pages.has(connection));
  readonly #pages: PageSockets;
  readonly #links = new Map<string, TrunkLink>();
  readonly #transports: Transports;
  readonly #transactions: Transactions;
  readonly #dialogs: Dialogs;
  readonly #dialogContext: DialogContext;
  readonly #locator: Locator;
  readonly #health: TargetHealth;
  readonly #bindings: Bindings;
  readonly #calls: Calls;
  readonly #watching: Watching;
  readonly #guard: Guard;
  readonly #loopDelay = new LoopDelay();
  /** of what comes by connections, and by datagrams */
  readonly #connectionOverload: Overload;
  readonly #overload: Overload;
  readonly #networks = new Map<string, Networks>();
  /** the daemon has just said it */
  #banTold = false;

  /** Throws when a certificate cannot be used. */
  constructor(options: StackOptions) {
    const { config, emit, clock, log } = options;
    this.#options = options;
    const random = new RandomSource(randomBytes);
    const timers = new TimerWheel(clock, { log });
    const emergency = new Set(config.emergency);
    const guard = new Guard({
      ...{ clock, log },
      ...(config.trusted.length > 0 ? { trusted: config.trusted } : {}),
      exempt: (address) => this.#linksAt(address).length > 0,
    });
    this.#guard = guard;
    for (const { receivedHost } of config.bindings) guard.known(receivedHost);
    for (const { address, reason, untilMs } of config.bans ?? []) guard.ban(address, reason, untilMs - clock.wallMs());
    guard.events.on('banned', (ban) => (this.#banTold ? undefined : emit('ban.added', ban)));
    guard.events.on('lifted', (lifted) => emit('ban.lifted', lifted));
    const admission = {
      admit: ({ remote }: Flow) => guard.admit(remote.host) === 'pass',
      admitConnection: (_transport: TransportName, { host }: SocketAddress) => !guard.isBanned(host),
    };
    const refusalTag = random.token();
    const triage: Triage = {
      ...{ refusalTag, exempt: config.emergency },
      turningAway: () => this.#overload.shedding,
      judge: (seen) => (this.#overload.isExempt(seen) ? 'now' : this.#transactions.judge(seen)),
      // Scanners are for the guard, which wants to see the whole request.
      refuse: (seen, flow, late) =>
        !(seen.agent !== undefined && guard.isScanner(seen.agent)) && this.#transactions.refuseUnread(seen, flow, late),
    };
    this.#transports = new Transports({ listeners: listenersOf(config), clock, log, admission, triage });
    this.#pages = new PageSockets({
      emit: (event, data) => this.#options.emit(event, data),
      accept: (socket, addresses) => this.#transports.acceptWebSocket(socket, addresses),
    });
    this.#locator = new Locator({ resolver: options.resolver ?? new SystemResolver(), clock });
    this.#health = new TargetHealth(clock);
    // Made after what it calls; nothing is called before the sockets are open.
    const requests: { current?: Requests } = {};
    this.#transactions = new Transactions({
      carrier: this.#transports,
      timers,
      ...{ random, log, refusalTag },
      overload: (request, { transport }, late) =>
        transport === 'udp' ? this.#overload.shed(request, late) : this.#connectionOverload.shed(request),
      user: {
        request: (transaction) => requests.current?.request(transaction),
        ack: (request, flow) => requests.current?.ack(request, flow),
      },
    });
    const transactions = this.#transactions;
    const shared = {
      ...{ clock, log, limits: options.overload },
      exempt: ({ method, uri }: NewRequest) => method === 'INVITE' && emergency.has(uri.user ?? ''),
    };
    let measures: OverloadMeasures;
    this.#connectionOverload = new Overload({
      ...shared,
      of: 'connections',
      measure: () =>
        (measures = {
          loopDelayMs: this.#loopDelay.take(),
          busy: this.#loopDelay.busy(),
          waitingMs: this.#calls.waitingMs,
          requests: transactions.counters.served,
          queued: transactions.unanswered,
        }),
    });
    // Datagrams wait where their waiting is seen: as many are taken as can be, and the event loop may be busy with them.
    this.#overload = new Overload({
      ...shared,
      of: 'datagrams',
      measure: () => ({ ...measures, busy: 0, requests: 0 }),
    });
    this.#dialogContext = {
      transactions: this.#transactions,
      locate: (uri, flow) => inDialogTargets(uri, flow, this.#locator),
      judge: this.#health,
      timers,
      clock,
      times: DEFAULT_TIMES,
      random,
      limits: DEFAULT_DIALOG_LIMITS,
      counters: new DialogCounters(),
      log,
    };
    this.#dialogs = new Dialogs(this.#dialogContext);
    this.#bindings = new Bindings({
      ...{ clock, log, context: this.#dialogContext, domain: config.domain, bindings: config.bindings },
      keep: (connection, kept) => this.#transports.keep(connection, kept),
      ping: (target) => this.#transports.sendBytes(PING, target),
      contact: ({ transport, remote }) => this.#contact(transport, remote.host, ''),
      trustsPath: ({ remote }) => this.#inside(remote.host, config.trusted),
      changed: (station, bindings) => {
        emit('bindings.changed', { station, bindings });
        this.#watching.registrationChanged(station);
      },
    });
    const { domain } = config;
    this.#watching = new Watching({
      ...{ dialogs: this.#dialogs, random, clock, log, domain, product: PRODUCT },
      nameOf: (station) => this.#accounts.station(station)?.name,
      registered: (station) => this.#bindings.shown(station),
      contact: ({ transport, remote }) => this.#contact(transport, remote.host, 'cordboard'),
    });
    const messages = new Messages({
      ...{ context: this.#dialogContext, clock, domain, product: PRODUCT },
      station: (number) => this.#accounts.station(number),
      reach: (station) => this.#bindings.reach(station),
    });
    const routes = new LocalAddresses(clock);
    this.#calls = new Calls({
      ...{ dialogs: this.#dialogs, accounts: this.#accounts, random, randomBytes, log, emit },
      domain: config.domain,
      product: PRODUCT,
      emergency,
      limits: new CallLimits({
        clock,
        allowance: () => ({ concurrent: Infinity, perHour: config.callsPerHour }),
      }),
      wallMs: () => clock.wallMs(),
      reach: (station) => this.#bindings.reach(station),
      link: (trunk) => this.#links.get(trunk),
      pickUp: (replaces) => this.#watching.pickUp(replaces),
      contact: (transport, remote, user) => this.#contact(transport, remote, user),
      ownAddress: (transport, remote) => this.#ownAddress(transport, remote),
      candidates: (remote) => browserCandidates(config, routes.towards(remote)),
      fingerprint: config.webrtcFingerprint,
    });
    requests.current = new Requests({
      dialogs: this.#dialogs,
      digest: new DigestServer<StationAccount>({
        realm: config.domain,
        clock,
        account: (name) => this.#accounts.find(name),
        policies: () => this.#accounts.policies(),
        decoyKey: Buffer.from(config.decoyKey, 'hex'),
      }),
      accounts: this.#accounts,
      trunksAt: (address) => this.#linksAt(address).map(({ trunk }) => trunk.id),
      trunkOf: (request, address) => this.#trunkOf(request, address),
      guard,
      invite: (transaction, sender) => this.#calls.receive(transaction, sender),
      register: (transaction, account) => this.#bindings.register(transaction, account.station),
      subscribe: (transaction, { station }) => this.#watching.subscribe(transaction, station.number),
      message: (transaction, { station }) => messages.receive(transaction, station),
      supported: DEFAULT_SESSION_SETTINGS.supported.concat('path', 'outbound'),
      allow: `${DEFAULT_SESSION_SETTINGS.allow}, REGISTER, SUBSCRIBE, MESSAGE`,
      allowEvents: this.#watching.allowEvents,
      product: PRODUCT,
    });
    this.#listen();
    for (const station of config.stations) this.#accounts.set(station);
  }

  /** Begins to listen. Rejects with a TransportError that names the address which cannot be had. */
  async start(): Promise<StackPorts> {
    await this.#bindings.start();
    await this.#transports.start();
    this.#loopDelay.start();
    this.#connectionOverload.start();
    this.#overload.start();
    this.#watching.start();
    const { trunks, dialogs } = this.#options.config;
    for (const trunk of trunks) this.#setTrunk(trunk);
    endOrphans(dialogs, {
      dialogs: this.#dialogs,
      authorize: (trunk) => this.#links.get(trunk)?.authorize(),
      send: (bytes, target) => this.#transports.sendBytes(bytes, target),
      timers: this.#dialogContext.timers,
      gone: (id) => this.#options.emit('dialog.gone', { id }),
      log: this.#options.log,
    });
    return {
      port: this.#port('udp') ?? 0,
      tlsPort: this.#port('tls'),
      wsPort: this.#port('ws'),
      wssPort: this.#port('wss'),
    };
  }

  /** Ends calls with BYE and registrations with trunks, gives what is sent a moment to leave, and closes. */
  async stop(): Promise<void> {
    this.#calls.stop(STOPPING_CAUSE);
    for (const link of this.#links.values()) void link.stop();
    this.#watching.stop();
    await this.#quiet();
    await this.#bindings.stop();
    this.#connectionOverload.stop();
    this.#overload.stop();
    this.#loopDelay.stop();
    this.#dialogs.close();
    this.#transactions.close();
    await this.#transports.stop();
  }

  /** What the daemon may ask. */
  handlers(): Omit<StackHandlers, 'start' | 'stop'> {
    const calls = this.#calls;
    return {
      'station.set': (station) => this.#setStation(station),
      'station.remove': ({ number }) => {
        this.#accounts.remove(number);
        this.#bindings.remove(number);
        this.#watching.removeAccount(number);
        return NOTHING;
      },
      'station.resync': async ({ number, event }) => ({
        told: await resync(
          {
            ...{ context: this.#dialogContext, clock: this.#options.clock, product: PRODUCT },
            ...{ domain: this.#options.config.domain, reach: (station) => this.#bindings.reach(station) },
          },
          number,
          event,
        ),
      }),
      'trunk.set': (trunk) => this.#setTrunk(trunk),
      'trunk.remove': ({ id }) => {
        void this.#links.get(id)?.stop();
        this.#links.delete(id);
        return NOTHING;
      },
      'trunk.ask': async ({ id }) => ({ hosts: (await this.#links.get(id)?.ask()) ?? [] }),
      'call.dial': (params) => ({ call: calls.dial(params) }),
      'call.media': ({ call, media }) => {
        calls.find(call).setMedia(media);
        return NOTHING;
      },
      'call.alert': async ({ call, early }) => {
        await calls.find(call).alert(early);
        return NOTHING;
      },
      'call.answer': async ({ call }) => {
        await calls.find(call).answer();
        return NOTHING;
      },
      'call.release': ({ call, cause, text }) => {
        calls.find(call).release(cause, text);
        return NOTHING;
      },
      'call.digit': async ({ call, digit, durationMs }) => ({
        taken: await calls.find(call).sendDigit(digit, durationMs),
      }),
      'call.transfer': (params) => {
        calls.transfer(params);
        return NOTHING;
      },
      'call.refer': ({ call, to }) => calls.refer(call, to),
      'lamp.set': (lamp) => {
        this.#watching.setLamp(lamp);
        return NOTHING;
      },
      'lamp.remove': ({ station }) => {
        this.#watching.removeLamp(station);
        return NOTHING;
      },
      'tls.set': (tls) => {
        for (const listener of this.#transports.listeners)
          if (listener.transport === 'tls' || listener.transport === 'wss') this.#transports.setTls(listener, tls);
        return NOTHING;
      },
      'messages.set': ({ station, ...counts }) => {
        this.#watching.setMessages(station, counts);
        return NOTHING;
      },
      'pass.set': ({ user, station, ha1Md5, ha1Sha256 }) => {
        this.#accounts.setPass(user, station, ha1Md5, ha1Sha256);
        return NOTHING;
      },
      'pass.remove': ({ user }) => {
        this.#accounts.removePass(user);
        return NOTHING;
      },
      'page.open': ({ page, ...addresses }) => {
        this.#pages.open(page, addresses);
        return NOTHING;
      },
      'page.data': ({ page, data }) => {
        this.#pages.came(page, data);
        return NOTHING;
      },
      'page.gone': ({ page, code }) => {
        this.#pages.gone(page, code);
        return NOTHING;
      },
      'ban.set': ({ address, untilMs, reason }) => {
        this.#banTold = true;
        this.#guard.ban(address, reason, untilMs - this.#options.clock.wallMs());
        this.#banTold = false;
        return NOTHING;
      },
      'ban.lift': ({ address }) => {
        this.#guard.lift(address);
        return NOTHING;
      },
      statistics: () => this.#statistics(),
    };
  }

  #listen(): void {
    const { events } = this.#transports;
    events.on('request', ({ request, flow }) => {
      // A scanner is not answered: it would learn that somebody is here.
      if (
        request.toTag === undefined &&
        this.#guard.inspect(request, flow.remote.host, flow.transport !== 'udp') === 'drop'
      )
        return;
      this.#transactions.receiveRequest(request, flow);
    });
    events.on('response', ({ response, flow }) => this.#transactions.receiveResponse(response, flow));
    events.on('closed', ({ connection }) => {
      this.#transactions.connectionClosed(connection);
      this.#bindings.connectionClosed(connection);
      for (const link of this.#links.values()) link.connectionClosed(connection);
    });
    events.on('malformed', ({ failure, flow }) => {
      const answer = this.#guard.malformed(flow.remote.host, flow.transport !== 'udp') === 'answer';
      if (answer && failure.request !== undefined)
        this.#transactions.refuse(failure.request, flow, failure.status, failure.reason);
    });
  }

  #setStation(station: StackStation): Record<string, never> {
    const before = this.#accounts.station(station.number);
    this.#accounts.set(station);
    // Who registered with another secret, or over a line that is not good enough any more, has to come again. Calls go on.
    const stricter = station.security === 'tls' && before?.security === 'any';
    const newSecret = before !== undefined && before.ha1Sha256 !== station.ha1Sha256;
    if (!station.enabled || newSecret || stricter) this.#bindings.remove(station.number);
    if (!station.enabled) this.#watching.removeAccount(station.number);
    return NOTHING;
  }

  #setTrunk(trunk: StackTrunk): Record<string, never> {
    const before = this.#links.get(trunk.id);
    if (trunk.enabled && before?.take(trunk) === true) return NOTHING;
    const ended = before?.stop();
    this.#links.delete(trunk.id);
    if (!trunk.enabled) return NOTHING;
    const { tlsFingerprint } = trunk;
    const pinned = (targets: readonly Target[]): readonly Target[] =>
      tlsFingerprint === '' ? targets : targets.map((target) => ({ ...target, fingerprint: tlsFingerprint }));
    const link = new TrunkLink({
      ...{ trunk, context: this.#dialogContext, health: this.#health, product: PRODUCT },
      locateHost: async (host) => pinned(await this.#locateHost(host)),
      locate: async (uri) => pinned(await this.#locator.locate(uri)),
      contact: ({ transport, remote }, user) => this.#contact(transport, remote.host, user),
      // One that cannot be sent shows by its connection closing, or by the next request.
      ping: (target) => void this.#transports.sendBytes(PING, target).catch(() => undefined),
      keep: (connection, kept) => this.#transports.keep(connection, kept),
      changed: (state, detail) => this.#options.emit('trunk.changed', { trunk: trunk.id, state, detail }),
    });
    this.#links.set(trunk.id, link);
    // The end of the old registration must not come after the beginning of the new one: both are of one Contact.
    link.start(ended);
    return NOTHING;
  }

  async #locateHost({ host, port, transport }: StackTrunkHost): Promise<readonly Target[]> {
    const uri = parseUri(`sip:${addressFamily(host) === 6 ? `[${host}]` : host}`);
    if (uri === undefined) throw new StackRefusal('invalid', `${host} is no name of a host`);
    const params = new Map<string, string | null>([['transport', transport]]);
    return this.#locator.locate({ ...uri, port: port === 0 ? undefined : port, params });
  }

  /** Of several at one carrier the one that is called by its name. */
  #trunkOf({ uri, to }: SipRequest, address: string): string | undefined {
    const found = this.#linksAt(address);
    const named =
      found.length < 2 ? undefined : found.find((link) => link.isNamed(uri.user) || link.isNamed(to.uri.user));
    return (named ?? found[0])?.trunk.id;
  }

  #linksAt(address: string): TrunkLink[] {
    return [...this.#links.values()].filter((link) => {
      const { sources } = link.trunk;
      return sources.length > 0 ? this.#inside(address, sources) : link.owns(address);
    });
  }

  #inside(address: string, sources: readonly string[]): boolean {
    const key = sources.join();
    let networks = this.#networks.get(key);
    if (networks === undefined) {
      networks = new Networks(sources);
      this.#networks.set(key, networks);
    }
    return networks.has(address);
  }

  #contact(transport: TransportName, remote: string, user: string): string {
    const own = this.#transports.advertised(transport, remote);
    const host = own === undefined ? this.#options.config.domain : own.host;
    const shown = addressFamily(host) === 6 ? `[${host}]` : host;
    const at = own === undefined ? shown : `${shown}:${own.port}`;
    const name = user === '' ? '' : `${encodeURIComponent(user)}@`;
    return `<sip:${name}${at}${transport === 'udp' ? '' : `;transport=${transport === 'wss' ? 'ws' : transport}`}>`;
  }

  #ownAddress(transport: TransportName, remote: string): string {
    return (
      this.#options.config.externalAddress ??
      (this.#transports.advertised(transport, remote) ?? this.#transports.advertised('udp', remote))?.host ??
      '127.0.0.1'
    );
  }

  #port(transport: TransportName): number | undefined {
    return this.#transports.listeners.find((listener) => listener.transport === transport)?.local.port;
  }

  /** Until no transaction waits for an answer, half a second at the longest: BYE is sent again once within that. */
  #quiet(): Promise<void> {
    const { clock } = this.#options;
    const until = clock.monotonicMs() + 600;
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#transactions.size.client === 0 || clock.monotonicMs() >= until) resolve();
        else clock.after(20, look);
      };
      look();
    });
  }

  #statistics(): StackStatistics {
    const connections = (['tcp', 'tls', 'ws', 'wss'] as const).map((one) => this.#transports.connections(one));
    return {
      calls: this.#calls.size,
      dialogs: this.#dialogs.size,
      transactions: { ...this.#transactions.size },
      connections: connections.reduce((sum, one) => sum + one, 0),
      counters: {
        ...numbers(this.#transactions.counters),
        ...numbers(this.#dialogContext.counters),
        ...carried(this.#transports.counts),
      },
    };
  }
}

/** What came by all transports together. */
function carried(counts: Readonly<TransportCounts>): Record<string, number> {
  const sum = { messagesIn: 0, malformed: 0, refused: 0, connectionsRefused: 0, connectionsCut: 0 };
  for (const of of Object.values(counts))
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += of[name];
  return sum;
}

function numbers(counters: object): Record<string, number> {
  return Object.fromEntries(Object.entries(counters).filter(([, value]) => typeof value === 'number'));
}
