// The first administrator: there is no default password. While there is none, a code is made at each start, printed and written
// to a file that only this machine's owner can read; who has it may make the administrator, once.
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { writeWhole } from '../../config/index.js';
import type { SetupRequest } from '../../contract/index.js';
import type { Db, UserRow } from '../../db/index.js';
import { AppError, newUlid, type Clock } from '../../platform/index.js';
import type { Passwords } from './passwords.js';

export interface SetupOptions {
  db: Db;
  clock: Clock;
  passwords: Passwords;
  setupCodeFile: string;
}

/** Without letters and digits that look alike. 12 of 30 are 58 bits, and guessing is limited. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
const GROUPS = 3;
const GROUP_LETTERS = 4;

export class Setup {
  readonly #options: SetupOptions;
  #code: string | undefined;

  constructor(options: SetupOptions) {
    this.#options = options;
  }

  /** Makes the code when there is no administrator; main prints it. */
  async start(): Promise<void> {
    const { setupCodeFile } = this.#options;
    if (!(await this.needed())) {
      this.#forget();
      return;
    }
    this.#code = newCode();
    writeWhole(setupCodeFile, `${this.#code}\n`);
    chmodSync(setupCodeFile, 0o600);
  }

  /** undefined: none is needed */
  get code(): string | undefined {
    return this.#code;
  }

  async needed(): Promise<boolean> {
    return (await this.#options.db.users.countAdmins()) === 0;
  }

  /** AppError setup_done, setup_code_wrong. */
  async mustBeNew(code: string): Promise<void> {
    if (!(await this.needed())) throw new AppError('setup_done');
    if (this.#code === undefined || !sameText(normal(code), normal(this.#code)))
      throw new AppError('setup_code_wrong', { file: this.#options.setupCodeFile });
  }

  /** AppError setup_done, setup_code_wrong, user_exists. */
  async run(request: SetupRequest): Promise<UserRow> {
    const { db, clock, passwords } = this.#options;
    await this.mustBeNew(request.code);
    const row: UserRow = {
      id: newUlid(),
      username: request.username,
      passwordHash: await passwords.hash(request.password),
      role: 'admin',
      language: request.language,
      agentId: null,
      createdAt: clock.wallMs(),
    };
    await db.write(async (tx) => {
      if ((await tx.users.countAdmins()) > 0) throw new AppError('setup_done');
      await tx.users.insert(row);
    });
    this.#forget();
    return row;
  }

  #forget(): void {
    this.#code = undefined;
    rmSync(this.#options.setupCodeFile, { force: true });
  }
}

function newCode(): string {
  const letters = (): string =>
    Array.from({ length: GROUP_LETTERS }, () => ALPHABET[randomInt(ALPHABET.length)] ?? '').join('');
  return Array.from({ length: GROUPS }, letters).join('-');
}

/** People leave out hyphens and type small letters. */
function normal(code: string): string {
  return code.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
