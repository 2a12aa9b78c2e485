// The box's own key for SFTP servers, made when it is first needed: its public part goes into authorized_keys there.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import ssh2, { type ParsedKey } from 'ssh2';
import { writeWhole } from '../config/index.js';

/** Tries to make a key that can be read: one in 256 of ssh2's cannot. */
const MOST_TRIES = 20;

export class BoxKey {
  readonly #file: string;
  readonly #generate: () => string;

  /** `generate` makes a private key in OpenSSH's form. */
  constructor(home: string, generate = () => ssh2.utils.generateKeyPairSync('ed25519').private) {
    this.#file = join(home, 'keys', 'backup-ssh.key');
    this.#generate = generate;
  }

  /** OpenSSH's form */
  get privateKey(): string {
    return this.#read().text;
  }

  /** One line of authorized_keys. */
  get publicKey(): string {
    const { key } = this.#read();
    return `${key.type} ${key.getPublicSSH().toString('base64')} cordboard@${hostname()}`;
  }

  /** One that cannot be read has never opened a server: another one takes its place. */
  #read(): { text: string; key: ParsedKey } {
    let text = existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : '';
    let key = ssh2.utils.parseKey(text);
    for (let tries = 0; key instanceof Error; tries += 1) {
      if (tries === MOST_TRIES) throw key;
      text = this.#generate();
      key = ssh2.utils.parseKey(text);
      if (key instanceof Error) continue;
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      writeWhole(this.#file, text);
    }
    return { text, key };
  }
}
