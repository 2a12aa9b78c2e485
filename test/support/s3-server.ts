// A strict S3 server in memory: every request must be signed (version 4), its date be near and its body be what was signed. Debian's s3cmd
// works with it, so what it takes for right is not only what the product takes for right.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface S3Server {
  endpoint: string;
  host: string;
  objects: Map<string, Buffer>;
  /** methods and keys, as they came */
  asked: string[];
  /** what the next requests of this kind are answered with, whatever they want */
  fail: { times: number; status: number; match: RegExp } | undefined;
}

export const S3_KEYS = { accessKeyId: 'CORDBOARDTEST', secretAccessKey: 'not/a+real=secret', region: 'eu-test-1' };
export const S3_BUCKET = 'calls';
/** in one page of a list: few, so that lists have several */
const PAGE = 3;

export async function s3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const state: S3Server = { endpoint: '', host: '', objects, asked: [], fail: undefined };
  const server = createServer((request, answer) => {
    void serve(request, answer).catch((error: unknown) => refuse(answer, 500, 'InternalError', String(error)));
  });

  async function serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://x');
    const wrong = signatureProblem(request, url, body);
    if (wrong !== undefined) return refuse(answer, 403, wrong, 'the signature is not right');
    const [, bucket = '', ...rest] = url.pathname.split('/');
    const key = decodeURIComponent(rest.join('/'));
    state.asked.push(`${request.method} ${key}`);
    const { fail } = state;
    if (fail !== undefined && fail.times > 0 && fail.match.test(`${request.method} ${key}`)) {
      fail.times -= 1;
      return refuse(answer, fail.status, 'ServiceUnavailable', 'come again');
    }
    if (bucket !== S3_BUCKET) return refuse(answer, 404, 'NoSuchBucket', 'there is no such bucket');
    const query = url.searchParams;
    if (request.method === 'GET' && query.has('location'))
      return xml(answer, `<LocationConstraint>${S3_KEYS.region}</LocationConstraint>`);
    if (request.method === 'GET' && key === '') return xml(answer, listed(query));
    const upload = query.get('uploadId');
    if (request.method === 'POST' && query.has('uploads')) {
      const id = `upload&${uploads.size}`;
      uploads.set(id, new Map());
      return xml(answer, `<R><UploadId>${id.replace('&', '&amp;')}</UploadId></R>`);
    }
    if (upload !== null) {
      const parts = uploads.get(upload);
      if (parts === undefined) return refuse(answer, 404, 'NoSuchUpload', upload);
      if (request.method === 'PUT') parts.set(Number(query.get('partNumber')), body);
      else if (request.method === 'DELETE') uploads.delete(upload);
      else {
        const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)];
        const whole = named.map(([, number, tag]) => {
          const part = parts.get(Number(number));
          if (part === undefined || etag(part) !== tag) throw new Error(`part ${number}`);
          return part;
        });
        objects.set(key, Buffer.concat(whole));
        uploads.delete(upload);
        return xml(answer, '<Done/>');
      }
      answer.writeHead(request.method === 'DELETE' ? 204 : 200, { ETag: etag(body) }).end();
      return;
    }
    if (request.method === 'PUT') {
      objects.set(key, body);
      answer.writeHead(200, { ETag: etag(body) }).end();
      return;
    }
    if (request.method === 'DELETE') {
      objects.delete(key);
      answer.writeHead(204).end();
      return;
    }
    const object = objects.get(key);
    if (object === undefined) return refuse(answer, 404, 'NoSuchKey', key);
    answer.writeHead(200, {
      ...{ 'Content-Length': object.length, ETag: etag(object), 'Last-Modified': new Date().toUTCString() },
    });
    answer.end(request.method === 'HEAD' ? undefined : object);
  }

  function listed(query: URLSearchParams): string {
    const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')];
    const after = query.get('continuation-token') ?? query.get('marker') ?? '';
    const keys = [...objects.keys()].sort().filter((key) => key.startsWith(prefix) && key > after);
    const flat = keys.filter((key) => delimiter === null || !key.slice(prefix.length).includes(delimiter));
    const page = flat.slice(0, PAGE);
    const more = flat.length > PAGE;
    const entries = page.map(
      (key) =>
        `<Contents><Key>${key.replaceAll('&', '&amp;')}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>` +
        `<Size>${objects.get(key)!.length}</Size></Contents>`,
    );
    const next = more
      ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken><NextMarker>${page.at(-1)}</NextMarker>`
      : '';
    return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.endpoint = `http://${state.host}`;
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return state;
}

const etag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;
const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** By what arrived: undefined when all of it is right. */
function signatureProblem(request: IncomingMessage, url: URL, body: Buffer): string | undefined {
  const {
    authorization = '',
    'x-amz-date': date = '',
    'x-amz-content-sha256': said = '',
  } = request.headers as Record<string, string>;
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (match === null) return 'AccessDenied';
  const [, id, day = '', region = '', names = '', signature] = match;
  if (id !== S3_KEYS.accessKeyId) return 'InvalidAccessKeyId';
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const at = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
  if (!(Math.abs(at - Date.now()) < 900_000) || !date.startsWith(day)) return 'RequestTimeTooSkewed';
  if (region !== S3_KEYS.region) return 'AuthorizationHeaderMalformed';
  if (said !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  const signed = names.split(';');
  for (const must of ['host', 'x-amz-date', 'x-amz-content-sha256']) if (!signed.includes(must)) return 'AccessDenied';
  const query = url.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '')
    .map((part) => (part.includes('=') ? part : `${part}=`))
    .sort()
    .join('&');
  const headers = signed.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`).join('');
  const canonical = [request.method, url.pathname, query, headers, names, said].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  let key: string | Buffer = `AWS4${S3_KEYS.secretAccessKey}`;
  for (const part of [day, region, 's3', 'aws4_request']) key = hmac(key, part);
  const right = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
  return right === signature ? undefined : 'SignatureDoesNotMatch';
}

function refuse(answer: ServerResponse, status: number, code: string, message: string): void {
  answer.writeHead(status, { 'Content-Type': 'application/xml' });
  answer.end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

function xml(answer: ServerResponse, text: string): void {
  answer.writeHead(200, { 'Content-Type': 'application/xml' }).end(`<?xml version="1.0"?>${text}`);
}
