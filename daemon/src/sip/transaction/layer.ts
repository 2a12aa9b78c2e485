// The transaction layer: finds the transaction that a message belongs to, makes one for a new request, and turns requests away
// before any work when it or the one above it has too much (RFC 3261 clauses 8.2.2.2, 9.2, 17; RFC 6026).
//
//     transport ── receiveRequest, receiveResponse, connectionClosed ──► here ──► TransactionUser, the listeners
//     transport ◄── send, sendBytes ──────────────────────────────────── here ◄── send, ServerTransaction.respond
import { silentLog, type Log } from '../../platform/index.js';
import { newResponse, refusalOf, serialise, type Glance, type SipRequest, type SipResponse } from '../message/index.js';
import {
  responseTarget,
  stampVia,
  type Flow,
  type MessageCarrier,
  type Target,
  type TransportName,
} from '../transport/index.js';
import type { ClientBase, ClientHooks } from './client-base.js';
import type { TransactionContext } from './context.js';
import { TransactionCounters } from './counters.js';
import { makeCancel } from './hop-requests.js';
import { InviteClient } from './invite-client.js';
import { InviteServer } from './invite-server.js';
import { DEFAULT_LIMITS, NO_ROOM_RETRY_AFTER_S, type TransactionLimits } from './limits.js';
import { clientKey, MAGIC_COOKIE, mergeKey, oldAckKey, serverKey, viaKey } from './matching.js';
import { NonInviteClient } from './non-invite-client.js';
import { NonInviteServer } from './non-invite-server.js';
import type { RandomSource } from './random.js';
import type { ServerEntry, ServerHooks } from './server-entry.js';
import type { Timers } from './timer-wheel.js';
import { DEFAULT_TIMES, type SipTimes } from './timings.js';
import type { ClientTransaction, ClientTransactionListener, TransactionLayer, TransactionUser } from './types.js';

export interface TransactionLayerOptions {
  carrier: MessageCarrier;
  timers: Timers;
  random: RandomSource;
  user: TransactionUser;
  times?: Partial<SipTimes> | undefined;
  limits?: Partial<TransactionLimits> | undefined;
  /**
   * Asked for every new request outside a dialog before anything is done for it: s after which to try again turns it away with 503
   * (RFC 3261 21.5.4); undefined lets it in. ACK, BYE, CANCEL, PRACK and what belongs to a dialog are never asked about. `late`: it has
   * waited too long.
   */
  overload?: ((request: Pick<Glance, 'method' | 'uri'>, flow: Flow, late: boolean) => number | undefined) | undefined;
  /** what tags in To of refusals begin with that nothing is kept of, so that their ACKs are known; left out: a random one */
  refusalTag?: string | undefined;
  log?: Log | undefined;
}

/** Ends or steers what is there already, so it is let in when new calls are not, with or without a tag. */
const ALWAYS_IN: ReadonlySet<string> = new Set(['BYE', 'PRACK']);
/** Those that may wait, or be refused unread, when they are in no dialog. */
const BEGINNING: ReadonlySet<string> = new Set(['INVITE', 'REGISTER', 'OPTIONS', 'SUBSCRIBE', 'MESSAGE']);

const VIA_TRANSPORT: Record<TransportName, string> = { udp: 'UDP', tcp: 'TCP', tls: 'TLS', ws: 'WS', wss: 'WSS' };

export class Transactions implements TransactionLayer {
  readonly counters = new TransactionCounters();
  readonly #context: TransactionContext;
  readonly #user: TransactionUser;
  readonly #limits: TransactionLimits;
  readonly #refusalTag: string;
  readonly #overload: NonNullable<TransactionLayerOptions['overload']>;
  readonly #servers = new Map<string, ServerEntry>();
  /** key of the request about which `overload` has been asked already: it is read now */
  #letIn: string | undefined;
  /** of the servers: those without a final answer */
  #unanswered = 0;
  /** by what two copies of one request share; only those without a tag in To */
  readonly #unmerged = new Set<string>();
  /** INVITEs of RFC 2543 clients that wait for an ACK */
  readonly #oldAcks = new Map<string, InviteServer>();
  readonly #clients = new Map<string, ClientBase>();
  /** clients that went by a connection */
  readonly #byConnection = new Map<number, Set<ClientBase>>();
  readonly #hooks: ClientHooks;

