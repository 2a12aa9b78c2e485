// Opens connections to targets: one for all who want the same at once, in limited time, and of TLS only with a peer that proves to
// be whom the target names (RFC 5922 clause 7).
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { canonicalAddress, hostPort, targetKey } from '../locate/index.js';
import { isGoodFor, peerCertificate, readAuthorities, sameFingerprint, type Authorities } from './certificate.js';
import type { Connection, ConnectionOwner, Opening } from './connection.js';
import { Tally, networkOf } from './tally.js';
import { TransportError } from './transport-error.js';
import type { Target } from './types.js';

/** How we meet peers that we connect to by TLS. PEM. */
export interface TlsClientOptions {
  /** whom we trust; left out: the authorities that Node knows */
  ca?: Authorities | undefined;
  /** our own certificate, for carriers that ask for one */
  cert?: string | Buffer | undefined;
  key?: string | Buffer | undefined;
  /** accept `*.example.com`, which RFC 5922 clause 7.2 forbids and some carriers use */
  wildcards?: boolean | undefined;
}

/** Whom connections are opened for. */
export interface DialerOwner extends ConnectionOwner {
  /** connections there are that we opened, by network */
  readonly outgoing: Pick<Tally, 'total' | 'of'>;
  opened(opening: Opening, socket: { stream: Socket }): Connection;
}

interface Dial {
  connection: Promise<Connection>;
  waiting: number;
  abort: (error: TransportError) => void;
}

export class Dialer {
  readonly #owner: DialerOwner;
  readonly #secure: SecureContext;
  readonly #dials = new Map<string, Dial>();
  /** of those, by network */
  readonly #towards = new Tally();
  #stopped = false;

