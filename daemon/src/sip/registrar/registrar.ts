// The registrar (RFC 3261 clause 10, with Path of RFC 3327 and the flows of RFC 5626). It knows who may register what from its
// caller, who has asked for the secret first: otherwise anybody could find out which addresses there are.
import { TypedEmitter, silentLog, type Clock, type EventSource, type Log, type Timer } from '../../platform/index.js';
import { newResponse, parseUri, quote, type SipRequest, type SipResponse, type SipUri } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import { canReconnect, toStored, type Binding, type StoredBinding } from './binding.js';
import { BindingTable } from './binding-table.js';
import { SUPPORTED, readRegistration, type Refusal, type Registration } from './contacts.js';
import { OVERTAKEN_MS, REGISTRAR_LIMITS, type RegistrarLimits } from './limits.js';
import { planRegistration, type Plan, type RemovalReason } from './plan.js';
import { BindingWriter, type BindingStore } from './store.js';
import { targetsOf, type BindingTarget } from './targets.js';

export interface RegistrarEvents {
  registered: { binding: Binding };
  refreshed: { binding: Binding; before: Binding };
  expired: { binding: Binding };
  removed: { binding: Binding; reason: RemovalReason };
}

/** Who has proven who he is. */
export interface Registrant {
  mayRegister: (aor: string) => boolean;
  /** bindings of each address of record */
  maxContacts?: number | undefined;
}

export interface RegistrarOptions {
  clock: Clock;
  /** The address of record that a URI means, in the one form that it has (RFC 3261 10.3 step 5); undefined: none of ours. */
  aorOf: (uri: SipUri) => string | undefined;
  /** Whether Path of a request that came by this flow is a proxy's of ours; otherwise it is refused: it leads calls elsewhere. */
  trustsPath?: ((flow: Flow) => boolean) | undefined;
  store?: BindingStore | undefined;
  limits?: Partial<RegistrarLimits> | undefined;
  /** s; how often an outbound telephone is to send keep-alives (RFC 5626 4.4) */
  flowTimerS?: number | undefined;
  log?: Log | undefined;
}

const TICK_MS = 1000;

