// A SIP telephone, or a carrier, that a test plays by hand over UDP: every message is seen, nothing is sent that the test did not
// ask for but answers to OPTIONS and the ACK of a refusal. Its audio is an RtpEnd.
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { onTestFinished } from 'vitest';
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
import { RtpEnd } from './rtp-end.js';

export interface HandPhoneOptions {
  /** UDP port of the box */
  server: number;
  number: string | number;
  /** left out: it is a carrier, known by its address */
  secret?: string;
  domain?: string;
  port?: number;
  /** an address of this machine, 127.… or ::1; default 127.0.0.1 */
  host?: string;
  /** more header lines in REGISTER and INVITE */
  headers?: readonly (readonly [string, string])[];
}

const token = (): string => randomBytes(6).toString('hex');
const LIMIT_MS = 15_000;

export interface SdpOptions {
  /** offers or takes RFC 4733; default true */
  events?: boolean;
}

export class HandPhone {
  readonly received: SipMessage[] = [];
  readonly rtp: RtpEnd;
  readonly #socket: Socket;
  readonly #options: HandPhoneOptions;
  readonly #digest: DigestClient | undefined;
  readonly #watchers = new Set<() => void>();
  readonly #taken = new WeakSet<SipMessage>();
  readonly #seen = new Set<string>();
  #cseq = 0;
  #closed = false;
  readonly #registration = token();

