// A telephone on a UDP socket of its own: it writes its requests itself, answers challenges, and repeats what was not answered.
import { createSocket, type Socket } from 'node:dgram';
import { DigestClient } from '../../daemon/src/sip/auth/index.js';
import {
  newRequest,
  newResponse,
  parseMessage,
  serialise,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';
import { REALM, secretOf } from './sip-running-stack.js';

export interface Place {
  host: string;
  port: number;
}

export interface PhoneOptions {
  number: number;
  /** its own address; port 0: any */
  host?: string;
  port?: number;
  /** of the stack */
  server: Place;
  secret?: string;
}

export interface Asked {
  to?: string;
  uri?: string;
  callId?: string;
  fromTag?: string;
  toTag?: string;
  cseq?: number;
  branch?: string;
  headers?: readonly (readonly [string, string])[];
  body?: string | undefined;
  /** what is heard before the final answer */
  provisional?: (response: SipResponse) => void;
  /** false: a 401 is the answer */
  answersChallenge?: boolean;
}

const RESEND_MS = 500;
const PATIENCE_MS = 45_000;
let numbers = 0;

/** Different from all others of this process. */
export function token(prefix = 't'): string {
  numbers += 1;
  return `${prefix}${numbers.toString(36)}x${process.pid.toString(36)}`;
}

export class RawPhone {
  readonly number: number;
  readonly server: Place;
  readonly digest: DigestClient;
  /** requests of the stack, as they come; answered by whoever listens */
  onRequest: (request: SipRequest) => void = () => undefined;
  /** responses nobody waits for: copies of a 2xx */
  onResponse: (response: SipResponse) => void = () => undefined;
  /** how often something had to be sent again */
  resent = 0;
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (response: SipResponse) => void>();
  #cseq = 0;

  private constructor(socket: Socket, { number, server, secret }: PhoneOptions) {
    this.#socket = socket;
    this.number = number;
    this.server = server;
    this.digest = new DigestClient({ username: String(number), password: secret ?? secretOf(number) });
    socket.on('message', (bytes) => this.#came(bytes));
  }

  static async open(options: PhoneOptions): Promise<RawPhone> {
    const { host = '127.0.0.1', port = 0 } = options;
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, resolve);
    });
    return new RawPhone(socket, options);
  }

  get address(): Place {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  get contact(): string {
    const { host, port } = this.address;
    return `<sip:${this.number}@${host.includes(':') ? `[${host}]` : host}:${port}>`;
  }

  close(): void {
    this.#socket.close();
  }

  send(bytes: Buffer): void {
    this.#socket.send(bytes, this.server.port, this.server.host);
  }

  request(method: string, asked: Asked = {}): SipRequest {
    const { uri = `sip:${REALM}`, to = `<sip:${this.number}@${REALM}>`, headers = [], body } = asked;
    const { host, port } = this.address;
    const shown = host.includes(':') ? `[${host}]` : host;
    const cseq = asked.cseq ?? (this.#cseq += 1);
    return newRequest({
      method,
      uri,
      headers: [
        ['Via', `SIP/2.0/UDP ${shown}:${port};rport;branch=${asked.branch ?? token('z9hG4bK')}`],
        ['Max-Forwards', '70'],
        ['From', `<sip:${this.number}@${REALM}>;tag=${asked.fromTag ?? token('f')}`],
        ['To', asked.toTag === undefined ? to : `${to};tag=${asked.toTag}`],
        ['Call-ID', asked.callId ?? token('c')],
        ['CSeq', `${cseq} ${method}`],
        ...headers,
      ],
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
  }

  /** Sends a request until its final answer comes; answers one challenge. */
  async ask(method: string, asked: Asked = {}): Promise<SipResponse> {
    const first = this.request(method, asked);
    const attempt = this.digest.begin(first);
    const response = await this.transact(first, asked.provisional);
    if (asked.answersChallenge === false || (response.status !== 401 && response.status !== 407)) return response;
    if (method === 'INVITE') this.acknowledge(first, response);
    const next = this.request(method, {
      ...asked,
      callId: first.callId,
      fromTag: first.fromTag ?? '',
      cseq: (this.#cseq = Math.max(this.#cseq, first.cseq.number) + 1),
      branch: token('z9hG4bK'),
    });
    if (attempt.challenged(response, next).kind !== 'retry') return response;
    return this.transact(next, asked.provisional);
  }

  /** The final answer to the request as it stands. Rejects when none comes. */
  transact(request: SipRequest, provisional: Asked['provisional'] = () => undefined): Promise<SipResponse> {
    const bytes = serialise(request);
    const key = keyOf(request);
    return new Promise((resolve, reject) => {
      let delayMs = RESEND_MS;
      let timer: NodeJS.Timeout | undefined;
      const again = (): void => {
        this.resent += 1;
        delayMs = Math.min(delayMs * 2, 4000);
        this.send(bytes);
        timer = setTimeout(again, delayMs);
      };
      const limit = setTimeout(() => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        reject(new Error(`no answer to ${request.method} of ${this.number}`));
      }, PATIENCE_MS);
      this.#waiting.set(key, (response) => {
        clearTimeout(timer);
        if (response.status < 200) {
          provisional(response);
          return;
        }
        clearTimeout(limit);
        this.#waiting.delete(key);
        resolve(response);
      });
      this.send(bytes);
      timer = setTimeout(again, delayMs);
    });
  }

  register(expiresS = 600, over: Asked = {}): Promise<SipResponse> {
    const { headers = [['Contact', this.contact]] } = over;
    return this.ask('REGISTER', { ...over, headers: [...headers, ['Expires', String(expiresS)]] });
  }

  /** The ACK of a refusal (RFC 3261 17.1.1.3). */
  acknowledge(invite: SipRequest, response: SipResponse): void {
    const { headers } = invite;
    const ack = newRequest({
      method: 'ACK',
      uri: invite.uriText,
      headers: [
        ['Via', headers.lines('Via')[0] ?? ''],
        ['Max-Forwards', '70'],
        ['From', headers.get('From') ?? ''],
        ['To', response.headers.get('To') ?? ''],
        ['Call-ID', invite.callId],
        ['CSeq', `${invite.cseq.number} ACK`],
      ],
    });
    this.send(serialise(ack));
  }

  answer(request: SipRequest, status: number, toTag = token('a')): void {
    this.send(serialise(newResponse(request, status, undefined, { toTag })));
  }

  #came(bytes: Buffer): void {
    const message = parseMessage(bytes);
    if (message.kind === 'failure') return;
    if (message.kind === 'request') {
      this.onRequest(message);
      return;
    }
    const waiting = this.#waiting.get(`${message.callId} ${message.cseq.number} ${message.cseq.method}`);
    if (waiting === undefined) this.onResponse(message);
    else waiting(message);
  }
}

function keyOf({ callId, cseq }: SipRequest): string {
  return `${callId} ${cseq.number} ${cseq.method}`;
}

/** A description of one audio stream. */
export function offerOf(host: string, port = 40_000, more: readonly string[] = []): string {
  return [
    'v=0',
    `o=- 1 1 IN IP4 ${host}`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 8 0 101`,
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    ...more,
    '',
  ].join('\r\n');
}

/** A request of the phone whose Via, Contact, Route and Record-Route name a host of `domain` that nobody can resolve. */
export function unresolvable(phone: RawPhone, method: string, domain: string): SipRequest {
  const host = `${token('nobody')}.${domain}`;
  const request = phone.request(method, {
    headers: [
      ['Contact', `<sip:x@${host}>`],
      ['Record-Route', `<sip:${host};lr>`],
      ['Route', `<sip:${host};lr>`],
    ],
  });
  request.headers.set('Via', `SIP/2.0/UDP ${host};branch=${token('z9hG4bK')}`);
  return request;
}
