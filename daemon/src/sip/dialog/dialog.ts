// A dialog (RFC 3261 clause 12): what two user agents remember of one another, whatever they use it for. Its usages (the INVITE
// usage, subscriptions; RFC 5057) hang on it, and it lives as long as one of them does.
//
//     from an INVITE or SUBSCRIBE of the peer: early ── 2xx of ours ───► confirmed ── last usage gone ─► ended
//     from an answer to ours:                  early ── 2xx of the peer ───┘   (or a refusal that says it is gone)
import { newRequest, type SipMessage, type SipRequest, type SipResponse, type SipUri } from '../message/index.js';
import type { ServerTransaction } from '../transaction/index.js';
import type { Flow, Target } from '../transport/index.js';
import type { DialogContext } from './context.js';
import { effectOf } from './effects.js';
import { OutgoingRequest, type Authorize, type OutgoingListener } from './outgoing-request.js';
import { routingOf, type Routing } from './routing.js';

export type DialogState = 'early' | 'confirmed' | 'ended';

/** What a dialog is used for: a session, a subscription. */
export interface DialogUsage {
  readonly kind: 'invite' | 'subscription';
  /** it is ending: BYE is on its way */
  readonly over: boolean;
  /** A request of the peer that none before has taken. true: it is this usage's and will be answered. */
  request(transaction: ServerTransaction): boolean;
  /** ACK of a 2xx. true: it was waited for here. */
  ack?(request: SipRequest): boolean;
  /** The dialog is gone for a reason that lies outside the usage: a refusal with that status. */
  destroyed(status: number): void;
}

export interface DialogOptions {
  callId: string;
  localTag: string;
  /** '' for a peer of RFC 2543 that has none (12.1.1) */
  remoteTag: string;
  /** value of From in requests of ours */
  local: string;
  /** value of To in requests of ours */
  remote: string;
  remoteTarget: SipUri;
  routeSet: readonly string[];
  /** CSeq of our last request */
  localCSeq: number;
  /** CSeq of the peer's last request; undefined: there was none */
  remoteCSeq: number | undefined;
  /** value of Contact in our target refresh requests */
  contact: string;
  /** ours made the dialog */
  initiator: boolean;
  flow: Flow;
}

export interface SendOptions {
  headers?: readonly (readonly [name: string, value: string])[] | undefined;
  body?: Buffer | undefined;
  authorize?: Authorize | undefined;
}

/** RFC 3261 12.2.1, RFC 3311, RFC 6665: their Contact becomes the peer's remote target. */
const TARGET_REFRESH = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

const ALLOW_IN_DIALOG = 'INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY, INFO';

