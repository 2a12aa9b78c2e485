// The other end of a transport: what it is sent can be waited for, and it says what a test tells it.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type ConnectionOptions,
  type TlsOptions,
} from 'node:tls';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import {
  parseMessage,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';
import {
  Transports,
  type Flow,
  type ListenerConfig,
  type SocketAddress,
  type TransportEvents,
  type TransportName,
  type TransportsOptions,
} from '../../daemon/src/sip/transport/index.js';
import { systemClock } from '../../daemon/src/platform/index.js';

const toClose: (() => unknown)[] = [];

/** Closes when the test is over. */
export function closing<T>(thing: T, close: (thing: T) => unknown): T {
  toClose.push(() => close(thing));
  return thing;
}

afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** What has come, in order; `next` waits for what has not. */
export class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  readonly #waiting: ((thing: T) => void)[] = [];

  put(thing: T): void {
    this.all.push(thing);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    this.#taken += 1;
    waiting(thing);
  }

  next(): Promise<T> {
    const thing = this.all[this.#taken];
    if (thing === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#taken += 1;
    return Promise.resolve(thing);
  }
}

/** Transports on free ports of loopback, with what came out of them. */
export interface Desk {
  transports: Transports;
  requests: Inbox<{ request: SipRequest; flow: Flow }>;
  responses: Inbox<{ response: SipResponse; flow: Flow }>;
  malformed: Inbox<TransportEvents['malformed']>;
  closed: Inbox<TransportEvents['closed']>;
  /** of the first listener of that transport */
  at: (transport: TransportName) => SocketAddress;
}

export function listener(transport: TransportName, over: Partial<ListenerConfig> = {}): ListenerConfig {
  return { transport, host: '127.0.0.1', port: 0, ...over };
}

export async function transportDesk(
  listeners: readonly (ListenerConfig | TransportName)[],
  over: Partial<TransportsOptions> = {},
): Promise<Desk> {
  const configs = listeners.map((one) => (typeof one === 'string' ? listener(one) : one));
  const transports = new Transports({ listeners: configs, clock: systemClock, ...over });
  closing(transports, (one) => one.stop());
  const desk: Desk = {
    transports,
    requests: new Inbox(),
    responses: new Inbox(),
    malformed: new Inbox(),
    closed: new Inbox(),
    at: (transport) => transports.listeners.find((one) => one.transport === transport)!.local,
  };
  transports.events.on('request', (event) => desk.requests.put(event));
  transports.events.on('response', (event) => desk.responses.put(event));
  transports.events.on('malformed', (event) => desk.malformed.put(event));
  transports.events.on('closed', (event) => desk.closed.put(event));
  await transports.start();
  return desk;
}

let branches = 0;

export interface RequestText {
  method?: string;
  uri?: string;
  via?: string;
  /** further header lines, without line ends */
  more?: string[];
  body?: string;
}

export function requestText(over: RequestText = {}): string {
  const { method = 'OPTIONS', uri = 'sip:pbx.example', more = [], body = '' } = over;
  const via = over.via ?? `SIP/2.0/UDP phone.example:5060;branch=z9hG4bK${(branches += 1)}`;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: ${via}`,
    'From: <sip:2001@pbx.example>;tag=a',
    'To: <sip:pbx.example>',
    `Call-ID: call-${branches}`,
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    ...more,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

export const requestBytes = (over: RequestText = {}): Buffer => Buffer.from(requestText(over));

export function request(over: RequestText = {}): SipRequest {
  return whole(requestBytes(over)) as SipRequest;
}

/** Throws when the bytes are no message. */
export function whole(bytes: Buffer): SipMessage {
  const message = parseMessage(bytes);
  if (message.kind === 'failure') throw new Error(message.reason);
  return message;
}

export class UdpPeer {
  readonly inbox = new Inbox<Buffer>();
  readonly #socket: UdpSocket;

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
    socket.on('message', (bytes) => this.inbox.put(bytes));
  }

  static async open(host = '127.0.0.1', port = 0): Promise<UdpPeer> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => socket.bind(port, host, resolve));
    return closing(new UdpPeer(socket), () => socket.close());
  }

  get address(): SocketAddress {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  send(bytes: Buffer | string, to: SocketAddress): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#socket.send(bytes, to.port, to.host, (error) => (error === null ? resolve() : reject(error))),
    );
  }
}

/** The end of a connection, ours or one that a TcpServer accepted. */
export class StreamPeer {
  readonly inbox = new Inbox<string>();
  readonly closed: Promise<void>;
  text = '';

  constructor(readonly socket: Socket) {
    // What a test writes is a segment at once.
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
      this.inbox.put(chunk.toString('latin1'));
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    closing(this, () => socket.destroy());
  }

  static connect(to: SocketAddress): Promise<StreamPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect(to.port, to.host);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new StreamPeer(socket)));
    });
  }

  static connectTls(to: SocketAddress, options: ConnectionOptions): Promise<StreamPeer> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({ host: to.host, port: to.port, rejectUnauthorized: false, ...options });
      socket.once('error', reject);
      socket.once('secureConnect', () => resolve(new StreamPeer(socket)));
    });
  }

  get local(): SocketAddress {
    return { host: this.socket.localAddress ?? '', port: this.socket.localPort ?? 0 };
  }

  write(data: Buffer | string): void {
    this.socket.write(data);
  }

  /** The next whole message; there must be no second one behind it in one segment. */
  async message(): Promise<SipMessage> {
    let text = await this.inbox.next();
    while (!text.includes('\r\n\r\n')) text += await this.inbox.next();
    return whole(Buffer.from(text, 'latin1'));
  }
}

export class StreamServer {
  readonly accepted = new Inbox<StreamPeer>();
  /** connections that came, whether their handshake went well or not, once they have gone */
  readonly gone = new Inbox<{ bytesRead: number }>();
  readonly #server: Server;

  private constructor(server: Server, event: 'connection' | 'secureConnection') {
    this.#server = server;
    server.on(event, (socket: Socket) => this.accepted.put(new StreamPeer(socket)));
    server.on('connection', (socket: Socket) => {
      socket.on('close', () => this.gone.put({ bytesRead: socket.bytesRead }));
      socket.on('error', () => undefined);
    });
  }

  static async open(host = '127.0.0.1', port = 0, tls?: TlsOptions): Promise<StreamServer> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    const peer = new StreamServer(server, tls === undefined ? 'connection' : 'secureConnection');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return closing(peer, () => server.close());
  }

  get address(): SocketAddress {
    const { address, port } = this.#server.address() as { address: string; port: number };
    return { host: address, port };
  }
}

export interface WebSocketPeerOptions {
  protocols?: string[];
  path?: string;
  origin?: string;
  secure?: boolean;
  autoPong?: boolean;
}

export class WebSocketPeer {
  readonly inbox = new Inbox<{ bytes: Buffer; binary: boolean }>();
  readonly pings = new Inbox<Buffer>();
  readonly pongs = new Inbox<Buffer>();
  /** the code of RFC 6455 clause 7.4 */
  readonly closed: Promise<number>;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (bytes, binary) => this.inbox.put({ bytes: bytes as Buffer, binary }));
    socket.on('ping', (data) => this.pings.put(data));
    socket.on('pong', (data) => this.pongs.put(data));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    closing(this, () => socket.terminate());
  }

  /** Rejects with the status when the upgrade is refused. */
  static connect(to: SocketAddress, options: WebSocketPeerOptions = {}): Promise<WebSocketPeer> {
    const { protocols = ['sip'], path = '/', origin, secure = false, autoPong = true } = options;
    const host = to.host.includes(':') ? `[${to.host}]` : to.host;
    const socket = new WebSocket(`${secure ? 'wss' : 'ws'}://${host}:${to.port}${path}`, protocols, {
      rejectUnauthorized: false,
      autoPong,
      ...(origin !== undefined && { origin }),
    });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(new WebSocketPeer(socket)));
      socket.once('unexpected-response', (_request, response) => reject(new Error(`status ${response.statusCode}`)));
      socket.on('error', reject);
    });
  }
}
