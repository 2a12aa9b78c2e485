// SIP as a part of the daemon: the stack's thread, what it is told of the tables, and what it tells that must outlive it.
//
//   tables ─ stations, trunks, bans, bindings ─> StackThread ─ calls ─> SipLines ─> call control
//          <── bindings, bans that came up ─────┘
import { randomBytes } from 'node:crypto';
import type { LineQuality } from '../contract/index.js';
import type { Db, SipBindingRow, SipStationRow, TrunkRow } from '../db/index.js';
import type { EngineClient } from '../engine/index.js';
import { errorText, type Clock, type Log, type Unsubscribe } from '../platform/index.js';
import type { Lines } from '../lines/index.js';
import { DialogKeeper } from './dialog-keeper.js';
import { Lamps, type WatchedAgent } from './lamps.js';
import { LineWatch, type LineWatchOptions } from './line-watch.js';
import { SipLines } from './sip-lines.js';
import { WebPhones } from './web-phones.js';
import { StackThread } from './stack-thread.js';
import type {
  KeptDialog,
  StackBinding,
  StackConfig,
  StackEvents,
  StackPorts,
  StackStation,
  StackStatistics,
  StackTrunk,
  TrunkAnswer,
} from './stack/index.js';

export interface SipSettings {
  host: string;
  port: number;
  tlsPort: number;
  wsPort?: number | undefined;
  wssPort?: number | undefined;
  domain: string;
  externalAddress?: string | undefined;
  trusted: readonly string[];
  callsPerHour: number;
  turnUrls?: readonly string[] | undefined;
  turnSecret?: string | undefined;
}

export interface SipServiceOptions {
  db: Db;
  engine: EngineClient;
  settings: SipSettings;
  /** of the country: no limit holds back a call to one of these */
  emergency: readonly string[];
  /** read when the thread begins, so that a new certificate is taken up then */
  tls: () => { key: string; cert: string };
  /** SHA-256 of the certificate for browsers, upper case with colons; left out: they are not taken */
  webrtcFingerprint?: string | undefined;
  /** a trunk does otherwise than before */
  trunkChanged?: (health: TrunkHealth) => void;
  /** a telephone has registered with the secret that its station has now, or anew */
  registered?: (station: number) => void;
  clock: Clock;
  log: Log;
}

/** After so many bans those that are long over are removed. */
const MAX_OWN_BANS = 1000;
const OLD_BAN_MS = 7 * 86_400_000;
const DECOY_KEY = 'sip.decoyKey';

/** How a trunk does. */
export type TrunkHealth = StackEvents['trunk.changed'] & { since: number };

export class SipService {
  readonly lines: SipLines;
  /** pages as telephones */
  readonly pages: WebPhones;
  readonly #options: SipServiceOptions;
  readonly #thread: StackThread;
  readonly #trunks = new Map<string, TrunkHealth>();
  /** bans as the stack has told them, by source: until when, wall clock ms */
  readonly #ownBans = new Map<string, number>();
  readonly #messages = new Map<number, { fresh: number; old: number }>();
  #lamps: Lamps | undefined;
  #lineWatch: LineWatch | undefined;
  /** changes of the tables on their way to the stack */
  readonly #keeper: DialogKeeper;
  readonly #applying = new Set<Promise<void>>();
  #offs: Unsubscribe[] = [];

