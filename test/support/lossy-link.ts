// A bad network between a browser and the box: a UDP port before that of the box, which loses of the sound what it is told to.
// Checks of ICE, DTLS and reports go through, so that what is measured is the loss that was made.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Ending } from './box.js';

/** Of the packets of sound that go one way, counted from 0: which are lost. */
export type Loss = (index: number) => boolean;

export const every =
  (nth: number): Loss =>
  (index) =>
    index % nth === nth - 1;
const none: Loss = () => false;

export class LossyLink {
  /** from the browser to the box, and back */
  up = none;
  down = none;
  /** nothing at all goes through */
  cut = false;
  readonly #front: Socket;
  /** learnt from its descriptions */
  #boxPort = 0;
  readonly #backs = new Map<string, Socket>();
  readonly #counts = { up: 0, down: 0 };
  #gone = false;

  private constructor(front: Socket) {
    this.#front = front;
  }

  static async open(ending: Ending): Promise<LossyLink> {
    const front = createSocket('udp4');
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    const link = new LossyLink(front);
    front.on('message', (packet, from) => link.#fromBrowser(packet, from));
    ending.onEnd(() => link.close());
    return link;
  }

  get port(): number {
    return this.#front.address().port;
  }

  /** A description of the box, as it comes to a browser behind this link. */
  through(sdp: string): string {
    return sdp.replace(/^(a=candidate:\S+ 1 udp \d+) \S+ (\d+) /gim, (_, head: string, port: string) => {
      this.#boxPort = Number(port);
      return `${head} 127.0.0.1 ${this.port} `;
    });
  }

  close(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#front.close();
    for (const back of this.#backs.values()) back.close();
  }

  #fromBrowser(packet: Buffer, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`;
    let back = this.#backs.get(key);
    if (back === undefined) {
      back = createSocket('udp4');
      back.on('message', (answer) => this.#pass(answer, 'down', this.#front, from.port, from.address));
      this.#backs.set(key, back);
    }
    this.#pass(packet, 'up', back, this.#boxPort, '127.0.0.1');
  }

  #pass(packet: Buffer, way: 'up' | 'down', by: Socket, port: number, address: string): void {
    if (this.cut) return;
    if (isSound(packet) && this[way](this.#counts[way]++)) return;
    if (!this.#gone) by.send(packet, port, address);
  }
}

/** RTP, and no RTCP beside it (RFC 7983, RFC 5761 4). */
function isSound(packet: Buffer): boolean {
  const [first = 0, second = 0] = packet;
  return first >= 128 && first <= 191 && !(second >= 192 && second <= 223);
}