export class Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly local: string;
  readonly remote: string;
  readonly contact: string;
  readonly initiator: boolean;
  /** how the peer was last heard */
  flow: Flow;
  readonly context: DialogContext;
  readonly #usages = new Set<DialogUsage>();
  #state: DialogState = 'early';
  #remoteTarget: SipUri;
  #routeSet: readonly string[];
  #routing: Routing | undefined;
  #localCSeq: number;
  #remoteCSeq: number | undefined;
  readonly #removed: (dialog: Dialog) => void;

  /** `removed` is called once, when the last usage has gone. */
  constructor(context: DialogContext, options: DialogOptions, removed: (dialog: Dialog) => void) {
    this.context = context;
    this.callId = options.callId;
    this.localTag = options.localTag;
    this.remoteTag = options.remoteTag;
    this.local = options.local;
    this.remote = options.remote;
    this.contact = options.contact;
    this.initiator = options.initiator;
    this.flow = options.flow;
    this.#remoteTarget = options.remoteTarget;
    this.#routeSet = options.routeSet;
    this.#localCSeq = options.localCSeq;
    this.#remoteCSeq = options.remoteCSeq;
    this.#removed = removed;
  }

  get state(): DialogState {
    return this.#state;
  }

  /** Where the peer wants its requests: its last Contact. */
  get remoteTarget(): SipUri {
    return this.#remoteTarget;
  }

  /** values of Route, in the order of the way */
  get routeSet(): readonly string[] {
    return this.#routeSet;
  }

  /** The one usage of a session (RFC 5057 4.1). */
  get inviteUsage(): DialogUsage | undefined {
    for (const usage of this.#usages) if (usage.kind === 'invite') return usage;
    return undefined;
  }

  /** Room for one more subscription. */
  get hasRoom(): boolean {
    return this.#state !== 'ended' && this.#usages.size < this.context.limits.usages;
  }

  /**
   * A 2xx has made it a confirmed one. That of a peer brings its Contact, and, unless one in the dialog has already, the route set
   * anew: a proxy may have left the path since the provisional answer (RFC 3261 13.2.2.4).
   */
  confirm(answer?: SipResponse): void {
    if (answer !== undefined) {
      if (this.#state === 'early') this.#routeSet = routeSetOfAnswer(answer);
      this.refreshTarget(answer);
      this.#routing = undefined;
    }
    if (this.#state === 'early') this.#state = 'confirmed';
  }

  attach(usage: DialogUsage): void {
    this.#usages.add(usage);
  }

  /** The usage is over; with the last one the dialog is. */
  detach(usage: DialogUsage): void {
    if (this.#usages.delete(usage) && this.#usages.size === 0) this.#end();
  }

  /** A new remote target, when the message has one: a target refresh request that was accepted, or the 2xx of ours. */
  refreshTarget(message: SipMessage): void {
    const target = contactOf(message);
    if (target === undefined) return;
    this.#remoteTarget = target;
    this.#routing = undefined;
  }

  /** of our last request */
  get localCSeq(): number {
    return this.#localCSeq;
  }

  nextCSeq(): number {
    return ++this.#localCSeq;
  }

  /** A request in the dialog (12.2.1.1), with the next CSeq. */
  newRequest(method: string, options: SendOptions = {}): SipRequest {
    return this.#build(method, this.nextCSeq(), options);
  }

  /**
   * Sends a request in the dialog. Of a refusal that says that the dialog is gone (RFC 5057) all usages hear, after the listener.
   */
  send(method: string, options: SendOptions, listener: OutgoingListener): OutgoingRequest {
    const request = this.newRequest(method, options);
    return new OutgoingRequest(this.context, {
      request,
      nextHop: this.#route().nextHop,
      flow: this.flow,
      authorize: options.authorize,
      nextCSeq: () => this.nextCSeq(),
      listener: {
        ...listener,
        final: (response, flow, sent) => {
          this.flow = flow;
          if (response.status < 300 && TARGET_REFRESH.has(method)) this.refreshTarget(response);
          listener.final(response, flow, sent);
          if (effectOf(response.status, method) === 'dialog') this.destroy(response.status);
        },
      },
    });
  }

  /** The ACK of a 2xx to `invite` (RFC 3261 13.2.2.4): the same CSeq number and credentials. */
  ack(invite: SipRequest, body?: Buffer, contentType?: string): SentAck {
    const headers: [string, string][] = contentType === undefined ? [] : [['Content-Type', contentType]];
    for (const name of ['Authorization', 'Proxy-Authorization']) {
      for (const value of invite.headers.lines(name)) headers.push([name, value]);
    }
    const request = this.#build('ACK', invite.cseq.number, { headers, body });
    return new SentAck(this.context, request, this.#route().nextHop, this.flow);
  }

  /** A request of the peer in this dialog: out of order it is refused (12.2.2), otherwise the usages are asked in turn. */
  receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    const { number } = request.cseq;
    if (this.#remoteCSeq !== undefined && number <= this.#remoteCSeq) {
      this.context.counters.outOfOrder += 1;
      transaction.respond(transaction.response(500, 'CSeq Out of Order'));
      return;
    }
    this.#remoteCSeq = number;
    this.flow = transaction.flow;
    for (const usage of this.#usages) if (usage.request(transaction)) return;
    this.#answerForNobody(transaction);
  }

  receiveAck(request: SipRequest, flow: Flow): void {
    this.flow = flow;
    for (const usage of this.#usages) if (usage.ack?.(request) === true) return;
  }

  /** The dialog is gone: every usage is told. */
  destroy(status: number): void {
    for (const usage of [...this.#usages]) {
      this.#usages.delete(usage);
      usage.destroyed(status);
    }
    this.#end();
  }

  #end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#removed(this);
  }

  #route(): Routing {
    return (this.#routing ??= routingOf(this.#routeSet, this.#remoteTarget));
  }

  #build(method: string, cseq: number, { headers = [], body }: SendOptions): SipRequest {
    const { requestUri, routes } = this.#route();
    return newRequest({
      method,
      uri: requestUri,
      headers: [
        ...routes.map((route) => ['Route', route] as const),
        ['Max-Forwards', '70'],
        ['From', this.local],
        ['To', this.remote],
        ['Call-ID', this.callId],
        ['CSeq', `${cseq} ${method}`],
        ...(TARGET_REFRESH.has(method) ? [['Contact', this.contact] as const] : []),
        ...headers,
      ],
      body,
    });
  }

  #answerForNobody(transaction: ServerTransaction): void {
    const { method } = transaction.request;
    const answer = (status: number, headers: readonly (readonly [string, string])[] = []): void => {
      const response = transaction.response(status);
      for (const [name, value] of headers) response.headers.add(name, value);
      transaction.respond(response);
    };
    switch (method) {
      // Asked in a dialog, it means: are you still there?
      case 'OPTIONS':
        answer(200, [['Allow', ALLOW_IN_DIALOG]]);
        break;
      case 'SUBSCRIBE':
        answer(489);
        break;
      case 'INVITE':
      case 'BYE':
      case 'PRACK':
      case 'UPDATE':
      case 'INFO':
      case 'REFER':
      case 'NOTIFY':
        this.context.counters.unknown += 1;
        answer(481);
        break;
      default:
        answer(405, [['Allow', ALLOW_IN_DIALOG]]);
    }
  }
}

/** An ACK that was sent, and is sent again for each copy of the 2xx. */
export class SentAck {
  readonly request: SipRequest;
  readonly #context: DialogContext;
  #target: Target | undefined;

  constructor(context: DialogContext, request: SipRequest, nextHop: SipUri, flow: Flow) {
    this.#context = context;
    this.request = request;
    context.locate(nextHop, flow).then(
      ([target]) => {
        this.#target = target;
        this.again();
      },
      // Without it the peer gives up and sends BYE; nobody else can be asked.
      (error: unknown) => context.log.warn({ err: error, host: nextHop.host }, 'an ACK has no target'),
    );
  }

  again(): void {
    if (this.#target !== undefined) this.#context.transactions.sendOnce(this.request, this.#target);
  }
}

/** The URI of the first Contact; undefined: there is none, or it is no SIP URI. */
export function contactOf(message: SipMessage): SipUri | undefined {
  const { contacts } = message;
  const uri = contacts === '*' ? undefined : contacts[0]?.uri;
  return uri?.scheme === 'sip' || uri?.scheme === 'sips' ? uri : undefined;
}

/** RFC 3261 12.1.2: from the answer's Record-Route, the last one first. */
export function routeSetOfAnswer(answer: SipResponse): string[] {
  return [...answer.headers.list('Record-Route')].reverse();
}
