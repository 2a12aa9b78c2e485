// One datagram to a socket of the unix domain, by the addon: Node.js has none.
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

const require = createRequire(import.meta.url);

/** `socket`: an absolute path, or '@…' for an abstract one. Throws when it cannot be sent. */
export function sendLocalDatagram(socket: string, message: string): void {
  const addon = require('@cordboard/native') as { sendLocalDatagram(path: string, text: string): number };
  const failed = addon.sendLocalDatagram(socket, message);
  if (failed !== 0) throw new Error(`${getSystemErrorName(-failed)} at ${socket}`);
}
