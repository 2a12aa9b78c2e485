// A bucket of an S3-compatible store. Every body is signed by its SHA-256; what is large goes in parts, each of which is tried again.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, type Clock } from '../../platform/index.js';
import { placeReason } from './reason.js';
import { EMPTY_SHA256, signS3, type S3Keys } from './s3-signature.js';
import type { Store, StoredFile } from './store.js';

export interface S3Options extends S3Keys {
  endpoint: string;
  bucket: string;
  /** what the names begin with; '' or without a slash at either end */
  folder: string;
  pathStyle: boolean;
  clock: Clock;
  /** of what goes in one request, and of each part of what is larger; 5 MiB at least */
  partBytes?: number | undefined;
}

/** 10,000 parts are the most there may be, so a file may have 640 GB. */
const PART_BYTES = 64 << 20;
const SILENCE_MS = 60_000;
const TRIES = 3;
const MOST_ANSWER_BYTES = 8 << 20;

interface Body {
  bytes: number;
  sha256: string;
  stream: () => Readable;
}
interface Wanted {
  method: string;
  /** of the object; undefined: the bucket */
  key?: string;
  query?: Record<string, string>;
  body?: Body | undefined;
}
interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** backup_place_unreachable, backup_place_refused, backup_place_folder */
export async function openS3(options: S3Options): Promise<Store> {
  const store = new S3Store(options);
  // Says at once whether the keys and the bucket are right.
  await store.look();
  return store;
}

class S3Store implements Store {
  readonly #options: S3Options;
  readonly #url: URL;
  readonly #prefix: string;
  readonly #partBytes: number;

  constructor(options: S3Options) {
    this.#options = options;
    this.#url = new URL(options.endpoint);
    this.#prefix = options.folder.replace(/^\/+|\/+$/g, '');
    this.#partBytes = options.partBytes ?? PART_BYTES;
  }

  async look(): Promise<void> {
    await this.#ask({ method: 'GET', query: { 'list-type': '2', 'max-keys': '1', prefix: this.#key('') } });
  }

