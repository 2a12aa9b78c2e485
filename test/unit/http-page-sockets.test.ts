// The WebSockets on which pages speak SIP, as strangers and a hostile page meet them.
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { servePageSockets } from '../../daemon/src/http/page-sockets.js';
import { FakeClock } from '../support/clock-fake.js';

let server: Server;
let port: number;
let heard: number;
let pages: { stop(): void };

beforeEach(async () => {
  heard = 0;
  server = createServer();
  pages = servePageSockets({
    server,
    hostRule: { listenHost: '127.0.0.1', allowedHosts: [] },
    phones: {
      available: () => true,
      has: () => true,
      grant: () => Promise.reject(new Error('not asked here')),
      opens: (ticket) => ticket === 'mine',
      open: () => ({ came: () => (heard += 1), gone: () => undefined }),
    },
    clock: new FakeClock(),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  pages.stop();
  server.close();
});

/** The first line of the answer to whoever asks for a WebSocket. */
async function answer(target: string, headers: string[] = [`Host: 127.0.0.1:${port}`]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const head = [
    ...[`GET ${target} HTTP/1.1`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Protocol: sip'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', ...headers],
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const [said] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return said.toString().split('\r\n')[0] ?? '';
}

it('only a ticket opens, from a page of this box', async () => {
  const own = [`Host: 127.0.0.1:${port}`, `Origin: http://127.0.0.1:${port}`];
  expect(await answer('/sip?ticket=mine', own)).toBe('HTTP/1.1 101 Switching Protocols');
  for (const target of ['/sip', '/sip?ticket=', '/sip?ticket=other', '/sip?ticket=%E0%A4%A', '/sip?mine'])
    expect([target, await answer(target)]).toEqual([target, 'HTTP/1.1 403 Forbidden']);
  for (const headers of [['Host: evil.example'], [own[0]!, 'Origin: http://evil.example']])
    expect([headers, await answer('/sip?ticket=mine', headers)]).toEqual([headers, 'HTTP/1.1 403 Forbidden']);
});

it.each(['//', '//[', 'http://[/sip', '/%'])(
  'whoever asks for %s is not ours to answer, and harms nobody',
  (target) => {
    const request = { url: target, headers: {} };
    expect(() => server.emit('upgrade', request, undefined, Buffer.alloc(0))).not.toThrow();
  },
);

it.each([
  ['larger than any of SIP', (socket: WebSocket) => socket.send(Buffer.alloc(65_536)), 0],
  ['more than a page ever has', (socket: WebSocket) => Array.from({ length: 200 }, () => socket.send('x')), 100],
])('messages %s end the connection', async (_what, send, most) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/sip?ticket=mine`, 'sip');
  await once(socket, 'open');
  send(socket);
  await once(socket, 'close');
  expect(heard).toBe(most);
});
