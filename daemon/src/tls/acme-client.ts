// Asks an authority for a certificate (ACME, RFC 8555) and shows by HTTP that the names are ours (http-01, 8.3).
//
//   newAccount ─> newOrder ─> for each name: its challenge ─> asked by HTTP ─> finalize with a request ─> the certificate
import { createHash, sign, type KeyObject } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { z } from 'zod';
import { AppError, errorText, isAppError, type Clock } from '../platform/index.js';

export interface AcmeOptions {
  directory: string;
  /** EC of P-256, of the account */
  accountKey: KeyObject;
  email: string;
  /** PEM; '' : those that everybody believes */
  authority: string;
  clock: Clock;
  signal: AbortSignal;
}

export interface AcmeOrder {
  names: readonly string[];
  /** PKCS #10 */
  request: Buffer;
  /** Answers /.well-known/acme-challenge/<token> from now on. */
  answer: (token: string, keyAuthorization: string) => void;
}

const Directory = z.object({ newNonce: z.url(), newAccount: z.url(), newOrder: z.url() });
const Order = z.object({
  status: z.enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  authorizations: z.array(z.url()).max(100),
  finalize: z.url(),
  certificate: z.url().optional(),
  error: z.unknown().optional(),
});
const Authorization = z.object({
  status: z.string(),
  identifier: z.object({ value: z.string() }),
  challenges: z.array(
    z.object({ type: z.string(), url: z.url(), token: z.string().default(''), error: z.unknown().optional() }),
  ),
});
const Problem = z.object({ type: z.string().default(''), detail: z.string().default('') });

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

const SILENCE_MS = 30_000;
const MOST_ANSWER_BYTES = 1 << 20;
const MOST_NONCES = 10;
const TOKEN = /^[A-Za-z0-9_-]{22,256}$/;
/** An authority looks from several places, and waits for slow ones. */
const POLLS = 60;
const POLL_MS = 2000;

export class AcmeClient {
  readonly #options: AcmeOptions;
  #nonce: string | undefined;
  #urls: z.infer<typeof Directory> | undefined;
  /** URL of the account (RFC 8555 6.2, "kid") */
  #account: string | undefined;

  constructor(options: AcmeOptions) {
    this.#options = options;
  }