export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #limits: RegistrarLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: TypedEmitter<RegistrarEvents>;
  readonly #table = new BindingTable();
  readonly #writer: BindingWriter | undefined;
  #timer: Timer | undefined;

  constructor(options: RegistrarOptions) {
    const { clock, store, log = silentLog } = options;
    this.#options = options;
    this.#limits = { ...REGISTRAR_LIMITS, ...options.limits };
    this.#clock = clock;
    this.#log = log;
    this.#events = new TypedEmitter(log);
    this.#writer = store && new BindingWriter(store, clock, log);
  }

  get events(): EventSource<RegistrarEvents> {
    return this.#events;
  }

  /** bindings */
  get size(): number {
    return this.#table.size;
  }

  /** Takes over what was stored, and begins to let bindings expire. Rejects when the store cannot be read. */
  async start(): Promise<void> {
    const stored = (await this.#options.store?.load()) ?? [];
    for (const one of stored) this.#restore(one);
    this.#timer ??= this.#clock.every(TICK_MS, () => this.#expire());
  }

  /** Saves what has not been saved; idempotent. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#writer?.close();
  }

  bindings(): Iterable<Binding> {
    return this.#table;
  }

  bindingsOf(aor: string): readonly Binding[] {
    return this.#table.of(aor);
  }

  /** Where to send a request for an address of record: the most wanted first; empty: it is not registered. */
  targetsOf(aor: string): BindingTarget[] {
    return targetsOf(this.#table.of(aor));
  }

  /** A connection has gone: what cannot be reached without it is not registered any more. */
  flowClosed(connection: number): void {
    for (const binding of this.#table.on(connection)) {
      if (canReconnect(binding)) this.#table.put({ ...binding, connection: undefined });
      else this.#remove(binding, 'flowLost');
    }
  }

  /** The account has gone, or may not register any more. */
  withdraw(aor: string): void {
    for (const binding of this.#table.of(aor)) this.#remove(binding, 'withdrawn');
  }

  /** Answers a REGISTER of somebody who has shown his secret. `toTag`: of the answer. */
  register(request: SipRequest, flow: Flow, registrant: Registrant, toTag: string): SipResponse {
    const outcome = this.#register(request, flow, registrant);
    if ('status' in outcome) {
      const response = newResponse(request, outcome.status, outcome.reason, { toTag });
      for (const [name, value] of outcome.headers ?? []) response.headers.add(name, value);
      return response;
    }
    return this.#accepted(request, outcome.aor, outcome.registration, toTag);
  }

  #register(
    request: SipRequest,
    flow: Flow,
    registrant: Registrant,
  ): { aor: string; registration: Registration } | Refusal {
    const aor = this.#options.aorOf(request.to.uri);
    if (aor === undefined) return { status: 404 };
    if (!registrant.mayRegister(aor)) return { status: 403 };
    const registration = readRegistration(request, this.#limits);
    if ('status' in registration) return registration;
    if (registration.path.length > 0 && this.#options.trustsPath?.(flow) !== true) {
      return { status: 403, reason: 'Path Not Allowed' };
    }
    const plan = planRegistration({
      aor,
      registration,
      request,
      flow,
      bindings: this.#table.of(aor),
      most: Math.min(registrant.maxContacts ?? Infinity, this.#limits.contacts),
      room: this.#limits.bindings - this.#table.size,
      nowMs: this.#clock.monotonicMs(),
    });
    if ('status' in plan) return plan;
    this.#carryOut(plan);
    return { aor, registration };
  }

  #carryOut({ put, remove }: Plan): void {
    for (const { binding, reason } of remove) this.#remove(binding, reason);
    for (const { binding, before } of put) {
      this.#table.put(binding);
      this.#writer?.put(toStored(binding, this.#clock.moment()));
      if (before === undefined) this.#events.emit('registered', { binding });
      else this.#events.emit('refreshed', { binding, before });
    }
  }

  #remove(binding: Binding, reason: RemovalReason): void {
    this.#table.remove(binding);
    this.#writer?.remove(binding.id);
    this.#events.emit('removed', { binding, reason });
  }

  /** 200 with what is registered now (RFC 3261 10.3 step 8). */
  #accepted(request: SipRequest, aor: string, registration: Registration, toTag: string): SipResponse {
    const { path, knowsPath, outbound } = registration;
    const { flowTimerS } = this.#options;
    const response = newResponse(request, 200, undefined, { toTag });
    const { wallMs, monotonicMs } = this.#clock.moment();
    for (const binding of this.#table.of(aor)) response.headers.add('Contact', contactOf(binding, monotonicMs));
    if (knowsPath) for (const value of path) response.headers.add('Path', value);
    if (outbound) response.headers.add('Require', 'outbound');
    if (outbound && flowTimerS !== undefined) response.headers.add('Flow-Timer', String(flowTimerS));
    response.headers.add('Supported', SUPPORTED);
    response.headers.add('Date', new Date(wallMs).toUTCString());
    return response;
  }

  /** One walk a second in place of a timer for each binding. */
  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    const expired = [...this.#table].filter(({ expiresMs }) => expiresMs <= nowMs);
    for (const binding of expired) {
      this.#table.remove(binding);
      this.#writer?.remove(binding.id);
      this.#events.emit('expired', { binding });
    }
  }

  /** After a restart there are no connections: whoever cannot be reached without one registers again when it finds that out. */
  #restore(stored: StoredBinding): void {
    const { wallMs, monotonicMs } = this.#clock.moment();
    const leftMs = Math.min(stored.expiresAtMs - wallMs, this.#limits.maxS * 1000);
    const contact = parseUri(stored.contact);
    const isUseful = stored.transport === 'udp' || canReconnect(stored) || stored.path.length > 0;
    if (contact === undefined || leftMs <= 0 || !isUseful || this.#table.size >= this.#limits.bindings) {
      this.#writer?.remove(stored.id);
      this.#log.info({ aor: stored.aor }, 'stored registration is of no use any more');
      return;
    }
    const { id, aor, q, instance, regId, path, transport, behindNat, callId, cseq, userAgent } = stored;
    this.#table.put({
      ...{
        id,
        aor,
        contact,
        contactText: stored.contact,
        q,
        instance,
        regId,
        path,
        transport,
        behindNat,
        callId,
        cseq,
      },
      received: { host: stored.receivedHost, port: stored.receivedPort },
      connection: undefined,
      expiresMs: monotonicMs + leftMs,
      refreshedMs: monotonicMs - OVERTAKEN_MS,
      userAgent,
    });
  }
}

function contactOf({ contactText, q, instance, regId, expiresMs }: Binding, nowMs: number): string {
  let text = `<${contactText}>;expires=${Math.max(1, Math.ceil((expiresMs - nowMs) / 1000))}`;
  if (q !== 1000) text += `;q=${q / 1000}`;
  if (instance !== undefined) text += `;+sip.instance=${quote(`<${instance}>`)}`;
  return regId === undefined ? text : `${text};reg-id=${regId}`;
}
