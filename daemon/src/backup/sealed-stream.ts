// A stream under a passphrase: AES-256-GCM in blocks, the key by scrypt. Each block is numbered and the last is marked, so that
// nothing can be cut off, put elsewhere or added without being noticed.
//
//   "CBK1" | log2 N (1) | salt (16) | blocks: [last (1 bit) length (31 bits)] [ciphertext] [tag (16)]
//
// Under a key that is there already log2 N is 0, and the file's own key is made of both by HKDF (RFC 5869).
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { AppError } from '../platform/index.js';

const MAGIC = Buffer.from('CBK1');
const SALT_BYTES = 16;
export const HEAD_BYTES = MAGIC.length + 1 + SALT_BYTES;
const BLOCK_BYTES = 1 << 20;
const TAG_BYTES = 16;
const LAST = 0x8000_0000;
const LOG2_N = 15;
const MOST_LOG2_N = 18;

function keyOf(passphrase: string, salt: Buffer, log2N: number): Promise<Buffer> {
  const options = { N: 2 ** log2N, r: 8, p: 1, maxmem: 2 ** log2N * 8 * 128 * 2 };
  return new Promise((resolve, reject) =>
    scrypt(passphrase.normalize('NFC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key))),
  );
}

/** The key is this file's alone, so the number of a block may be its nonce. */
function nonceOf(block: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(block), 4);
  return nonce;
}

export async function sealing(passphrase: string): Promise<Transform> {
  const salt = randomBytes(SALT_BYTES);
  return new Sealing(await keyOf(passphrase, salt, LOG2_N), Buffer.concat([MAGIC, Buffer.from([LOG2_N]), salt]));
}

/** Under a key of 32 octets: what is many small files would take scrypt too long. */
export function sealingByKey(key: Buffer): Transform {
  const salt = randomBytes(SALT_BYTES);
  return new Sealing(derived(key, salt), Buffer.concat([MAGIC, Buffer.from([0]), salt]));
}

/** How long so much is when it is sealed. */
export function sealedBytes(bytes: number): number {
  return HEAD_BYTES + bytes + Math.max(1, Math.ceil(bytes / BLOCK_BYTES)) * (4 + TAG_BYTES);
}

/** As `unsealing`. backup_damaged */
export function unsealingByKey(key: Buffer, head: Buffer, name: string): Transform {
  if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC) || head[MAGIC.length] !== 0)
    throw new AppError('backup_damaged', { name });
  return new Unsealing(derived(key, head.subarray(MAGIC.length + 1)), name, false);
}

function derived(key: Buffer, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, 'cordboard recording', 32));
}

class Sealing extends Transform {
  readonly #key: Buffer;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #block = 0;

  constructor(key: Buffer, head: Buffer) {
    super();
    this.#key = key;
    this.push(head);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#waiting.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > BLOCK_BYTES) {
      let whole = Buffer.concat(this.#waiting);
      // The last block is never empty-handed: what fills one exactly waits for what comes.
      for (; whole.length > BLOCK_BYTES; whole = whole.subarray(BLOCK_BYTES))
        this.#seal(whole.subarray(0, BLOCK_BYTES), false);
      this.#waiting = [whole];
      this.#bytes = whole.length;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#seal(Buffer.concat(this.#waiting), true);
    done();
  }

  #seal(plain: Buffer, last: boolean): void {
    const head = Buffer.alloc(4);
    head.writeUInt32BE((plain.length | (last ? LAST : 0)) >>> 0);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#block));
    this.#block += 1;
    cipher.setAAD(head);
    this.push(Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
  }
}

/** `head`: the first HEAD_BYTES of the file; the stream takes what follows. backup_damaged */
export async function unsealing(passphrase: string, head: Buffer, name: string): Promise<Transform> {
  const log2N = head[MAGIC.length] ?? 0;
  if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC) || log2N < 10 || log2N > MOST_LOG2_N)
    throw new AppError('backup_damaged', { name });
  return new Unsealing(await keyOf(passphrase, head.subarray(MAGIC.length + 1), log2N), name, true);
}

class Unsealing extends Transform {
  readonly #key: Buffer;
  readonly #name: string;
  /** the key is of a passphrase, which may be mistyped */
  readonly #typed: boolean;
  #rest: Buffer = Buffer.alloc(0);
  #block = 0;
  #ended = false;

  constructor(key: Buffer, name: string, typed: boolean) {
    super();
    this.#key = key;
    this.#name = name;
    this.#typed = typed;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    try {
      while (this.#rest.length >= 4) {
        const field = this.#rest.readUInt32BE();
        const length = field & ~LAST;
        if (length > BLOCK_BYTES || this.#ended) throw this.#damaged();
        const whole = 4 + length + TAG_BYTES;
        if (this.#rest.length < whole) break;
        this.push(this.#open(this.#rest.subarray(0, whole), length));
        this.#rest = this.#rest.subarray(whole);
        this.#ended = (field & LAST) !== 0;
      }
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.#ended && this.#rest.length === 0) done();
    else done(this.#damaged());
  }

  #open(block: Buffer, length: number): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(this.#block));
    decipher.setAAD(block.subarray(0, 4));
    decipher.setAuthTag(block.subarray(4 + length));
    try {
      const plain = Buffer.concat([decipher.update(block.subarray(4, 4 + length)), decipher.final()]);
      this.#block += 1;
      return plain;
    } catch (error) {
      // Who damages the first block, or has another passphrase: nobody can tell which.
      if (this.#block === 0 && this.#typed)
        throw new AppError('backup_passphrase_wrong', { name: this.#name }, { cause: error });
      throw this.#damaged();
    }
  }

  #damaged(): AppError<'backup_damaged'> {
    return new AppError('backup_damaged', { name: this.#name });
  }
}
