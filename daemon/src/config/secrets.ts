// Secrets at rest (of users, of telephones, of ways to tell somebody): AES-256-GCM with a key of the owner's own file (0600), so that a copy of the database alone gives
// none of them away. Whose secret it is, is bound into it: it cannot be moved to another user.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWhole } from './migrations.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class Secrets {
  readonly #path: string;
  #key: Buffer | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  seal(owner: string, secret: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#ourKey(), nonce);
    cipher.setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64');
  }

  /** Throws when the key is another one, or the text was changed or is another owner's. */
  open(owner: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.#ourKey(), bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(owner));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  }

  /** The same for this key and text whenever it is asked; tells nothing of the key. */
  fingerprint(text: string): Buffer {
    return createHmac('sha256', this.#ourKey()).update(text).digest();
  }

  /** Made when the first secret is kept; a file that cannot be read is never overwritten. */
  #ourKey(): Buffer {
    if (this.#key !== undefined) return this.#key;
    if (!existsSync(this.#path)) {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      writeWhole(this.#path, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
      chmodSync(this.#path, 0o600);
    }
    const key = Buffer.from(readFileSync(this.#path, 'utf8').trim(), 'base64');
    if (key.length !== KEY_BYTES)
      throw new Error(`${this.#path} holds no key of ${KEY_BYTES} bytes; put its back-up there`);
    return (this.#key = key);
  }
}
