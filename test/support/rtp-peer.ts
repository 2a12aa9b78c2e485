// The media of a peer that a test plays: A-law over a real socket at the pace of a telephone, and what comes back.
import { createSocket, type Socket } from 'node:dgram';
import { closing } from './sip-peer.js';
import { SILENCE, fromAlaw } from './wav.js';

const FRAME = 160;
const PACKET_MS = 20;

export class RtpPeer {
  /** what is sent, again and again */
  says: Uint8Array = new Uint8Array();
  readonly #socket: Socket;
  readonly #heard = new Map<number, Buffer>();
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (packet) => {
      // RFC 3550 5.1; payload type 8 alone, for digits are no audio.
      if (packet.length > 12 && (packet[1]! & 0x7f) === 8) this.#heard.set(packet.readUInt16BE(2), packet.subarray(12));
    });
  }

  static async open(host: string): Promise<RtpPeer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, host, resolve));
    return closing(new RtpPeer(socket), (peer) => peer.stop());
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Packets that have come. */
  get packets(): number {
    return this.#heard.size;
  }

  /** Begins to speak. What is late is made up for, as a telephone's clock would have it. */
  talk(to: { host: string; port: number }): void {
    const begun = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor((performance.now() - begun) / PACKET_MS);
      for (; this.#sent <= due; this.#sent += 1) this.#socket.send(this.#packet(this.#sent), to.port, to.host);
    }, PACKET_MS / 2);
  }

  /** All that was heard, in the order of its sequence numbers. */
  heard(): Uint8Array {
    const numbers = [...this.#heard.keys()];
    const first = numbers[0] ?? 0;
    const order = (number: number): number => ((number - first + 0x8000) & 0xffff) - 0x8000;
    numbers.sort((a, b) => order(a) - order(b));
    return Buffer.concat(numbers.map((number) => this.#heard.get(number)!));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #packet(number: number): Buffer {
    const packet = Buffer.alloc(12 + FRAME, SILENCE);
    packet[0] = 0x80;
    packet[1] = 8;
    packet.writeUInt16BE(number & 0xffff, 2);
    packet.writeUInt32BE((number * FRAME) >>> 0, 4);
    packet.writeUInt32BE(0x1234_5678, 8);
    for (let i = 0; i < FRAME && this.says.length > 0; i += 1)
      packet[12 + i] = this.says[(number * FRAME + i) % this.says.length]!;
    return packet;
  }
}

/** samples of a stretch that is looked for: long enough to be nothing else, short enough to come through a busy machine whole */
const STRETCH = 1600;

/** How much of what was said is in what was heard, wherever it stands: 1 when its loudest stretch came through as it was. */
export function likeness(heard: Uint8Array, said: Uint8Array): number {
  const whole = Float64Array.from(heard, fromAlaw);
  const all = Float64Array.from(said, fromAlaw);
  const energies = new Float64Array(whole.length + 1);
  for (let i = 0; i < whole.length; i += 1) energies[i + 1] = energies[i]! + whole[i]! ** 2;
  const power = (part: Float64Array): number => part.reduce((sum, x) => sum + x * x, 0);
  const stretches = Array.from({ length: Math.floor(all.length / STRETCH) }, (_, i) =>
    all.subarray(i * STRETCH, (i + 1) * STRETCH),
  );
  const loudest = stretches.sort((a, b) => power(b) - power(a)).slice(0, 3);
  return Math.max(...loudest.map((part) => best(whole, energies, part, power(part))));
}

/** The highest correlation at any place. */
function best(whole: Float64Array, energies: Float64Array, part: Float64Array, power: number): number {
  let highest = 0;
  for (let at = 0; at + part.length <= whole.length; at += 1) {
    const energy = energies[at + part.length]! - energies[at]!;
    if (energy < power / 4) continue;
    let product = 0;
    for (let i = 0; i < part.length; i += 1) product += whole[at + i]! * part[i]!;
    highest = Math.max(highest, product / Math.sqrt(energy * power));
  }
  return highest;
}
