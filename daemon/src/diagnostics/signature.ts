// Reports are signed with a key that the box makes at first use and that never leaves it. What is signed is the report as JSON with
// its names sorted and without spaces, so that a file that was only laid out anew is still good.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SignedDiagnosticReport, type DiagnosticReport, type DiagnosticVerdict } from '../contract/index.js';
import { entryOf } from './entries.js';

const PREFIX = 'cordboard acceptance report\n';

export class ReportSigner {
  readonly #file: string;
  #key: KeyObject | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** SHA-256 of the public key, hexadecimal. */
  get fingerprint(): string {
    return fingerprintOf(this.#publicKey());
  }

  sign(report: DiagnosticReport): SignedDiagnosticReport {
    const publicKey = this.#publicKey();
    const value = sign(null, signedText(report), this.#private()).toString('base64');
    return {
      report,
      signature: { algorithm: 'Ed25519', publicKey, fingerprint: fingerprintOf(publicKey), value },
    };
  }

  /** Of a file as it is. */
  judge(text: string): DiagnosticVerdict {
    return judgeReport(text, this.fingerprint);
  }

  #publicKey(): string {
    return createPublicKey(this.#private()).export({ type: 'spki', format: 'der' }).toString('base64');
  }

  #private(): KeyObject {
    if (this.#key !== undefined) return this.#key;
    if (!existsSync(this.#file)) {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
      writeFileSync(`${this.#file}.new`, pem, { mode: 0o600, flush: true });
      renameSync(`${this.#file}.new`, this.#file);
    }
    this.#key = createPrivateKey(readFileSync(this.#file));
    return this.#key;
  }
}

/** Needs no key of its own: the file names the public one. `ownFingerprint`: of the box that one trusts; empty: none is known. */
export function judgeReport(text: string, ownFingerprint: string): DiagnosticVerdict {
  const no = (why: DiagnosticVerdict['why'], fingerprint = ''): DiagnosticVerdict => ({
    ...{ valid: false, why, fingerprint, ownFingerprint, entry: null },
  });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return no('notAReport');
  }
  const parsed = SignedDiagnosticReport.safeParse(raw);
  if (!parsed.success) return no('notAReport');
  const { signature } = parsed.data;
  // What was signed is what stands in the file, not what the shape has made of it.
  const { report } = raw as { report: DiagnosticReport };
  try {
    const key = createPublicKey({ key: Buffer.from(signature.publicKey, 'base64'), type: 'spki', format: 'der' });
    const fingerprint = fingerprintOf(signature.publicKey);
    if (key.asymmetricKeyType !== 'ed25519' || fingerprint !== signature.fingerprint) return no('changed', fingerprint);
    if (!verify(null, signedText(report), key, Buffer.from(signature.value, 'base64')))
      return no('changed', fingerprint);
    const own = ownFingerprint === '' || ownFingerprint === fingerprint;
    const entry = entryOf(parsed.data.report);
    return { valid: own, why: own ? 'good' : 'otherKey', fingerprint, ownFingerprint, entry };
  } catch {
    return no('changed');
  }
}

function fingerprintOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
}

function signedText(report: unknown): Buffer {
  return Buffer.from(PREFIX + canonical(report));
}

/** JSON with sorted names and without spaces. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}
