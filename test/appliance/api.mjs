// A box over HTTP, as its wizard and its pages ask it.
import { readFileSync } from 'node:fs';

const PIECE = 8 << 20;
export const ADMIN = { username: 'admin', password: 'Cordboard-9-Trial' };

export class Api {
  /** of the session */
  token = '';

  constructor(url) {
    this.url = url;
  }

  /** The reply, parsed; rejects with the box's own sentence. */
  async request(method, path, body, limitMs = 120_000) {
    const raw = body instanceof Uint8Array;
    const reply = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': raw ? 'application/octet-stream' : 'application/json' }),
        'accept-language': 'en',
      },
      body: body === undefined ? null : raw ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await reply.text();
    if (!reply.ok) {
      const { error } = JSON.parse(text);
      throw Object.assign(new Error(`${method} ${path}: ${error.message}`), { code: error.code, status: reply.status });
    }
    return text === '' ? undefined : JSON.parse(text);
  }

  /** The wizard's first page: the administrator, by the code that stands at the console. */
  async setUp(code) {
    this.token = (await this.request('POST', '/setup', { code, ...ADMIN, language: 'en' })).token;
  }

  async signIn() {
    this.token = (await this.request('POST', '/session', ADMIN)).token;
  }

  /** Brings an update in pieces, as a page does. */
  async bring(file) {
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at += PIECE)
      await this.request('PUT', `/updates/file?at=${at}`, new Uint8Array(bytes.subarray(at, at + PIECE)));
  }

  /** Asks until `look` gives something; whatever the box says or does not say meanwhile is no reason to give up. */
  async until(look, limitMs, what) {
    const end = Date.now() + limitMs;
    let last = '';
    for (;;) {
      try {
        const found = await look();
        if (found !== undefined && found !== false) return found;
      } catch (error) {
        last = error.message;
      }
      if (Date.now() > end) throw new Error(`${what}: not in ${limitMs / 1000} s${last === '' ? '' : ` (${last})`}`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
