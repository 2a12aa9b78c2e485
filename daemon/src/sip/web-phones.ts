// Pages as telephones: a signed-in page is given a pass to one station, good for its session, and a WebSocket of the web server over
// which it speaks SIP. One page is the telephone of a station; another takes its place when its user says so.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { AppError, type Clock, type Log, type Timer, type Unsubscribe } from '../platform/index.js';
import type { Stack } from './sip-lines.js';

/** What a page needs to be the telephone of a station. */
export interface WebPhonePass {
  station: number;
  domain: string;
  /** of digest, in the place of the station's own */
  user: string;
  password: string;
  /** in the URL of the WebSocket */
  ticket: string;
  /** wall clock, ms */
  expiresAt: number;
  /** as RTCPeerConnection takes them */
  iceServers: IceServer[];
}

export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

export interface PassRequest {
  station: number;
  agentId: string;
  sessionId: string;
  /** the same as long as a tab is there, whatever it loads */
  tab: string;
  /** another page is the telephone of the station: this one is to be */
  takeOver: boolean;
}

/** The WebSocket of a page. */
export interface PageLink {
  send(data: Uint8Array, binary: boolean): void;
  close(code: number, reason: string): void;
}

export interface PageAddresses {
  local: { host: string; port: number };
  remote: { host: string; port: number };
  secure: boolean;
}

/** What the WebSocket tells of its page. */
export interface PageTold {
  came(data: Uint8Array): void;
  gone(code: number): void;
}

/** Close codes of ours (RFC 6455 7.4.2): the page does not come back by itself. */
export const TAKEN_OVER = 4001;
const SIGNED_OUT = 4002;
const GOING_AWAY = 1001;

const LIFE_MS = 12 * 3_600_000;
const SWEEP_MS = 60_000;
/** WebSockets of a page at once: it has one, and those before it whose network went are found out later */
const MOST_SOCKETS = 8;

interface Pass extends WebPhonePass {
  agentId: string;
  sessionId: string;
  tab: string;
  /** numbers of its WebSockets */
  pages: Set<string>;
}

export interface WebPhonesOptions {
  stack: Stack;
  domain: string;
  /** relays for pages behind networks that let no UDP out; none: no urls */
  turn: { urls: readonly string[]; secret: string };
  clock: Clock;
  log: Log;
}

export class WebPhones {
  readonly #options: WebPhonesOptions;
  readonly #byTicket = new Map<string, Pass>();
  /** by page */
  readonly #links = new Map<string, PageLink>();
  #pages = 0;
  #sweep: Timer | undefined;
  #offs: Unsubscribe[] = [];

  constructor(options: WebPhonesOptions) {
    this.#options = options;
  }