  /** PEM with the chain. tls_acme_unreachable, tls_acme_refused, tls_acme_challenge */
  async order({ names, request, answer }: AcmeOrder): Promise<string> {
    const urls = await this.#directory();
    const identifiers = names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }));
    const made = await this.#post(urls.newOrder, { identifiers });
    const url = headerOf(made, 'location');
    let order = this.#read(Order, made.body);
    for (const authorization of order.authorizations) await this.#prove(authorization, answer);
    order = await this.#until(url, Order, ({ status }) => status !== 'pending');
    if (order.status === 'ready') await this.#post(order.finalize, { csr: request.toString('base64url') });
    order = await this.#until(url, Order, ({ status }) => status === 'valid' || status === 'invalid');
    if (order.status !== 'valid' || order.certificate === undefined)
      throw this.#refused(problemText(order.error) || `the order is ${order.status}`);
    return (await this.#post(order.certificate, undefined)).body;
  }

  async #directory(): Promise<z.infer<typeof Directory>> {
    return (this.#urls ??= this.#read(Directory, (await this.#send('GET', this.#options.directory)).body));
  }

  async #prove(url: string, answer: AcmeOrder['answer']): Promise<void> {
    const { status, identifier, challenges } = this.#read(Authorization, (await this.#post(url, undefined)).body);
    // Proved before, and still believed.
    if (status === 'valid') return;
    const challenge = challenges.find(({ type }) => type === 'http-01');
    if (challenge === undefined || !TOKEN.test(challenge.token))
      throw this.#refused(`it offers no http-01 for ${identifier.value}`);
    answer(challenge.token, `${challenge.token}.${this.#thumbprint()}`);
    await this.#post(challenge.url, {});
    const ended = await this.#until(url, Authorization, (one) => one.status !== 'pending');
    if (ended.status === 'valid') return;
    const reason = ended.challenges.map(({ error }) => problemText(error)).find((text) => text !== '') ?? ended.status;
    throw new AppError('tls_acme_challenge', { name: identifier.value, reason });
  }

  /** Asks again until it is so. */
  async #until<T>(url: string, shape: z.ZodType<T>, is: (one: T) => boolean): Promise<T> {
    for (let poll = 0; poll < POLLS; poll += 1) {
      const answer = await this.#post(url, undefined);
      const one = this.#read(shape, answer.body);
      if (is(one)) return one;
      // 8.2: as it asks for, but neither at once nor in a day.
      const asked = Number(answer.headers['retry-after']) * 1000;
      await this.#options.clock.sleep(Math.min(asked > 0 ? asked : POLL_MS, 10_000), this.#options.signal);
    }
    throw this.#refused('it has not come to an end');
  }

  /** `payload` undefined: POST-as-GET (6.3). A nonce that is not taken is another one's turn (6.5). */
  async #post(url: string, payload: object | undefined): Promise<Answer> {
    this.#account ??= await this.#newAccount();
    return this.#signed(url, payload, { kid: this.#account });
  }

  async #newAccount(): Promise<string> {
    const { email } = this.#options;
    const { newAccount } = await this.#directory();
    const payload = { termsOfServiceAgreed: true, ...(email === '' ? {} : { contact: [`mailto:${email}`] }) };
    return headerOf(await this.#signed(newAccount, payload, { jwk: this.#jwk() }), 'location');
  }

  async #signed(url: string, payload: object | undefined, who: object): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const nonce = this.#nonce ?? (await this.#newNonce());
      this.#nonce = undefined;
      const protectedHead = base64({ alg: 'ES256', nonce, url, ...who });
      const body = payload === undefined ? '' : base64(payload);
      // JWS of RFC 7518 3.4: both numbers side by side, not DER.
      const signature = sign('sha256', Buffer.from(`${protectedHead}.${body}`), {
        key: this.#options.accountKey,
        dsaEncoding: 'ieee-p1363',
      }).toString('base64url');
      const jws = JSON.stringify({ protected: protectedHead, payload: body, signature });
      const answer = await this.#send('POST', url, jws);
      if (answer.status < 300) return answer;
      const problem = Problem.safeParse(parsed(answer.body)).data;
      if (problem?.type.endsWith(':badNonce') === true && attempt < MOST_NONCES) continue;
      throw this.#refused(problemText(parsed(answer.body)) || `status ${answer.status}`);
    }
  }

  async #newNonce(): Promise<string> {
    const { newNonce } = await this.#directory();
    return headerOf(await this.#send('HEAD', newNonce), 'replay-nonce');
  }

  async #send(method: string, url: string, body?: string): Promise<Answer> {
    const { authority, signal, directory } = this.#options;
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        const request = httpsRequest(url, {
          ...{ method, signal, timeout: SILENCE_MS },
          ...(authority === '' ? {} : { ca: authority }),
          headers: {
            'user-agent': 'cordboard',
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(body) }),
          },
        });
        request.on('timeout', () => request.destroy(new Error(`no answer for ${SILENCE_MS / 1000} s`)));
        request.on('error', reject);
        request.on('response', (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            if ((bytes += chunk.length) > MOST_ANSWER_BYTES) request.destroy(new Error('the answer has no end'));
            else chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('end', () => {
            const { statusCode: status = 0, headers } = response;
            resolve({ status, headers, body: Buffer.concat(chunks).toString('utf8') });
          });
        });
        request.end(body);
      });
      const nonce = answer.headers['replay-nonce'];
      if (typeof nonce === 'string' && method === 'POST') this.#nonce = nonce;
      if (method !== 'POST' && answer.status >= 300) throw new Error(`status ${answer.status}`);
      return answer;
    } catch (error) {
      if (isAppError(error)) throw error;
      throw new AppError('tls_acme_unreachable', { directory, reason: errorText(error) }, { cause: error });
    }
  }

  #read<T>(shape: z.ZodType<T>, body: string): T {
    const read = shape.safeParse(parsed(body));
    if (!read.success) throw this.#refused('its answer is not that of RFC 8555');
    return read.data;
  }

  #jwk(): { crv: string; kty: string; x: string; y: string } {
    const { crv = '', kty = '', x = '', y = '' } = this.#options.accountKey.export({ format: 'jwk' });
    return { crv, kty, x, y };
  }

  /** RFC 7638: the members in this order and nothing between them. */
  #thumbprint(): string {
    return createHash('sha256').update(JSON.stringify(this.#jwk())).digest('base64url');
  }

  #refused(reason: string): AppError {
    return new AppError('tls_acme_refused', { reason });
  }
}

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function headerOf({ headers }: Answer, name: string): string {
  const value = headers[name];
  if (typeof value !== 'string' || value === '')
    throw new AppError('tls_acme_refused', { reason: `its answer lacks ${name}` });
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemText(problem: unknown): string {
  const read = Problem.safeParse(problem);
  return read.success ? [read.data.detail, read.data.type].filter(Boolean).join(' – ').slice(0, 400) : '';
}