  constructor(options: TransactionLayerOptions) {
    const { carrier, timers, random } = options;
    const log = options.log ?? silentLog;
    const times = { ...DEFAULT_TIMES, ...options.times };
    this.#context = { carrier, timers, random, times, log, counters: this.counters };
    this.#user = options.user;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#overload = options.overload ?? (() => undefined);
    this.#refusalTag = options.refusalTag ?? random.token();
    this.#hooks = {
      connected: (transaction, connection) => this.#connected(transaction, connection),
      removed: (transaction) => this.#clientRemoved(transaction),
      cancel: (transaction, reason) => this.#sendCancel(transaction, reason),
    };
  }

  get size(): { readonly server: number; readonly client: number } {
    return { server: this.#servers.size, client: this.#clients.size };
  }

  /** Server transactions that have no final answer yet; most of the others only wait until no copy of their request can come. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Connections that living client transactions went by. */
  get connections(): number {
    return this.#byConnection.size;
  }

  send(request: SipRequest, target: Target, listener: ClientTransactionListener): ClientTransaction {
    const branch = this.#addVia(request, target);
    return this.#startClient(request, target, branch, listener);
  }

  sendOnce(request: SipRequest, target: Target): void {
    if (!request.headers.has('Via')) this.#addVia(request, target);
    this.#context.carrier.send(request, target).then(undefined, () => {
      this.counters.sendFailures += 1;
    });
  }

  /**
   * Answers a request without a transaction (RFC 3261 8.2.7): one that was no whole message, or that nothing shall be spent on. An
   * ACK is never answered.
   */
  refuse(request: SipRequest, flow: Flow, status: number, reason?: string, retryAfterS?: number): void {
    if (request.method === 'ACK') return;
    const tag = tagOf(serverKey(request, '') ?? request.callId);
    const toTag = retryAfterS === undefined ? tag : this.#refusalTag + tag;
    const response = newResponse(request, status, reason, { toTag });
    if (retryAfterS !== undefined) response.headers.add('Retry-After', String(retryAfterS));
    this.#sendStateless(response, request, flow);
  }

  receiveRequest(request: SipRequest, flow: Flow): void {
    const key = serverKey(request);
    if (key === undefined) {
      this.counters.unanswerable += 1;
      return;
    }
    if (request.method === 'ACK') {
      this.#receiveAck(request, flow, key);
      return;
    }
    const existing = this.#servers.get(key);
    if (existing !== undefined) {
      this.counters.requestsRepeated += 1;
      existing.requestAgain();
      return;
    }
    if (request.method === 'CANCEL') this.#receiveCancel(request, flow);
    else this.#receiveNew(request, flow, key);
  }

  /** See `Triage`. */
  judge({ method, via, toTag }: Glance): 'now' | 'wait' | 'drop' {
    const isThere = (of: string): boolean => this.#servers.has(viaKey(via, of) ?? '');
    // The INVITE may still wait.
    if (method === 'CANCEL') return isThere('INVITE') ? 'now' : 'wait';
    if (method === 'ACK') return toTag?.startsWith(this.#refusalTag) === true ? 'drop' : 'now';
    return toTag !== undefined || !BEGINNING.has(method) || isThere(method) ? 'now' : 'wait';
  }

  /** See `Triage`. The answer is the one that the request would get if it were read. */
  refuseUnread(seen: Glance, flow: Flow, late: boolean): boolean {
    const { method, via, toTag } = seen;
    this.#letIn = undefined;
    const key = viaKey(via, method);
    if (key === undefined || toTag !== undefined || !BEGINNING.has(method) || this.#servers.has(key)) return false;
    if (this.#servers.size >= this.#limits.server || this.#unmerged.has(mergeKey(seen))) return false;
    const retryAfterS = this.#overload(seen, flow, late);
    if (retryAfterS === undefined) {
      this.#letIn = key;
      return false;
    }
    this.counters.shed += 1;
    const topVia = stampVia(via, flow) ? via : undefined;
    const bytes = refusalOf(seen, 503, { toTag: this.#refusalTag + tagOf(viaKey(via, '') ?? ''), retryAfterS, topVia });
    this.#sendAnswer(bytes, responseTarget({ vias: [via] }, flow));
    return true;
  }

  receiveResponse(response: SipResponse, flow: Flow): void {
    const [via, ...others] = response.vias;
    const branch = via?.params.get('branch');
    // RFC 3261 8.1.3.3: with another Via below ours it was not for us.
    const client =
      typeof branch === 'string' && others.length === 0
        ? this.#clients.get(clientKey(branch, response.cseq.method))
        : undefined;
    if (client === undefined) this.counters.strayResponses += 1;
    else client.response(response, flow);
  }

  /** A connection has gone, ours or the peer's. */
  connectionClosed(connection: number): void {
    const clients = this.#byConnection.get(connection);
    if (clients === undefined) return;
    for (const client of [...clients]) client.closed();
  }

  /** Ends every transaction: clients are told `closed`, peers are told nothing. */
  close(): void {
    for (const client of [...this.#clients.values()]) client.giveUp();
    for (const server of [...this.#servers.values()]) server.drop();
  }

  #receiveAck(request: SipRequest, flow: Flow, ackKey: string): void {
    const inviteKey = serverKey(request, 'INVITE') ?? '';
    const invite = this.#servers.get(inviteKey) ?? this.#oldAcks.get(ackKey);
    if (invite?.acknowledged?.() !== true) this.#user.ack(request, flow);
  }

  /** Answered here, each copy anew: it keeps no state, and the INVITE remembers that it was cancelled (RFC 3261 9.2). */
  #receiveCancel(request: SipRequest, flow: Flow): void {
    const invite = this.#servers.get(serverKey(request, 'INVITE') ?? '');
    // It comes from the next hop, as the INVITE did (RFC 3261 9.1): nobody else may end a call.
    if (invite === undefined || (invite.source ?? flow.remote.host) !== flow.remote.host) {
      this.counters.strayCancels += 1;
      this.refuse(request, flow, 481);
      return;
    }
    this.#sendStateless(newResponse(request, 200, undefined, { toTag: invite.toTag }), request, flow);
    invite.cancel?.(request);
  }

  #receiveNew(request: SipRequest, flow: Flow, key: string): void {
    const outside = request.toTag === undefined;
    const merge = outside ? mergeKey(request) : undefined;
    if (merge !== undefined && this.#unmerged.has(merge)) {
      this.counters.merged += 1;
      this.refuse(request, flow, 482);
      return;
    }
    const isNew = outside && !ALWAYS_IN.has(request.method);
    const room = this.#limits.server + (isNew ? 0 : this.#limits.serverReserve);
    if (this.#servers.size >= room) {
      this.counters.noRoom += 1;
      this.refuse(request, flow, 503, undefined, NO_ROOM_RETRY_AFTER_S);
      return;
    }
    const letIn = this.#letIn === key;
    this.#letIn = undefined;
    const retryAfterS = isNew && !letIn ? this.#overload(request, flow, false) : undefined;
    if (retryAfterS !== undefined) {
      this.counters.shed += 1;
      this.refuse(request, flow, 503, undefined, retryAfterS);
      return;
    }
    this.#startServer(request, flow, key, merge);
  }

  #startServer(request: SipRequest, flow: Flow, key: string, merge: string | undefined): void {
    let oldAck: string | undefined;
    let answered = false;
    const isAnswered = (): void => {
      if (!answered) this.#unanswered -= 1;
      answered = true;
    };
    const hooks: ServerHooks = {
      removed: () => {
        isAnswered();
        this.#servers.delete(key);
        if (merge !== undefined) this.#unmerged.delete(merge);
        if (oldAck !== undefined) this.#oldAcks.delete(oldAck);
      },
      replaced: (by) => {
        isAnswered();
        this.#servers.set(key, by);
      },
    };
    const transaction =
      request.method === 'INVITE'
        ? new InviteServer(this.#context, request, flow, hooks, (invite, response) => {
            isAnswered();
            // Not of `request`: what is left of the transaction would keep it.
            oldAck = oldAckKey(invite.request, response.toTag ?? '');
            if (oldAck !== undefined) this.#oldAcks.set(oldAck, invite);
          })
        : new NonInviteServer(this.#context, request, flow, hooks);
    this.counters.served += 1;
    this.#unanswered += 1;
    this.#servers.set(key, transaction);
    if (merge !== undefined) this.#unmerged.add(merge);
    try {
      const listener = this.#user.request(transaction);
      if (listener === undefined) return;
      transaction.listen(listener);
      // It may have been answered on the spot, over a transport that needs no waiting.
      if (transaction.terminated) listener.ended?.();
    } catch (error) {
      this.#context.log.error({ err: error, method: request.method }, 'a request could not be handled');
      if (!transaction.answered) transaction.respond(transaction.response(500));
    }
  }

  #startClient(
    request: SipRequest,
    target: Target,
    branch: string,
    listener: ClientTransactionListener,
  ): ClientTransaction {
    const Kind = request.method === 'INVITE' ? InviteClient : NonInviteClient;
    const transaction = new Kind(this.#context, request, target, branch, listener, this.#hooks);
    if (this.#clients.size >= this.#limits.client) {
      this.counters.noRoom += 1;
      queueMicrotask(() => transaction.giveUp());
      return transaction;
    }
    this.counters.sent += 1;
    this.#clients.set(clientKey(branch, request.method), transaction);
    transaction.start();
    return transaction;
  }

  #sendCancel(invite: ClientBase, reason: string | undefined): void {
    // Whatever becomes of it, the INVITE has a time by which it ends.
    const nobody: ClientTransactionListener = { final: () => undefined, failed: () => undefined };
    this.#startClient(makeCancel(invite.request, reason), invite.way, invite.branch, nobody);
  }

  #connected(client: ClientBase, connection: number): void {
    let clients = this.#byConnection.get(connection);
    if (clients === undefined) this.#byConnection.set(connection, (clients = new Set()));
    clients.add(client);
  }

  #clientRemoved(client: ClientBase): void {
    this.#clients.delete(clientKey(client.branch, client.request.method));
    const clients = this.#byConnection.get(client.connection);
    if (clients?.delete(client) === true && clients.size === 0) this.#byConnection.delete(client.connection);
  }

  /** The transport completes it: it knows our address on that way. */
  #addVia(request: SipRequest, target: Target): string {
    const branch = MAGIC_COOKIE + this.#context.random.token();
    request.headers.prepend('Via', `SIP/2.0/${VIA_TRANSPORT[target.transport]} 0.0.0.0;branch=${branch}`);
    return branch;
  }

  #sendStateless(response: SipResponse, request: SipRequest, flow: Flow): void {
    this.#sendAnswer(serialise(response), responseTarget(request, flow));
  }

  #sendAnswer(bytes: Buffer, target: Target): void {
    this.#context.carrier.sendBytes(bytes, target).then(undefined, () => {
      this.counters.sendFailures += 1;
    });
  }
}

/** The tag of a stateless answer, the same for every copy of a request (RFC 3261 8.2.7): made of its key, FNV-1a. */
function tagOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}
