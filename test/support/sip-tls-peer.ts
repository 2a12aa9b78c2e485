// A telephone over TLS that knows nothing of the box's own stack: text out, text in, and SHA-256 (RFC 8760), which SIPp and
// baresip have not.
import { createHash, randomBytes } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import type { Ending } from './box.js';

const LIMIT_MS = 10_000;

export class TlsPeer {
  readonly #socket: TLSSocket;
  readonly #number: string;
  readonly #callId = randomBytes(8).toString('hex');
  #cseq = 0;
  #rest = '';
  readonly #messages: string[] = [];
  #waiting: ((message: string) => void) | undefined;

  private constructor(socket: TLSSocket, number: string) {
    this.#socket = socket;
    this.#number = number;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#hear(text));
    socket.on('error', () => undefined);
  }

  /** The box's certificate is its own: nobody has signed it. */
  static async connect(port: number, number: number, ending: Ending): Promise<TlsPeer> {
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const made = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => resolve(made));
      made.once('error', reject);
    });
    ending.onEnd(() => void socket.destroy());
    return new TlsPeer(socket, String(number));
  }

  send(...lines: string[]): void {
    this.#socket.write(`${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, 'latin1');
  }

  /** The next message. */
  next(): Promise<string> {
    const first = this.#messages.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing came over TLS')), LIMIT_MS);
      this.#waiting = (message) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(message);
      };
    });
  }

  /** Sends REGISTER; resolves with the answer. */
  register(authorization?: string): Promise<string> {
    const { localPort } = this.#socket;
    this.#cseq += 1;
    this.send(
      'REGISTER sip:cordboard SIP/2.0',
      `Via: SIP/2.0/TLS 127.0.0.1:${localPort};branch=z9hG4bK${randomBytes(8).toString('hex')}`,
      `From: <sip:${this.#number}@cordboard>;tag=peer`,
      `To: <sip:${this.#number}@cordboard>`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${this.#cseq} REGISTER`,
      `Contact: <sip:${this.#number}@127.0.0.1:${localPort};transport=tls>`,
      'Max-Forwards: 70',
      'Expires: 300',
      ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    );
    return this.next();
  }

  /** What answers the challenge of this algorithm (RFC 7616 3.4.1). Throws when there is none. */
  credentials(challenged: string, algorithm: 'MD5' | 'SHA-256', secret: string): string {
    const challenge = challenged.split('\r\n').find((line) => line.includes(`algorithm=${algorithm},`));
    const nonce = /nonce="([^"]+)"/.exec(challenge ?? '')?.[1];
    if (nonce === undefined) throw new Error(`there is no challenge of ${algorithm} in\n${challenged}`);
    const hash = (text: string): string =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const ha1 = hash(`${this.#number}:cordboard:${secret}`);
    const response = hash(`${ha1}:${nonce}:00000001:peer:auth:${hash('REGISTER:sip:cordboard')}`);
    return (
      `Digest username="${this.#number}", realm="cordboard", nonce="${nonce}", uri="sip:cordboard", ` +
      `algorithm=${algorithm}, qop=auth, nc=00000001, cnonce="peer", response="${response}"`
    );
  }

  /** Answers a request without a body, as somebody with a tag of his own. */
  answer(request: string, status: string): void {
    const copied = request.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq):/i.test(line));
    const to = /^To: .*$/m.exec(request)![0].trim();
    this.send(`SIP/2.0 ${status}`, ...copied, `${to};tag=peer`);
  }

  #hear(text: string): void {
    this.#rest += text;
    for (;;) {
      // Keep-alives stand between messages (RFC 5626 3.5.1).
      this.#rest = this.#rest.replace(/^(\r\n)+/, '');
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/^Content-Length: *(\d+)/im.exec(this.#rest.slice(0, end))?.[1] ?? 0);
      if (this.#rest.length < end + 4 + length) return;
      const message = this.#rest.slice(0, end + 4 + length);
      this.#rest = this.#rest.slice(message.length);
      if (this.#waiting === undefined) this.#messages.push(message);
      else this.#waiting(message);
    }
  }
}
