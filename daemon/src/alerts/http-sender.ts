// One request to somebody else's server. The address is judged and connected to as it was judged; nothing is followed, and little is read
// of the answer.
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { AddressGuard } from '../platform/index.js';

export interface HttpMessage {
  url: string;
  method: 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  /** it may lie in a network behind the box */
  inside: boolean;
}

/** Its text begins with #: a reason of ours, put into words where it is read. It is not to be asked, or there is no such name: another time may be better, but somebody has to look. */
export class NotAsked extends Error {}

const PATIENCE_MS = 15_000;
const MOST_READ = 16_384;

/** Rejects when nobody answers in time. */
export async function sendHttp(
  { url: text, method, headers, body, inside }: HttpMessage,
  guard: AddressGuard,
): Promise<{ status: number; text: string }> {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host];
  const [address] = addresses;
  if (address === undefined) throw new NotAsked(`#noName ${host}`);
  const refused = addresses.find((one) => !guard.allows(one, inside));
  if (refused !== undefined) throw new NotAsked(`#own ${refused}`);
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const sent = (secure ? https : http).request(
      {
        ...{ method, host: address, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port), agent: false },
        path: `${url.pathname}${url.search}`,
        headers: {
          ...headers,
          ...{ host: url.host, 'user-agent': 'Cordboard' },
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        signal: AbortSignal.timeout(PATIENCE_MS),
        ...(secure && isIP(host) === 0 ? { servername: host } : {}),
      },
      (response) => {
        let read = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (read.length < MOST_READ) read += chunk;
          else response.destroy();
        });
        response.on('error', reject);
        response.on('close', () => resolve({ status: response.statusCode ?? 0, text: read.slice(0, MOST_READ) }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
