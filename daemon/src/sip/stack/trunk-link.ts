// One SIP trunk: where its hosts are, whether they answer, and our registration with them.
//
//   hosts ── locate ─> targets ─┬─ REGISTER (RFC 3261 10.2), again before it runs out
//                               └─ OPTIONS every now and then: a host that does not answer takes no calls until it does
import { DigestClient, type DigestAttempt } from '../auth/index.js';
import { OutgoingRequest, type Authorize, type DialogContext } from '../dialog/index.js';
import type { Target } from '../locate/index.js';
import { newRequest, parseNumber, parseUri, type SipRequest, type SipResponse, type SipUri } from '../message/index.js';
import { errorText, type Timer } from '../../platform/index.js';
import type { StackEvents, StackTrunk, StackTrunkHost } from './protocol.js';

export type TrunkState = StackEvents['trunk.changed']['state'];

export interface TrunkLinkOptions {
  trunk: StackTrunk;
  context: DialogContext;
  /** of a host of the trunk; rejects when it has none */
  locateHost: (host: StackTrunkHost) => Promise<readonly Target[]>;
  /** value of Contact for what goes to this target */
  contact: (target: Target, user: string) => string;
  product: string;
  changed: (state: TrunkState, detail: string) => void;
}

interface Host {
  readonly host: StackTrunkHost;
  targets: readonly Target[];
  /** answers OPTIONS, or has not been asked */
  alive: boolean;
}

/** ms; how often names are looked up again and a host that does not answer is asked again */
const SHORTEST_CHECK_MS = 5000;
const RELOCATE_MS = 60_000;
/** s; after a refusal or a time-out, doubled up to the longest */
const FIRST_RETRY_S = 15;
const LONGEST_RETRY_S = 600;
/** A registration is renewed when so much of it is left, but 30 s before its end at the latest. */
const RENEW_SHARE = 0.75;

export class TrunkLink {
  readonly trunk: StackTrunk;
  readonly #options: TrunkLinkOptions;
  readonly #hosts: Host[];
  readonly #digest: DigestClient | undefined;
  readonly #timers = new Set<Timer>();
  readonly #callId: string;
  readonly #tag: string;
  #cseq = 0;
  #state: TrunkState | undefined;
  #retryS = FIRST_RETRY_S;
  #registered = false;
  #refused = '';
  #stopped = false;

  constructor(options: TrunkLinkOptions) {
    const { trunk, context } = options;
    this.#options = options;
    this.trunk = trunk;
    this.#hosts = [...trunk.hosts]
      .sort((a, b) => a.priority - b.priority)
      .map((host) => ({ host, targets: [], alive: true }));
    this.#digest =
      trunk.username === '' ? undefined : new DigestClient({ username: trunk.username, password: trunk.secret });
    this.#callId = context.random.token(16);
    this.#tag = context.random.token();
  }

  get state(): TrunkState {
    return this.#state ?? 'down';
  }

  start(): void {
    this.#tell();
    void this.#relocate().then(() => {
      if (this.#stopped) return;
      if (this.trunk.mode === 'register') this.#register();
      if (this.trunk.optionsIntervalS > 0) for (const host of this.#hosts) this.#check(host);
      this.#tell();
    });
  }

  /** Nothing more is sent but, of a registration, its end; nobody waits for the answer. */
  stop(): void {
    if (this.#stopped) return;
    if (this.#registered) this.#sendRegister(0, { final: () => undefined, failed: () => undefined });
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** Where a call is sent, best first: hosts that do not answer are left out, unless none does. */
  targets(): readonly Target[] {
    const alive = this.#hosts.filter((host) => host.alive && host.targets.length > 0);
    return spread(alive, () => this.#options.context.random.below(1 << 16) / (1 << 16)).flatMap(
      ({ targets }) => targets,
    );
  }

  /** Whether a request from this address is of the trunk's. */
  owns(address: string): boolean {
    return this.#hosts.some(({ targets }) => targets.some(({ remote }) => remote.host === address));
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

  /** The URI of a number at the trunk. */
  uriOf(number: string): SipUri {
    const host = this.trunk.fromDomain || (this.#hosts[0]?.host.host ?? 'invalid');
    return uri(number, host, this.#hosts[0]?.host);
  }

  #after(delayMs: number, work: () => void): void {
    const timer = this.#options.context.timers.after(delayMs, () => {
      this.#timers.delete(timer);
      if (!this.#stopped) work();
    });
    this.#timers.add(timer);
  }

  async #relocate(): Promise<void> {
    await Promise.all(
      this.#hosts.map(async (host) => {
        try {
          host.targets = await this.#options.locateHost(host.host);
        } catch (error) {
          this.#options.context.log.warn(
            { trunk: this.trunk.id, host: host.host.host },
            `a host of a trunk cannot be found: ${errorText(error)}`,
          );
        }
      }),
    );
    this.#after(RELOCATE_MS, () => void this.#relocate());
    this.#tell();
  }

