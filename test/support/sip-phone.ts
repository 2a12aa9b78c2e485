// A telephone, or the far end of a trunk, over UDP, whose every message a test writes and reads; it knows digest and dialogs, no more.
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { DigestClient } from '../../daemon/src/sip/auth/index.js';
import {
  newRequest,
  newResponse,
  parseMessage,
  serialise,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';

export type HeaderLine = readonly [name: string, value: string];

export interface Parts {
  headers?: readonly HeaderLine[];
  sdp?: string;
  body?: readonly [type: string, text: string];
}

export interface RequestParts extends Parts {
  /** user part of the request URI and of To */
  to?: string;
  from?: string;
  callId?: string;
  tag?: string;
  cseq?: number;
  /** false: sent without credentials, and a challenge is an answer like any other */
  authorize?: boolean;
}

export interface PhoneOptions {
  /** UDP port of the box */
  server: number;
  number: string | number;
  /** left out: a carrier, known by its address */
  secret?: string | undefined;
  /** of digest; left out: the number */
  user?: string | undefined;
  domain?: string | undefined;
  port?: number | undefined;
  /** an address of this machine, 127.… or ::1; default 127.0.0.1 */
  host?: string | undefined;
  /** more header lines in REGISTER and in the INVITE of a HandPhone */
  headers?: readonly HeaderLine[] | undefined;
}

type Attempt = ReturnType<DigestClient['begin']>;

const LIMIT_MS = 45_000;
export const token = (): string => randomBytes(6).toString('hex');

/** A socket of the family of that address, bound to it. */
export async function boundSocket({
  port = 0,
  host = '127.0.0.1',
}: Pick<PhoneOptions, 'port' | 'host'>): Promise<Socket> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => socket.bind(port, host, resolve));
  return socket;
}

export class SipPhone {
  readonly number: string;
  readonly received: SipMessage[] = [];
  protected readonly options: PhoneOptions;
  readonly #socket: Socket;
  readonly #digest: DigestClient | undefined;
  readonly #taken = new WeakSet<SipMessage>();
  readonly #waiting = new Set<{ look: () => void; timer: NodeJS.Timeout }>();
  /** of requests that had credentials for a nonce of before */
  readonly #attempts = new WeakMap<SipRequest, Attempt>();
  #closed = false;

  static async open(options: PhoneOptions): Promise<SipPhone> {
    return new SipPhone(await boundSocket(options), options);
  }

  protected constructor(socket: Socket, options: PhoneOptions) {
    const { number, secret, user = String(number) } = options;
    this.#socket = socket;
    this.options = options;
    this.number = String(number);
    this.#digest = secret === undefined ? undefined : new DigestClient({ username: user, password: secret });
    socket.on('message', (bytes) => {
      // RTP: what it says in SDP may be this port too.
      if ((bytes[0] ?? 0) >= 0x80) return;
      const message = parseMessage(bytes);
      if (message.kind === 'failure') throw new Error(message.reason);
      if (!this.hears(message)) return;
      this.received.push(message);
      for (const { look } of [...this.#waiting]) look();
    });
  }

  /** Whether the test is to see it. */
  protected hears(_message: SipMessage): boolean {
    return true;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get domain(): string {
    return this.options.domain ?? 'cordboard';
  }

  /** Where the box is, and what it is told of us: the same machine. */
  get host(): string {
    return isIPv6(this.options.host ?? '') ? '::1' : '127.0.0.1';
  }

  /** host and port as Via and Contact have them */
  get place(): string {
    return `${isIPv6(this.host) ? `[${this.host}]` : this.host}:${this.port}`;
  }

  get contact(): string {
    return `<sip:${this.number}@${this.place}>`;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { timer } of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
    this.#socket.close();
  }

  send(message: SipMessage): void {
    this.#socket.send(serialise(message), this.options.server, this.host);
  }

  /** The next message that nobody has taken: a request by its method, an answer as `180 INVITE` or, any final one, `* INVITE`. */
  async next(name: string, callId?: string): Promise<SipMessage> {
    const found = await this.#found((one) => fits(one, name, callId), name);
    this.#taken.add(found);
    return found;
  }

  async nextRequest(method: string, callId?: string): Promise<SipRequest> {
    return (await this.next(method, callId)) as SipRequest;
  }

  async nextResponse(name: string, callId?: string): Promise<SipResponse> {
    return (await this.next(name, callId)) as SipResponse;
  }

  async #found(good: (message: SipMessage) => boolean, what: string): Promise<SipMessage> {
    const find = (): SipMessage | undefined => this.received.find((one) => !this.#taken.has(one) && good(one));
    const here = find();
    if (here !== undefined) return here;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(wait.timer);
        this.#waiting.delete(wait);
      };
      const wait = {
        look: (): void => {
          const message = find();
          if (message === undefined) return;
          end();
          resolve(message);
        },
        timer: setTimeout(() => {
          end();
          const got = this.received.map(line).join(', ');
          reject(new Error(`${this.number} waited in vain for ${what}; it got ${got}`));
        }, LIMIT_MS),
      };
      this.#waiting.add(wait);
    });
  }

