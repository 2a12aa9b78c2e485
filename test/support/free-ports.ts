// Places on this machine that nobody else listens at.
import { createServer, type AddressInfo } from 'node:net';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface OwnNetwork {
  /** CIDR */
  readonly network: string;
  /** One that has not been given yet: every port of it is free. */
  address(): string;
}

/** A part of 127.0.0.0/8 for the peers of one file. */
export function ownNetwork(): OwnNetwork {
  const prefix = `127.${randomInt(10, 250)}.${randomInt(0, 256)}`;
  let last = 0;
  return { network: `${prefix}.0/24`, address: () => `${prefix}.${(last += 1)}` };
}

/** For UDP and TCP. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    if (!listens('udp', host, port)) return port;
  }
}

/** Whether somebody listens there, as the kernel says (proc(5)). */
export function listens(transport: 'udp' | 'tcp', address: string, port: number): boolean {
  const octets = address.split('.').map(Number).reverse();
  const hex = octets
    .map((octet) => octet.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  const wanted = ` ${hex}:${port.toString(16).padStart(4, '0').toUpperCase()} `;
  return readFileSync(`/proc/net/${transport}`, 'latin1').includes(wanted);
}
