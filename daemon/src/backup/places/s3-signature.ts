// Signature version 4 of requests to S3 (AWS General Reference, "Signing AWS API requests"), in headers.
import { createHash, createHmac } from 'node:crypto';

export interface S3Keys {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

export interface S3Request {
  method: string;
  /** with the port where it is not that of the scheme, as in the header */
  host: string;
  /** of the path, neither escaped nor joined */
  path: readonly string[];
  query: Readonly<Record<string, string>>;
  /** other than host and x-amz-…; they are signed, too */
  headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, hex */
  bodySha256: string;
  atMs: number;
}

export interface SignedS3Request {
  /** escaped, with the query */
  target: string;
  headers: Record<string, string>;
}

export const EMPTY_SHA256 = createHash('sha256').update('').digest('hex');

export function signS3(request: S3Request, { accessKeyId, secretAccessKey, region }: S3Keys): SignedS3Request {
  const at = new Date(request.atMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${at.slice(0, 8)}/${region}/s3/aws4_request`;
  const path = `/${request.path.map(escaped).join('/')}`;
  const query = Object.entries(request.query)
    .map(([name, value]) => [escaped(name), escaped(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-amz-content-sha256': request.bodySha256,
    'x-amz-date': at,
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    path,
    query,
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    request.bodySha256,
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', at, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [at.slice(0, 8), region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (before, part) => hmac(before, part),
    `AWS4${secretAccessKey}`,
  );
  const signature = hmac(key, toSign).toString('hex');
  return {
    target: query === '' ? path : `${path}?${query}`,
    headers: {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
    },
  };
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** RFC 3986 2.3: all but unreserved characters, which encodeURIComponent takes five more for. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
