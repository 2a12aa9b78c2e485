// Sessions: a token is 256 random bits that only the browser keeps; the database has its SHA-256. Who it belongs to is remembered
// until the user or the session changes.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { writeWhole } from '../../config/index.js';
import { PERMISSIONS, type Session, type SignedIn, type SignInDuty, type User } from '../../contract/index.js';
import type { Db, UserRow } from '../../db/index.js';
import { newUlid, type Clock, type Log, type Timer } from '../../platform/index.js';
import { isLoopback, type Identity } from './identity.js';
import { known, rightsOf } from './roles.js';

export interface SessionsOptions {
  db: Db;
  clock: Clock;
  log: Log;
  /** how long a session lives, ms */
  sessionMs: number;
  localTokenFile: string;
}

const SWEEP_MS = 60_000;
/** When a session was used last is written down so often, not at every request. */
const SEEN_MS = 60_000;
const DAY_MS = 86_400_000;
const MOST_OF_AGENT = 300;
const MOST_REMEMBERED = 2000;
/** Not a ULID that is ever made: its time is 1970. */
export const LOCAL_USER_ID = '00000000000000000000000000';

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #known = new Map<string, Identity>();
  /** by session, ms */
  readonly #seenAt = new Map<string, number>();
  /** counts changes, so that an answer that was read before one is not remembered after it */
  #changes = 0;
  #localHash: Buffer | undefined;
  #sweep: Timer | undefined;
  readonly #unsubscribe: (() => void)[] = [];

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Makes the local token and begins to clear away expired sessions. */
  start(): void {
    const { db, clock, log, localTokenFile } = this.#options;
    const token = newToken();
    this.#localHash = sha256(token);
    writeWhole(localTokenFile, `${token}\n`);
    chmodSync(localTokenFile, 0o600);
    const forget = (): void => {
      this.#changes += 1;
      this.#known.clear();
    };
    for (const event of ['session.removed', 'user.changed', 'role.changed', 'signInRules.changed'] as const)
      this.#unsubscribe.push(db.events.on(event, forget));
    this.#sweep = clock.every(SWEEP_MS, () => {
      db.write((tx) => tx.sessions.removeExpired(clock.wallMs())).catch((error: unknown) =>
        log.warn({ err: error }, 'expired sessions were not cleared away'),
      );
    });
  }

  stop(): void {
    this.#sweep?.cancel();
    for (const off of this.#unsubscribe.splice(0)) off();
    this.#known.clear();
    this.#localHash = undefined;
    rmSync(this.#options.localTokenFile, { force: true });
  }

  async signIn(row: UserRow, from: { userAgent?: string | undefined; address?: string } = {}): Promise<SignedIn> {
    const { db, clock, sessionMs } = this.#options;
    const token = newToken();
    const createdAt = clock.wallMs();
    const expiresAt = createdAt + sessionMs;
    await db.write((tx) =>
      tx.sessions.insert({
        id: newUlid(),
        tokenHash: sha256(token).toString('hex'),
        userId: row.id,
        createdAt,
        expiresAt,
        userAgent: from.userAgent?.slice(0, MOST_OF_AGENT) ?? null,
        address: from.address ?? null,
        lastSeenAt: createdAt,
      }),
    );
    const identity = await this.#look(sha256(token).toString('hex'));
    if (identity === undefined) throw new Error('a session ended as it began');
    return { token, ...sessionOf(identity) };
  }

  async signOut(identity: Identity): Promise<void> {
    const { sessionId } = identity;
    if (sessionId !== undefined) await this.#options.db.write((tx) => tx.sessions.remove(sessionId));
  }

  /** The same for a page that listens: not before he has done what he has to. */
  async authenticateSocket(token: string, remoteAddress: string | undefined): Promise<Identity | undefined> {
    const identity = await this.authenticate(token, remoteAddress);
    return identity === undefined || identity.due.length > 0 ? undefined : identity;
  }

  /** Whose token it is; undefined: nobody's, or no more. The local token counts from this machine only. */
  async authenticate(token: string, remoteAddress: string | undefined): Promise<Identity | undefined> {
    const hash = sha256(token);
    if (this.#localHash !== undefined && timingSafeEqual(hash, this.#localHash)) {
      return isLoopback(remoteAddress) ? localIdentity() : undefined;
    }
    const key = hash.toString('hex');
    const known = this.#known.get(key) ?? (await this.#look(key));
    const nowMs = this.#options.clock.wallMs();
    if (known === undefined || known.expiresAt <= nowMs) return undefined;
    this.#seen(known, nowMs);
    return known;
  }

  /** What he has to do before anything else is served. */
  async #due(row: UserRow): Promise<SignInDuty[]> {
    const { db, clock } = this.#options;
    const [rules, security] = await Promise.all([db.userSecurity.rules(), db.userSecurity.find(row.id)]);
    const { maxAgeDays } = rules.password;
    const setAt = security?.passwordSetAt ?? row.createdAt;
    const old = maxAgeDays > 0 && clock.wallMs() - setAt > maxAgeDays * DAY_MS;
    const factorMissing = rules.secondFactorRoles.includes(row.role) && security?.secret == null;
    return [
      ...(security?.mustChange === true || old ? (['password'] as const) : []),
      ...(factorMissing ? (['secondFactor'] as const) : []),
    ];
  }

  /** When it was used last, for those who look through their sessions. */
  #seen({ sessionId }: Identity, nowMs: number): void {
    if (sessionId === undefined || nowMs - (this.#seenAt.get(sessionId) ?? 0) < SEEN_MS) return;
    this.#seenAt.set(sessionId, nowMs);
    const { db, log } = this.#options;
    db.write((tx) => tx.sessions.touch(sessionId, nowMs), { soon: true }).catch((error: unknown) =>
      log.debug({ err: error }, 'when a session was used was not written down'),
    );
  }

  async #look(tokenHash: string): Promise<Identity | undefined> {
    const { db } = this.#options;
    const changes = this.#changes;
    const session = await db.sessions.findByTokenHash(tokenHash);
    const row = session === null ? null : await db.users.find(session.userId);
    if (session === null || row === null) return undefined;
    const rights = await rightsOf(db, row.role);
    const identity: Identity = {
      ...{ user: toUser(row), sessionId: session.id, expiresAt: session.expiresAt, ...rights },
      due: await this.#due(row),
    };
    if (!this.#seenAt.has(session.id)) this.#seenAt.set(session.id, session.lastSeenAt ?? session.createdAt);
    if (changes === this.#changes) {
      if (this.#known.size >= MOST_REMEMBERED) {
        this.#known.clear();
        this.#seenAt.clear();
      }
      this.#known.set(tokenHash, identity);
    }
    return identity;
  }
}

/** What a browser is told of it. */
export function sessionOf({ user, permissions, scope, due, expiresAt }: Identity): Session {
  return { user, permissions: known([...permissions]), scope, due: [...due], expiresAt };
}

export function toUser(row: UserRow): User {
  const { id, username, role, language, agentId, createdAt } = row;
  return { id, username, role, language, agentId, createdAt };
}

function localIdentity(): Identity {
  return {
    user: { id: LOCAL_USER_ID, username: 'local', role: 'admin', language: 'en', agentId: null, createdAt: 0 },
    sessionId: undefined,
    expiresAt: Number.MAX_SAFE_INTEGER,
    ...{ permissions: new Set(PERMISSIONS), scope: { kind: 'all' }, due: [] },
  };
}

/** 256 random bits, 43 characters. */
function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
