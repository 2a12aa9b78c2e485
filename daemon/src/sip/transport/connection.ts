// A connection of any kind: what it may take, when it has been silent for too long, and how it ends. It ends once, with a reason.
import type { X509Certificate } from 'node:crypto';
import type { Clock, Timer } from '../../platform/index.js';
import { isGoodFor, sameFingerprint } from './certificate.js';
import type { TransportCounts } from './counts.js';
import type { TransportLimits } from './limits.js';
import { TransportError } from './transport-error.js';
import type { TurnBudget } from './turn-budget.js';
import type { Flow, Target } from './types.js';

/** What became of the bytes of a message. */
export type Reading = 'message' | 'malformed' | 'refused';

/** Whom connections belong to. */
export interface ConnectionOwner {
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly budget: TurnBudget;
  readonly counts: TransportCounts;
  /** RFC 5922 7.2 forbids patterns in certificates */
  readonly wildcards: boolean;
  read(bytes: Buffer, connection: Connection): Reading;
  /** So many bytes more (or less) of messages wait for their rest. false: that is too much for all together. */
  hold(bytes: number): boolean;
  /** it will carry nothing more */
  ended(connection: Connection, reason: string): void;
  /** its socket is no more */
  vanished(connection: Connection): void;
}

export interface ConnectionOptions {
  number: number;
  flow: Flow;
  /** we opened it */
  outgoing: boolean;
  /** monotonic ms: when it was accepted or asked for, before any handshake */
  startedMs: number;
  /** the peer's; verified by its chain, or else pinned */
  certificate?: X509Certificate | undefined;
  verified?: boolean | undefined;
}

/** A connection that has no number yet. */
export type Opening = Omit<ConnectionOptions, 'number' | 'flow'> & { flow: Omit<Flow, 'connection'> };

export function numbered(opening: Opening, number: number): ConnectionOptions {
  return { ...opening, number, flow: { ...opening.flow, connection: number } };
}

/** Names that a certificate was found good for; there are as many as domains at one address. */
const NAMES_REMEMBERED = 16;
/** Malformed messages after which nothing better is expected. */
const MALFORMED_BORNE = 20;

export abstract class Connection {
  readonly number: number;
  readonly flow: Flow;
  readonly outgoing: boolean;
  /** set by a registrar: bindings live on it, silence is no reason to close (RFC 5626) */
  kept = false;
  protected readonly owner: ConnectionOwner;
  /** monotonic ms; the last message or keep-alive, the last sign of life at all */
  protected heardMs: number;
  protected aliveMs: number;
  readonly #options: ConnectionOptions;
  readonly #goodNames = new Set<string>();
  #closing: Timer | undefined;
  #ended = false;
  #vanished = false;
  #messages = 0;
  #malformed = 0;
  #writes = 0;
  /** monotonic ms: when the peer last took bytes, or was first given some */
  #writtenMs = 0;

  constructor(owner: ConnectionOwner, options: ConnectionOptions) {
    this.owner = owner;
    this.#options = options;
    this.number = options.number;
    this.flow = options.flow;
    this.outgoing = options.outgoing;
    this.heardMs = owner.clock.monotonicMs();
    this.aliveMs = this.heardMs;
  }

  get open(): boolean {
    return !this.#ended;
  }

  get certificate(): X509Certificate | undefined {
    return this.#options.certificate;
  }

  /** Its chain leads to somebody we trust. */
  get verified(): boolean {
    return this.#options.verified === true;
  }

  /** bytes handed over and not yet taken by the system */
  abstract get pendingBytes(): number;
  protected abstract write(bytes: Buffer, done: (error?: Error | null) => void): void;
  /** Ends it after what is written; `cut`: at once, with a reset. */
  protected abstract shut(cut: boolean, reason: string): void;
  /** Monotonic ms since when a message is half there; undefined: none is. */
  protected abstract get partialSinceMs(): number | undefined;

