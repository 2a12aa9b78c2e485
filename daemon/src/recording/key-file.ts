// The keys of the recordings: one in force, and those before it as long as files need them. The file is the owner's alone
// (0600) and belongs into every back-up, but never onto the disk that the recordings are copied to.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { errorText } from '../platform/index.js';
import { writeDurable } from './durable.js';
import type { SealingKeys } from './sealed-file.js';

const Key = z.strictObject({ key: z.base64().length(44), createdAt: z.int().min(0) });
const KeyFileShape = z.strictObject({
  version: z.literal(1),
  current: z.string(),
  /** of the chain of digests; it is never changed */
  chain: z.base64().length(44),
  keys: z.record(z.string().regex(/^[a-z0-9-]{16}$/), Key),
});
type KeyFileShape = z.infer<typeof KeyFileShape>;

export class KeyFile implements SealingKeys {
  readonly #path: string;
  #shape: KeyFileShape;

  private constructor(path: string, shape: KeyFileShape) {
    this.#path = path;
    this.#shape = shape;
  }

  /**
   * Reads the file, or makes one with a first key where there is none. Rejects when it is not one: nothing is made anew over a
   * file that cannot be read, for with it every recording would be lost.
   */
  static async open(path: string, nowMs: number): Promise<KeyFile> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const id = newKeyId(nowMs);
      const shape = {
        version: 1 as const,
        current: id,
        chain: newKey(),
        keys: { [id]: { key: newKey(), createdAt: nowMs } },
      };
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await write(path, shape);
      return new KeyFile(path, shape);
    }
    try {
      const shape = KeyFileShape.parse(JSON.parse(text));
      if (shape.keys[shape.current] === undefined) throw new Error(`it has no key ${shape.current}`);
      return new KeyFile(path, shape);
    } catch (error) {
      // The text of JSON's error may quote the file, so it goes nowhere.
      const reason = error instanceof SyntaxError ? 'it is no JSON' : errorText(error);
      // eslint-disable-next-line preserve-caught-error
      throw new Error(`The keys of the recordings in ${path} cannot be used: ${reason}. Put the back-up of it there.`);
    }
  }

  current(): { id: string; key: Buffer } {
    const id = this.#shape.current;
    return { id, key: this.find(id) as Buffer };
  }

  find(id: string): Buffer | undefined {
    const entry = Object.hasOwn(this.#shape.keys, id) ? this.#shape.keys[id] : undefined;
    return entry === undefined ? undefined : Buffer.from(entry.key, 'base64');
  }

  get chainKey(): Buffer {
    return Buffer.from(this.#shape.chain, 'base64');
  }

  /** Oldest first. */
  list(): { id: string; createdAt: number; current: boolean }[] {
    return Object.entries(this.#shape.keys)
      .map(([id, { createdAt }]) => ({ id, createdAt, current: id === this.#shape.current }))
      .sort((a, b) => a.createdAt - b.createdAt);
  }

  /** A new key for what is encrypted from now on; returns its id. */
  async rotate(nowMs: number): Promise<string> {
    const id = newKeyId(nowMs);
    const keys = { ...this.#shape.keys, [id]: { key: newKey(), createdAt: nowMs } };
    await this.#replace({ ...this.#shape, current: id, keys });
    return id;
  }

  /** Forgets a key that no file needs any more: what it has wrapped cannot be read again. Never the one in force. */
  async forget(id: string): Promise<boolean> {
    if (id === this.#shape.current || this.find(id) === undefined) return false;
    const keys = Object.fromEntries(Object.entries(this.#shape.keys).filter(([one]) => one !== id));
    await this.#replace({ ...this.#shape, keys });
    return true;
  }

  async #replace(shape: KeyFileShape): Promise<void> {
    await write(this.#path, shape);
    this.#shape = shape;
  }
}

const newKey = (): string => randomBytes(32).toString('base64');

/** The day, and what tells it from others: 16 characters. */
function newKeyId(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '')}${randomBytes(4).toString('hex')}`;
}

function write(path: string, shape: KeyFileShape): Promise<void> {
  return writeDurable(path, (file) => file.writeFile(`${JSON.stringify(shape, null, 2)}\n`), { mode: 0o600 });
}