  constructor(options: SipServiceOptions) {
    const { engine, clock, log, db } = options;
    this.#options = options;
    this.#keeper = new DialogKeeper({ db, clock, log });
    this.#thread = new StackThread({
      ...{ clock, log },
      config: () => this.#config(),
      started: () => this.#started(),
      failed: () => this.#failed(),
    });
    this.lines = new SipLines({ engine, stack: this.#thread, log });
    const { domain, turnUrls = [], turnSecret = '' } = options.settings;
    this.pages = new WebPhones({
      stack: this.#thread,
      domain,
      turn: { urls: turnUrls, secret: turnSecret },
      clock,
      log,
    });
  }

  /** Where it listens; undefined: it does not run. */
  get ports(): StackPorts | undefined {
    return this.#thread.ports;
  }

  /** Whether pages can be telephones. */
  get takesBrowsers(): boolean {
    return this.#options.webrtcFingerprint !== undefined;
  }

  /** By trunk; one that nothing is known of yet is not in it. */
  get trunks(): readonly TrunkHealth[] {
    return [...this.#trunks.values()];
  }

  /** What the hosts of a trunk say to OPTIONS now; none: the trunk is switched off, or SIP does not run. */
  async ask(trunk: string): Promise<TrunkAnswer[]> {
    if (this.ports === undefined) return [];
    return (await this.#thread.command('trunk.ask', { id: trunk })).hosts;
  }

  /** What telephones of SIP may watch from now on: every station there is, whatever carries it. Called before `start`. */
  watch(lines: Lines): void {
    this.#lamps = new Lamps({
      lines,
      set: (lamp) => this.#show(this.#thread.command('lamp.set', lamp)),
      remove: (station) => this.#show(this.#thread.command('lamp.remove', { station })),
    });
  }

  /** Tells from now on how the lines of agents sound. Called before `start`. */
  watchAgents(told: Pick<LineWatchOptions, 'agentAt' | 'changed'>): void {
    const { engine, clock, log } = this.#options;
    this.#lineWatch = new LineWatch({ ...{ engine, clock, log, ...told }, legs: () => this.lines.heard() });
  }

  /** How they sounded last, of each agent who talks over IP. */
  lineQualities(): LineQuality[] {
    return this.#lineWatch?.list() ?? [];
  }

  /** Has the telephones of a station fetch their settings anew; resolves with how many have taken that. */
  async resync(station: number, event: string): Promise<number> {
    if (this.ports === undefined) return 0;
    return (await this.#thread.command('station.resync', { number: station, event })).told;
  }

  /** An agent's state, for those who watch his telephone and for the page that is it. */
  agentChanged(agent: WatchedAgent): void {
    this.#lamps?.agentChanged(agent);
    this.pages.agentAt(agent.id, agent.station);
  }

  /** How many messages wait for a station: lights the lamps of its telephones (RFC 3842). */
  setMessages(station: number, counts: { fresh: number; old: number }): void {
    this.#messages.set(station, counts);
    this.#show(this.#thread.command('messages.set', { station, ...counts }));
  }

  /** Another certificate is in force: it is shown from now on, and connections stay. */
  setTls({ key, cert }: { key: string; cert: string }): void {
    this.#show(this.#thread.command('tls.set', { key, cert }));
  }

  /** Resolves when it listens, or has failed to, which is logged and tried again. */
  async start(): Promise<void> {
    const { db } = this.#options;
    const { events } = this.#thread;
    this.lines.start();
    this.pages.start();
    await this.#purgeBans();
    this.#lamps?.start();
    this.#lineWatch?.start();
    this.#offs = [
      db.events.on('session.removed', ({ ids }) => this.pages.sessionsEnded(ids)),
      events.on('bindings.changed', ({ station, bindings }) => this.#keepBindings(station, bindings)),
      events.on('dialog.kept', (kept) => this.#keeper.keep(kept)),
      events.on('dialog.gone', ({ id }) => this.#keeper.forget(id)),
      events.on('trunk.changed', (changed) => this.#trunkChanged(changed)),
      events.on('ban.added', (ban) => this.#keepBan(ban)),
      events.on('ban.lifted', ({ source }) => this.#forgetBan(source)),
      db.events.on('sipStation.changed', ({ number, removed }) =>
        this.#apply(removed ? this.#removeStation(number) : this.#reloadStation(number)),
      ),
      db.events.on('trunk.changed', ({ id, removed }) =>
        this.#apply(removed ? this.#removeTrunk(id) : this.#reloadTrunk(id)),
      ),
      db.events.on('sipBan.changed', ({ address, removed }) => this.#apply(this.#banChanged(address, removed))),
    ];
    await this.#thread.start();
  }

  /** Ends every call with BYE. Idempotent. */
  async stop(): Promise<void> {
    this.pages.stop();
    await this.#thread.stop();
    await this.#keeper.flush();
    for (const off of this.#offs) off();
    this.#offs = [];
    this.#lamps?.stop();
    this.#lineWatch?.stop();
    this.lines.stop();
  }

  /** What the stack holds now, and what it has counted. Rejects while it does not run. */
  statistics(): Promise<StackStatistics> {
    return this.#thread.command('statistics', {});
  }

  /** Resolves when what was changed in the tables until now is in force: who has an account can register. */
  async applied(): Promise<void> {
    await Promise.allSettled(this.#applying);
  }

  #apply(change: Promise<void>): void {
    const applying = change
      .catch((error: unknown) => this.#options.log.error({ err: error }, `SIP: ${errorText(error)}`))
      .finally(() => this.#applying.delete(applying));
    this.#applying.add(applying);
  }

  async #config(): Promise<StackConfig> {
    const { db, settings, tls, clock } = this.#options;
    const nowMs = clock.wallMs();
    await this.#keeper.flush();
    const [stations, trunks, bindings, bans, dialogs] = await Promise.all([
      db.sipStations.list(),
      db.trunks.list(),
      db.sipBindings.list(),
      db.sipBans.list(),
      db.sipDialogs.list(),
    ]);
    const alive = bindings.filter(({ expiresAt }) => expiresAt > nowMs);
    for (const { number, name } of stations)
      this.lines.setStation(
        number,
        name,
        alive.some(({ stationNumber }) => stationNumber === number),
      );
    for (const { id, kind, enabled, refer } of trunks) if (kind === 'sip' && enabled) this.lines.setTrunk(id, refer);
    const { host, port, domain, externalAddress, trusted, callsPerHour } = settings;
    return {
      ...{ host, port, domain, externalAddress, trusted: [...trusted], callsPerHour },
      ...{ tlsPort: settings.tlsPort, wsPort: settings.wsPort, wssPort: settings.wssPort },
      emergency: [...this.#options.emergency],
      webrtcFingerprint: this.#options.webrtcFingerprint,
      decoyKey: await this.#decoyKey(),
      tls: tls(),
      stations: stations.map(stationOf),
      trunks: trunks.filter(({ kind }) => kind === 'sip').map(trunkOf),
      bindings: alive.map(bindingOf),
      bans: bans
        .filter(({ until }) => until > nowMs)
        .map(({ address, until, reason }) => ({ address, untilMs: until, reason })),
      dialogs: dialogs.map(({ state }) => state as unknown as KeptDialog),
    };
  }

  #started(): void {
    this.pages.restarted();
    this.#lamps?.tellAll();
    for (const [station, counts] of this.#messages) this.setMessages(station, counts);
  }

  /** What is not taken while the thread is begun anew is told again when it runs. */
  #show(told: Promise<unknown>): void {
    told.catch((error: unknown) => this.#options.log.debug({ err: error }, 'a lamp was not set'));
  }

  /** Made once: names that do not exist are answered alike before and after a restart. */
  async #decoyKey(): Promise<string> {
    const { db } = this.#options;
    return db.write(async (tx) => {
      const known = await tx.meta.get(DECOY_KEY);
      if (known !== null && /^[0-9a-f]{64}$/.test(known)) return known;
      const key = randomBytes(32).toString('hex');
      await tx.meta.set(DECOY_KEY, key);
      return key;
    });
  }

  #failed(): void {
    this.#trunks.clear();
    void this.lines.failed();
  }

  async #keepBindings(station: number, bindings: readonly StackBinding[]): Promise<void> {
    const { db, log } = this.#options;
    // Who has heard that he is registered may be called at once.
    this.lines.setReachable(station, bindings.length > 0);
    if (bindings.length > 0) this.#options.registered?.(station);
    const row = await db.sipStations.find(station);
    if (row === null) return;
    this.lines.setStation(station, row.name, row.enabled && bindings.length > 0);
    try {
      await db.write((tx) => tx.sipBindings.replace(station, bindings.map(bindingRow)));
    } catch (error) {
      log.error({ err: error, station }, `a registration was not stored: ${errorText(error)}`);
    }
  }

  #trunkChanged(changed: StackEvents['trunk.changed']): void {
    const { log, clock } = this.#options;
    const health = { ...changed, since: clock.wallMs() };
    this.#trunks.set(health.trunk, health);
    this.#options.trunkChanged?.(health);
    const bad = health.state === 'down' || health.state === 'refused';
    log[bad ? 'warn' : 'info'](health, `trunk ${health.trunk} is ${health.state}`);
  }

  async #reloadStation(number: number): Promise<void> {
    const row = await this.#options.db.sipStations.find(number);
    if (row === null) return this.#removeStation(number);
    const reachable = this.lines.stations().find(({ station }) => station === number)?.reachable ?? false;
    this.lines.setStation(number, row.name, row.enabled && reachable);
    await this.#tell('station', this.#thread.command('station.set', stationOf(row)));
  }

  async #removeStation(number: number): Promise<void> {
    this.lines.removeStation(number);
    this.#messages.delete(number);
    await this.#tell('station', this.#thread.command('station.remove', { number }));
  }

  async #reloadTrunk(id: string): Promise<void> {
    const row = await this.#options.db.trunks.find(id);
    if (row === null || row.kind !== 'sip' || !row.enabled) return this.#removeTrunk(id);
    this.lines.setTrunk(id, row.refer);
    await this.#tell('trunk', this.#thread.command('trunk.set', trunkOf(row)));
  }

  async #removeTrunk(id: string): Promise<void> {
    this.lines.removeTrunk(id);
    this.#trunks.delete(id);
    await this.#tell('trunk', this.#thread.command('trunk.remove', { id }));
  }

  async #keepBan({ source, reason, sinceMs, untilMs, count }: StackEvents['ban.added']): Promise<void> {
    const { db } = this.#options;
    this.#ownBans.set(source, untilMs);
    if (this.#ownBans.size > MAX_OWN_BANS) await this.#purgeBans();
    const row = { address: source, reason, since: sinceMs, until: untilMs, count };
    await this.#tell(
      'ban',
      db.write((tx) => tx.sipBans.put(row)),
    );
  }

  /** Lets go of those that have been over for so long that nobody asks any more. */
  async #purgeBans(): Promise<void> {
    const { db, clock } = this.#options;
    this.#ownBans.clear();
    const before = clock.wallMs() - OLD_BAN_MS;
    const old = (await db.sipBans.list()).filter(({ until }) => until < before);
    if (old.length === 0) return;
    await this.#tell(
      'ban',
      db.write(async (tx) => {
        for (const { address } of old) await tx.sipBans.remove(address);
      }),
    );
  }

  async #forgetBan(source: string): Promise<void> {
    const { db } = this.#options;
    if ((await db.sipBans.find(source)) !== null)
      await this.#tell(
        'ban',
        db.write((tx) => tx.sipBans.remove(source)),
      );
  }

  async #banChanged(address: string, removed: boolean): Promise<void> {
    const row = removed ? null : await this.#options.db.sipBans.find(address);
    // What the stack itself has said need not be told to it.
    if (row !== null && this.#ownBans.get(address) === row.until) return;
    this.#ownBans.delete(address);
    await this.#tell(
      'ban',
      row === null
        ? this.#thread.command('ban.lift', { address })
        : this.#thread.command('ban.set', { address, untilMs: row.until, reason: row.reason }),
    );
  }

  /** What the stack does not learn now it reads when it begins anew. */
  async #tell(what: string, told: Promise<unknown>): Promise<void> {
    await told.catch((error: unknown) =>
      this.#options.log.warn({ err: error }, `a change of a ${what} was not taken: ${errorText(error)}`),
    );
  }
}