  /** Resolves when the system has the bytes; rejects with a TransportError. */
  send(bytes: Buffer): Promise<void> {
    if (this.#ended) return Promise.reject(new TransportError('gone', 'the connection has been closed'));
    const { limits, clock } = this.owner;
    if (this.pendingBytes > 0 && this.pendingBytes + bytes.length > limits.pendingBytesOut) {
      this.cut('the peer does not read what it is sent');
      return Promise.reject(new TransportError('timeout', 'the peer does not read what it is sent'));
    }
    if (this.#writes === 0) this.#writtenMs = clock.monotonicMs();
    this.#writes += 1;
    return new Promise((resolve, reject) => {
      this.write(bytes, (error) => {
        this.#writes -= 1;
        this.#writtenMs = clock.monotonicMs();
        if (error == null) resolve();
        else reject(new TransportError('unreachable', 'the connection broke', { cause: error }));
      });
    });
  }

  /** Whether a message for the target may go by it: of TLS, when the peer has proved to be whom the target names. */
  suits(target: Target): boolean {
    if (target.transport !== 'tls') return true;
    const { certificate } = this;
    if (certificate === undefined) return false;
    if (target.fingerprint !== undefined) return sameFingerprint(certificate.fingerprint256, target.fingerprint);
    if (!this.verified) return false;
    const name = target.serverName ?? target.remote.host;
    if (this.#goodNames.has(name)) return true;
    if (!isGoodFor(certificate, name, this.owner.wildcards)) return false;
    if (this.#goodNames.size < NAMES_REMEMBERED) this.#goodNames.add(name);
    return true;
  }

  /** Ends it in order. */
  close(reason: string): void {
    if (!this.#end(reason)) return;
    this.shut(false, reason);
    if (!this.#vanished)
      this.#closing = this.owner.clock.after(this.owner.limits.closingMs, () => this.shut(true, reason));
  }

  /** Ends it at once, for what the peer did or did not do. */
  cut(reason: string): void {
    if (!this.#end(reason)) return;
    this.owner.counts[this.flow.transport].connectionsCut += 1;
    this.shut(true, reason);
  }

  /** Looks at the time-outs. */
  sweep(nowMs: number): void {
    const { limits } = this.owner;
    const { startedMs } = this.#options;
    const { partialSinceMs } = this;
    if (!this.outgoing && this.#messages === 0 && nowMs - startedMs >= limits.firstMessageMs) {
      this.cut('no message came on it');
    } else if (partialSinceMs !== undefined && nowMs - partialSinceMs >= limits.messageMs) {
      this.cut('a message was begun and not ended');
    } else if (this.#writes > 0 && nowMs - this.#writtenMs >= limits.stalledMs) {
      this.cut('the peer does not read what it is sent');
    } else if (!this.kept && nowMs - this.heardMs >= limits.idleMs) {
      this.close('nothing came on it for long');
    }
  }

  /** For the end of the socket, whatever brought it about. */
  protected vanished(reason: string): void {
    if (this.#vanished) return;
    this.#vanished = true;
    this.#closing?.cancel();
    this.#end(reason);
    this.owner.vanished(this);
  }

  protected readMessage(bytes: Buffer): void {
    this.heard();
    switch (this.owner.read(bytes, this)) {
      case 'message':
        this.#messages += 1;
        break;
      case 'malformed':
        this.#malformed += 1;
        if (this.#malformed >= MALFORMED_BORNE) this.cut('too much came that was no SIP');
        break;
      case 'refused':
        this.cut('the guard refused it');
        break;
    }
  }

  protected heardKeepAlive(): void {
    this.owner.counts[this.flow.transport].keepAlives += 1;
    this.heard();
  }

  protected heard(): void {
    this.heardMs = this.owner.clock.monotonicMs();
    this.aliveMs = this.heardMs;
  }

  #end(reason: string): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.owner.ended(this, reason);
    return true;
  }
}
