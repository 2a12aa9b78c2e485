// Desk telephones: which station each is, and what it is given when it fetches.
//
// long because: the whole life of a telephone is told in one place
//
//   closed ── somebody says so ──> open ── its first fetch ──> fetched ── it registers ──> registered
//      └───────────── time runs out ◄──┴──────────────────────────┘   (provisioned anew: open again)
//
// Only one that is open is given anything. With its first fetch its account gets a new secret; the same is told again until it has
// registered or its time is over, and to the address that has asked first alone. Then the secret is forgotten: what remains of it are
// the digests of the account. Whoever asks otherwise (no such token, used up, another's address) gets one and the same answer.
import type { Secrets, Settings } from '../config/index.js';
import type {
  DeskPhoneCreate,
  DeskPhoneList,
  DeskPhonePatch,
  DeskPhoneSet,
  PhoneAccess,
  PhoneFile,
  SipSecurity,
  SipServer,
} from '../contract/index.js';
import type { Db, PhoneRow, SipStationRow, Writes } from '../db/index.js';
import {
  AppError,
  errorText,
  newUlid,
  type Clock,
  type Log,
  type Metrics,
  type Timer,
  type Unsubscribe,
} from '../platform/index.js';
import { digestHashes, newSecret } from '../sip/index.js';
import { bookText, type BookEntry } from './book.js';
import { PREFIX, VainLimit, authorised, hashOf, readPath, type PhoneRequest } from './gate.js';
import { audited, mustSuit, newToken, owner, rowIn, stateOf, stationIn } from './phone-rows.js';
import { UnknownPhones, modelOf, userAgentText } from './unknown.js';
import { phoneValues } from './values.js';
import { readFileName, vendorOfMac, type Vendor, type Vendors } from './vendors.js';
import { phoneZone } from './zone.js';

export interface PhoneDeskOptions {
  db: Db;
  vendors: Vendors;
  secrets: Secrets;
  settings: () => Settings['phones'];
  /** domain and realm of the accounts */
  realm: string;
  servers: (security: SipSecurity) => readonly SipServer[];
  /** where the pages are, as others reach them, without / at its end; reachable: others do */
  pages: () => { url: string; reachable: boolean };
  timeZone: () => string;
  pickUpCode: () => string;
  /** resolves when what was written of the accounts is in force */
  applied: () => Promise<void>;
  /** has the telephones of a station fetch */
  resync: (station: number, event: string) => Promise<number>;
  /** what a station finds in its telephone book */
  book: (station: number) => Promise<BookEntry[]>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** file: it is given; challenge: who asks has to say who he is; nothing: whatever else. */
export type PhoneAnswer =
  { kind: 'file'; text: string; contentType: string } | { kind: 'challenge' } | { kind: 'nothing' };

/** Written with the change. */
export type PhoneNote = (tx: Writes, mac: string, states: { before?: unknown; after?: unknown }) => Promise<void>;

interface Sealed {
  token: string;
  bookToken: string;
  adminPassword: string;
}

const SITE_KEY = 'phones.site';
const NOTHING: PhoneAnswer = { kind: 'nothing' };
const SWEEP_MS = 60_000;
/** how exactly it is known when a telephone last asked */
const ASKED_MS = 60_000;
const BOOK_MS = 30_000;
const STARS = '***';

export class PhoneDesk {
  readonly #options: PhoneDeskOptions;
  readonly #limit: VainLimit;
  readonly #unknown = new UnknownPhones();
  readonly #phones = new Map<string, PhoneRow>();
  readonly #byToken = new Map<string, string>();
  readonly #byBook = new Map<string, string>();
  readonly #books = new Map<number, { atMs: number; entries: Promise<BookEntry[]> }>();
  /** whose account has a secret in force with which nobody has registered yet */
  readonly #awaited = new Set<number>();
  #site: { token: string; hash: string } | undefined;
  #timer: Timer | undefined;
  #off: Unsubscribe | undefined;
  #stopped = true;

