// An authority of our own and certificates by it, made with openssl when first asked for.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  key: string;
  cert: string;
}

export interface Authority {
  ca: string;
  /** `names` as openssl writes them: `DNS:pbx.example`, `URI:sip:pbx.example`, `IP:127.0.0.1` */
  issue: (names: string, over?: { commonName?: string; days?: string }) => Certificate;
}

function openssl(folder: string, ...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

function inFolder<T>(work: (folder: string, read: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-certificates-'));
  try {
    return work(folder, (name) => readFileSync(join(folder, name), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function newAuthority(name = 'Test authority'): Authority {
  const root = inFolder((folder, read) => {
    openssl(
      folder,
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
    return { key: read('ca.key'), cert: read('ca.pem') };
  });
  return {
    ca: root.cert,
    issue: (names, { commonName = 'peer', days = '2' } = {}) =>
      inFolder((folder, read) => {
        writeFileSync(join(folder, 'ca.key'), root.key);
        writeFileSync(join(folder, 'ca.pem'), root.cert);
        writeFileSync(join(folder, 'names'), names === '' ? '' : `subjectAltName=${names}\n`);
        openssl(folder, 'req', '-new', ...KEY, '-keyout', 'key', '-out', 'csr', '-subj', `/CN=${commonName}`);
        const sign = [
          'x509',
          '-req',
          '-in',
          'csr',
          '-CA',
          'ca.pem',
          '-CAkey',
          'ca.key',
          '-CAcreateserial',
          '-out',
          'cert',
        ];
        openssl(folder, ...sign, '-days', days, ...(names === '' ? [] : ['-extfile', 'names']));
        return { key: read('key'), cert: read('cert') };
      }),
  };
}

export function selfSigned(names: string): Certificate {
  return inFolder((folder, read) => {
    const ext = ['-addext', `subjectAltName=${names}`];
    openssl(
      folder,
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      'key',
      '-out',
      'cert',
      '-days',
      '2',
      '-subj',
      '/CN=alone',
      ...ext,
    );
    return { key: read('key'), cert: read('cert') };
  });
}
