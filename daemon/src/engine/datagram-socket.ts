// A UDP socket of the addon, for signalling: what comes and goes in a burst costs one system call for all of it.
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

const require = createRequire(import.meta.url);

/** datagrams of one system call; so many come in one turn of the event loop at most */
export const DATAGRAM_BATCH = 64;
/** bytes; UDP has no datagram that is longer */
const SLOT_BYTES = 65_536;

/** What the addon and this share; it has no call of its own for a datagram. */
interface Memory {
  readonly slots: Buffer;
  /** of each datagram that is to be read: its slot, its bytes, its sender's port, whether it begins a call */
  readonly slotOf: Int32Array;
  readonly lengths: Int32Array;
  readonly ports: Int32Array;
  readonly begins: Int32Array;
  /** of each that was to be sent */
  readonly errors: Int32Array;
}

interface RawDatagramSocket {
  readonly port: number;
  /** From the front, a batch at most; how many are done with. */
  send(packets: readonly Buffer[], hosts: readonly string[], ports: readonly number[]): number;
  awaitWritable(): void;
  close(): void;
}

interface RawConstructor {
  new (
    options: Readonly<{
      host: string;
      port: number;
      receiveBytes: number;
      sendBytes: number;
      sip?: SipRules | undefined;
    }>,
    memory: Memory,
    /** `count`: datagrams, or the negative errno; `hosts`: senders of those that are to be read */
    came: (count: number, hosts: readonly string[]) => void,
    room: () => void,
  ): RawDatagramSocket;
}

/** What the addon looks for in SIP, at a hundredth of what reading it costs. */
export interface SipRules {
  /** what tags in To begin with that were given to refusals of which nothing is kept: their ACKs are dropped */
  readonly refusalTag: string;
  /** users of Request-URIs whose calls are never said to begin one: emergency numbers */
  readonly exempt: readonly string[];
}

export interface DatagramSocketOptions {
  /** an IP address of the machine; 0.0.0.0 or :: for all of a family */
  host: string;
  /** 0: any that is free */
  port: number;
  /** bytes of the kernel's buffers; it may give less */
  receiveBytes: number;
  sendBytes: number;
  sip?: SipRules | undefined;
  /** `bytes` are the receiver's own; `begins`: surely an INVITE outside of any dialog, to nobody who is exempt */
  received: (bytes: Buffer, host: string, port: number, begins: boolean) => void;
  /** ACKs of refusals came */
  dropped: (count: number) => void;
  /** what the socket says of itself; it goes on */
  troubled: (error: Error) => void;
}

export type Sent = (error?: NodeJS.ErrnoException) => void;

export class DatagramSocket {
  readonly #options: DatagramSocketOptions;
  readonly #memory: Memory;
  readonly #raw: RawDatagramSocket;
  /** what waits to be sent, side by side as the addon takes it */
  readonly #packets: Buffer[] = [];
  readonly #hosts: string[] = [];
  readonly #ports: number[] = [];
  readonly #sent: Sent[] = [];
  #pendingBytes = 0;
  #scheduled = false;
  #blocked = false;
  #closed = false;

  /** It listens at once. Throws the system's error, with its `code`. */
  constructor(options: DatagramSocketOptions) {
    const { DatagramSocket: Raw } = require('@cordboard/native') as { DatagramSocket: RawConstructor };
    this.#options = options;
    const numbers = (): Int32Array => new Int32Array(DATAGRAM_BATCH);
    this.#memory = {
      // Never touched where no datagram of that size has come, and so no memory there.
      slots: Buffer.allocUnsafeSlow(DATAGRAM_BATCH * SLOT_BYTES),
      ...{ slotOf: numbers(), lengths: numbers(), ports: numbers(), begins: numbers(), errors: numbers() },
    };
    this.#raw = new Raw(
      options,
      this.#memory,
      (count, hosts) => this.#came(count, hosts),
      () => {
        this.#blocked = false;
        this.#flush();
      },
    );
  }

  /** The one it has, also where any was asked for. */
  get port(): number {
    return this.#raw.port;
  }

  /** bytes that the kernel has not taken yet */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** `host` is an IP address. `sent` is called once the kernel has it or refuses it, in this turn of the event loop or the next. */
  send(bytes: Buffer, host: string, port: number, sent: Sent): void {
    if (this.#closed) return sent(canceled());
    this.#packets.push(bytes);
    this.#hosts.push(host);
    this.#ports.push(port);
    this.#sent.push(sent);
    this.#pendingBytes += bytes.length;
    if (this.#blocked) return;
    if (this.#packets.length >= DATAGRAM_BATCH) this.#flush();
    else this.#schedule();
  }

  /** What was given before goes out if the kernel takes it now. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#raw.close();
    this.#pendingBytes = this.#packets.length = this.#hosts.length = this.#ports.length = 0;
    for (const tell of this.#sent.splice(0)) tell(canceled());
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After all that came in this turn: what it causes goes out together.
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#packets.length > 0 && !this.#closed && !this.#blocked) {
      const done = this.#raw.send(this.#packets, this.#hosts, this.#ports);
      this.#blocked = done < Math.min(this.#packets.length, DATAGRAM_BATCH);
      if (this.#blocked) this.#raw.awaitWritable();
      for (const { length } of this.#packets.splice(0, done)) this.#pendingBytes -= length;
      this.#hosts.splice(0, done);
      this.#ports.splice(0, done);
      const sent = this.#sent.splice(0, done);
      // Whoever is called may send again, which overwrites the errors.
      const errors = this.#memory.errors.slice(0, done);
      for (const [index, tell] of sent.entries()) tell(systemError(errors[index] ?? 0));
    }
  }

  #came(count: number, hosts: readonly string[]): void {
    const { received, dropped, troubled } = this.#options;
    if (count < 0) return troubled(systemError(-count) ?? new Error('unknown'));
    const { slots, slotOf, lengths, ports, begins } = this.#memory;
    if (count > hosts.length) dropped(count - hosts.length);
    for (const [index, host] of hosts.entries()) {
      if (this.#closed) return;
      const from = (slotOf[index] ?? 0) * SLOT_BYTES;
      const bytes = Buffer.from(slots.subarray(from, from + (lengths[index] ?? 0)));
      received(bytes, host, ports[index] ?? 0, begins[index] === 1);
    }
  }
}

const canceled = (): NodeJS.ErrnoException => Object.assign(new Error('ECANCELED'), { code: 'ECANCELED' });

function systemError(errno: number): NodeJS.ErrnoException | undefined {
  if (errno === 0) return undefined;
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(code), { code, errno: -errno });
}
