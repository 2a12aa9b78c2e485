// One SIP trunk: where its hosts are, whether they answer, and our registration with them.
//
//   hosts ── locate ─> targets ─┬─ Registration: REGISTER, again before it runs out
//                               └─ TrunkHost: OPTIONS every now and then
//   ways: hosts that take calls, best first ─> INVITE
import { DigestClient, type DigestAttempt } from '../auth/index.js';
import { OutgoingRequest, type Authorize, type DialogContext } from '../dialog/index.js';
import { srvOrder, type Target, type TargetHealth } from '../locate/index.js';
import {
  newRequest,
  parseNameAddr,
  parseUri,
  type SipRequest,
  type SipResponse,
  type SipUri,
} from '../message/index.js';
import { errorText, type Timer } from '../../platform/index.js';
import type { Flow } from '../transport/index.js';
import type { StackEvents, StackTrunk, StackTrunkHost, TrunkAnswer } from './protocol.js';
import { TrunkHost } from './trunk-host.js';
import { Registration } from './trunk-registration.js';

export type TrunkState = StackEvents['trunk.changed']['state'];

export interface TrunkLinkOptions {
  trunk: StackTrunk;
  context: DialogContext;
  /** which targets failed lately, whatever OPTIONS say */
  health: TargetHealth;
  /** of a host of the trunk; rejects when it has none */
  locateHost: (host: StackTrunkHost) => Promise<readonly Target[]>;
  /** of a Service-Route; rejects when it has none */
  locate: (uri: SipUri) => Promise<readonly Target[]>;
  /** value of Contact for what goes to this target */
  contact: (target: Target, user: string) => string;
  /** sends two line ends, which nobody answers */
  ping: (target: Target) => void;
  /** whether silence closes the connection */
  keep: (connection: number, kept: boolean) => void;
  product: string;
  changed: (state: TrunkState, detail: string) => void;
}

/** Where a call can be sent. */
export interface TrunkWay {
  host: StackTrunkHost;
  routes: readonly string[];
  targets: readonly Target[];
}

type Headers = readonly (readonly [string, string])[];

/** ms; how often names are looked up again */
const RELOCATE_MS = 60_000;
/** ms that a host has to answer before it counts as silent; timer F is 32 s */
const PROBE_LIMIT_MS = 5000;
const REGISTER_LIMIT_MS = 8000;
/** s; OPTIONS this often keep open what stands between */
const OFTEN_S = 30;

export class TrunkLink {
  readonly #options: TrunkLinkOptions;
  readonly #hosts: readonly TrunkHost[];
  readonly #digest: DigestClient | undefined;
  readonly #registration: Registration | undefined;
  readonly #callId: string;
  readonly #tag: string;
  #trunk: StackTrunk;
  #relocation: Timer | undefined;
  #serviceRoute: { of: readonly string[]; targets: readonly Target[] } = { of: [], targets: [] };
  #cseq = 0;
  #told: { state: TrunkState; detail: string } | undefined;
  #located = false;
  #stopped = false;

  constructor(options: TrunkLinkOptions) {
    const { trunk, context } = options;
    this.#options = options;
    this.#trunk = trunk;
    this.#digest =
      trunk.username === '' ? undefined : new DigestClient({ username: trunk.username, password: trunk.secret });
    this.#callId = context.random.token(16);
    this.#tag = context.random.token();
    const changed = (): void => this.#hostsChanged();
    this.#hosts = [...trunk.hosts]
      .sort((a, b) => a.priority - b.priority)
      .map(
        (host) =>
          new TrunkHost({
            ...{ host, context, changed, everyMs: trunk.optionsIntervalS * 1000 },
            probe: (one, listener) => this.#probe(one, listener),
          }),
      );
    if (trunk.mode === 'register') this.#registration = this.#makeRegistration();
  }

  get trunk(): StackTrunk {
    return this.#trunk;
  }

  get state(): TrunkState {
    return this.#told?.state ?? 'down';
  }

