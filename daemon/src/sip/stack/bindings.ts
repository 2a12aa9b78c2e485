// Where the stations are: the registrar with numbers for addresses of record, its bindings stored by the daemon, and the ways to
// telephones behind a NAT kept open.
import { randomBytes } from 'node:crypto';
import type { Clock, Log, Timer } from '../../platform/index.js';
import { OutgoingRequest, type DialogContext } from '../dialog/index.js';
import type { RegisteredContact } from '../events/index.js';
import type { Target } from '../locate/index.js';
import { formatUri, newRequest, parseUri } from '../message/index.js';
import {
  KeepAlives,
  Registrar,
  targetOf,
  type Binding,
  type BindingTarget,
  type StoredBinding,
} from '../registrar/index.js';
import type { ServerTransaction } from '../transaction/index.js';
import type { Flow } from '../transport/index.js';
import type { ReachableAt } from './calls.js';
import { isPrivate } from './in-dialog.js';
import type { StackBinding, StackStation } from './protocol.js';

export interface BindingsOptions {
  clock: Clock;
  log: Log;
  context: DialogContext;
  domain: string;
  bindings: readonly StackBinding[];
  /** whether silence closes the connection */
  keep: (connection: number, kept: boolean) => void;
  /** two line ends, for a connection's NAT */
  ping: (target: Target) => Promise<Flow>;
  contact: (target: Target) => string;
  /** whether a proxy of ours sends from there: its Path is taken (RFC 3327) */
  trustsPath: (flow: Flow) => boolean;
  changed: (station: number, bindings: StackBinding[]) => void;
}

/** ms; what changes within is told together, but for the first telephone of a station: who has heard that he is registered may be called */
const TELL_MS = 50;
/** s; for telephones that keep their flow open themselves (RFC 5626 4.4) */
const FLOW_TIMER_S = 90;

export class Bindings {
  readonly #options: BindingsOptions;
  readonly #registrar: Registrar;
  readonly #keepAlives: KeepAlives;
  readonly #changed = new Set<string>();
  #tell: Timer | undefined;

