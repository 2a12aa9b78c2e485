// The box that runs on this machine, over HTTP, as its administrator: the token in its home can only be read by the one it
// belongs to.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { homeFolder } from '../config/index.js';
import type { ErrorBody } from '../contract/index.js';
import { errorText } from '../platform/index.js';
import { CliError, terminalLanguage } from './terminal.js';

export class LocalApi {
  readonly #home: string;
  readonly #base: string;
  readonly #token: string;

  /** Throws a CliError when no box runs in this home. */
  constructor(home: string | undefined) {
    this.#home = home === undefined ? homeFolder() : resolve(home);
    try {
      this.#base = readFileSync(join(this.#home, 'address'), 'utf8').trim();
      this.#token = readFileSync(join(this.#home, 'local-token'), 'utf8').trim();
    } catch (error) {
      throw new CliError(`No box runs with the home ${this.#home} (${errorText(error)}). Start one: cordboard start`);
    }
  }

  /** The reply, parsed. Throws with the box's own sentence. */
  async request<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const text = (await this.#fetch(method, path, body)).toString();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Sends a file as it is. Throws a CliError when it cannot be read. */
  async upload<T>(path: string, file: string, method: 'POST' | 'PUT' = 'POST'): Promise<T> {
    let bytes: Buffer;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      throw new CliError(`${file} cannot be read: ${errorText(error)}`);
    }
    return JSON.parse((await this.#fetch(method, path, undefined, bytes)).toString()) as T;
  }

  /** The reply as it is. */
  download(path: string): Promise<Buffer> {
    return this.#fetch('GET', path, undefined);
  }

  async #fetch(method: string, path: string, body: unknown, file?: Buffer): Promise<Buffer> {
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.#token}`,
      'accept-language': terminalLanguage(),
    };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (file !== undefined) headers['content-type'] = 'application/octet-stream';
    let response: Response;
    try {
      const text = file === undefined ? (body === undefined ? null : JSON.stringify(body)) : new Uint8Array(file);
      response = await fetch(new URL(`api/v1${path}`, this.#base), { method, headers, body: text });
    } catch (error) {
      const reason = errorText(error);
      throw new Error(`The box at ${this.#base} does not answer (${reason}). Is it running?`, { cause: error });
    }
    const reply = Buffer.from(await response.arrayBuffer());
    if (response.ok) return reply;
    throw new Error(
      sentenceOf(reply.toString()) ?? `The box answered ${method} ${path} with status ${response.status}.`,
    );
  }

  /**
   * Makes a sound file known to the simulator and gives its name there: the API takes names and never paths. Throws a CliError
   * when it cannot be read.
   */
  lendSound(file: string): string {
    try {
      const digest = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
      const plain = basename(file)
        .replace(/\.[^.]*$/, '')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+/, '');
      const name = `${plain.slice(0, 40) || 'sound'}-${digest}`;
      const folder = join(this.#home, 'exchange');
      mkdirSync(folder, { recursive: true });
      copyFileSync(file, join(folder, `${name}.wav`));
      return name;
    } catch (error) {
      throw new CliError(`${file} cannot be played: ${errorText(error)}`);
    }
  }
}

function sentenceOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    return [error.message, ...error.details.map(({ path, message }) => `  ${path}: ${message}`)].join('\n');
  } catch {
    return undefined;
  }
}
