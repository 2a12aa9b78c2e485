// What a REGISTER comes to, before any of it is done: all changes are made, or none (RFC 3261 10.3 step 7).
import { newUlid } from '../../platform/index.js';
import { sameUri, type SipRequest } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import { isBehindNat, type Binding } from './binding.js';
import type { Refusal, Registration, WantedContact } from './contacts.js';
import { MAX_USER_AGENT_CHARS, OVERTAKEN_MS } from './limits.js';

/** unregistered: by the telephone; replaced: by one of the same telephone; flowLost: its connection has gone; withdrawn: by us */
export type RemovalReason = 'unregistered' | 'replaced' | 'flowLost' | 'withdrawn';

export interface Plan {
  put: { binding: Binding; before: Binding | undefined }[];
  remove: { binding: Binding; reason: RemovalReason }[];
}

export interface PlanInput {
  aor: string;
  registration: Registration;
  request: SipRequest;
  flow: Flow;
  /** those of the address of record */
  bindings: readonly Binding[];
  /** how many it may have */
  most: number;
  /** how many there may be more of all */
  room: number;
  /** monotonic clock */
  nowMs: number;
}

const OUT_OF_ORDER: Refusal = { status: 400, reason: 'CSeq Out of Order' };
const TOO_MANY: Refusal = { status: 403, reason: 'Too Many Contacts' };
const FULL: Refusal = { status: 503, headers: [['Retry-After', '60']] };

/** A binding as it is going to be. */
interface Slot {
  binding: Binding;
  /** as it is; undefined: it is new */
  before: Binding | undefined;
}

export function planRegistration(input: PlanInput): Plan | Refusal {
  const { registration, most, room } = input;
  const slots: Slot[] = input.bindings.map((binding) => ({ binding, before: binding }));
  const remove: Plan['remove'] = [];
  const take = (slot: Slot, reason: RemovalReason): void => {
    slots.splice(slots.indexOf(slot), 1);
    if (slot.before !== undefined) remove.push({ binding: slot.before, reason });
  };

  if (registration.contacts === 'all') {
    if (slots.some((slot) => isOvertaken(slot, input))) return OUT_OF_ORDER;
    for (const slot of [...slots]) take(slot, 'unregistered');
    return { put: [], remove };
  }
  for (const wanted of registration.contacts) {
    const slot = slots.find(({ binding }) => isMeant(binding, wanted));
    if (slot !== undefined && isOvertaken(slot, input)) return OUT_OF_ORDER;
    if (wanted.expiresS === 0) {
      if (slot !== undefined) take(slot, 'unregistered');
      continue;
    }
    const binding = bindingOf(wanted, input, slot?.binding.id ?? newUlid());
    if (slot !== undefined) {
      slot.binding = binding;
      continue;
    }
    if (slots.length >= most) {
      const old = oldestOf(slots, binding);
      if (old === undefined) return TOO_MANY;
      take(old, 'replaced');
    }
    slots.push({ binding, before: undefined });
  }
  if (slots.length - input.bindings.length > room) return FULL;
  return { put: slots.filter(({ binding, before }) => binding !== before), remove };
}

/** The same flow of the same telephone (RFC 5626 clause 6), or the same URI. */
function isMeant(binding: Binding, { uri, text, instance, regId }: WantedContact): boolean {
  if (regId !== undefined || binding.regId !== undefined) {
    return binding.regId === regId && binding.instance === instance;
  }
  return binding.contactText === text || sameUri(binding.contact, uri);
}

function isOvertaken({ binding, before }: Slot, { request, nowMs }: PlanInput): boolean {
  // This very request may name a contact twice.
  if (binding !== before || binding.callId !== request.callId || request.cseq.number > binding.cseq) return false;
  return nowMs - binding.refreshedMs < OVERTAKEN_MS;
}

/**
 * The one to make room, of the same telephone or from where it is: it was switched off and on, and calls itself something else
 * now. Not one of this request.
 */
function oldestOf(slots: readonly Slot[], { instance, received }: Binding): Slot | undefined {
  let oldest: Slot | undefined;
  for (const slot of slots) {
    const { binding, before } = slot;
    const isSame = (instance !== undefined && binding.instance === instance) || binding.received.host === received.host;
    if (!isSame || binding !== before) continue;
    if (oldest === undefined || binding.refreshedMs < oldest.binding.refreshedMs) oldest = slot;
  }
  return oldest;
}

function bindingOf(wanted: WantedContact, { aor, registration, request, flow, nowMs }: PlanInput, id: string): Binding {
  const { uri, text, expiresS, q, instance, regId } = wanted;
  const { callId, cseq, headers } = request;
  const { path } = registration;
  const isDirect = path.length === 0;
  return {
    id,
    aor,
    contact: uri,
    contactText: text,
    q,
    instance,
    regId,
    path,
    transport: flow.transport,
    received: flow.remote,
    // The proxy's connection is not the telephone's.
    connection: isDirect && flow.transport !== 'udp' ? flow.connection : undefined,
    behindNat: isDirect && isBehindNat(uri, flow),
    callId,
    cseq: cseq.number,
    expiresMs: nowMs + expiresS * 1000,
    refreshedMs: nowMs,
    userAgent: (headers.get('User-Agent') ?? '').slice(0, MAX_USER_AGENT_CHARS),
  };
}
