// Pebble, the authority that clients of ACME are tried with: strict with signatures, refuses good nonces on purpose, and asks a DNS of its
// own, in which every name is this machine.
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { selfSigned } from '../../daemon/src/config/self-signed.js';
import { freePort } from './free-ports.js';

export interface Pebble {
  directory: string;
  /** PEM: who signed the certificate of the directory */
  authority: string;
  /** where it asks for challenges in place of port 80 */
  httpPort: number;
}

export async function pebble(folder: string): Promise<Pebble> {
  const [port, managementPort, httpPort, tlsPort, dnsPort, dnsManagement] = (await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  )) as [number, number, number, number, number, number];
  const now = Date.now();
  const { key, cert } = selfSigned({ names: ['127.0.0.1'], notBefore: now - 86_400_000, notAfter: now + 86_400_000 });
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      pebble: {
        ...{ listenAddress: `127.0.0.1:${port}`, managementListenAddress: `127.0.0.1:${managementPort}` },
        ...{ certificate: join(folder, 'cert.pem'), privateKey: join(folder, 'key.pem'), httpPort, tlsPort },
        ...{ ocspResponderURL: '', externalAccountBindingRequired: false },
      },
    }),
  );
  const children: ChildProcess[] = [];
  const run = (command: string, args: string[]): void => {
    const env = { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '30', PEBBLE_AUTHZREUSE: '0' };
    children.push(spawn(command, args, { env, stdio: 'ignore' }));
  };
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  run('pebble-challtestsrv', [
    ...['-dns01', `127.0.0.1:${dnsPort}`, '-defaultIPv4', '127.0.0.1', '-management', `127.0.0.1:${dnsManagement}`],
    ...['-defaultIPv6', '', '-http01', '', '-https01', '', '-tlsalpn01', ''],
  ]);
  run('pebble', ['-config', join(folder, 'config.json'), '-dnsserver', `127.0.0.1:${dnsPort}`]);
  const directory = `https://127.0.0.1:${port}/dir`;
  for (let tries = 0; ; tries += 1) {
    const up = await new Promise<boolean>((resolve) => {
      const asked = request(directory, { ca: cert }, (answer) => resolve(answer.resume().statusCode === 200));
      asked.on('error', () => resolve(false));
      asked.end();
    });
    if (up) return { directory, authority: cert, httpPort };
    if (children.some((child) => child.exitCode !== null) || tries > 600) throw new Error('pebble does not run');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