function stationOf(row: SipStationRow): StackStation {
  const { number, name, ha1Md5, ha1Sha256, digest, security, srtp, codecs, dtmf, maxContacts, maxCalls, enabled } = row;
  return { number, name, ha1Md5, ha1Sha256, digest, security, srtp, codecs, dtmf, maxContacts, maxCalls, enabled };
}

function trunkOf(row: TrunkRow): StackTrunk {
  const { id, name, mode, hosts, username, secret, fromUser, fromDomain, expiresS, codecs, dtmf, srtp } = row;
  const { tlsFingerprint, sources, maxCalls, optionsIntervalS, callerIdHeader, diversionHeader, enabled } = row;
  return {
    ...{ id, name, mode, hosts, username, secret, fromUser, fromDomain, expiresS, codecs, dtmf, srtp },
    ...{ tlsFingerprint, sources, maxCalls, optionsIntervalS, callerIdHeader, diversionHeader, enabled },
  };
}

function bindingOf({ stationNumber, position: _position, transport, ...row }: SipBindingRow): StackBinding {
  return { ...row, station: stationNumber, transport: transport as StackBinding['transport'] };
}

function bindingRow({
  station: _station,
  ...binding
}: StackBinding): Omit<SipBindingRow, 'stationNumber' | 'position'> {
  return binding;
}