  async list(folder: string, deep = false): Promise<StoredFile[]> {
    const prefix = this.#key(folder === '' ? '' : `${folder}/`);
    const found: StoredFile[] = [];
    let token: string | undefined;
    do {
      const query: Record<string, string> = { 'list-type': '2', prefix, ...(deep ? {} : { delimiter: '/' }) };
      if (token !== undefined) query['continuation-token'] = token;
      const { text } = await this.#ask({ method: 'GET', query });
      for (const [, entry = ''] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const key = field(entry, 'Key');
        const bytes = Number(field(entry, 'Size'));
        if (key?.startsWith(this.#key('')) && Number.isSafeInteger(bytes))
          found.push({ name: key.slice(this.#key('').length), bytes });
      }
      token = field(text, 'IsTruncated') === 'true' ? field(text, 'NextContinuationToken') : undefined;
    } while (token !== undefined);
    return found;
  }

  async put(name: string, file: string, progress?: (bytes: number) => void): Promise<void> {
    const { size } = await stat(file);
    if (size <= this.#partBytes) {
      await this.#tried(async () => {
        const body = await bodyOf(file, 0, size);
        await this.#ask({ method: 'PUT', key: name, body });
      });
      progress?.(size);
      return;
    }
    const upload = field((await this.#ask({ method: 'POST', key: name, query: { uploads: '' } })).text, 'UploadId');
    if (upload === undefined) throw this.#unreachable('it gave no upload');
    try {
      const tags: string[] = [];
      for (let from = 0; from < size; from += this.#partBytes) {
        const bytes = Math.min(this.#partBytes, size - from);
        await this.#tried(async () => {
          const query = { partNumber: String(tags.length + 1), uploadId: upload };
          const { headers } = await this.#ask({
            method: 'PUT',
            key: name,
            query,
            body: await bodyOf(file, from, bytes),
          });
          tags.push(headers.etag ?? '');
        });
        progress?.(bytes);
      }
      const parts = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join('');
      const body = textBody(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`);
      const { text } = await this.#ask({ method: 'POST', key: name, query: { uploadId: upload }, body });
      // It may have begun to answer 200 before it failed.
      if (text.includes('<Error>')) throw this.#refusal(200, text);
    } catch (error) {
      await this.#ask({ method: 'DELETE', key: name, query: { uploadId: upload } }).catch(() => undefined);
      throw error;
    }
  }

  get(name: string, file: string, progress?: (bytes: number) => void): Promise<void> {
    const into = async (answer: IncomingMessage): Promise<void> => {
      const chunks = answer.map((chunk: Buffer) => {
        progress?.(chunk.length);
        return chunk;
      });
      await pipeline(chunks, createWriteStream(file, { mode: 0o600, flags: 'wx', flush: true }));
    };
    return this.#ask({ method: 'GET', key: name }, into).then(() => undefined);
  }

  async remove(name: string): Promise<void> {
    await this.#ask({ method: 'DELETE', key: name }).catch((error: unknown) => {
      if ((error as AppError).code !== 'backup_place_gone') throw error;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #key(name: string): string {
    return this.#prefix === '' ? name : `${this.#prefix}/${name}`;
  }

  /** A connection that broke is worth another try; a refusal is not. */
  async #tried(work: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if ((error as AppError).code !== 'backup_place_unreachable' || attempt === TRIES) throw error;
        await this.#options.clock.sleep(1000 * attempt);
      }
    }
  }

  async #ask(wanted: Wanted, take?: (answer: IncomingMessage) => Promise<void>): Promise<Answer> {
    const { bucket, pathStyle, clock } = this.#options;
    const { method, key, query = {}, body } = wanted;
    const base = this.#url.pathname.split('/').filter((part) => part !== '');
    const object = key === undefined ? [] : this.#key(key).split('/');
    const signed = signS3(
      {
        ...{ method, query, atMs: clock.wallMs(), bodySha256: body?.sha256 ?? EMPTY_SHA256 },
        host: pathStyle ? this.#url.host : `${bucket}.${this.#url.host}`,
        path: [...base, ...(pathStyle ? [bucket] : []), ...object],
        headers: body === undefined ? {} : { 'content-length': String(body.bytes) },
      },
      this.#options,
    );
    let answer: Answer;
    try {
      answer = await this.#send(method, signed.target, signed.headers, body, take);
    } catch (error) {
      throw error instanceof AppError ? error : this.#unreachable(placeReason(error), error);
    }
    if (answer.status >= 200 && answer.status < 300) return answer;
    if (answer.status === 404 && key !== undefined && !answer.text.includes('NoSuchBucket'))
      throw new AppError('backup_place_gone', { name: key });
    throw this.#refusal(answer.status, answer.text);
  }

  #send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: Body | undefined,
    take: ((answer: IncomingMessage) => Promise<void>) | undefined,
  ): Promise<Answer> {
    const { hostname, port, protocol } = this.#url;
    const host = headers['host']?.replace(/:\d+$/, '') ?? hostname;
    const send = protocol === 'https:' ? tlsRequest : plainRequest;
    return new Promise((resolve, reject) => {
      const request = send({
        ...{ method, path, headers, host: host.replace(/^\[|\]$/g, ''), timeout: SILENCE_MS },
        ...(port === '' ? {} : { port }),
      });
      request.on('timeout', () => request.destroy(new Error(`no answer for ${SILENCE_MS / 1000} s`)));
      request.on('error', reject);
      request.on('response', (answer) => {
        const status = answer.statusCode ?? 0;
        const read = take !== undefined && status === 200 ? take(answer).then(() => '') : textOf(answer);
        read.then((text) => resolve({ status, headers: answer.headers, text }), reject);
      });
      if (body === undefined) request.end();
      else pipeline(body.stream(), request).catch(reject);
    });
  }

  #refusal(status: number, text: string): AppError {
    const { bucket, accessKeyId } = this.#options;
    const code = field(text, 'Code') ?? String(status);
    const reason = [code, field(text, 'Message')].filter(Boolean).join(': ').slice(0, 300);
    if (status === 404) return new AppError('backup_place_folder', { folder: bucket, reason });
    if (status === 403 || status === 401 || status === 400)
      return new AppError('backup_place_refused', { host: this.#url.host, user: accessKeyId, reason: `(${reason})` });
    return this.#unreachable(reason);
  }

  #unreachable(reason: string | { en: string; zh: string }, cause?: unknown): AppError {
    return new AppError('backup_place_unreachable', { host: this.#url.host, reason }, { cause });
  }
}

async function bodyOf(file: string, from: number, bytes: number): Promise<Body> {
  const stream = (): Readable =>
    bytes === 0 ? createReadStream('/dev/null') : createReadStream(file, { start: from, end: from + bytes - 1 });
  const hash = createHash('sha256');
  for await (const chunk of stream() as AsyncIterable<Buffer>) hash.update(chunk);
  return { bytes, sha256: hash.digest('hex'), stream };
}

function textBody(text: string): Body {
  const bytes = Buffer.from(text);
  return {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    stream: () => Readable.from([bytes]),
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if ((bytes += chunk.length) > MOST_ANSWER_BYTES) throw new Error('the answer has no end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What stands in the first element of this name; what S3 writes has neither attributes nor nesting there. */
function field(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(amp|lt|gt|quot|apos|#(\d+)|#x([0-9a-fA-F]+));/g, (_all, named: string, dec, hex) => {
    if (dec !== undefined) return String.fromCodePoint(Number(dec));
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex as string, 16));
    return { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[named] ?? '';
  });
}
