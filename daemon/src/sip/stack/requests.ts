// What becomes of a request that begins something (RFC 3261 8.2): who sent it is found out first, then whoever knows its method
// has it. Stations prove themselves with every request but OPTIONS; trunks are known by where they send from.
//
//   to-tag ─> its dialog        source of a trunk ─> trunk        else digest ─> station        nobody: 401, always alike
import { digestResponse, type DigestServer } from '../auth/index.js';
import type { Dialogs } from '../dialog/index.js';
import type { Guard } from '../guard/index.js';
import { METHODS, parseNameAddr, type SipRequest } from '../message/index.js';
import type { ServerTransaction, ServerTransactionListener, TransactionUser } from '../transaction/index.js';
import type { Flow } from '../transport/index.js';
import type { Accounts, StationAccount } from './accounts.js';

export type Sender = { kind: 'station'; account: StationAccount } | { kind: 'trunk'; trunk: string };

export interface RequestsOptions {
  dialogs: Dialogs;
  digest: DigestServer<StationAccount>;
  accounts: Accounts;
  /** those whose hosts send from this address */
  trunksAt: (address: string) => readonly string[];
  /** the one of them that the request is of; undefined: there is none */
  trunkOf: (request: SipRequest, address: string) => string | undefined;
  guard: Guard;
  invite: (transaction: ServerTransaction, sender: Sender) => void;
  register: (transaction: ServerTransaction, account: StationAccount) => void;
  subscribe: (transaction: ServerTransaction, account: StationAccount) => void;
  message: (transaction: ServerTransaction, account: StationAccount) => void;
  /** option tags that requests may require */
  supported: readonly string[];
  allow: string;
  /** value of Allow-Events */
  allowEvents: string;
  product: string;
}

/** Those that mean something outside a dialog. */
const OUTSIDE: ReadonlySet<string> = new Set(['INVITE', 'REGISTER', 'OPTIONS', 'SUBSCRIBE', 'MESSAGE']);
/** Those that belong to a dialog: without one there is none (RFC 3261 12.2.2). */
const INSIDE: ReadonlySet<string> = new Set(['BYE', 'PRACK', 'UPDATE', 'INFO', 'REFER', 'NOTIFY']);

export class Requests implements TransactionUser {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  request(transaction: ServerTransaction): ServerTransactionListener | undefined {
    const { request } = transaction;
    if (request.toTag === undefined) this.#begin(transaction, request);
    else if (this.#isOfPeer(transaction)) this.#options.dialogs.request(transaction);
    return undefined;
  }

  ack(request: SipRequest, flow: Flow): void {
    // It cannot be challenged (RFC 3261 22.1).
    if (this.#comesFromPeer(request, flow)) this.#options.dialogs.ack(request, flow);
  }

  /**
   * Whoever knows the tags of a call may say so from where its peer is; from elsewhere only the station itself, which shows its secret: a
   * telephone that has moved to another network. false: it has been answered.
   */
  #isOfPeer(transaction: ServerTransaction): boolean {
    const { request, flow } = transaction;
    if (this.#comesFromPeer(request, flow)) return true;
    const account = this.#station(transaction);
    if (account === undefined) return false;
    const peer = this.#dialogOf(request)?.remote;
    if (peer !== undefined && parseNameAddr(peer)?.uri.user === String(account.station.number)) return true;
    refuse(transaction, 403);
    return false;
  }

  /** True for one that is in no dialog, too: it gets 481 whoever sent it. */
  #comesFromPeer(request: SipRequest, { remote }: Flow): boolean {
    const dialog = this.#dialogOf(request);
    if (dialog === undefined || dialog.flow.remote.host === remote.host) return true;
    const peers = this.#options.trunksAt(dialog.flow.remote.host);
    return this.#options.trunksAt(remote.host).some((trunk) => peers.includes(trunk));
  }

  #dialogOf({ callId, toTag = '', fromTag = '' }: SipRequest) {
    return this.#options.dialogs.find(callId, toTag, fromTag);
  }

