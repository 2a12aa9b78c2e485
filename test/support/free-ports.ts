// Places on this machine that nobody else listens at.
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** An address of 127.0.0.0/8 for one peer: every port of it is free. */
export function ownAddress(): string {
  return `127.${randomInt(10, 250)}.${randomInt(0, 256)}.${randomInt(2, 250)}`;
}

export async function freeTcpPort(host = '127.0.0.1'): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether somebody listens there, as the kernel says (proc(5)). */
export function listens(transport: 'udp' | 'tcp', address: string, port: number): boolean {
  const octets = address.split('.').map(Number).reverse();
  const hex = octets.map((octet) => octet.toString(16).padStart(2, '0')).join('').toUpperCase();
  const wanted = ` ${hex}:${port.toString(16).padStart(4, '0').toUpperCase()} `;
  return readFileSync(`/proc/net/${transport}`, 'latin1').includes(wanted);
}
