// Asks web services for flows. Bounded: the time in all (redirects included), the size of the answer, the redirects, the questions at
// once. Every address is judged, that of a redirect, too.
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { JsonValue } from '../../contract/index.js';
import { errorText } from '../../platform/index.js';
import { LookupError, type HttpLookupPort, type HttpLookupRequest } from '../flow-ports.js';
import type { AddressGuard } from '../../platform/index.js';

const LARGEST_ANSWER = 262_144;
const MOST_REDIRECTS = 3;
const MOST_AT_ONCE = 200;

/** All addresses of a name, best first. */
export type Resolve = (host: string) => Promise<readonly string[]>;
const systemResolve: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

interface Answer {
  status: number;
  location: string | undefined;
  text: string;
}

export class HttpLookup implements HttpLookupPort {
  readonly #guard: AddressGuard;
  readonly #resolve: Resolve;
  #running = 0;

  constructor(guard: AddressGuard, resolve: Resolve = systemResolve) {
    this.#guard = guard;
    this.#resolve = resolve;
  }

  async request(request: HttpLookupRequest): Promise<{ status: number; body: JsonValue }> {
    if (this.#running >= MOST_AT_ONCE) throw new LookupError('unreachable', 'too many questions at once');
    this.#running += 1;
    const limit = AbortSignal.timeout(request.timeoutMs);
    const signal = AbortSignal.any([limit, request.signal]);
    try {
      return await this.#follow(request, signal);
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason;
      if (limit.aborted) throw new LookupError('timeout', `no answer within ${request.timeoutMs} ms`);
      if (error instanceof LookupError) throw error;
      throw new LookupError('unreachable', errorText(error));
    } finally {
      this.#running -= 1;
    }
  }

  async #follow(request: HttpLookupRequest, signal: AbortSignal): Promise<{ status: number; body: JsonValue }> {
    let url = new URL(request.url);
    let { method, body } = request;
    let headers = request.headers;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      const answer = await this.#ask(url, method, headers, body, signal);
      const { status, location } = answer;
      if (![301, 302, 303, 307, 308].includes(status) || location === undefined)
        return { status, body: parsed(answer.text) };
      const next = new URL(location, url);
      // Secrets are for the one they were meant for.
      if (next.origin !== url.origin) headers = {};
      if (status < 307) [method, body] = ['GET', undefined];
      url = next;
    }
    throw new LookupError('status', `more than ${MOST_REDIRECTS} redirects`);
  }

  async #ask(
    url: URL,
    method: string,
    headers: Record<string, string>,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new LookupError('refused', `${url.protocol} is not asked`);
    const address = await withSignal(this.#judged(url), signal);
    const secure = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const options: https.RequestOptions = {
      method,
      host: address,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: {
        accept: 'application/json',
        'user-agent': 'Cordboard',
        ...lower(headers),
        host: url.host,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...(url.username === '' ? {} : { authorization: basic(url) }),
      },
      agent: false,
      signal,
      ...(secure && isIP(host) === 0 ? { servername: host } : {}),
    };
    return new Promise((resolve, reject) => {
      const sent = (secure ? https : http).request(options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > LARGEST_ANSWER) {
            reject(new LookupError('tooLarge', `the answer is larger than ${LARGEST_ANSWER} bytes`));
            sent.destroy();
          } else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** The address that is connected to. All that the name has are judged: who mixes them has something in mind. */
  async #judged(url: URL): Promise<string> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) === 0 ? await this.#resolve(host) : [host];
    const [first] = addresses;
    if (first === undefined) throw new LookupError('unreachable', `${host} has no address`);
    const forbidden = addresses.find((address) => !this.#guard.allows(address));
    if (forbidden !== undefined)
      throw new LookupError(
        'refused',
        `${host} is an address of this box or of a private network (${forbidden}); allow it in the settings first`,
      );
    return first;
  }
}

function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

const NOT_GIVEN = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'te', 'trailer']);

function lower(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !NOT_GIVEN.has(name)),
  );
}

function basic({ username, password }: URL): string {
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(words).toString('base64')}`;
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text.slice(0, 4000);
  }
}