  /** Throws a TransportError when the certificates cannot be read. */
  constructor(owner: DialerOwner, tls: TlsClientOptions) {
    this.#owner = owner;
    try {
      this.#secure = createSecureContext({
        minVersion: 'TLSv1.2',
        ...(tls.ca !== undefined && { ca: readAuthorities(tls.ca) }),
        ...(tls.cert !== undefined && { cert: tls.cert }),
        ...(tls.key !== undefined && { key: tls.key }),
      });
    } catch (cause) {
      throw new TransportError('certificate', 'certificate or key for connections to others cannot be read', { cause });
    }
  }

  /** A new connection to the target, `limitMs` at most for it. Rejects with a TransportError. */
  dial(target: Target, limitMs: number): Promise<Connection> {
    const key = `${targetKey(target)} ${target.serverName ?? ''} ${target.fingerprint ?? ''}`;
    const { limits } = this.#owner;
    let dial = this.#dials.get(key);
    if (dial === undefined) {
      const refusal = this.#refusal(target);
      if (refusal !== undefined) return Promise.reject(refusal);
      dial = this.#begin(target, limitMs, key);
    }
    if (dial.waiting >= limits.waitingForConnection) {
      return Promise.reject(
        new TransportError('full', `too much waits for ${hostPort(target.remote)} to be connected`),
      );
    }
    dial.waiting += 1;
    return dial.connection;
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#stopped = true;
    for (const dial of this.#dials.values()) dial.abort(new TransportError('stopped', 'the transports were stopped'));
  }

  #refusal(target: Target): TransportError | undefined {
    if (this.#stopped) return new TransportError('stopped', 'the transports were stopped');
    if (target.transport !== 'tcp' && target.transport !== 'tls') {
      return new TransportError('unsupported', `nobody opens ${target.transport} to a client (RFC 7118 clause 5)`);
    }
    if (isIP(target.remote.host) === 0) return new TransportError('unsupported', 'the target is no IP address');
    const { connectionsOut, connectionsForAnswers, connectionsOutPerAddress } = this.#owner.limits;
    const { outgoing } = this.#owner;
    const network = networkOf(target.remote.host);
    const room = isForAnswer(target) ? connectionsForAnswers : connectionsOut;
    const full = outgoing.total + this.#towards.total >= room;
    if (full || outgoing.of(network) + this.#towards.of(network) >= connectionsOutPerAddress) {
      return new TransportError('full', 'as many connections are open as may be');
    }
    return undefined;
  }

  #begin(target: Target, limitMs: number, key: string): Dial {
    const { clock } = this.#owner;
    const startedMs = clock.monotonicMs();
    const where = `${target.transport} ${hostPort(target.remote)}`;
    const socket = this.#socket(target);
    let abort: Dial['abort'] = () => undefined;
    const connection = new Promise<Connection>((resolve, reject) => {
      const timer = clock.after(limitMs, () => abort(new TransportError('timeout', `${where} did not accept in time`)));
      const onError = (cause: Error): void =>
        abort(new TransportError('unreachable', `${where}: ${cause.message}`, { cause }));
      const onClose = (): void => abort(new TransportError('unreachable', `${where} closed the connection`));
      const settled = (): void => {
        timer.cancel();
        this.#dials.delete(key);
        this.#towards.remove(networkOf(target.remote.host));
        socket.off('close', onClose);
        socket.off('error', onError);
      };
      abort = (error) => {
        settled();
        // What it still says is of no interest, but must be heard.
        socket.on('error', () => undefined);
        socket.destroy();
        reject(error);
      };
      socket.on('error', onError);
      socket.on('close', onClose);
      socket.once(target.transport === 'tls' ? 'secureConnect' : 'connect', () => {
        const opening = { flow: flowOf(socket, target), outgoing: true, startedMs };
        const identity = target.transport === 'tls' ? this.#identity(socket as TLSSocket, target, where) : {};
        if (identity instanceof TransportError) {
          abort(identity);
          return;
        }
        settled();
        this.#owner.counts[target.transport].connectionsOut += 1;
        resolve(this.#owner.opened({ ...opening, ...identity }, { stream: socket }));
      });
    });
    const dial = { connection, waiting: 0, abort };
    this.#dials.set(key, dial);
    this.#towards.add(networkOf(target.remote.host));
    return dial;
  }

  #socket({ transport, remote, serverName }: Target): Socket {
    const { host, port } = remote;
    if (transport === 'tcp') return connectTcp({ host, port });
    return connectTls({
      host,
      port,
      secureContext: this.#secure,
      // For choosing among certificates (RFC 6066); an address is no name for it.
      servername: serverName !== undefined && isIP(serverName) === 0 ? serverName : '',
      // Chain and name are looked at in #identity before a byte is sent: Node's own check has neither SIP domains nor pins.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
  }

  /** Who the peer has proved to be. */
  #identity(socket: TLSSocket, target: Target, where: string): Partial<Opening> | TransportError {
    const certificate = peerCertificate(socket);
    if (certificate === undefined) return new TransportError('certificate', `${where} shows no certificate`);
    const verified = socket.authorized;
    if (target.fingerprint !== undefined) {
      if (sameFingerprint(certificate.fingerprint256, target.fingerprint)) return { certificate, verified };
      return new TransportError('certificate', `${where} shows another certificate than the one agreed on`);
    }
    if (!verified) {
      // Node has the code here, whatever its types say of an Error.
      const why = String(socket.authorizationError);
      return new TransportError('certificate', `the certificate of ${where} is not to be trusted: ${why}`);
    }
    const name = target.serverName ?? target.remote.host;
    if (!isGoodFor(certificate, name, this.#owner.wildcards)) {
      return new TransportError('certificate', `the certificate of ${where} is not good for ${name}`);
    }
    return { certificate, verified };
  }
}

/** Answers are for whoever asks: they may not take the place of requests of ours. */
function isForAnswer(target: Target): boolean {
  return target.connection !== undefined && target.reconnect === true;
}

function flowOf(socket: Socket, target: Target): Opening['flow'] {
  return {
    transport: target.transport,
    local: { host: canonicalAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 },
    remote: target.remote,
    peerName: target.serverName,
  };
}
