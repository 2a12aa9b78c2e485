// Sessions: a token is 256 random bits that only the browser keeps; the database has its SHA-256. Who it belongs to is remembered
// until the user or the session changes.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { writeWhole } from '../../config/index.js';
import type { SignedIn, User } from '../../contract/index.js';
import type { Db, UserRow } from '../../db/index.js';
import { newUlid, type Clock, type Log, type Timer } from '../../platform/index.js';
import { isLoopback, type Identity } from './identity.js';

export interface SessionsOptions {
  db: Db;
  clock: Clock;
  log: Log;
  /** how long a session lives, ms */
  sessionMs: number;
  localTokenFile: string;
}

const SWEEP_MS = 60_000;
const MOST_REMEMBERED = 2000;
/** Not a ULID that is ever made: its time is 1970. */
export const LOCAL_USER_ID = '00000000000000000000000000';

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #known = new Map<string, Identity>();
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
    this.#unsubscribe.push(db.events.on('session.removed', forget), db.events.on('user.changed', forget));
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

  async signIn(row: UserRow): Promise<SignedIn> {
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
      }),
    );
    return { token, user: toUser(row), expiresAt };
  }

  async signOut(identity: Identity): Promise<void> {
    const { sessionId } = identity;
    if (sessionId !== undefined) await this.#options.db.write((tx) => tx.sessions.remove(sessionId));
  }

  /** Whose token it is; undefined: nobody's, or no more. The local token counts from this machine only. */
  async authenticate(token: string, remoteAddress: string | undefined): Promise<Identity | undefined> {
    const hash = sha256(token);
    if (this.#localHash !== undefined && timingSafeEqual(hash, this.#localHash)) {
      return isLoopback(remoteAddress) ? localIdentity() : undefined;
    }
    const key = hash.toString('hex');
    const known = this.#known.get(key) ?? (await this.#look(key));
    if (known === undefined || known.expiresAt <= this.#options.clock.wallMs()) return undefined;
    return known;
  }

  async #look(tokenHash: string): Promise<Identity | undefined> {
    const { db } = this.#options;
    const changes = this.#changes;
    const session = await db.sessions.findByTokenHash(tokenHash);
    const row = session === null ? null : await db.users.find(session.userId);
    if (session === null || row === null) return undefined;
    const identity: Identity = { user: toUser(row), sessionId: session.id, expiresAt: session.expiresAt };
    if (changes === this.#changes) {
      if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
      this.#known.set(tokenHash, identity);
    }
    return identity;
  }
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
  };
}

/** 256 random bits, 43 characters. */
function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
