// The form of an update: one file, read from its beginning to its end without going back.
//
//   CORDBOARD-UPDATE-1\n · length of the manifest (4 octets, big-endian) · manifest (JSON) · signature of it (Ed25519, 64 octets) · root
//
// The manifest has size and digest of the root; so nothing that nobody has signed is looked at, let alone written.
import { createHash, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../platform/index.js';

export const MAGIC = Buffer.from('CORDBOARD-UPDATE-1\n', 'latin1');
const MOST_MANIFEST = 64 * 1024;
const SIGNATURE = 64;
/** Everything before the root is in so many octets. */
export const MOST_HEAD = MAGIC.length + 4 + MOST_MANIFEST + SIGNATURE;
/** larger than any slot will ever be */
const MOST_ROOT = 16 * 2 ** 30;

export const UpdateManifest = z.strictObject({
  format: z.literal(1),
  product: z.literal('cordboard'),
  architecture: z.literal('amd64'),
  version: z.string().regex(/^\d+\.\d+\.\d+([.~+-][0-9A-Za-z.~+-]{1,40})?$/),
  /** ms since 1970 */
  builtAt: z.int().nonnegative(),
  root: z.strictObject({
    bytes: z.int().min(4096).max(MOST_ROOT),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});
export type UpdateManifest = z.infer<typeof UpdateManifest>;

export interface Bundle {
  manifest: UpdateManifest;
  /** To be read to its end: only then is it known to be whole. Throws update_damaged. */
  root(): AsyncGenerator<Buffer, void>;
}

/** AppError update_not_bundle, update_signature_wrong, update_not_for_this, update_damaged. */
export async function openBundle(source: AsyncIterable<Uint8Array>, keys: readonly KeyObject[]): Promise<Bundle> {
  const reader = new Reader(source);
  const magic = await reader.exactly(MAGIC.length);
  if (magic?.equals(MAGIC) !== true) throw new AppError('update_not_bundle');
  const length = (await reader.exactly(4))?.readUInt32BE(0) ?? 0;
  if (length === 0 || length > MOST_MANIFEST) throw new AppError('update_not_bundle');
  const text = await reader.exactly(length);
  const signature = await reader.exactly(SIGNATURE);
  if (text === undefined || signature === undefined) throw new AppError('update_damaged', { what: 'manifest' });
  if (!keys.some((key) => verify(null, text, key, signature))) throw new AppError('update_signature_wrong');
  const manifest = manifestOf(text);
  return { manifest, root: () => wholeRoot(reader, manifest) };
}

function manifestOf(text: Buffer): UpdateManifest {
  try {
    return UpdateManifest.parse(JSON.parse(text.toString('utf8')));
  } catch (error) {
    // Signed by us, and not understood: made for another kind of box, or for a later way of updating.
    throw new AppError('update_not_for_this', {}, { cause: error });
  }
}

async function* wholeRoot(reader: Reader, { root }: UpdateManifest): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256');
  let left = root.bytes;
  while (left > 0) {
    const chunk = await reader.some(left);
    if (chunk === undefined) throw new AppError('update_damaged', { what: 'root' });
    left -= chunk.length;
    hash.update(chunk);
    yield chunk;
  }
  if ((await reader.some(1)) !== undefined || hash.digest('hex') !== root.sha256)
    throw new AppError('update_damaged', { what: 'root' });
}

/** Pieces of a stream. */
class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** undefined: it ends before that */
  async exactly(bytes: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (let left = bytes; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) return undefined;
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** from 1 to `most` octets; undefined: its end */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}

/**
 * Below 0 when `a` is older than `b`. As Debian has it, as far as our versions go: numbers by value, a tilde before everything, and all
 * else by its letters.
 */
export function compareVersions(a: string, b: string): number {
  const parts = (text: string): string[] => text.match(/\d+|~|[^\d~]+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const [one, two] = [left[i], right[i]];
    if (one === two) continue;
    if (one === '~' || two === '~') return one === '~' ? -1 : 1;
    if (one === undefined || two === undefined) return one === undefined ? -1 : 1;
    const [m, n] = [Number(one), Number(two)];
    if (!Number.isNaN(m) && !Number.isNaN(n)) {
      if (m !== n) return m - n;
      continue;
    }
    return one < two ? -1 : 1;
  }
  return 0;
}
