// Keeps the ways to telephones behind a NAT open: it forgets who sent what after 30 seconds of silence over UDP, and after some
// minutes over TCP.
import { TypedEmitter, silentLog, type Clock, type EventSource, type Log, type Timer } from '../../platform/index.js';
import type { Binding } from './binding.js';

/** options: an OPTIONS, whose answer shows that the telephone is there; crlf: two line ends (RFC 5626 3.5.1) */
export type KeepAliveKind = 'options' | 'crlf';

export interface KeepAlive {
  kind: KeepAliveKind;
  everyMs: number;
}

const UDP: KeepAlive = { kind: 'options', everyMs: 25_000 };
const STREAM: KeepAlive = { kind: 'crlf', everyMs: 90_000 };

/**
 * What a binding needs; undefined: nothing. Outbound telephones do it themselves (RFC 5626 4.4), WebSockets have pings of their
 * own, and behind a proxy it is the proxy's.
 */
export function keepAliveOf({ behindNat, path, regId, transport }: Binding): KeepAlive | undefined {
  if (!behindNat || path.length > 0 || regId !== undefined) return undefined;
  switch (transport) {
    case 'udp':
      return UDP;
    case 'tcp':
    case 'tls':
      return STREAM;
    case 'ws':
    case 'wss':
      return undefined;
  }
}

export interface KeepAliveEvents {
  /** three in a row were not answered */
  unreachable: { binding: Binding };
  /** it answers again, or has registered again */
  reachable: { binding: Binding };
}

export interface KeepAlivesOptions {
  clock: Clock;
  bindings: () => Iterable<Binding>;
  /** Sends one. true: it was answered, or no answer was to come; false or rejected: it was not. */
  ping: (binding: Binding, kind: KeepAliveKind) => Promise<boolean>;
  log?: Log | undefined;
}

const TICK_MS = 250;
const MISSES = 3;
/** After a start all telephones want one at once; this is enough for 10,000 behind UDP NATs, and takes some ms. */
const PINGS_A_TICK = 100;

interface Watched {
  binding: Binding;
  dueMs: number;
  misses: number;
  waiting: boolean;
  /** the last walk that met it */
  tick: number;
}

export class KeepAlives {
  readonly #options: KeepAlivesOptions;
  readonly #events: TypedEmitter<KeepAliveEvents>;
  readonly #watched = new Map<string, Watched>();
  #timer: Timer | undefined;
  #ticks = 0;

  constructor(options: KeepAlivesOptions) {
    this.#options = options;
    this.#events = new TypedEmitter(options.log ?? silentLog);
  }

  get events(): EventSource<KeepAliveEvents> {
    return this.#events;
  }

  /** bindings that are kept alive */
  get size(): number {
    return this.#watched.size;
  }

  start(): void {
    this.#timer ??= this.#options.clock.every(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#watched.clear();
  }

  /** False: the last three keep-alives were not answered. */
  isReachable(id: string): boolean {
    return (this.#watched.get(id)?.misses ?? 0) < MISSES;
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#ticks += 1;
    let pings = 0;
    let met = 0;
    for (const binding of this.#options.bindings()) {
      const wanted = keepAliveOf(binding);
      if (wanted === undefined) continue;
      met += 1;
      const watched = this.#watch(binding, wanted, nowMs);
      watched.tick = this.#ticks;
      if (nowMs < watched.dueMs || watched.waiting || pings >= PINGS_A_TICK) continue;
      pings += 1;
      watched.dueMs = nowMs + wanted.everyMs;
      watched.waiting = true;
      void this.#ping(watched, wanted.kind);
    }
    if (met === this.#watched.size) return;
    for (const [id, { tick }] of this.#watched) if (tick !== this.#ticks) this.#watched.delete(id);
  }

  /** A REGISTER is as good as an answer. */
  #watch(binding: Binding, { everyMs }: KeepAlive, nowMs: number): Watched {
    const known = this.#watched.get(binding.id);
    if (known?.binding === binding) return known;
    const dueMs = Math.max(nowMs, binding.refreshedMs + everyMs);
    const watched = { binding, dueMs, misses: 0, waiting: false, tick: this.#ticks };
    this.#watched.set(binding.id, watched);
    if (known !== undefined && known.misses >= MISSES) this.#events.emit('reachable', { binding });
    return watched;
  }

  async #ping(watched: Watched, kind: KeepAliveKind): Promise<void> {
    const { binding } = watched;
    const answered = await this.#options.ping(binding, kind).catch(() => false);
    watched.waiting = false;
    const misses = answered ? 0 : watched.misses + 1;
    const was = watched.misses;
    watched.misses = misses;
    // It may have registered again while we waited.
    if (this.#watched.get(binding.id) !== watched) return;
    if (misses === MISSES) this.#events.emit('unreachable', { binding });
    if (was >= MISSES && misses === 0) this.#events.emit('reachable', { binding });
  }
}