  private constructor(socket: Socket, rtp: RtpEnd, options: HandPhoneOptions) {
    this.#socket = socket;
    this.rtp = rtp;
    this.#options = options;
    this.#digest =
      options.secret === undefined
        ? undefined
        : new DigestClient({ username: String(options.number), password: options.secret });
    socket.on('message', (bytes) => this.#receive(bytes));
  }

  static async open(options: HandPhoneOptions): Promise<HandPhone> {
    const { port = 0, host = '127.0.0.1' } = options;
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => socket.bind(port, host, resolve));
    const phone = new HandPhone(socket, await RtpEnd.open(isIPv6(host) ? host : undefined), options);
    onTestFinished(() => phone.close());
    return phone;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.rtp.close();
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get domain(): string {
    return this.#options.domain ?? 'cordboard';
  }

  /** Where it is heard, and where the box is: on the same machine. */
  get host(): string {
    return isIPv6(this.#options.host ?? '') ? '::1' : '127.0.0.1';
  }

  /** host and port as Via and Contact have them */
  get place(): string {
    return `${this.host === '::1' ? '[::1]' : this.host}:${this.port}`;
  }

  get contact(): string {
    return `<sip:${this.#options.number}@${this.place}>`;
  }

  /** Resolves with the 200, or whatever refused it. */
  async register(expiresS = 300): Promise<SipResponse> {
    const { number, headers = [] } = this.#options;
    const address = `<sip:${number}@${this.domain}>`;
    return this.request('REGISTER', `sip:${this.domain}`, [
      ['From', `${address};tag=${token()}`],
      ['To', address],
      ['Call-ID', this.#registration],
      ['Contact', this.contact],
      ['Expires', String(expiresS)],
      ['User-Agent', 'Hand 1.0'],
      ...headers,
    ]);
  }

  /** Sends a request and resolves with its final answer; a challenge is answered, and an INVITE that is refused acknowledged. */
  async request(
    method: string,
    uri: string,
    headers: readonly (readonly [string, string])[],
    body?: Buffer,
    sent?: (request: SipRequest) => void,
  ): Promise<SipResponse> {
    let attempt: ReturnType<DigestClient['begin']> | undefined;
    let challenge: SipResponse | undefined;
    for (;;) {
      this.#cseq += 1;
      const request = newRequest({
        method,
        uri,
        headers: [
          ['Via', `SIP/2.0/UDP ${this.place};rport;branch=z9hG4bK${token()}`],
          ['Max-Forwards', '70'],
          ...headers,
          ['CSeq', `${this.#cseq} ${method}`],
        ],
        body,
      });
      if (challenge !== undefined) attempt?.challenged(challenge, request);
      else attempt = this.#digest?.begin(request);
      this.send(request);
      sent?.(request);
      const answer = await this.finalTo(request);
      if (method === 'INVITE' && answer.status >= 300) this.ackRefusal(request, answer);
      if (answer.status !== 401 || challenge !== undefined || attempt === undefined) return answer;
      challenge = answer;
    }
  }

  /** The final answer to a request of ours. */
  finalTo(request: SipRequest): Promise<SipResponse> {
    return this.next(
      (message): message is SipResponse =>
        message.kind === 'response' && message.status >= 200 && answers(message, request),
      `an answer to ${request.method}`,
    );
  }

  /** The next message that fits and has not been asked for before. */
  async next<M extends SipMessage>(fits: (message: SipMessage) => message is M, what: string): Promise<M> {
    const find = (): M | undefined => this.received.filter(fits).find((message) => !this.#taken.has(message));
    let found = find();
    if (found === undefined)
      found = await new Promise<M>((resolve, reject) => {
        const timer = setTimeout(() => {
          this.#watchers.delete(look);
          reject(new Error(`${this.#options.number} waited in vain for ${what}; it got ${this.received.map(line)}`));
        }, LIMIT_MS);
        const look = (): void => {
          const message = find();
          if (message === undefined) return;
          clearTimeout(timer);
          this.#watchers.delete(look);
          resolve(message);
        };
        this.#watchers.add(look);
      });
    this.#taken.add(found);
    return found;
  }

  nextRequest(method: string): Promise<SipRequest> {
    return this.next(
      (message): message is SipRequest => message.kind === 'request' && message.method === method,
      method,
    );
  }

  /** An answer of that status to any request of ours. */
  nextResponse(status: number, method = 'INVITE'): Promise<SipResponse> {
    return this.next(
      (message): message is SipResponse =>
        message.kind === 'response' && message.status === status && message.cseq.method === method,
      `${status} to ${method}`,
    );
  }

  send(message: SipMessage, port = this.#options.server): void {
    this.#socket.send(serialise(message), port, this.host);
  }

  /** Calls; resolves when the INVITE is on its way. */
  call(called: string, options: SdpOptions = {}): HandCall {
    return HandCall.out(this, called, this.#options.number, this.domain, options, this.#options.headers ?? []);
  }

  /** The next call that comes in. */
  async called(options: SdpOptions = {}): Promise<HandCall> {
    return HandCall.in(this, await this.nextRequest('INVITE'), options);
  }

  sdp({ events = true }: SdpOptions = {}): Buffer {
    const at = `IN IP${isIPv6(this.host) ? 6 : 4} ${this.host}`;
    return Buffer.from(
      [
        'v=0',
        `o=hand 1 1 ${at}`,
        's=-',
        `c=${at}`,
        't=0 0',
        `m=audio ${this.rtp.port} RTP/AVP 8${events ? ' 101' : ''}`,
        'a=rtpmap:8 PCMA/8000',
        ...(events ? ['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15'] : []),
        'a=sendrecv',
        '',
      ].join('\r\n'),
    );
  }

  /** Sends audio where the description says. */
  talk(sdp: Buffer): void {
    const text = sdp.toString();
    const port = /^m=audio (\d+)/m.exec(text)?.[1];
    const host = /^c=IN IP[46] (\S+)/m.exec(text)?.[1];
    if (port === undefined || host === undefined) throw new Error(`no audio in ${text}`);
    this.rtp.talkTo(host, Number(port));
  }

  ackRefusal(request: SipRequest, answer: SipResponse): void {
    this.send(
      newRequest({
        method: 'ACK',
        uri: request.uriText,
        headers: [
          ['Via', request.headers.get('Via') ?? ''],
          ['Max-Forwards', '70'],
          ['From', request.headers.get('From') ?? ''],
          ['To', answer.headers.get('To') ?? ''],
          ['Call-ID', request.callId],
          ['CSeq', `${request.cseq.number} ACK`],
        ],
      }),
    );
  }

  nextCSeq(): number {
    return (this.#cseq += 1);
  }

  #receive(bytes: Buffer): void {
    const message = parseMessage(bytes);
    if (message.kind === 'failure') return;
    if (message.kind === 'request') {
      const key = `${message.method} ${message.headers.get('Via') ?? ''}`;
      if (this.#seen.has(key)) return;
      this.#seen.add(key);
      if (message.method === 'OPTIONS') return this.send(newResponse(message, 200, undefined, { toTag: 'hand' }));
    }
    this.received.push(message);
    for (const look of [...this.#watchers]) look();
  }
}

/** One call of a HandPhone. */
export class HandCall {
  /** of the INVITE */
  readonly invite: Promise<SipRequest>;
  /** the final answer to our INVITE */
  readonly final: Promise<SipResponse>;
  readonly #phone: HandPhone;
  readonly #tag = token();
  readonly #callId: string;
  readonly #options: SdpOptions;
  #remoteUri: string;
  #routes: string[] = [];
  #local = '';
  #remote = '';

  private constructor(
    phone: HandPhone,
    callId: string,
    remoteUri: string,
    options: SdpOptions,
    begin: (call: HandCall) => { invite: Promise<SipRequest>; final: Promise<SipResponse> },
  ) {
    this.#phone = phone;
    this.#callId = callId;
    this.#remoteUri = remoteUri;
    this.#options = options;
    const { invite, final } = begin(this);
    this.invite = invite;
    this.final = final;
  }

  static out(
    phone: HandPhone,
    called: string,
    number: string | number,
    domain: string,
    options: SdpOptions,
    headers: readonly (readonly [string, string])[],
  ): HandCall {
    return new HandCall(phone, token(), `sip:${called}@${domain}`, options, (call) => {
      call.#local = `<sip:${number}@${domain}>;tag=${call.#tag}`;
      call.#remote = `<sip:${called}@${domain}>`;
      let begun: (request: SipRequest) => void = () => undefined;
      const invite = new Promise<SipRequest>((resolve) => (begun = resolve));
      const final = phone.request(
        'INVITE',
        call.#remoteUri,
        [
          ['From', call.#local],
          ['To', call.#remote],
          ['Call-ID', call.#callId],
          ['Contact', phone.contact],
          ['Content-Type', 'application/sdp'],
          ...headers,
        ],
        phone.sdp(options),
        begun,
      );
      return { invite, final };
    });
  }

  static in(phone: HandPhone, request: SipRequest, options: SdpOptions): HandCall {
    const contact = request.headers.get('Contact') ?? '';
    const uri = /<([^>]+)>/.exec(contact)?.[1] ?? request.uriText;
    return new HandCall(phone, request.callId, uri, options, (call) => {
      call.#remote = request.headers.get('From') ?? '';
      call.#local = `${request.headers.get('To') ?? ''};tag=${call.#tag}`;
      return { invite: Promise.resolve(request), final: new Promise(() => undefined) };
    });
  }

  get callId(): string {
    return this.#callId;
  }
  get tag(): string {
    return this.#tag;
  }

  /** Provisional or final, of a call that came in. */
  async respond(status: number, body?: Buffer, headers: readonly (readonly [string, string])[] = []): Promise<void> {
    const invite = await this.invite;
    const response = newResponse(invite, status, undefined, { toTag: this.#tag });
    if (status < 300) response.headers.add('Contact', this.#phone.contact);
    for (const [name, value] of headers) response.headers.add(name, value);
    if (body !== undefined) {
      response.headers.add('Content-Type', 'application/sdp');
      response.body = body;
    }
    this.#phone.send(response);
  }

  /** 200, and audio from then on; resolves when it is acknowledged. */
  async answer(headers: readonly (readonly [string, string])[] = []): Promise<SipRequest> {
    await this.respond(200, this.#phone.sdp(this.#options), headers);
    this.#phone.talk((await this.invite).body);
    return this.#phone.nextRequest('ACK');
  }

  /** Waits for the 200 of a call that we made, acknowledges it, and talks. */
  async connected(): Promise<SipResponse> {
    const answer = await this.final;
    if (answer.status >= 300) throw new Error(`the call was refused: ${answer.status} ${answer.reason}`);
    this.#remote = answer.headers.get('To') ?? '';
    this.#remoteUri = /<([^>]+)>/.exec(answer.headers.get('Contact') ?? '')?.[1] ?? this.#remoteUri;
    this.#routes = [...answer.headers.list('Record-Route')].reverse();
    this.#phone.send(
      newRequest({ method: 'ACK', uri: this.#remoteUri, headers: this.#head(answer.cseq.number, 'ACK') }),
    );
    this.#phone.talk(answer.body);
    return answer;
  }

  async bye(): Promise<SipResponse> {
    return this.#send('BYE', []);
  }

  /** A key as application/dtmf-relay. */
  info(digit: string): Promise<SipResponse> {
    const body = Buffer.from(`Signal=${digit}\r\nDuration=100\r\n`);
    return this.#send('INFO', [['Content-Type', 'application/dtmf-relay']], body);
  }

  /** Takes a request in the dialog and says 200. */
  async take(method: string): Promise<SipRequest> {
    const request = await this.#phone.nextRequest(method);
    this.#phone.send(newResponse(request, 200));
    return request;
  }

  /** Gives up before the answer. */
  async cancel(): Promise<void> {
    const invite = await this.invite;
    this.#phone.send(
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

  #send(method: string, headers: readonly (readonly [string, string])[], body?: Buffer): Promise<SipResponse> {
    const head = this.#head(this.#phone.nextCSeq(), method);
    const request = newRequest({ method, uri: this.#remoteUri, headers: [...head, ...headers], body });
    this.#phone.send(request);
    return this.#phone.finalTo(request);
  }

  #head(cseq: number, method: string): [string, string][] {
    return [
      ['Via', `SIP/2.0/UDP ${this.#phone.place};rport;branch=z9hG4bK${token()}`],
      ...this.#routes.map((route): [string, string] => ['Route', route]),
      ['Max-Forwards', '70'],
      ['From', this.#local],
      ['To', this.#remote],
      ['Call-ID', this.#callId],
      ['CSeq', `${cseq} ${method}`],
    ];
  }
}

function answers(response: SipResponse, request: SipRequest): boolean {
  return (
    response.callId === request.callId &&
    response.cseq.number === request.cseq.number &&
    response.cseq.method === request.method
  );
}

function line(message: SipMessage): string {
  return message.kind === 'request'
    ? `${message.method} ${message.callId}`
    : `${message.status} to ${message.cseq.method}`;
}
