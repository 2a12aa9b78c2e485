// Our registration with a carrier (RFC 3261 10.2): with the first of its hosts that takes it, renewed before it runs out, made
// anew when its connection is lost, and ended when the trunk is.
//
//     none ── 200 ──> registered ── before it runs out, or its connection closes ──> asked again, and valid meanwhile
//       └─ no answer, 5xx ─> another host, then later      └─ 403 and the like ─> refused: asked again after an hour only
import type { Timer } from '../../platform/index.js';
import { retryAfterMs, type DialogContext } from '../dialog/index.js';
import type { Target } from '../locate/index.js';
import { parseNameAddr, parseNumber, parseUri, type NameAddr, type SipResponse } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import type { StackTrunk } from './protocol.js';
import type { TrunkHost } from './trunk-host.js';

export interface RegistrationOptions {
  trunk: StackTrunk;
  context: DialogContext;
  /** with whom it can be made, best first */
  hosts: () => readonly TrunkHost[];
  /** value of Contact for what goes to this target */
  contact: (target: Target) => string;
  /** sends one REGISTER to one host */
  send: (
    host: TrunkHost,
    headers: readonly (readonly [string, string])[],
    listener: { final: (response: SipResponse, flow: Flow) => void; failed: () => void },
  ) => void;
  /** two line ends, for what stands between; undefined: OPTIONS keep the way open */
  ping: ((target: Target) => void) | undefined;
  /** whether silence closes the connection */
  keep: (connection: number, kept: boolean) => void;
  changed: () => void;
}

/** What the carrier has granted. */
export interface Registered {
  readonly host: TrunkHost;
  /** of the monotonic clock, ms */
  readonly untilMs: number;
  /** RFC 3608: what everything that we send has to go through */
  readonly serviceRoute: readonly string[];
  /** P-Associated-URI (RFC 7315 4.1), the first: as whom we call */
  readonly identity: NameAddr | undefined;
  /** that it came by; 0: none */
  readonly connection: number;
}

/** s; after a time-out or a refusal that may pass, doubled up to the longest */
const FIRST_RETRY_S = 15;
const LONGEST_RETRY_S = 600;
/** ms; whatever Retry-After says */
const SHORTEST_RETRY_MS = 5000;
/** s; wrong credentials do not become right, and who tries too often is kept out: until the settings are changed, this often */
const FINAL_RETRY_S = 3600;
/** A registration is renewed when so much of it has passed, but 30 s before its end at the latest. */
const RENEW_SHARE = 0.75;
const SHORTEST_S = 30;
const LONGEST_S = 86_400;
/** ms; what stands between forgets a way of UDP after 30 s */
const PING_MS = 25_000;
/** ms; after a connection was closed: a carrier that restarts closes thousands */
const RECONNECT = { fromMs: 500, toMs: 3000 };
const MOST_ROUTES = 10;
/** ms; so long the end of a registration may take before the next one begins */
const END_LIMIT_MS = 2000;

/** Refusals that say nothing about us: worth another try soon. */
const PASSING: ReadonlySet<number> = new Set([408, 423, 429, 480, 486, 491]);

