// What the box asks of the firewall of its machine, kept in <home>/firewall.json. The box has no right to set rules: a unit of systemd
// sees that the file was replaced and lets root carry it out (`cordboard firewall apply`).
import { join } from 'node:path';
import { writeWhole, type Config } from '../config/index.js';
import { Network } from '../contract/index.js';
import type { Db } from '../db/index.js';
import { errorText, type Clock, type Log, type Timer } from '../platform/index.js';
import { FirewallWish } from './rules.js';

export const WISH_FILE = 'firewall.json';

/** A scan brings many bans at once. */
const GATHERED_MS = 500;
/** As many as the guard holds at most would be too many for a file that is read by root; the latest count. */
const MOST_BANS = 10_000;
/**
 * Of a datagram that names another as its sender. The guard still listens to such a source a little, a firewall would not: whoever can
 * forge an address could shut a telephone out.
 */
const MAYBE_FORGED = new Set(['scanner', 'malformed']);

export interface FirewallDeskOptions {
  config: Config;
  db: Db;
  clock: Clock;
  log: Log;
}

export class FirewallDesk {
  readonly #options: FirewallDeskOptions;
  #timer: Timer | undefined;
  #written = '';
  #writing: Promise<void> = Promise.resolve();
  #off: (() => void) | undefined;
  #stopped = false;

  constructor(options: FirewallDeskOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#off = this.#options.db.events.on('sipBan.changed', () => this.#soon());
    await this.#write();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#off?.();
    this.#timer?.cancel();
    await this.#writing;
  }

  #soon(): void {
    this.#timer ??= this.#options.clock.after(GATHERED_MS, () => {
      this.#timer = undefined;
      if (!this.#stopped) this.#writing = this.#writing.then(() => this.#write());
    });
  }

  /** Calls go on whatever becomes of it. */
  async #write(): Promise<void> {
    const { config, db, clock, log } = this.#options;
    try {
      const nowMs = clock.wallMs();
      const bans = (await db.sipBans.list())
        .filter(({ until, reason, address }) => until > nowMs && !MAYBE_FORGED.has(reason) && isNetwork(address))
        .slice(0, MOST_BANS)
        .map(({ address, until }) => ({ address, until }));
      const text = `${JSON.stringify(FirewallWish.parse({ ...wishOf(config.settings), bans }))}\n`;
      if (text === this.#written) return;
      writeWhole(join(config.home, WISH_FILE), text);
      this.#written = text;
    } catch (error) {
      log.error({ err: error }, `the firewall was not told: ${errorText(error)}`);
    }
  }
}

const isNetwork = (address: string): boolean => Network.safeParse(address).success;

/** As the settings have it. A port that is any free one (0) is not known to the firewall. */
function wishOf({ firewall, http, sip }: Config['settings']): Omit<FirewallWish, 'bans'> {
  const named = (...ports: (number | undefined)[]): number[] =>
    ports.filter((port) => port !== undefined && port > 0) as number[];
  const { first, last } = sip.rtpPorts;
  return {
    mode: firewall.mode,
    webPorts: named(http.port),
    sipPorts: sip.enabled ? named(sip.port) : [],
    sipTcpPorts: sip.enabled ? named(sip.tlsPort, sip.wsPort, sip.wssPort) : [],
    rtpPorts: { first, last },
    webrtcPorts: sip.enabled ? named(sip.webrtcPort) : [],
    ...{ webFrom: firewall.webFrom, sshFrom: firewall.sshFrom, trusted: sip.trusted },
  };
}
