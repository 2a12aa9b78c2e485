// A folder of another server by SFTP. The server's key is pinned: who has another one is not told the password.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Client, type ConnectConfig, type FileEntry, type SFTPWrapper } from 'ssh2';
import { AppError } from '../../platform/index.js';
import { placeReason } from './reason.js';
import type { Store, StoredFile } from './store.js';

export interface SftpOptions {
  host: string;
  port: number;
  username: string;
  /** one of the two */
  password?: string | undefined;
  privateKey?: string | undefined;
  folder: string;
  /** SHA256:… that is expected; empty: whatever it shows */
  hostKey: string;
}

export interface SftpStoreOpened {
  store: Store;
  /** SHA256:… as ssh-keygen -l writes it */
  hostKey: string;
}

const READY_MS = 20_000;
const NO_SUCH_FILE = 2;
/** as stat(2) has them */
const [FILE, FOLDER] = [0o100000, 0o040000];
const typeOf = (mode: number): number => mode & 0o170000;

/** backup_place_unreachable, backup_place_refused, backup_host_key_changed, backup_place_folder */
export async function openSftp(options: SftpOptions): Promise<SftpStoreOpened> {
  const { host, port, username, password, privateKey, folder } = options;
  const where = `${host}:${port}`;
  const client = new Client();
  let seen = '';
  const config: ConnectConfig = {
    ...{ host, port, username, readyTimeout: READY_MS, keepaliveInterval: 10_000, keepaliveCountMax: 3 },
    hostVerifier: (key: Buffer) => {
      seen = fingerprint(key);
      return options.hostKey === '' || seen === options.hostKey;
    },
    ...(password === undefined ? {} : { password, tryKeyboard: true }),
    ...(privateKey === undefined ? {} : { privateKey }),
  };
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      client.once('error', reject);
      client.once('close', () => reject(new Error('the connection was closed')));
      // Servers that ask for the password in words of their own.
      client.on('keyboard-interactive', (_name, _text, _language, prompts, finish) =>
        finish(prompts.map(() => password ?? '')),
      );
      client.connect(config);
    });
  } catch (error) {
    client.end();
    if (options.hostKey !== '' && seen !== '' && seen !== options.hostKey)
      throw new AppError('backup_host_key_changed', { host: where, was: options.hostKey, is: seen }, { cause: error });
    if ((error as { level?: string }).level === 'client-authentication')
      throw new AppError('backup_place_refused', { host: where, user: username, reason: '' }, { cause: error });
    throw new AppError('backup_place_unreachable', { host: where, reason: placeReason(error) }, { cause: error });
  }
  // What comes later shows in the requests that are under way.
  client.on('error', () => undefined);
  try {
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) =>
      client.sftp((error, wrapper) => (error ? reject(error) : resolve(wrapper))),
    );
    const store = new SftpStore(client, sftp, folder, where);
    await store.prepare();
    return { store, hostKey: seen };
  } catch (error) {
    client.end();
    if (error instanceof AppError) throw error;
    throw new AppError('backup_place_unreachable', { host: where, reason: placeReason(error) }, { cause: error });
  }
}

export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

type Done<T = void> = (error: Error | null | undefined, value: T) => void;

class SftpStore implements Store {
  readonly #client: Client;
  readonly #sftp: SFTPWrapper;
  readonly #folder: string;
  readonly #where: string;
  readonly #made = new Set<string>();

  constructor(client: Client, sftp: SFTPWrapper, folder: string, where: string) {
    this.#client = client;
    this.#sftp = sftp;
    this.#folder = folder;
    this.#where = where;
  }

  /** Makes the folder. backup_place_folder */
  async prepare(): Promise<void> {
    await this.#makeFolder(this.#folder);
  }