  constructor(options: BindingsOptions) {
    const { clock, log, bindings } = options;
    this.#options = options;
    this.#registrar = new Registrar({
      ...{ clock, log, flowTimerS: FLOW_TIMER_S },
      // Who has shown the secret of a number has its address, under whatever name he reaches us.
      aorOf: ({ user }) => user,
      trustsPath: options.trustsPath,
      store: { load: () => Promise.resolve(bindings.map(storedOf)), save: () => Promise.resolve() },
    });
    this.#keepAlives = new KeepAlives({
      ...{ clock, log },
      bindings: () => this.#registrar.bindings(),
      ping: (binding, kind) => this.#ping(binding, kind),
    });
    const { events } = this.#registrar;
    events.on('registered', ({ binding }) => this.#put(binding));
    events.on('refreshed', ({ binding, before }) => this.#put(binding, before));
    events.on('expired', ({ binding }) => this.#gone(binding));
    events.on('removed', ({ binding }) => this.#gone(binding));
  }

  async start(): Promise<void> {
    await this.#registrar.start();
    this.#keepAlives.start();
  }

  /** Tells what has not been told. */
  async stop(): Promise<void> {
    this.#tell?.cancel();
    this.#flush();
    this.#keepAlives.stop();
    await this.#registrar.stop();
  }

  register(transaction: ServerTransaction, { number, maxContacts }: StackStation): void {
    const { request, flow, toTag } = transaction;
    const registrant = { mayRegister: (aor: string) => aor === String(number), maxContacts };
    transaction.respond(this.#registrar.register(request, flow, registrant, toTag));
  }

  /** The telephones of a station that answer, best first. */
  reach(station: number): ReachableAt[] {
    return this.#registrar
      .targetsOf(String(station))
      .filter(({ binding }) => this.#keepAlives.isReachable(binding.id))
      .map((one) => ({ uri: one.requestUri, routes: one.routes, targets: targetsOf(one) }));
  }

  /** As those who watch a registration are shown it (RFC 3680). */
  shown(station: number): RegisteredContact[] {
    const nowMs = this.#options.clock.monotonicMs();
    return this.#registrar.bindingsOf(String(station)).map(({ id, contactText, expiresMs, q }) => ({
      ...{ id, uri: contactText, event: 'registered', active: true, q: q / 1000 },
      expiresS: Math.max(0, Math.round((expiresMs - nowMs) / 1000)),
    }));
  }

  /** The account has gone, or may do nothing any more. */
  remove(station: number): void {
    this.#registrar.withdraw(String(station));
  }

  connectionClosed(connection: number): void {
    this.#registrar.flowClosed(connection);
  }

  #put(binding: Binding, before?: Binding): void {
    if (before?.connection !== undefined && before.connection !== binding.connection)
      this.#options.keep(before.connection, false);
    if (binding.connection !== undefined) this.#options.keep(binding.connection, true);
    if (before === undefined && this.#registrar.bindingsOf(binding.aor).length === 1) this.#say(binding.aor);
    else this.#note(binding.aor);
  }

  #gone(binding: Binding): void {
    if (binding.connection !== undefined) this.#options.keep(binding.connection, false);
    this.#note(binding.aor);
  }

  #note(aor: string): void {
    this.#changed.add(aor);
    this.#tell ??= this.#options.clock.after(TELL_MS, () => this.#flush());
  }

  #flush(): void {
    this.#tell = undefined;
    for (const aor of this.#changed) this.#say(aor);
    this.#changed.clear();
  }

  #say(aor: string): void {
    const { clock, changed } = this.#options;
    const now = clock.moment();
    changed(
      Number(aor),
      this.#registrar.bindingsOf(aor).map((binding) => plainOf(binding, now)),
    );
  }

  async #ping(binding: Binding, kind: 'options' | 'crlf'): Promise<boolean> {
    const target = targetOf(binding);
    if (target === undefined) return true;
    if (kind === 'crlf') {
      await this.#options.ping(target);
      return true;
    }
    const { context, domain, contact } = this.#options;
    const to = `<sip:${encodeURIComponent(binding.aor)}@${domain}>`;
    const request = newRequest({
      method: 'OPTIONS',
      uri: binding.contact,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<sip:${domain}>;tag=${context.random.token()}`],
        ['To', to],
        ['Call-ID', context.random.token(16)],
        ['CSeq', '1 OPTIONS'],
        ['Contact', contact(target)],
      ],
    });
    return new Promise((resolve) => {
      new OutgoingRequest(context, {
        request,
        nextHop: request.uri,
        targets: [target],
        nextCSeq: () => 2,
        // Whatever it says, it is there.
        listener: { final: () => resolve(true), failed: () => resolve(false) },
      });
    });
  }
}

/** One flow after the other to the same telephone. */
function targetsOf({ target, fallbacks }: BindingTarget): Target[] {
  return [...(target === undefined ? [] : [target]), ...fallbacks.flatMap(targetsOf)];
}

function storedOf(binding: StackBinding): StoredBinding {
  const { station, contact, instance, regId, expiresAt, receivedHost, ...rest } = binding;
  const uri = parseUri(contact);
  return {
    ...rest,
    id: randomBytes(12).toString('hex'),
    aor: String(station),
    contact,
    receivedHost,
    instance: instance === '' ? undefined : instance,
    regId: regId === 0 ? undefined : regId,
    behindNat: uri !== undefined && uri.host !== receivedHost && isPrivate(uri.host),
    expiresAtMs: expiresAt,
  };
}

function plainOf(binding: Binding, now: { wallMs: number; monotonicMs: number }): StackBinding {
  const { aor, contact, path, instance, regId, received, transport, callId, cseq, expiresMs, q, userAgent } = binding;
  return {
    ...{ transport, callId, cseq, q, userAgent },
    station: Number(aor),
    contact: formatUri(contact),
    path: [...path],
    instance: instance ?? '',
    regId: regId ?? 0,
    receivedHost: received.host,
    receivedPort: received.port,
    expiresAt: Math.round(now.wallMs + expiresMs - now.monotonicMs),
  };
}
