// The whole stack in this process, on free ports of loopback, with what it tells the daemon; telephones and trunks of a test talk to
// it over real sockets.
import { createHash } from 'node:crypto';
import { createLog, systemClock, type Clock } from '../../daemon/src/platform/index.js';
import { noRecords } from '../../daemon/src/sip/locate/dns-cache.js';
import type { DnsResolver } from '../../daemon/src/sip/locate/types.js';
import type { StackHandlers } from '../../daemon/src/sip/stack/channel.js';
import { startOnChosenPorts } from '../../daemon/src/sip/stack/listeners.js';
import type {
  StackConfig,
  StackEvents,
  StackPorts,
  StackStation,
  StackTrunk,
} from '../../daemon/src/sip/stack/protocol.js';
import { Stack } from '../../daemon/src/sip/stack/stack.js';
import { stackConfig } from './sip-stack-config.js';

export const REALM = 'cordboard';

export const secretOf = (number: number): string => `secret-of-${number}-0123456789`;

export function station(number: number, over: Partial<StackStation> = {}): StackStation {
  const text = `${number}:${REALM}:${secretOf(number)}`;
  return {
    number,
    name: `Station ${number}`,
    ha1Md5: createHash('md5').update(text).digest('hex'),
    ha1Sha256: createHash('sha256').update(text).digest('hex'),
    digest: ['sha256', 'md5'],
    security: 'any',
    srtp: 'none',
    codecs: ['pcma', 'pcmu'],
    dtmf: 'auto',
    maxContacts: 5,
    maxCalls: 0,
    enabled: true,
    ...over,
  };
}

export function trunk(id: string, over: Partial<StackTrunk> = {}): StackTrunk {
  return {
    ...{ id, name: id, mode: 'address', username: '', secret: '', fromUser: '', fromDomain: '', expiresS: 3600 },
    hosts: [],
    codecs: ['pcma', 'pcmu'],
    dtmf: 'auto',
    srtp: 'none',
    tlsFingerprint: '',
    sources: [],
    maxCalls: 0,
    optionsIntervalS: 600,
    callerIdHeader: 'from',
    diversionHeader: 'diversion',
    enabled: true,
    ...over,
  };
}

/** No name is known to anybody, and nobody is asked. */
export const nowhere: DnsResolver = { lookup: () => Promise.resolve(noRecords()) };

type Listener = <E extends keyof StackEvents>(event: E, data: StackEvents[E]) => void;

export class RunningStack {
  readonly ports: StackPorts;
  readonly host: string;
  readonly handlers: Omit<StackHandlers, 'start' | 'stop'>;
  /** what was logged as an error: something that nobody had thought of */
  readonly faults: string[];
  readonly #stack: Stack;
  readonly #listeners: Set<Listener>;

  private constructor(stack: Stack, ports: StackPorts, host: string, faults: string[], listeners: Set<Listener>) {
    this.#stack = stack;
    this.ports = ports;
    this.host = host;
    this.faults = faults;
    this.#listeners = listeners;
    this.handlers = stack.handlers();
  }

  static async start(
    over: Partial<StackConfig> = {},
    { clock = systemClock, resolver = nowhere }: { clock?: Clock; resolver?: DnsResolver } = {},
  ): Promise<RunningStack> {
    const faults: string[] = [];
    const destination = { write: (line: string) => void faults.push(line.slice(0, 2000)) };
    const log = createLog({ level: 'error', destination });
    const listeners = new Set<Listener>();
    const emit: Listener = (event, data) => {
      for (const listener of listeners) listener(event, data);
    };
    // Who sends has the same event loop here: how busy it is tells nothing.
    const overload = { busy: { high: 2, low: 2 }, loopDelayMs: { high: 1e6, low: 1e6 } };
    return startOnChosenPorts(stackConfig(REALM, over), async (config) => {
      const stack = new Stack({ config, emit, clock, log, resolver, overload });
      return new RunningStack(stack, await stack.start(), config.host, faults, listeners);
    });
  }

  /** Whatever the stack tells, as long as it runs. */
  hear(listener: Listener): void {
    this.#listeners.add(listener);
  }

  on<E extends keyof StackEvents>(event: E, listener: (data: StackEvents[E]) => void): void {
    this.hear((name, data) => {
      if (name === (event as string)) listener(data as never);
    });
  }

  /** The first event of the name that the condition holds for, from now on. */
  once<E extends keyof StackEvents>(event: E, holds: (data: StackEvents[E]) => boolean = () => true) {
    return new Promise<StackEvents[E]>((resolve) => {
      const listener: Listener = (name, data) => {
        if (name !== (event as string) || !holds(data as never)) return;
        this.#listeners.delete(listener);
        resolve(data as never);
      };
      this.#listeners.add(listener);
    });
  }

  /** Every call that is offered gets a stream and ends as `cause` says (Q.850). */
  refuseCalls(cause: number): void {
    this.on('call.offered', ({ call }) => {
      void this.handlers['call.media']({ call, media: { rtpPort: 20_000, rtcpPort: 20_001 } });
      void this.handlers['call.release']({ call, cause });
    });
  }

  /** Every call that is offered gets a stream and is answered. */
  answerCalls(): void {
    this.on('call.offered', ({ call }) => {
      void this.handlers['call.media']({ call, media: { rtpPort: 20_000, rtcpPort: 20_001 } });
      void Promise.resolve(this.handlers['call.answer']({ call })).catch(() => undefined);
    });
  }

  statistics() {
    return this.handlers.statistics({});
  }

  stop(): Promise<void> {
    return this.#stack.stop();
  }
}
