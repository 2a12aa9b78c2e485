// Places on this machine that nobody else listens at.
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SLOT } from './slot.js';

/** of one process of tests */
const PORTS = 180;

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

/** Below those that the kernel hands out (from 32768): nobody is given one by chance between the choice and its use. */
const FIRST_PORT = 30_000 + SLOT * PORTS;
let given = 0;

/** For UDP and TCP. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < PORTS; tries += 1) {
    const port = FIRST_PORT + (given++ % PORTS);
    if (!(await canListen(host, port)) || listens('udp', host, port)) continue;
    return port;
  }
  throw new Error(`${PORTS} ports from ${FIRST_PORT} on are taken`);
}

function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) =>
    server.once('error', () => resolve(false)).listen(port, host, () => server.close(() => resolve(true))),
  );
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