  /** Takes over what nobody outside needs to hear of. false: the link has to be made anew. */
  take(trunk: StackTrunk): boolean {
    if (linkKey(trunk) !== linkKey(this.#trunk)) return false;
    this.#trunk = trunk;
    return true;
  }

  /** `after`: what has to be over before. */
  start(after?: Promise<void>): void {
    if (after !== undefined) return void after.then(() => this.start());
    if (this.#stopped) return;
    this.#tell();
    void this.#locate().then(() => {
      if (this.#stopped) return;
      this.#located = true;
      this.#registration?.start();
      for (const host of this.#hosts) host.start();
      this.#tell();
    });
  }

  /** Nothing more is sent but, of a registration, its end: resolves when that is done, 2 s later at the latest. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#relocation?.cancel();
    for (const host of this.#hosts) host.stop();
    await this.#registration?.stop();
  }

  /** What every host says now, for whoever looks for a fault; what is known of it otherwise stays. */
  async ask(): Promise<TrunkAnswer[]> {
    await this.#locate();
    const { clock } = this.#options.context;
    return Promise.all(
      this.#hosts.map((host) => {
        const [target] = host.targets;
        const beganAtMs = clock.monotonicMs();
        const address = target === undefined ? '' : `${bracketed(target.remote.host)}:${target.remote.port}`;
        return new Promise<TrunkAnswer>((resolve) => {
          const told = (status: number | null, reason: string): void =>
            resolve({ host: host.host.host, address, status, reason, ms: Math.round(clock.monotonicMs() - beganAtMs) });
          this.#probe(host, {
            final: (response) => told(response.status, response.reason),
            failed: () => told(null, ''),
          });
        });
      }),
    );
  }

  /**
   * Where a call is sent, best first (RFC 2782): through the Service-Route when there is one, else to hosts that take calls and that we
   * are registered with. `whatever`: an emergency, for which nothing is left untried.
   */
  ways(whatever = false): TrunkWay[] {
    const registered = this.#registration?.current;
    if (this.#registration !== undefined && registered === undefined && !whatever) return [];
    const { health, context } = this.#options;
    const usable = this.#hosts.filter((host) => host.usable);
    const others = whatever ? this.#hosts.filter((host) => !host.usable && host.targets.length > 0) : [];
    const random = (): number => context.random.below(1 << 16) / (1 << 16);
    const drawn = [...this.#draw(usable, random), ...this.#draw(others, random)];
    const ways = drawn.map((host) => ({ host: host.host, routes: [], targets: health.order(host.targets) }));
    const failed = ({ targets }: TrunkWay): boolean => !targets.some((target) => health.usable(target));
    const ordered = [...ways.filter((way) => !failed(way)), ...ways.filter(failed)];
    const { of: routes, targets } = this.#serviceRoute;
    if (registered === undefined || routes.length === 0 || targets.length === 0) return ordered;
    return [{ host: registered.host.host, routes, targets: health.order(targets) }, ...ordered];
  }

  /** The way to where a carrier sends us on, when that is one of the trunk's own hosts; undefined: it is somebody else. */
  wayTo(uri: SipUri): TrunkWay | undefined {
    if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return undefined;
    const found = this.#hosts.find(
      ({ host, targets }) =>
        host.host.toLowerCase() === uri.host || targets.some(({ remote }) => remote.host === uri.host),
    );
    if (found === undefined) return undefined;
    const literal = found.targets.filter(({ remote }) => remote.host === uri.host);
    const targets = (literal.length > 0 ? literal : found.targets).map((target) =>
      uri.port === undefined ? target : { ...target, remote: { ...target.remote, port: uri.port } },
    );
    return targets.length === 0 ? undefined : { host: found.host, routes: [], targets };
  }

  /** Whether a request from this address is of the trunk's. */
  owns(address: string): boolean {
    const isHere = ({ remote }: Target): boolean => remote.host === address;
    return this.#serviceRoute.targets.some(isHere) || this.#hosts.some(({ targets }) => targets.some(isHere));
  }

  /** Whether a number is how the carrier calls our registration: of two accounts at one carrier the one that is meant. */
  isNamed(user: string | undefined): boolean {
    return user !== undefined && user !== '' && (user === this.#trunk.username || user === this.#trunk.fromUser);
  }

  connectionClosed(connection: number): void {
    this.#registration?.connectionClosed(connection);
  }

  /** Credentials for what a host of the trunk challenges, one for each request that goes out. */
  authorize(): Authorize | undefined {
    const digest = this.#digest;
    if (digest === undefined) return undefined;
    let attempt: DigestAttempt | undefined;
    return (request: SipRequest, challenge: SipResponse) => {
      attempt ??= digest.begin(request);
      return attempt.challenged(challenge, request).kind === 'retry';
    };
  }

  /** As whom we call: what the carrier has told us when we registered, else what was set. */
  get user(): string {
    const { fromUser, username, mode } = this.#trunk;
    return fromUser || (this.#registration?.current?.identity?.uri.user ?? (mode === 'register' ? username : ''));
  }

  /** The URI of a number at a host of the trunk. */
  uriOf(number: string, host: StackTrunkHost): SipUri {
    const { fromDomain } = this.#trunk;
    return fromDomain === '' ? uri(number, host.host, host) : { ...uri(number, fromDomain, host), port: undefined };
  }

  #draw(hosts: readonly TrunkHost[], random: () => number): TrunkHost[] {
    const weighted = hosts.map((host) => ({ ...pick(host.host), host }));
    return srvOrder(weighted, random).map(({ host }) => host);
  }

  #makeRegistration(): Registration {
    const { trunk, context, contact, keep, ping } = this.#options;
    const user = trunk.fromUser || trunk.username;
    const often = trunk.optionsIntervalS > 0 && trunk.optionsIntervalS <= OFTEN_S;
    return new Registration({
      ...{ trunk, context, keep, ping: often ? undefined : ping },
      hosts: () => {
        const usable = this.#hosts.filter((host) => host.usable);
        return usable.length > 0 ? usable : this.#hosts;
      },
      contact: (target) => contact(target, user),
      send: (host, headers, listener) => {
        const domain = trunk.fromDomain || host.host.host;
        const request = this.#request('REGISTER', uri('', domain, undefined), headers);
        const attempt = this.#digest?.begin(request);
        const authorize: Authorize | undefined =
          attempt === undefined ? undefined : (next, challenge) => attempt.challenged(challenge, next).kind === 'retry';
        this.#send(request, host.targets, REGISTER_LIMIT_MS, authorize, listener);
      },
      changed: () => {
        void this.#locateServiceRoute();
        this.#tell();
      },
    });
  }

  async #locate(): Promise<void> {
    const { locateHost, context } = this.#options;
    const before = this.#hosts.filter((host) => host.usable).length;
    await Promise.all(
      this.#hosts.map(async (host) => {
        try {
          host.targets = await locateHost(host.host);
        } catch (error) {
          // What was known of it before still holds.
          context.log.warn(
            { trunk: this.#trunk.id, host: host.host.host },
            `a host of a trunk cannot be found: ${errorText(error)}`,
          );
        }
      }),
    );
    if (this.#stopped) return;
    this.#relocation?.cancel();
    this.#relocation = context.timers.after(RELOCATE_MS, () => void this.#locate());
    if (this.#located && before !== this.#hosts.filter((host) => host.usable).length) this.#hostsChanged();
  }

  /** RFC 3608 6.1: the first of the route is where everything goes. */
  async #locateServiceRoute(): Promise<void> {
    const routes = this.#registration?.current?.serviceRoute ?? [];
    const [first] = routes;
    if (routes.join() === this.#serviceRoute.of.join()) return;
    const next = first === undefined ? undefined : parseNameAddr(first)?.uri;
    let targets: readonly Target[] = [];
    try {
      if (next !== undefined) targets = await this.#options.locate(next);
    } catch (error) {
      this.#options.context.log.warn({ trunk: this.#trunk.id }, `a service route leads nowhere: ${errorText(error)}`);
    }
    this.#serviceRoute = { of: routes, targets };
  }

  #probe(host: TrunkHost, listener: { final: (response: SipResponse) => void; failed: () => void }): void {
    const [target] = host.targets;
    if (target === undefined) return listener.failed();
    const contact = this.#options.contact(target, this.#trunk.fromUser || this.#trunk.username);
    const request = this.#request('OPTIONS', uri('', host.host.host, host.host), [['Contact', contact]]);
    this.#send(request, [target], PROBE_LIMIT_MS, this.authorize(), listener);
  }

  #request(method: 'OPTIONS' | 'REGISTER', to: SipUri, headers: Headers): SipRequest {
    const { random } = this.#options.context;
    const register = method === 'REGISTER';
    const { fromUser, username, fromDomain } = this.#trunk;
    const user = encodeURIComponent(fromUser || username || 'cordboard');
    this.#cseq += 1;
    const address = `<sip:${user}@${bracketed(fromDomain || to.host)}>`;
    return newRequest({
      method,
      uri: to,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `${address};tag=${register ? this.#tag : random.token()}`],
        ['To', register ? address : `<sip:${bracketed(to.host)}>`],
        ['Call-ID', register ? this.#callId : random.token(16)],
        ['CSeq', `${this.#cseq} ${method}`],
        ['User-Agent', this.#options.product],
        ...headers,
      ],
    });
  }

  #send(
    request: SipRequest,
    targets: readonly Target[],
    answerWithinMs: number,
    authorize: Authorize | undefined,
    listener: { final: (response: SipResponse, flow: Flow) => void; failed: () => void },
  ): void {
    new OutgoingRequest(this.#options.context, {
      ...{ request, targets, authorize, answerWithinMs, listener },
      nextHop: request.uri,
      nextCSeq: () => (this.#cseq += 1),
    });
  }

  #hostsChanged(): void {
    if (this.#stopped) return;
    this.#registration?.hostsChanged();
    this.#tell();
  }

  #tell(): void {
    if (this.#stopped) return;
    const { state, detail } = this.#now();
    if (this.#told?.state === state && this.#told.detail === detail) return;
    this.#told = { state, detail };
    this.#options.changed(state, detail);
  }

  #now(): { state: TrunkState; detail: string } {
    if (!this.#located) return { state: this.#registration === undefined ? 'down' : 'registering', detail: '' };
    const silent = this.#hosts.filter((host) => !host.usable).map(({ host }) => host.host);
    if (silent.length === this.#hosts.length) return { state: 'down', detail: 'no host answers' };
    const registration = this.#registration;
    if (registration !== undefined && registration.current === undefined) {
      const { refusal } = registration;
      if (refusal === 'no answer') return { state: 'down', detail: 'no answer to REGISTER' };
      return refusal === '' ? { state: 'registering', detail: '' } : { state: 'refused', detail: refusal };
    }
    return { state: 'up', detail: silent.length === 0 ? '' : `no answer: ${silent.join(', ')}` };
  }
}

function pick({ priority, weight }: StackTrunkHost): { priority: number; weight: number } {
  return { priority, weight };
}

/** What a carrier hears of: another one and there has to be another link. */
function linkKey({ mode, hosts, username, secret, fromUser, fromDomain, ...rest }: StackTrunk): string {
  const { expiresS, tlsFingerprint, optionsIntervalS } = rest;
  return JSON.stringify([
    mode,
    hosts,
    username,
    secret,
    fromUser,
    fromDomain,
    expiresS,
    tlsFingerprint,
    optionsIntervalS,
  ]);
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function uri(user: string, host: string, at: StackTrunkHost | undefined): SipUri {
  const made = parseUri('sip:x');
  if (made === undefined) throw new RangeError('not a URI');
  return {
    ...made,
    user: user === '' ? undefined : user,
    host,
    port: at === undefined || at.port === 0 ? undefined : at.port,
    params: new Map(at === undefined || at.transport === 'udp' ? [] : [['transport', at.transport]]),
  };
}
