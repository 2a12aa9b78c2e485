// The second factor: codes of an authenticator (TOTP, RFC 6238: SHA-1, 30 s, six digits) and recovery codes for when it is lost.
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { generateSecret, generateSync, generateURI } from 'otplib';
import type { Db, UserSecurityRow, Writes } from '../../db/index.js';
import { AppError, type Clock } from '../../platform/index.js';
import type { Secrets } from '../../config/index.js';

const STEP_S = 30;
/** A telephone's clock may be so many steps off (RFC 6238 5.2). */
const STEPS_OFF = 1;
const OFFER_MS = 600_000;
const MOST_OFFERS = 1000;
const CODES = 10;
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

export interface SecondFactorOptions {
  db: Db;
  clock: Clock;
  secrets: Secrets;
}

export class SecondFactor {
  readonly #options: SecondFactorOptions;
  /** by user; what is offered counts when a code of it was typed in */
  readonly #offers = new Map<string, { secret: string; atMs: number }>();

  constructor(options: SecondFactorOptions) {
    this.#options = options;
  }

  offer(userId: string, username: string): { secret: string; uri: string } {
    const secret = generateSecret({ length: 20 });
    this.#offers.delete(userId);
    this.#offers.set(userId, { secret, atMs: this.#options.clock.monotonicMs() });
    const [oldest] = this.#offers.keys();
    if (this.#offers.size > MOST_OFFERS && oldest !== undefined) this.#offers.delete(oldest);
    return { secret, uri: generateURI({ issuer: 'Cordboard', label: username, secret }) };
  }

  /** The offered one counts from now on; returns the recovery codes. AppError second_factor_not_offered, code_wrong. */
  async confirm(userId: string, code: string): Promise<string[]> {
    const { db, clock, secrets } = this.#options;
    const offer = this.#offers.get(userId);
    if (offer === undefined || clock.monotonicMs() - offer.atMs > OFFER_MS)
      throw new AppError('second_factor_not_offered');
    const step = this.#stepOf(offer.secret, code, null);
    if (step === undefined) throw new AppError('code_wrong');
    const codes = newCodes();
    await db.write((tx) =>
      tx.userSecurity.put(userId, {
        ...{ secret: secrets.seal(userId, offer.secret), secretSince: clock.wallMs(), lastStep: step },
        recovery: codes.map(digest),
      }),
    );
    this.#offers.delete(userId);
    return codes;
  }

  async newRecoveryCodes(userId: string): Promise<string[]> {
    const codes = newCodes();
    await this.#options.db.write((tx) => tx.userSecurity.put(userId, { recovery: codes.map(digest) }));
    return codes;
  }

  async remove(tx: Writes, userId: string): Promise<void> {
    await tx.userSecurity.put(userId, { secret: null, secretSince: null, lastStep: null, recovery: [] });
  }

  /** Whether the code lets him in; it does so once. Within one write, so that the same code twice at once is one. */
  use(userId: string, code: string): Promise<boolean> {
    return this.#options.db.write(async (tx) => {
      const row = await tx.userSecurity.find(userId);
      return row?.secret != null && (await this.#useNow(tx, row, row.secret, code));
    });
  }

  async #useNow(tx: Writes, row: UserSecurityRow, secret: string, code: string): Promise<boolean> {
    const { userId } = row;
    const step = this.#stepOf(this.#options.secrets.open(userId, secret), code, row.lastStep);
    if (step !== undefined) {
      await tx.userSecurity.put(userId, { lastStep: step });
      return true;
    }
    const used = digest(code);
    if (!row.recovery.includes(used)) return false;
    await tx.userSecurity.put(userId, { recovery: row.recovery.filter((one) => one !== used) });
    return true;
  }

  /** The step whose code it is, younger than `after`; undefined: none. */
  #stepOf(secret: string, code: string, after: number | null): number | undefined {
    const typed = code.replace(/\s/g, '');
    if (!/^[0-9]{6}$/.test(typed)) return undefined;
    const now = Math.floor(this.#options.clock.wallMs() / 1000 / STEP_S);
    let found: number | undefined;
    for (let step = now - STEPS_OFF; step <= now + STEPS_OFF; step++) {
      const right = generateSync({ secret, epoch: step * STEP_S });
      const same = timingSafeEqual(Buffer.from(right), Buffer.from(typed));
      if (same && (after === null || step > after)) found ??= step;
    }
    return found;
  }
}

/** 50 bits each, in two groups. */
function newCodes(): string[] {
  const group = (): string => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)] ?? '').join('');
  return Array.from({ length: CODES }, () => `${group()}-${group()}`);
}

/** People leave out hyphens and type capital letters. */
function digest(code: string): string {
  return createHash('sha256')
    .update(code.toLowerCase().replace(/[^a-z0-9]/g, ''))
    .digest('hex');
}
