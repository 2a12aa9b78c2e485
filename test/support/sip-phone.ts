// A telephone, or the far end of a trunk, whose every message a test writes and reads; it knows digest and dialogs, no more.
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
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

type HeaderLine = readonly [name: string, value: string];

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

interface Account {
  user: string;
  secret: string;
  domain: string;
}

const token = (): string => randomBytes(6).toString('hex');

export class SipPhone {
  readonly user: string;
  readonly received: SipMessage[] = [];
  readonly #socket: Socket;
  readonly #to: number;
  readonly #account: Account;
  readonly #digest: DigestClient;
  readonly #taken = new Set<SipMessage>();
  #waiting: (() => void)[] = [];

  static async open(to: number, account: Account): Promise<SipPhone> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new SipPhone(socket, to, account);
  }

  private constructor(socket: Socket, to: number, account: Account) {
    this.#socket = socket;
    this.#to = to;
    this.#account = account;
    this.user = account.user;
    this.#digest = new DigestClient({ username: account.user, password: account.secret });
    socket.on('message', (bytes) => {
      // RTP: what it says in SDP is this port too.
      if ((bytes[0] ?? 0) >= 0x80) return;
      const message = parseMessage(bytes);
      if (message.kind === 'failure') throw new Error(message.reason);
      this.received.push(message);
      for (const again of this.#waiting.splice(0)) again();
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get contact(): string {
    return `<sip:${this.user}@127.0.0.1:${this.port}>`;
  }

  close(): void {
    this.#socket.close();
  }

  send(message: SipMessage): void {
    this.#socket.send(serialise(message), this.#to, '127.0.0.1');
  }

  /** The next message that nobody has taken: a request by its method, an answer as `180 INVITE` or, any final one, `* INVITE`. */
  async next(name: string, callId?: string): Promise<SipMessage> {
    for (;;) {
      const found = this.received.find((one) => !this.#taken.has(one) && fits(one, name, callId));
      if (found !== undefined) {
        this.#taken.add(found);
        return found;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async nextRequest(method: string, callId?: string): Promise<SipRequest> {
    return (await this.next(method, callId)) as SipRequest;
  }

  async nextResponse(name: string, callId?: string): Promise<SipResponse> {
    return (await this.next(name, callId)) as SipResponse;
  }

  /** Those of that name that have come so far. */
  all(name: string): SipMessage[] {
    return this.received.filter((one) => fits(one, name, undefined));
  }

  /** A request outside of any dialog. */
  build(method: string, parts: RequestParts = {}): SipRequest {
    const { domain } = this.#account;
    const { to = this.user, from = this.user, callId = token(), tag = token(), cseq = 1 } = parts;
    return newRequest({
      method,
      uri: `sip:${to}@${domain}`,
      headers: [
        ['Via', `SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${token()};rport`],
        ['Max-Forwards', '70'],
        ['From', `<sip:${from}@${domain}>;tag=${tag}`],
        ['To', `<sip:${to}@${domain}>`],
        ['Call-ID', callId],
        ['CSeq', `${cseq} ${method}`],
        ...(method === 'MESSAGE' ? [] : [['Contact', this.contact] as const]),
        ...(parts.headers ?? []),
        ...typeOf(parts),
      ],
      body: bodyOf(parts),
    });
  }

  /** Sends a request with credentials; resolves with the request as it was taken. Its answers are still to be read. */
  async ask(method: string, parts: RequestParts = {}): Promise<SipRequest> {
    const request = this.build(method, parts);
    if (parts.authorize === false || this.#account.secret === '') {
      this.send(request);
      return request;
    }
    const attempt = this.#digest.begin(request);
    this.send(request);
    if (request.headers.has('Authorization')) return request;
    const challenge = await this.nextResponse(`401 ${method}`, request.callId);
    if (method === 'INVITE') this.ack(request, challenge);
    const again = newRequest({ method, uri: request.uriText, headers: request.headers, body: request.body });
    again.headers.set('Via', `SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${token()};rport`);
    again.headers.set('CSeq', `${request.cseq.number + 1} ${method}`);
    if (attempt.challenged(challenge, again).kind !== 'retry') throw new Error('the challenge cannot be answered');
    this.send(again);
    return again;
  }

  /** The same, with its final answer. */
  async request(method: string, parts: RequestParts = {}): Promise<SipResponse> {
    const sent = await this.ask(method, parts);
    return this.nextResponse(`* ${method}`, sent.callId);
  }

  async register(headers: readonly HeaderLine[] = [['Expires', '600']]): Promise<SipResponse> {
    const response = await this.request('REGISTER', { headers });
    if (response.status !== 200) throw new Error(`REGISTER was answered ${response.status}`);
    return response;
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
    const { contacts } = ours ? answer : request;
    if (contacts === '*' || contacts[0] === undefined) throw new Error('no Contact');
    const { uri } = contacts[0];
    this.#uri = `sip:${uri.user ?? ''}@${uri.host}:${uri.port ?? 5060}`;
    this.#cseq = ours ? request.cseq.number : 0;
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
        ['Via', `SIP/2.0/UDP 127.0.0.1:${this.#phone.port};branch=z9hG4bK${token()};rport`],
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
export function sdp(port: number, { direction = 'sendrecv', codecs = '8 0 101', version = 1 } = {}): string {
  return [
    'v=0',
    `o=phone 1 ${version} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP ${codecs}`,
    ...(codecs.includes('101') ? ['a=rtpmap:101 telephone-event/8000'] : []),
    `a=${direction}`,
    '',
  ].join('\r\n');
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