  /** Those of that name that have come so far. */
  all(name: string): SipMessage[] {
    return this.received.filter((one) => fits(one, name, undefined));
  }

  /** A request outside of any dialog. */
  build(method: string, parts: RequestParts = {}): SipRequest {
    const { to = this.number, from = this.number, callId = token(), tag = token(), cseq = 1 } = parts;
    return newRequest({
      method,
      uri: `sip:${to}@${this.domain}`,
      headers: [
        ['Via', this.via()],
        ['Max-Forwards', '70'],
        ['From', `<sip:${from}@${this.domain}>;tag=${tag}`],
        ['To', `<sip:${to}@${this.domain}>`],
        ['Call-ID', callId],
        ['CSeq', `${cseq} ${method}`],
        ...(method === 'MESSAGE' ? [] : [['Contact', this.contact] as const]),
        ...(parts.headers ?? []),
        ...typeOf(parts),
      ],
      body: bodyOf(parts),
    });
  }

  /** Of a new transaction. */
  via(): string {
    return `SIP/2.0/UDP ${this.place};branch=z9hG4bK${token()};rport`;
  }

  /** Sends a request with credentials; resolves with the request as it was taken. Its answers are still to be read. */
  async ask(method: string, parts: RequestParts = {}): Promise<SipRequest> {
    const request = this.build(method, parts);
    const attempt = parts.authorize === false ? undefined : this.#digest?.begin(request);
    this.send(request);
    if (attempt === undefined) return request;
    this.#attempts.set(request, attempt);
    // It knew a nonce from before, and whoever waits for the answer hears if that is no longer good.
    if (request.headers.has('Authorization')) return request;
    const first = await this.#found((one) => answers(one, request, 101), `an answer to ${method}`);
    return this.#challenged(request, first as SipResponse) ?? request;
  }

  /** The final answer to what was asked, after a challenge whose answer to the first. */
  async outcome(request: SipRequest): Promise<SipResponse> {
    const answer = (await this.#found(
      (one) => answers(one, request, 200),
      `an answer to ${request.method}`,
    )) as SipResponse;
    const again = this.#challenged(request, answer);
    if (again !== undefined) return this.outcome(again);
    this.#taken.add(answer);
    return answer;
  }

  /** The request once more, with credentials for this challenge; undefined when it is none, or has been answered already. */
  #challenged(request: SipRequest, answer: SipResponse): SipRequest | undefined {
    const attempt = this.#attempts.get(request);
    if (answer.status !== 401 || attempt === undefined) return undefined;
    const { method, uriText: uri, headers, body, cseq } = request;
    this.#taken.add(answer);
    if (method === 'INVITE') this.ack(request, answer);
    const again = newRequest({ method, uri, headers, body });
    again.headers.set('Via', this.via());
    again.headers.set('CSeq', `${cseq.number + 1} ${method}`);
    if (attempt.challenged(answer, again).kind !== 'retry') throw new Error('the challenge cannot be answered');
    this.send(again);
    return again;
  }

  /** The same as `ask`, with its final answer. */
  async request(method: string, parts: RequestParts = {}): Promise<SipResponse> {
    return this.outcome(await this.ask(method, parts));
  }

  /** Resolves with the 200, or whatever refused it. */
  register(expiresS = 600): Promise<SipResponse> {
    return this.request('REGISTER', { headers: [['Expires', String(expiresS)], ...(this.options.headers ?? [])] });
  }

  /** ACK of a final answer that is no 2xx: of the transaction. */
  ack(invite: SipRequest, answer: SipResponse): void {
    const via = invite.headers.get('Via') ?? '';
    this.send(
      newRequest({
        method: 'ACK',
        uri: invite.uriText,
        headers: [
          ['Via', via],
          ['Max-Forwards', '70'],
          ['From', invite.headers.get('From') ?? ''],
          ['To', answer.headers.get('To') ?? ''],
          ['Call-ID', invite.callId],
          ['CSeq', `${invite.cseq.number} ACK`],
        ],
      }),
    );
  }

  cancel(invite: SipRequest): void {
    this.send(
      newRequest({
        method: 'CANCEL',
        uri: invite.uriText,
        headers: [
          ['Via', invite.headers.get('Via') ?? ''],
          ['Max-Forwards', '70'],
          ['From', invite.headers.get('From') ?? ''],
          ['To', invite.headers.get('To') ?? ''],
          ['Call-ID', invite.callId],
          ['CSeq', `${invite.cseq.number} CANCEL`],
        ],
      }),
    );
  }

  /** Answers a request; what makes a dialog gets a tag and a Contact. */
  answer(request: SipRequest, status: number, parts: Parts & { tag?: string } = {}): SipResponse {
    const response = newResponse(request, status, undefined, { toTag: parts.tag ?? 'answer' });
    if (status > 100 && status < 300) response.headers.add('Contact', this.contact);
    for (const [name, value] of [...(parts.headers ?? []), ...typeOf(parts)]) response.headers.add(name, value);
    response.body = bodyOf(parts) ?? response.body;
    this.send(response);
    return response;
  }

  /** A dialog that an answer of the box has made, or one that we have answered. */
  dialog(request: SipRequest, answer: SipResponse): PhoneDialog {
    return new PhoneDialog(this, request, answer);
  }

  /** Calls, up to the answer of the box. */
  async invite(to: string, parts: RequestParts = {}): Promise<SipRequest> {
    return this.ask('INVITE', { to, sdp: sdp(this.port), ...parts });
  }
}

