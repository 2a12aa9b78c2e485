// A binding: where requests for an address of record go (RFC 3261 clause 10). It does not change; a refresh makes another one
// with the same id.
import type { Moment } from '../../platform/index.js';
import type { SipUri } from '../message/index.js';
import type { Flow, SocketAddress, TransportName } from '../transport/index.js';

export interface Binding {
  /** unique and never used again */
  readonly id: string;
  /** address of record, in the one form that it has here */
  readonly aor: string;
  readonly contact: SipUri;
  /** the same as text */
  readonly contactText: string;
  /** 0 to 1000 */
  readonly q: number;
  /** +sip.instance without its angle brackets; undefined: the telephone named none */
  readonly instance: string | undefined;
  /** number of the flow (RFC 5626); undefined: not an outbound registration */
  readonly regId: number | undefined;
  /** values of Path in their order (RFC 3327); requests take them as Route */
  readonly path: readonly string[];
  readonly transport: TransportName;
  /** where the REGISTER came from: the telephone, what stands before its NAT, or the last proxy */
  readonly received: SocketAddress;
  /** the connection that it came by, while there is one */
  readonly connection: number | undefined;
  /** the contact is not what we see: a NAT translates it */
  readonly behindNat: boolean;
  readonly callId: string;
  readonly cseq: number;
  /** monotonic clock, ms */
  readonly expiresMs: number;
  readonly refreshedMs: number;
  readonly userAgent: string;
}

/** As it is stored: plain data. */
export interface StoredBinding {
  id: string;
  aor: string;
  contact: string;
  q: number;
  instance: string | undefined;
  regId: number | undefined;
  path: readonly string[];
  transport: TransportName;
  receivedHost: string;
  receivedPort: number;
  behindNat: boolean;
  callId: string;
  cseq: number;
  /** wall clock, ms */
  expiresAtMs: number;
  userAgent: string;
}

/** Whether a NAT stands between the telephone and us. A name is no address that we could compare, and none is ever looked up. */
export function isBehindNat(contact: SipUri, flow: Pick<Flow, 'transport' | 'remote'>): boolean {
  if (contact.host !== flow.remote.host) return true;
  // The port of a connection's other end says nothing about where the telephone listens.
  return flow.transport === 'udp' && (contact.port ?? 5060) !== flow.remote.port;
}

/**
 * Whether a telephone can be called without the connection that it registered by: only by one that we make to where it says
 * that it listens. It has no certificate, and browsers do not listen.
 */
export function canReconnect(binding: Pick<Binding, 'transport' | 'behindNat' | 'regId'>): boolean {
  return binding.transport === 'tcp' && !binding.behindNat && binding.regId === undefined;
}

/** `now`: of both clocks */
export function toStored(binding: Binding, now: Moment): StoredBinding {
  return {
    id: binding.id,
    aor: binding.aor,
    contact: binding.contactText,
    q: binding.q,
    instance: binding.instance,
    regId: binding.regId,
    path: binding.path,
    transport: binding.transport,
    receivedHost: binding.received.host,
    receivedPort: binding.received.port,
    behindNat: binding.behindNat,
    callId: binding.callId,
    cseq: binding.cseq,
    expiresAtMs: Math.round(now.wallMs + binding.expiresMs - now.monotonicMs),
    userAgent: binding.userAgent,
  };
}