  start(): void {
    const { stack, clock } = this.#options;
    this.#offs = [
      stack.events.on('page.send', ({ page, data, binary }) => this.#links.get(page)?.send(data, binary)),
      stack.events.on('page.end', ({ page, code, reason }) => this.#links.get(page)?.close(code, reason)),
    ];
    this.#sweep = clock.every(SWEEP_MS, () => {
      const now = clock.wallMs();
      for (const pass of [...this.#byTicket.values()])
        if (pass.expiresAt <= now) this.#end(pass, SIGNED_OUT, 'expired');
    });
  }

  stop(): void {
    this.#sweep?.cancel();
    for (const off of this.#offs) off();
    for (const pass of [...this.#byTicket.values()]) this.#end(pass, GOING_AWAY, 'stopping');
  }

  /** The stack has begun anew: it knows nobody. Pages connect again by themselves. */
  restarted(): void {
    for (const pass of this.#byTicket.values()) {
      this.#tell(this.#passTold(pass));
      this.#hangUp(pass, GOING_AWAY, 'restarted');
    }
  }

  /** web_phone_elsewhere: another tab is the telephone, and was not to be put aside. */
  async grant({ station, agentId, sessionId, tab, takeOver }: PassRequest): Promise<WebPhonePass> {
    const { clock, domain } = this.#options;
    const others = [...this.#byTicket.values()].filter((pass) => pass.station === station);
    const elsewhere = others.some((pass) => pass.tab !== tab && pass.pages.size > 0);
    if (elsewhere && !takeOver) throw new AppError('web_phone_elsewhere', { station });
    for (const other of others) this.#end(other, TAKEN_OVER, 'taken over');
    const pass: Pass = {
      ...{ station, domain, agentId, sessionId, tab },
      user: `web-${randomBytes(9).toString('hex')}`,
      password: randomBytes(24).toString('base64url'),
      ticket: randomBytes(24).toString('base64url'),
      expiresAt: clock.wallMs() + LIFE_MS,
      iceServers: this.#iceServers(clock.wallMs() + LIFE_MS),
      pages: new Set(),
    };
    this.#byTicket.set(pass.ticket, pass);
    await this.#passTold(pass);
    const { user, password, ticket, expiresAt, iceServers } = pass;
    return { station, domain, user, password, ticket, expiresAt, iceServers };
  }

  /** Whether a WebSocket with this ticket is to be opened. */
  opens(ticket: string): boolean {
    return this.#byTicket.has(ticket);
  }

  /** undefined: the ticket is good no more, or has too many already. */
  open(ticket: string, link: PageLink, { local, remote, secure }: PageAddresses): PageTold | undefined {
    const pass = this.#byTicket.get(ticket);
    if (pass === undefined || pass.pages.size >= MOST_SOCKETS) return undefined;
    const { stack } = this.#options;
    this.#pages += 1;
    const page = `${this.#pages}`;
    pass.pages.add(page);
    this.#links.set(page, link);
    this.#tell(stack.command('page.open', { page, local, remote, secure }));
    return {
      came: (data) => {
        if (this.#links.has(page)) this.#tell(stack.command('page.data', { page, data }));
      },
      gone: (code) => this.#gone(pass, page, code),
    };
  }

  /** Whoever signs out is no telephone any more. */
  sessionsEnded(ids: readonly string[]): void {
    for (const pass of [...this.#byTicket.values()])
      if (ids.includes(pass.sessionId)) this.#end(pass, SIGNED_OUT, 'signed out');
  }

  /** Where an agent is signed in now, null: nowhere. His page is the telephone of no other station. */
  agentAt(agentId: string, station: number | null): void {
    for (const pass of [...this.#byTicket.values()])
      if (pass.agentId === agentId && pass.station !== station)
        this.#end(pass, SIGNED_OUT, 'signed out of the station');
  }

  /** Credentials that end by themselves, which the TURN server checks without asking anybody: use-auth-secret of coturn. */
  #iceServers(untilMs: number): IceServer[] {
    const { urls, secret } = this.#options.turn;
    if (urls.length === 0 || secret === '') return [];
    const username = `${Math.floor(untilMs / 1000)}:cordboard`;
    const credential = createHmac('sha1', secret).update(username).digest('base64');
    return [{ urls: [...urls], username, credential }];
  }

  #end(pass: Pass, code: number, reason: string): void {
    this.#byTicket.delete(pass.ticket);
    this.#tell(this.#options.stack.command('pass.remove', { user: pass.user }));
    this.#hangUp(pass, code, reason);
  }

  /** From now on nothing that its pages say is heard, however long they take to close. */
  #hangUp(pass: Pass, code: number, reason: string): void {
    for (const page of pass.pages) {
      this.#links.get(page)?.close(code, reason);
      this.#gone(pass, page, code);
    }
  }

  #gone(pass: Pass, page: string, code: number): void {
    pass.pages.delete(page);
    if (this.#links.delete(page)) this.#tell(this.#options.stack.command('page.gone', { page, code }));
  }

  #passTold({ user, password, domain, station }: Pass): Promise<unknown> {
    const ha1 = (algorithm: string): string =>
      createHash(algorithm).update(`${user}:${domain}:${password}`).digest('hex');
    return this.#options.stack.command('pass.set', {
      ...{ user, station },
      ...{ ha1Md5: ha1('md5'), ha1Sha256: ha1('sha256') },
    });
  }

  #tell(told: Promise<unknown>): void {
    told.catch((error: unknown) => this.#options.log.debug({ err: error }, 'the stack was not told of a page'));
  }
}