  #check(host: Host): void {
    const every = Math.max(SHORTEST_CHECK_MS, this.trunk.optionsIntervalS * 1000);
    const [target] = host.targets;
    if (target === undefined) return this.#after(SHORTEST_CHECK_MS, () => this.#check(host));
    const heard = (alive: boolean): void => {
      if (this.#stopped) return;
      if (host.alive !== alive) {
        host.alive = alive;
        this.#tell();
      }
      this.#after(alive ? every : SHORTEST_CHECK_MS, () => this.#check(host));
    };
    const request = this.#request('OPTIONS', uri('', host.host.host, host.host), target, []);
    this.#send(request, [target], {
      // Any answer shows that it lives, but one that says it does not take calls.
      final: ({ status }) => heard(status !== 503 && status !== 408),
      failed: () => heard(false),
    });
  }

  #register(): void {
    if (!this.#registered) this.#set('registering', '');
    this.#sendRegister(this.trunk.expiresS, {
      final: (response) => this.#answered(response),
      failed: () => {
        this.#registered = false;
        this.#refused = 'no answer';
        this.#retry();
      },
    });
  }

  #answered(response: SipResponse): void {
    if (this.#stopped) return;
    if (response.status >= 300) {
      this.#registered = false;
      this.#refused = `${response.status} ${response.reason}`.slice(0, 80);
      return this.#retry(parseNumber(response.headers.get('Retry-After') ?? '', LONGEST_RETRY_S));
    }
    this.#registered = true;
    this.#refused = '';
    this.#retryS = FIRST_RETRY_S;
    const expiresS = Math.max(30, grantedS(response, this.trunk.expiresS));
    this.#after(Math.min(expiresS * RENEW_SHARE, Math.max(15, expiresS - 30)) * 1000, () => this.#register());
    this.#tell();
  }

  #retry(afterS?: number): void {
    if (this.#stopped) return;
    this.#tell();
    this.#after((afterS ?? this.#retryS) * 1000, () => this.#register());
    this.#retryS = Math.min(LONGEST_RETRY_S, this.#retryS * 2);
  }

  #sendRegister(expiresS: number, listener: { final: (response: SipResponse) => void; failed: () => void }): void {
    const targets = this.#hosts.flatMap((host) => host.targets);
    const [target] = targets;
    const [host] = this.#hosts;
    if (target === undefined || host === undefined) return listener.failed();
    const { fromUser, username } = this.trunk;
    const user = fromUser || username;
    const domain = this.trunk.fromDomain || host.host.host;
    const request = this.#request('REGISTER', uri('', domain, undefined), target, [
      ['Contact', this.#options.contact(target, user)],
      ['Expires', String(expiresS)],
    ]);
    this.#send(request, targets, listener);
  }

  #request(
    method: 'OPTIONS' | 'REGISTER',
    to: SipUri,
    target: Target,
    headers: readonly (readonly [string, string])[],
  ): SipRequest {
    const { random } = this.#options.context;
    const register = method === 'REGISTER';
    const { fromUser, username, fromDomain } = this.trunk;
    const domain = fromDomain || to.host;
    const host = domain.includes(':') ? `[${domain}]` : domain;
    const user = encodeURIComponent(fromUser || username || 'cordboard');
    this.#cseq += 1;
    const address = `<sip:${user}@${host}>`;
    return newRequest({
      method,
      uri: to,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `${address};tag=${register ? this.#tag : random.token()}`],
        ['To', register ? address : `<sip:${to.host.includes(':') ? `[${to.host}]` : to.host}>`],
        ['Call-ID', register ? this.#callId : random.token(16)],
        ['CSeq', `${this.#cseq} ${method}`],
        ...(register ? [] : ([['Contact', this.#options.contact(target, fromUser || username)]] as const)),
        ['User-Agent', this.#options.product],
        ...headers,
      ],
    });
  }

  #send(
    request: SipRequest,
    targets: readonly Target[],
    { final, failed }: { final: (response: SipResponse) => void; failed: () => void },
  ): void {
    new OutgoingRequest(this.#options.context, {
      request,
      nextHop: request.uri,
      targets,
      authorize: this.authorize(),
      nextCSeq: () => (this.#cseq += 1),
      listener: { final, failed },
    });
  }

  #tell(): void {
    const alive = this.#hosts.some((host) => host.alive && host.targets.length > 0);
    if (!alive) return this.#set('down', 'no host answers');
    if (this.trunk.mode === 'register' && !this.#registered)
      return this.#refused === '' ? this.#set('registering', '') : this.#set('refused', this.#refused);
    this.#set('up', '');
  }

  #set(state: TrunkState, detail: string): void {
    if (this.#state === state || this.#stopped) return;
    this.#state = state;
    this.#options.changed(state, detail);
  }
}

/** Hosts of one priority in an order drawn by their weights (RFC 2782). */
function spread(hosts: readonly Host[], random: () => number): Host[] {
  const keyed = hosts.map((entry) => ({
    entry,
    priority: entry.host.priority,
    // Exponential draws with the weights as rates come in the order that drawing without putting back gives.
    key: -Math.log(1 - random()) / Math.max(entry.host.weight, 0.001),
  }));
  return keyed.sort((a, b) => a.priority - b.priority || a.key - b.key).map(({ entry }) => entry);
}

function uri(user: string, host: string, at: StackTrunkHost | undefined): SipUri {
  const secure = at?.transport === 'tls';
  const made = parseUri(secure ? 'sips:x' : 'sip:x');
  if (made === undefined) throw new RangeError('not a URI');
  return {
    ...made,
    scheme: 'sip',
    user: user === '' ? undefined : user,
    host,
    port: at === undefined || at.port === 0 ? undefined : at.port,
    params: new Map(at === undefined || at.transport === 'udp' ? [] : [['transport', at.transport]]),
  };
}

/** s; what the registrar gave our contact (RFC 3261 10.2.4). */
function grantedS(response: SipResponse, asked: number): number {
  const { contacts, headers } = response;
  const own = contacts === '*' ? undefined : contacts[0]?.params.get('expires');
  return parseNumber(own ?? headers.get('Expires') ?? '', 86_400) ?? asked;
}
