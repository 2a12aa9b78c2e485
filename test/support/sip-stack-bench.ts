// The whole stack on a free UDP port of loopback, with telephones and trunks that a test plays message by message. Its clock
// stands still until the test moves it, so nothing is sent twice unless that is what is tested.
import { afterEach } from 'vitest';
import { digestHashes } from '../../daemon/src/sip/auth/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import type {
  LocalMedia,
  StackCommands,
  StackConfig,
  StackEvents,
  StackStation,
  StackTrunk,
} from '../../daemon/src/sip/stack/index.js';
import { Stack } from '../../daemon/src/sip/stack/stack.js';
import { stackConfig } from './sip-stack-config.js';
import { FakeClock } from './clock-fake.js';
import { SipPhone } from './sip-phone.js';

export const DOMAIN = 'pbx.example';
export const SECRET = 'aSecretOf20Letters00';

export function stationOf(number: number, over: Partial<StackStation> = {}): StackStation {
  const hashes = digestHashes(String(number), DOMAIN, SECRET);
  return {
    ...{ number, name: `Phone ${number}`, ha1Md5: hashes.MD5, ha1Sha256: hashes['SHA-256'], digest: ['md5'] },
    ...{ security: 'any', srtp: 'none', codecs: ['pcma', 'pcmu'], dtmf: 'auto', maxContacts: 4, maxCalls: 4 },
    ...{ enabled: true },
    ...over,
  };
}

export function trunkOf(id: string, port: number, over: Partial<StackTrunk> = {}): StackTrunk {
  return {
    ...{ id, name: id, mode: 'address', username: '', secret: '', fromUser: '', fromDomain: '', expiresS: 600 },
    hosts: [{ host: '127.0.0.1', port, transport: 'udp', priority: 1, weight: 1 }],
    ...{ codecs: ['pcma'], dtmf: 'auto', srtp: 'none', tlsFingerprint: '', sources: [], maxCalls: 0 },
    ...{ optionsIntervalS: 0, callerIdHeader: 'pai', diversionHeader: 'diversion', enabled: true },
    ...over,
  };
}

type Event = keyof StackEvents;
type Heard = { [E in Event]: { event: E; data: StackEvents[E] } }[Event];

export class StackBench {
  readonly clock: FakeClock;
  readonly port: number;
  readonly heard: Heard[] = [];
  /** where the media of calls that come in are; undefined: the test says it itself */
  media: LocalMedia | undefined = { rtpPort: 20_000, rtcpPort: 20_001 };
  readonly #stack: Stack;
  readonly #handlers: ReturnType<Stack['handlers']>;
  readonly #taken = new Set<Heard>();
  #waiting: (() => void)[] = [];

  static async start(over: Partial<StackConfig> = {}): Promise<StackBench> {
    const clock = new FakeClock();
    const bench: { current?: StackBench } = {};
    const stack = new Stack({
      config: stackConfig(DOMAIN, {
        trusted: ['127.0.0.1'],
        stations: [1001, 1002, 1003].map((number) => stationOf(number)),
        ...over,
      }),
      emit: (event, data) => bench.current?.hear({ event, data } as Heard),
      clock,
      log: silentLog,
    });
    const { port } = await stack.start();
    running.push(stop(stack, clock));
    return (bench.current = new StackBench(stack, clock, port));
  }

  private constructor(stack: Stack, clock: FakeClock, port: number) {
    this.#stack = stack;
    this.#handlers = stack.handlers();
    this.clock = clock;
    this.port = port;
  }

  async command<C extends Exclude<keyof StackCommands, 'start' | 'stop'>>(
    command: C,
    params: StackCommands[C]['params'],
  ): Promise<StackCommands[C]['reply']> {
    return (await this.#handlers[command](params as never)) as StackCommands[C]['reply'];
  }

  hear(heard: Heard): void {
    this.heard.push(heard);
    if (heard.event === 'call.offered' && this.media !== undefined)
      void this.command('call.media', { call: heard.data.call, media: this.media });
    for (const again of this.#waiting.splice(0)) again();
  }

  /** The next event of this name that no test has taken. */
  async next<E extends Event>(event: E): Promise<StackEvents[E]> {
    for (;;) {
      const found = this.heard.find((one) => one.event === event && !this.#taken.has(one));
      if (found !== undefined) {
        this.#taken.add(found);
        return found.data as StackEvents[E];
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  all<E extends Event>(event: E): StackEvents[E][] {
    return this.heard.filter((one) => one.event === event).map(({ data }) => data as StackEvents[E]);
  }

  /** A telephone of a station that has registered, unless it shall not. */
  async phone(number: number, { registered = true } = {}): Promise<SipPhone> {
    const phone = await SipPhone.open({ server: this.port, number, secret: SECRET, domain: DOMAIN });
    running.push(() => phone.close());
    if (registered) await phone.register();
    return phone;
  }

  /** The far end of a trunk that is known by its address; no telephone of a station may be on this address then. */
  async carrier(id: string, over: Partial<StackTrunk> = {}): Promise<SipPhone> {
    const carrier = await SipPhone.open({ server: this.port, number: 'carrier', domain: DOMAIN });
    running.push(() => carrier.close());
    await this.command('trunk.set', trunkOf(id, carrier.port, over));
    await this.next('trunk.changed');
    return carrier;
  }

  stop(): Promise<void> {
    return stop(this.#stack, this.clock)();
  }
}

const running: (() => unknown)[] = [];

/** What it waits for at the end is time. */
function stop(stack: Stack, clock: FakeClock): () => Promise<void> {
  return async () => {
    let stopped = false;
    const done = stack.stop().then(() => (stopped = true));
    while (!stopped) {
      await clock.advance(50);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await done;
  };
}

afterEach(async () => {
  for (const end of running.splice(0)) await end();
});