export class PhoneDialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly #phone: SipPhone;
  readonly #from: string;
  readonly #to: string;
  readonly #uri: string;
  #cseq: number;

  constructor(phone: SipPhone, request: SipRequest, answer: SipResponse) {
    const ours = request.headers.get('Contact') === phone.contact;
    const [from, to] = [answer.headers.get('From') ?? '', answer.headers.get('To') ?? ''];
    this.#phone = phone;
    this.callId = request.callId;
    this.#from = ours ? from : to;
    this.#to = ours ? to : from;
    this.localTag = (ours ? answer.fromTag : answer.toTag) ?? '';
    this.remoteTag = (ours ? answer.toTag : answer.fromTag) ?? '';
    const uri = /<([^>]+)>/.exec((ours ? answer : request).headers.get('Contact') ?? '')?.[1];
    if (uri === undefined) throw new Error('no Contact');
    this.#uri = uri;
    // The answer's: the request may have gone out once more.
    this.#cseq = ours ? answer.cseq.number : 0;
  }

  /** value of Replaces for a call that takes the place of this one at the box */
  get replaces(): string {
    return `${this.callId};to-tag=${this.remoteTag};from-tag=${this.localTag}`;
  }

  send(method: string, parts: Parts & { cseq?: number } = {}): SipRequest {
    const cseq = parts.cseq ?? (method === 'ACK' ? this.#cseq : (this.#cseq += 1));
    const request = newRequest({
      method,
      uri: this.#uri,
      headers: [
        ['Via', this.#phone.via()],
        ['Max-Forwards', '70'],
        ['From', this.#from],
        ['To', this.#to],
        ['Call-ID', this.callId],
        ['CSeq', `${cseq} ${method}`],
        ['Contact', this.#phone.contact],
        ...(parts.headers ?? []),
        ...typeOf(parts),
      ],
      body: bodyOf(parts),
    });
    this.#phone.send(request);
    return request;
  }

  /** The same, with its final answer. */
  async request(method: string, parts: Parts & { cseq?: number } = {}): Promise<SipResponse> {
    this.send(method, parts);
    return this.#phone.nextResponse(`* ${method}`, this.callId);
  }

  /** The next request of the box in this dialog. */
  next(method: string): Promise<SipRequest> {
    return this.#phone.nextRequest(method, this.callId);
  }
}

/** An offer or answer of one audio stream. */
export function sdp(
  port: number,
  { direction = 'sendrecv', codecs = '8 0 101', version = 1, host = '127.0.0.1' } = {},
): string {
  const at = `IN IP${isIPv6(host) ? 6 : 4} ${host}`;
  return [
    'v=0',
    `o=phone 1 ${version} ${at}`,
    's=-',
    `c=${at}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${codecs}`,
    ...(codecs.includes('101') ? ['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15'] : []),
    `a=${direction}`,
    '',
  ].join('\r\n');
}

/** A response to that very request, of that status at least. */
function answers(message: SipMessage, { callId, cseq }: SipRequest, status: number): boolean {
  if (message.kind !== 'response' || message.status < status || message.callId !== callId) return false;
  return message.cseq.number === cseq.number && message.cseq.method === cseq.method;
}

function line(message: SipMessage): string {
  return message.kind === 'request'
    ? `${message.method} ${message.callId}`
    : `${message.status} to ${message.cseq.method}`;
}

function fits(message: SipMessage, name: string, callId: string | undefined): boolean {
  if (callId !== undefined && message.callId !== callId) return false;
  if (message.kind === 'request') return message.method === name;
  if (name === `* ${message.cseq.method}`) return message.status >= 200;
  return name === `${message.status} ${message.cseq.method}`;
}

function typeOf({ sdp: description, body }: Parts): HeaderLine[] {
  const type = description === undefined ? body?.[0] : 'application/sdp';
  return type === undefined ? [] : [['Content-Type', type]];
}

function bodyOf({ sdp: description, body }: Parts): Buffer | undefined {
  const text = description ?? body?.[1];
  return text === undefined ? undefined : Buffer.from(text);
}