  async list(folder: string, deep = false): Promise<StoredFile[]> {
    const at = this.#at(folder);
    let entries: FileEntry[];
    try {
      entries = await this.#ask<FileEntry[]>((done) => this.#sftp.readdir(at, done));
    } catch (error) {
      if (isMissing(error)) return [];
      throw this.#failed(at, error);
    }
    const found: StoredFile[] = [];
    for (const { filename, attrs } of entries) {
      if (filename === '.' || filename === '..') continue;
      const name = folder === '' ? filename : `${folder}/${filename}`;
      if (typeOf(attrs.mode) === FILE) found.push({ name, bytes: attrs.size });
      else if (deep && typeOf(attrs.mode) === FOLDER) found.push(...(await this.list(name, true)));
    }
    return found;
  }

  async put(name: string, file: string, progress?: (bytes: number) => void): Promise<void> {
    const target = this.#at(name);
    const draft = `${target}.part`;
    try {
      await this.#makeFolder(posix.dirname(target));
      const step = (_total: number, bytes: number): void => progress?.(bytes);
      await this.#ask((done) => this.#sftp.fastPut(file, draft, { step, mode: 0o600 }, done));
      await this.#replace(draft, target);
    } catch (error) {
      await this.#ask((done) => this.#sftp.unlink(draft, done)).catch(() => undefined);
      throw error instanceof AppError ? error : this.#failed(target, error);
    }
  }

  async get(name: string, file: string, progress?: (bytes: number) => void): Promise<void> {
    const step = (_total: number, bytes: number): void => progress?.(bytes);
    try {
      await this.#ask((done) => this.#sftp.fastGet(this.#at(name), file, { step, mode: 0o600 }, done));
    } catch (error) {
      throw isMissing(error) ? new AppError('backup_place_gone', { name }) : this.#failed(this.#at(name), error);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await this.#ask((done) => this.#sftp.unlink(this.#at(name), done));
    } catch (error) {
      if (!isMissing(error)) throw this.#failed(this.#at(name), error);
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#client.once('close', resolve);
      this.#client.end();
    });
  }

  #at(name: string): string {
    return name === '' ? this.#folder : posix.join(this.#folder, name);
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    try {
      const attrs = await this.#ask<{ isDirectory(): boolean }>((done) => this.#sftp.stat(folder, done));
      // SSH_FX_FAILURE, as the server would say.
      if (!attrs.isDirectory()) throw Object.assign(new Error('it is no folder'), { code: 4 });
    } catch (error) {
      if (!isMissing(error)) throw this.#failed(folder, error);
      const above = posix.dirname(folder);
      if (above !== folder && above !== '.') await this.#makeFolder(above);
      await this.#ask((done) => this.#sftp.mkdir(folder, { mode: 0o700 }, done)).catch(async (refused: unknown) => {
        // Another one that is sent at the same time may have made it.
        await this.#ask<unknown>((done) => this.#sftp.stat(folder, done)).catch(() => {
          throw this.#failed(folder, refused);
        });
      });
    }
    this.#made.add(folder);
  }

  /** In one step where the server can (posix-rename@openssh.com); SFTP's own rename replaces nothing. */
  async #replace(draft: string, target: string): Promise<void> {
    try {
      await this.#ask((done) => this.#sftp.ext_openssh_rename(draft, target, done));
    } catch {
      await this.#ask((done) => this.#sftp.unlink(target, done)).catch(() => undefined);
      await this.#ask((done) => this.#sftp.rename(draft, target, done));
    }
  }

  #ask<T = void>(request: (done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the connection was closed'));
      this.#client.once('close', gone);
      const done: Done<T> = (error, value) => {
        this.#client.off('close', gone);
        if (error) reject(error);
        else resolve(value);
      };
      try {
        request(done);
      } catch (error) {
        // The connection has gone before.
        done(error as Error, undefined as T);
      }
    });
  }

  #failed(folder: string, error: unknown): AppError {
    const reason = placeReason(error);
    // Numbers are answers of the server to one request (draft-ietf-secsh-filexfer-02, 7).
    return typeof (error as { code?: unknown }).code === 'number'
      ? new AppError('backup_place_folder', { folder, reason }, { cause: error })
      : new AppError('backup_place_unreachable', { host: this.#where, reason }, { cause: error });
  }
}

const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === NO_SUCH_FILE;