  constructor(options: PhoneDeskOptions) {
    this.#options = options;
    this.#limit = new VainLimit(options.clock);
    options.metrics.counter('phone_files_total', 'What telephones fetched, or asked for in vain', ['result']);
  }

  async start(): Promise<void> {
    const { db, log } = this.#options;
    this.#stopped = false;
    this.#off = db.events.on('phone.changed', () => this.#read());
    await this.#read();
    for (const { station, sealedSecret } of this.#phones.values())
      if (sealedSecret !== null) this.#awaited.add(station);
    this.#site = await this.#siteToken();
    this.#sweep();
    log.debug({ phones: this.#phones.size }, 'telephones are provisioned');
  }

  stop(): void {
    this.#stopped = true;
    this.#off?.();
    this.#timer?.cancel();
  }

  async list(): Promise<DeskPhoneList> {
    const { vendors, settings, pages, db } = this.#options;
    const names = new Map((await db.sipStations.list()).map(({ number, name }) => [number, name]));
    const { enabled, url } = settings();
    return {
      phones: [...this.#phones.values()].map((row) => this.#shown(row, names.get(row.station) ?? String(row.station))),
      unknown: this.#unknown.list(),
      vendors: [...vendors.values()].map(({ vendor: id, name, models, mostKeys, transports, files }) => ({
        ...{ id, name, models, mostKeys, transports, files },
      })),
      serving: enabled,
      reachable: url !== '' || pages().reachable,
    };
  }

  /** phone_vendor_unknown, phone_exists, phone_station_taken, phone_transport, sip_station_not_found */
  async create(wanted: DeskPhoneCreate, note: PhoneNote): Promise<DeskPhoneSet> {
    const { db, vendors, clock } = this.#options;
    const { mac, station: number } = wanted;
    const vendor = wanted.vendor === undefined ? vendorOfMac(vendors, mac) : vendors.get(wanted.vendor);
    if (vendor === undefined) throw new AppError('phone_vendor_unknown', { mac });
    const seen = this.#unknown.list().find((one) => one.mac === mac);
    const secret: Sealed = { token: newToken(), bookToken: newToken(), adminPassword: newSecret(16) };
    const row = await db.write(async (tx) => {
      const station = await stationIn(tx, number);
      const transport = wanted.transport ?? (station.security === 'tls' ? 'tls' : 'udp');
      mustSuit(station, transport);
      const made: PhoneRow = {
        ...{
          mac,
          vendor: vendor.vendor,
          station: number,
          transport,
          keys: wanted.keys,
          firmwareUrl: wanted.firmwareUrl,
        },
        model: wanted.model === '' ? (seen?.model ?? '') : wanted.model,
        ...this.#hashes(mac, secret),
        ...{ sealedSecret: null, openUntil: this.#until(), openFor: seen?.address ?? null },
        ...{ askedAt: seen?.lastAt ?? null, fetchedAt: null, registeredAt: null },
        ...{ address: seen?.address ?? null, userAgent: null, createdAt: clock.wallMs() },
      };
      await tx.phones.insert(made);
      await note(tx, mac, { after: audited(made) });
      return made;
    });
    this.#unknown.forget(mac);
    return this.#withName(row);
  }

  /** phone_not_found, phone_station_taken, phone_transport, sip_station_not_found */
  async change(mac: string, patch: DeskPhonePatch, note: PhoneNote): Promise<DeskPhoneSet> {
    const row = await this.#options.db.write(async (tx) => {
      const before = await rowIn(tx, mac);
      const station = await stationIn(tx, patch.station ?? before.station);
      mustSuit(station, patch.transport ?? before.transport);
      const moved = station.number !== before.station;
      // Another station is another account: the telephone has to be given it.
      const anew = moved ? { sealedSecret: null, openUntil: this.#until(), openFor: null, registeredAt: null } : {};
      await tx.phones.update(mac, { ...patch, ...anew });
      const after = await rowIn(tx, mac);
      await note(tx, mac, { before: audited(before), after: audited(after) });
      return after;
    });
    return this.#withName(row);
  }

  /** phone_not_found */
  async remove(mac: string, note: PhoneNote): Promise<void> {
    await this.#options.db.write(async (tx) => {
      const before = await rowIn(tx, mac);
      await tx.phones.remove(mac);
      await note(tx, mac, { before: audited(before) });
    });
  }

  /** Opens it again, and has it fetch at once if it is registered. phone_not_found, phones_off */
  async provision(mac: string, note: PhoneNote): Promise<{ phone: DeskPhoneSet; notified: number }> {
    const { db, settings, vendors, resync, log } = this.#options;
    if (!settings().enabled) throw new AppError('phones_off');
    const row = await db.write(async (tx) => {
      await rowIn(tx, mac);
      await tx.phones.update(mac, { sealedSecret: null, openUntil: this.#until(), openFor: null });
      const after = await rowIn(tx, mac);
      await note(tx, mac, { after: { openUntil: after.openUntil } });
      return after;
    });
    await this.#read();
    const event = vendors.get(row.vendor)?.event ?? 'check-sync';
    const notified = await resync(row.station, event).catch((error: unknown) => {
      log.warn({ err: error, mac }, `a telephone was not told to fetch: ${errorText(error)}`);
      return 0;
    });
    return { phone: await this.#withName(row), notified };
  }

  /** What a person types, and what opens the telephone's own pages. phone_not_found */
  async access(mac: string, note: PhoneNote): Promise<PhoneAccess> {
    const { db, vendors, settings } = this.#options;
    const row = await db.write(async (tx) => {
      const found = await rowIn(tx, mac);
      await note(tx, mac, {});
      return found;
    });
    const { token, adminPassword } = this.#open(row);
    const { username, password } = settings();
    return {
      ...{ url: this.#folder(token), adminUser: vendors.get(row.vendor)?.adminUser ?? 'admin', adminPassword },
      ...{ httpUser: username, httpPassword: username === '' ? '' : password },
    };
  }

  /** New tokens and another password of its pages; what it was told before leads nowhere. phone_not_found */
  async renew(mac: string, note: PhoneNote): Promise<DeskPhoneSet> {
    const secret: Sealed = { token: newToken(), bookToken: newToken(), adminPassword: newSecret(16) };
    const row = await this.#options.db.write(async (tx) => {
      await rowIn(tx, mac);
      const anew = { sealedSecret: null, openUntil: this.#until(), openFor: null };
      await tx.phones.update(mac, { ...this.#hashes(mac, secret), ...anew });
      await note(tx, mac, {});
      return rowIn(tx, mac);
    });
    return this.#withName(row);
  }

  /** The URL for all; `anew`: the one before leads nowhere. */
  async common(anew: boolean): Promise<{ url: string }> {
    if (anew) this.#site = await this.#siteToken(true);
    return { url: this.#folder(this.#site?.token ?? '') };
  }

  /** What it would be given, secrets left out. phone_not_found */
  async preview(mac: string): Promise<PhoneFile> {
    const row = await this.#options.db.phones.find(mac);
    if (row === null) throw new AppError('phone_not_found', { mac });
    const station = await this.#options.db.sipStations.find(row.station);
    const vendor = this.#vendor(row);
    if (station === null) throw new AppError('sip_station_not_found', { number: row.station });
    const secrets = { token: STARS, bookToken: STARS, adminPassword: STARS };
    const text = this.#file(row, vendor, station, secrets, STARS, STARS);
    return { name: (vendor.files[0] ?? '').replace('{mac}', mac), text };
  }

  /** A telephone has registered. Called for every registration that is new or refreshed. */
  registered(station: number): void {
    if (!this.#awaited.has(station)) return;
    this.#awaited.delete(station);
    const { db, clock, log } = this.#options;
    db.write(async (tx) => {
      const row = await tx.phones.ofStation(station);
      if (row?.fetchedAt == null) return;
      await tx.phones.update(row.mac, {
        ...{ registeredAt: clock.wallMs(), sealedSecret: null, openUntil: null, openFor: null },
      });
    }).catch((error: unknown) => log.error({ err: error, station }, `a telephone is not closed: ${errorText(error)}`));
  }

  /** What a telephone gets. Never rejects. */
  async answer(request: PhoneRequest): Promise<PhoneAnswer> {
    const { settings, metrics, log } = this.#options;
    const count = (result: string): void => metrics.counter('phone_files_total', '', ['result']).inc({ result });
    const { enabled, username, password } = settings();
    if (!enabled || this.#limit.exhausted(request.address)) {
      count('limited');
      return NOTHING;
    }
    if (username !== '' && !authorised(request.authorization, { username, password })) {
      // A telephone asks without first; only a wrong word is a guess.
      if (request.authorization !== undefined) this.#limit.take(request.address);
      count('challenged');
      return { kind: 'challenge' };
    }
    try {
      const found = await this.#find(request);
      if (typeof found === 'object') {
        count('given');
        return found;
      }
      if (found === 'vain') this.#limit.take(request.address);
      count(found);
    } catch (error) {
      log.error({ err: error }, `a telephone got nothing: ${errorText(error)}`);
      count('failed');
    }
    return NOTHING;
  }

  /** vain: nothing that a telephone of ours would ask for; closed, common: it would, and there is nothing for it. */
  async #find(request: PhoneRequest): Promise<PhoneAnswer | 'vain' | 'closed' | 'common' | 'unknown'> {
    const { vendors } = this.#options;
    const asked = readPath(request.path);
    if (asked === undefined) return 'vain';
    const hash = hashOf(asked.token);
    const ofBook = this.#byBook.get(hash);
    if (ofBook !== undefined) return this.#book(ofBook, asked.file);
    const own = this.#byToken.get(hash);
    const site = this.#site !== undefined && hash === this.#site.hash;
    if (own === undefined && !site) return 'vain';
    const named = readFileName(vendors, asked.file);
    if (named === undefined) return 'vain';
    if (named.mac !== undefined && own !== undefined && named.mac !== own) return 'vain';
    const mac = own ?? named.mac;
    if (mac === undefined) return 'common';
    const row = this.#phones.get(mac);
    if (row === undefined) return this.#stranger(mac, named.vendors, request);
    const vendor = this.#vendor(row);
    if (!named.vendors.includes(vendor)) return 'vain';
    this.#asked(row, request);
    if (!named.own) return 'common';
    if (own === undefined && !this.#options.settings().byMac) return 'closed';
    return (await this.#give(row.mac, vendor, request)) ?? 'closed';
  }

  #stranger(mac: string, named: readonly Vendor[], { address, userAgent }: PhoneRequest): 'vain' | 'unknown' {
    const vendor = named.find(({ ouis }) => ouis.includes(mac.slice(0, 6)));
    if (vendor === undefined) return 'vain';
    const model = modelOf(vendor.models, userAgentText(userAgent));
    this.#unknown.seen({ mac, vendor: vendor.vendor, model, address }, this.#options.clock.wallMs());
    return 'unknown';
  }

  /** Its file with its account; undefined: it is not open, not for this address, or its account is switched off. */
  async #give(mac: string, vendor: Vendor, { address, userAgent }: PhoneRequest): Promise<PhoneAnswer | undefined> {
    const { db, clock, realm, applied, log } = this.#options;
    const agent = userAgentText(userAgent);
    const given = await db.write(async (tx) => {
      const row = await tx.phones.find(mac);
      const now = clock.wallMs();
      if (row === null || row.openUntil === null || row.openUntil <= now) return undefined;
      if (row.openFor !== null && row.openFor !== address) return undefined;
      const station = await tx.sipStations.find(row.station);
      if (station?.enabled !== true) return undefined;
      const first = row.sealedSecret === null;
      const secret = row.sealedSecret === null ? newSecret() : this.#options.secrets.open(owner(mac), row.sealedSecret);
      if (first) {
        const hashes = digestHashes(String(station.number), realm, secret);
        await tx.sipStations.update(station.number, { realm, ha1Md5: hashes.MD5, ha1Sha256: hashes['SHA-256'] });
        // Who registered with the old secret has to show the new one.
        await tx.sipBindings.replace(station.number, []);
        await tx.audit.insert({
          ...{ id: newUlid(), at: now, actor: `phone ${mac}`, action: 'opened', objectKind: 'phone', objectId: mac },
          ...{ before: null, after: { station: station.number, address, userAgent: agent } },
        });
      }
      const sealedSecret = this.#options.secrets.seal(owner(mac), secret);
      const model = row.model === '' ? modelOf(vendor.models, agent) : row.model;
      await tx.phones.update(mac, {
        ...{ sealedSecret, openFor: address, fetchedAt: now, askedAt: now, address, userAgent: agent, model },
      });
      return { row: { ...row, model }, station, secret, first };
    });
    if (given === undefined) return undefined;
    const { row, station, secret, first } = given;
    // Who has the file may register at once.
    await applied();
    this.#awaited.add(station.number);
    if (first) log.info({ mac, station: station.number, address }, 'a telephone was given its account');
    const { password } = this.#options.settings();
    const text = this.#file(row, vendor, station, this.#open(row), secret, password);
    return { kind: 'file', text, contentType: vendor.contentType };
  }

  async #book(mac: string, file: string): Promise<PhoneAnswer | 'vain' | 'closed'> {
    const row = this.#phones.get(mac);
    if (row === undefined) return 'vain';
    const vendor = this.#vendor(row);
    if (file !== vendor.book.file) return 'vain';
    const station = await this.#options.db.sipStations.find(row.station);
    if (station?.enabled !== true) return 'closed';
    const entries = await this.#entries(row.station);
    return { kind: 'file', text: bookText(vendor.book.format, entries), contentType: 'text/xml; charset=utf-8' };
  }

  /** Many telephones ask in the same minute. */
  #entries(station: number): Promise<BookEntry[]> {
    const { clock, book } = this.#options;
    const known = this.#books.get(station);
    if (known !== undefined && clock.monotonicMs() - known.atMs < BOOK_MS) return known.entries;
    const entries = book(station);
    this.#books.set(station, { atMs: clock.monotonicMs(), entries });
    entries.catch(() => this.#books.delete(station));
    return entries;
  }

  #file(
    row: PhoneRow,
    vendor: Vendor,
    station: SipStationRow,
    { token, bookToken, adminPassword }: Sealed,
    secret: string,
    httpPassword: string,
  ): string {
    const { settings, servers, timeZone, clock, pickUpCode } = this.#options;
    const { username, ntpServer, messagesNumber } = settings();
    const ways = servers(station.security);
    const server = ways.find(({ transport }) => transport === row.transport);
    if (server === undefined) throw new Error(`SIP does not listen by ${row.transport}`);
    return vendor.template.render(
      phoneValues({
        ...{ mac: row.mac, vendor, keys: row.keys, firmwareUrl: row.firmwareUrl, adminPassword },
        account: { ...station, secret },
        server: { host: server.host, port: server.port, transport: row.transport },
        ...{ provisionUrl: this.#folder(token), bookFolder: this.#folder(bookToken) },
        ...{ httpUser: username, httpPassword: username === '' ? '' : httpPassword },
        ...{ zone: phoneZone(timeZone(), clock.wallMs()), ntp: ntpServer, messages: messagesNumber },
        pickUpCode: pickUpCode(),
      }),
    );
  }

  /** Says when it asked, to the minute; nobody waits for that. */
  #asked(row: PhoneRow, { address, userAgent }: PhoneRequest): void {
    const { clock, db, log } = this.#options;
    const now = clock.wallMs();
    if (row.askedAt !== null && now - row.askedAt < ASKED_MS && now >= row.askedAt) return;
    const patch = { askedAt: now, address, userAgent: userAgentText(userAgent) };
    this.#phones.set(row.mac, { ...row, ...patch });
    db.write((tx) => tx.phones.update(row.mac, patch), { soon: true }).catch((error: unknown) =>
      log.warn({ err: error }, `it is not known when a telephone asked: ${errorText(error)}`),
    );
  }

  async #read(): Promise<void> {
    const rows = await this.#options.db.phones.list();
    for (const map of [this.#phones, this.#byToken, this.#byBook]) map.clear();
    for (const row of rows) {
      this.#phones.set(row.mac, row);
      this.#byToken.set(row.tokenHash, row.mac);
      this.#byBook.set(row.bookHash, row.mac);
    }
  }

  /** A secret does not lie here longer than it may be told. */
  #sweep(): void {
    if (this.#stopped) return;
    const { db, clock, log } = this.#options;
    const now = clock.wallMs();
    const over = [...this.#phones.values()].filter(({ openUntil }) => openUntil !== null && openUntil <= now);
    const closing =
      over.length === 0
        ? Promise.resolve()
        : db.write(async (tx) => {
            for (const { mac } of over) {
              const row = await tx.phones.find(mac);
              if (row?.openUntil == null || row.openUntil > now) continue;
              await tx.phones.update(mac, { sealedSecret: null, openUntil: null, openFor: null });
            }
          });
    closing
      .catch((error: unknown) => log.error({ err: error }, `telephones stay open: ${errorText(error)}`))
      .finally(() => {
        if (!this.#stopped) this.#timer = clock.after(SWEEP_MS, () => this.#sweep());
      });
  }

  async #siteToken(anew = false): Promise<{ token: string; hash: string }> {
    const { db, secrets } = this.#options;
    return db.write(async (tx) => {
      const known = anew ? null : await tx.meta.get(SITE_KEY);
      const token = known === null ? newToken() : secrets.open(SITE_KEY, known);
      if (known === null) await tx.meta.set(SITE_KEY, secrets.seal(SITE_KEY, token));
      return { token, hash: hashOf(token) };
    });
  }

  #hashes(mac: string, secret: Sealed): Pick<PhoneRow, 'tokenHash' | 'bookHash' | 'sealed'> {
    const sealed = this.#options.secrets.seal(owner(mac), JSON.stringify(secret));
    return { tokenHash: hashOf(secret.token), bookHash: hashOf(secret.bookToken), sealed };
  }

  #open({ mac, sealed }: PhoneRow): Sealed {
    return JSON.parse(this.#options.secrets.open(owner(mac), sealed)) as Sealed;
  }

  #folder(token: string): string {
    const { settings, pages } = this.#options;
    const { url } = settings();
    return `${(url === '' ? pages().url : url).replace(/\/+$/, '')}${PREFIX}${token}/`;
  }

  #until(): number {
    return this.#options.clock.wallMs() + this.#options.settings().windowMinutes * 60_000;
  }

  #vendor({ vendor }: PhoneRow): Vendor {
    const found = this.#options.vendors.get(vendor);
    if (found === undefined) throw new Error(`there is no file of the maker ${vendor}`);
    return found;
  }

  async #withName(row: PhoneRow): Promise<DeskPhoneSet> {
    const station = await this.#options.db.sipStations.find(row.station);
    return this.#shown(row, station?.name ?? String(row.station));
  }

  #shown(row: PhoneRow, name: string): DeskPhoneSet {
    const { tokenHash: _token, bookHash: _book, sealed: _sealed, sealedSecret: _secret, openFor: _for, ...rest } = row;
    return { ...rest, name, state: stateOf(row, this.#options.clock.wallMs()) };
  }
}