export class Registration {
  readonly #options: RegistrationOptions;
  #registered: Registered | undefined;
  #refusal = '';
  #timer: Timer | undefined;
  #expiry: Timer | undefined;
  #ping: Timer | undefined;
  #retryS = FIRST_RETRY_S;
  #expiresS: number;
  #busy = false;
  #stopped = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#expiresS = options.trunk.expiresS;
  }

  get current(): Registered | undefined {
    return this.#registered;
  }

  /** Why there is none; empty: nobody has refused it yet. */
  get refusal(): string {
    return this.#refusal;
  }

  start(): void {
    this.#register();
  }

  /** Ends it at the carrier. Resolves when that has been answered, or not in time. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const timer of [this.#timer, this.#expiry, this.#ping]) timer?.cancel();
    const registered = this.#registered;
    this.#registered = undefined;
    if (registered === undefined) return;
    if (registered.connection !== 0) this.#options.keep(registered.connection, false);
    await new Promise<void>((resolve) => {
      const limit = this.#options.context.timers.after(END_LIMIT_MS, resolve);
      const done = (): void => {
        limit.cancel();
        resolve();
      };
      this.#send(registered.host, 0, { final: done, failed: done });
    });
  }

  /** The carrier reaches us by this connection alone, perhaps. */
  connectionClosed(connection: number): void {
    if (this.#stopped || this.#registered === undefined || this.#registered.connection !== connection) return;
    this.#registered = { ...this.#registered, connection: 0 };
    const { fromMs, toMs } = RECONNECT;
    this.#again(fromMs + this.#options.context.random.below(toMs - fromMs));
  }

  /** A host comes, or goes: who is registered with one that has gone registers with another. */
  hostsChanged(): void {
    if (this.#stopped || this.#busy) return;
    const host = this.#registered?.host;
    const waits = host === undefined && this.#refusal === 'no answer';
    if (waits || (host !== undefined && !host.usable && this.#options.hosts().some((one) => one !== host)))
      this.#again(0);
  }

  #register(): void {
    if (this.#busy || this.#stopped) return;
    const hosts = this.#options.hosts();
    const current = this.#registered?.host;
    const ordered =
      current === undefined || !current.usable ? hosts : [current, ...hosts.filter((host) => host !== current)];
    this.#busy = true;
    this.#try(ordered, 0);
  }

  #try(hosts: readonly TrunkHost[], index: number, raised = false): void {
    const host = hosts[index];
    if (this.#stopped) return;
    if (host === undefined) return this.#failed('no answer', this.#backoffMs());
    this.#send(host, this.#expiresS, {
      final: (response, flow) => {
        const { status } = response;
        if (this.#stopped) return;
        if (status < 300) return this.#granted(host, response, flow);
        // RFC 3261 10.2.8
        const least = parseNumber(response.headers.get('Min-Expires') ?? '', LONGEST_S);
        if (status === 423 && !raised && least !== undefined && least > this.#expiresS) {
          this.#expiresS = least;
          return this.#try(hosts, index, true);
        }
        const passing = (status >= 500 && status < 600) || status < 400 || PASSING.has(status);
        if (passing && index + 1 < hosts.length) return this.#try(hosts, index + 1);
        const why = `${status} ${response.reason}`.slice(0, 80);
        if (!passing) return this.#refused(why);
        const askedMs = retryAfterMs(response) ?? this.#backoffMs();
        this.#failed(why, Math.min(Math.max(askedMs, SHORTEST_RETRY_MS), FINAL_RETRY_S * 1000));
      },
      failed: () => this.#try(hosts, index + 1),
    });
  }

  #send(
    host: TrunkHost,
    expiresS: number,
    listener: { final: (response: SipResponse, flow: Flow) => void; failed: () => void },
  ): void {
    const [target] = host.targets;
    if (target === undefined) return listener.failed();
    const headers = [
      ['Contact', this.#options.contact(target)],
      ['Expires', String(expiresS)],
      // RFC 3327 5.1: proxies on the way may put themselves into it.
      ['Supported', 'path'],
    ] as const;
    this.#options.send(host, headers, listener);
  }

  #granted(host: TrunkHost, response: SipResponse, flow: Flow): void {
    const { context, trunk, contact, keep, changed } = this.#options;
    const [target] = host.targets;
    const own = target === undefined ? undefined : parseNameAddr(contact(target));
    const expiresS = Math.max(SHORTEST_S, grantedS(response, own, this.#expiresS));
    const before = this.#registered?.connection ?? 0;
    if (before !== 0 && before !== flow.connection) keep(before, false);
    if (flow.connection !== 0) keep(flow.connection, true);
    this.#busy = false;
    this.#refusal = '';
    this.#retryS = FIRST_RETRY_S;
    this.#registered = {
      host,
      untilMs: context.clock.monotonicMs() + expiresS * 1000,
      serviceRoute: response.headers.list('Service-Route').slice(0, MOST_ROUTES).filter(isRoute),
      identity: identityOf(response),
      connection: flow.connection,
    };
    this.#again(Math.min(expiresS * RENEW_SHARE, Math.max(SHORTEST_S / 2, expiresS - 30)) * 1000);
    this.#expiry?.cancel();
    this.#expiry = context.timers.after(expiresS * 1000, () => this.#ranOut());
    this.#keepOpen();
    context.log.debug({ trunk: trunk.id, host: host.host.host, expiresS }, 'registered with a trunk');
    changed();
  }

  #refused(why: string): void {
    this.#dropped();
    this.#failed(why, FINAL_RETRY_S * 1000);
  }

  #failed(why: string, afterMs: number): void {
    this.#busy = false;
    this.#refusal = why;
    this.#again(afterMs);
    this.#options.changed();
  }

  /** Nobody has renewed it. */
  #ranOut(): void {
    this.#dropped();
    this.#options.changed();
  }

  #dropped(): void {
    this.#expiry?.cancel();
    this.#ping?.cancel();
    const connection = this.#registered?.connection ?? 0;
    if (connection !== 0) this.#options.keep(connection, false);
    this.#registered = undefined;
  }

  /** Twice as long each time, and not everybody at once. */
  #backoffMs(): number {
    const ms = this.#retryS * 1000;
    this.#retryS = Math.min(LONGEST_RETRY_S, this.#retryS * 2);
    return ms + this.#options.context.random.below(Math.ceil(ms / 4));
  }

  #again(afterMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.context.timers.after(afterMs, () => this.#register());
  }

  #keepOpen(): void {
    const { ping, context } = this.#options;
    this.#ping?.cancel();
    if (ping === undefined) return;
    this.#ping = context.timers.after(PING_MS, () => {
      const [target] = this.#registered?.host.targets ?? [];
      if (target !== undefined) ping(target);
      this.#keepOpen();
    });
  }
}

/** s; what the registrar gave our contact among all that there are (RFC 3261 10.2.4). */
function grantedS({ contacts, headers }: SipResponse, own: NameAddr | undefined, asked: number): number {
  const all = contacts === '*' ? [] : contacts;
  const ours =
    all.find(({ uri }) => uri.host === own?.uri.host && uri.port === own.uri.port && uri.user === own.uri.user) ??
    (all.length === 1 ? all[0] : undefined);
  return parseNumber(ours?.params.get('expires') ?? headers.get('Expires') ?? '', LONGEST_S) ?? asked;
}

function isRoute(text: string): boolean {
  const scheme = parseNameAddr(text)?.uri.scheme;
  return scheme === 'sip' || scheme === 'sips';
}

function identityOf(response: SipResponse): NameAddr | undefined {
  const [first] = response.headers.list('P-Associated-URI');
  const address = first === undefined ? undefined : (parseNameAddr(first) ?? bare(first));
  return address?.uri.scheme === 'sip' || address?.uri.scheme === 'sips' ? address : undefined;
}

function bare(text: string): NameAddr | undefined {
  const uri = parseUri(text);
  return uri === undefined ? undefined : { displayName: '', uri, params: new Map() };
}