  #begin(transaction: ServerTransaction, request: SipRequest): void {
    const { guard, allow } = this.#options;
    const { method } = request;
    const { remote, transport } = transaction.flow;
    if (!(METHODS as readonly string[]).includes(method)) {
      guard.malformed(remote.host, transport !== 'udp');
      return refuse(transaction, 501, [['Allow', allow]]);
    }
    if (INSIDE.has(method)) return refuse(transaction, 481);
    if (!OUTSIDE.has(method)) return refuse(transaction, 405, [['Allow', allow]]);
    if (!['sip', 'sips', 'tel'].includes(request.uri.scheme)) return refuse(transaction, 416);
    // Nobody has an address of that kind here, whoever he is.
    if (method === 'REGISTER' && !['sip', 'sips'].includes(request.to.uri.scheme)) return refuse(transaction, 400);
    const sender = method === 'OPTIONS' ? undefined : this.#sender(transaction);
    if (sender === undefined && method !== 'OPTIONS') return;
    const unknown = this.#unsupported(request);
    if (unknown.length > 0) return refuse(transaction, 420, [['Unsupported', unknown.join(', ')]]);
    if (sender === undefined) this.#capabilities(transaction);
    else this.#dispatch(transaction, method, sender);
  }

  #dispatch(transaction: ServerTransaction, method: string, sender: Sender): void {
    const { invite, register, subscribe, message, allow } = this.#options;
    if (method === 'INVITE') return invite(transaction, sender);
    if (sender.kind === 'trunk') return refuse(transaction, 405, [['Allow', allow]]);
    if (method === 'REGISTER') return register(transaction, sender.account);
    if (method === 'SUBSCRIBE') return subscribe(transaction, sender.account);
    return message(transaction, sender.account);
  }

  /** undefined: it has been answered */
  #sender(transaction: ServerTransaction): Sender | undefined {
    const { request, flow } = transaction;
    // A station may call from the address of a trunk (both behind one firewall): credentials decide before addresses do.
    if (request.method === 'INVITE' && !request.headers.has('Authorization')) {
      const trunk = this.#options.trunkOf(request, flow.remote.host);
      if (trunk !== undefined) return { kind: 'trunk', trunk };
    }
    const account = this.#station(transaction);
    return account === undefined ? undefined : { kind: 'station', account };
  }

  /** Whose credentials it has; undefined: it has been answered */
  #station(transaction: ServerTransaction): StationAccount | undefined {
    const { request, flow, toTag } = transaction;
    const { digest, guard, accounts } = this.#options;
    const address = flow.remote.host;
    const connected = flow.transport !== 'udp';
    const name = (request.method === 'REGISTER' ? request.to : request.from).uri.user ?? '';
    const verdict = digest.check(request, address);
    if (verdict.kind !== 'accepted') {
      if (verdict.kind === 'malformed') guard.malformed(address, connected);
      else if (verdict.why === 'missing') guard.challenged(address, name, connected);
      else if (verdict.why === 'wrong') guard.failed(address, name, connected || verdict.pathProven);
      transaction.respond(digestResponse(request, verdict, toTag));
      return undefined;
    }
    guard.succeeded(address, name);
    const { account } = verdict;
    const refusal = accounts.refusal(account, request, flow);
    if (refusal === undefined) return account;
    refuse(transaction, refusal.status, [], refusal.reason);
    return undefined;
  }

  #unsupported(request: SipRequest): string[] {
    return request.headers.list('Require').filter((tag) => !this.#options.supported.includes(tag.toLowerCase()));
  }

  #capabilities(transaction: ServerTransaction): void {
    const response = transaction.response(200);
    const { allow, allowEvents, supported, product } = this.#options;
    response.headers.add('Allow', allow);
    response.headers.add('Allow-Events', allowEvents);
    response.headers.add('Accept', 'application/sdp, text/plain');
    response.headers.add('Accept-Encoding', 'identity');
    response.headers.add('Accept-Language', 'zh-CN, en');
    response.headers.add('Supported', supported.join(', '));
    if (product !== '') response.headers.add('Server', product);
    transaction.respond(response);
  }
}

/** Answers with a refusal. */
export function refuse(
  transaction: ServerTransaction,
  status: number,
  headers: readonly (readonly [string, string])[] = [],
  reason?: string,
): void {
  const response = transaction.response(status, reason);
  for (const [name, value] of headers) response.headers.add(name, value);
  transaction.respond(response);
}
