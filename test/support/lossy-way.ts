// A bad network for datagrams: what goes through is lost, and late each by another time, so that some overtake others. For kernels without
// netem. Each sender is another one for the far end, as behind a NAT.
import { createSocket, type Socket } from 'node:dgram';
import type { Ending } from './box.js';

const HOST = '127.0.0.1';

export interface Weather {
  /** share of datagrams, 0 to 1, each way */
  loss: number;
  /** each is late by between 0 and twice as much, all of them equally likely */
  jitterMs: number;
}

export class LossyWay {
  readonly host = HOST;
  readonly counts = { passed: 0, lost: 0 };
  weather: Weather;
  readonly #to: { host: string; port: number };
  readonly #front = createSocket('udp4');
  readonly #backs = new Map<string, Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #state: number;

  private constructor(to: { host: string; port: number }, weather: Weather, seed: number) {
    this.#to = to;
    this.weather = weather;
    this.#state = seed;
    this.#front.on('message', (octets, { address, port }) => {
      const back = this.#backOf(address, port);
      this.#pass(() => back.send(octets, this.#to.port, this.#to.host));
    });
  }

  static async start(
    to: { host: string; port: number },
    weather: Weather,
    { seed = 1, ending }: { seed?: number; ending?: Ending } = {},
  ): Promise<LossyWay> {
    const way = new LossyWay(to, weather, seed);
    await new Promise<void>((resolve) => way.#front.bind(0, HOST, resolve));
    ending?.onEnd(() => way.stop());
    return way;
  }

  get port(): number {
    return this.#front.address().port;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#front.close();
    for (const back of this.#backs.values()) back.close();
    this.#backs.clear();
  }

  #backOf(address: string, port: number): Socket {
    const name = `${address}:${port}`;
    const known = this.#backs.get(name);
    if (known !== undefined) return known;
    const back = createSocket('udp4');
    back.on('message', (octets) => this.#pass(() => this.#front.send(octets, port, address)));
    this.#backs.set(name, back);
    return back;
  }

  #pass(send: () => void): void {
    if (this.#random() < this.weather.loss) {
      this.counts.lost += 1;
      return;
    }
    this.counts.passed += 1;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        send();
      },
      2 * this.weather.jitterMs * this.#random(),
    );
    this.#timers.add(timer);
  }

  /** mulberry32 */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
