import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ErrorBody } from '../../daemon/src/contract/index.js';
import { codeOf, httpBox } from '../support/http-box.js';

const details = (json: unknown) =>
  Object.fromEntries((json as ErrorBody).error.details.map((d) => [d.path, d.message]));

describe('a body', () => {
  test('that does not fit is refused with every place named, in the language asked for', async () => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    const body = { username: 'a b', password: 'short', role: 'The King', colour: 'red' };
    const answer = await box.ask('POST', '/api/v1/users', { token, body });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'body_invalid']);
    expect(Object.keys(details(answer.json)).sort()).toEqual(['colour', 'password', 'role', 'username']);
    const chinese = await box.ask('POST', '/api/v1/users', { token, body, headers: { 'Accept-Language': 'zh-CN' } });
    expect(details(chinese.json)['password']).toBe('必须至少 10 个字符。');
    expect(chinese.headers['content-language']).toBe('zh-CN');
  });

  test.each([
    ['broken JSON', '{"a":', 'application/json', 400, 'body_not_json'],
    ['a list', '[]', 'application/json', 400, 'body_invalid'],
    ['a bare word', '"x"', 'application/json', 400, 'body_not_json'],
    ['nothing', '', 'application/json', 400, 'body_invalid'],
    ['a prototype', '{"__proto__":{"role":"admin"}}', 'application/json', 400, 'body_not_json'],
    ['a form', 'username=a', 'application/x-www-form-urlencoded', 415, 'media_type_unsupported'],
    ['text', '{}', 'text/plain', 415, 'media_type_unsupported'],
    ['300 kB', JSON.stringify({ username: 'x'.repeat(300_000) }), 'application/json', 413, 'body_too_large'],
  ])('of %s is refused', async (_what, body, type, status, code) => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    const answer = await box.ask('POST', '/api/v1/users', { token, body, headers: { 'Content-Type': type } });
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect((await box.db.users.list()).length).toBe(1);
  });

  test('of 256 kB is read to its end, in pieces without a length, too, and no further', async () => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(box.port, '127.0.0.1');
      let text = '';
      socket.on('data', (data) => (text += data.toString()));
      socket.on('close', () => resolve(text));
      socket.on('error', () => (text === '' ? reject(new Error('no answer')) : resolve(text)));
      socket.write(
        `POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
          'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
      );
      const chunk = `10000\r\n${'['.repeat(0x10000)}\r\n`;
      for (let i = 0; i < 6; i++) socket.write(chunk);
      socket.end('0\r\n\r\n');
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('an address', () => {
  test.each([
    ['GET', '/api/v1/nothing', 404, 'route_not_found'],
    ['GET', '/api/v1', 404, 'route_not_found'],
    ['GET', '/api/v1/users/%E0%A4%A', 400, 'body_invalid'],
    ['GET', '/api/v1/users/x', 400, 'body_invalid'],
    ['GET', '/api/v1/users/01JD7Q4Y5ZK8M3N9P2R6S7T8VW', 404, 'user_not_found'],
    ['PUT', '/api/v1/users', 405, 'method_not_allowed'],
    ['GET', '/api/v1/calls?limit=0', 400, 'body_invalid'],
    ['GET', '/api/v1/calls?limit=9999', 400, 'body_invalid'],
    ['GET', '/api/v1/calls?state=live&state=ended', 400, 'body_invalid'],
    ['GET', "/api/v1/calls?before=' OR 1=1 --".replaceAll(' ', '%20'), 400, 'body_invalid'],
    ['GET', '/api/v1/calls?order=passwordHash', 400, 'body_invalid'],
    ['POST', '/api/v1/exchange/phones/0/lift', 400, 'body_invalid'],
    ['POST', '/api/v1/exchange/phones/1e3/lift', 400, 'body_invalid'],
  ])('%s %s answers %i %s', async (method, path, status, code) => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    const answer = await box.ask(method, path, { token });
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  });

  test('names what it takes when the method is another', async () => {
    const box = await httpBox();
    const answer = await box.ask('DELETE', '/api/v1/users');
    expect(answer.headers.allow).toBe('GET, HEAD, POST');
  });
});

test.each(['//', '//a:b', '/sip?ticket=%'])('a WebSocket asked for at %s ends nothing', async (path) => {
  const box = await httpBox();
  const socket = connect(box.port, '127.0.0.1');
  socket.on('error', () => undefined);
  // Whoever else listens for upgrades ends those that nobody wants; here nobody does.
  const ended = new Promise((resolve) => {
    box.http.server.prependOnceListener('upgrade', (_request, taken: Socket) =>
      setImmediate(() => resolve(taken.destroy())),
    );
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await ended;
  socket.destroy();
  expect((await box.ask('GET', '/api/v1/health')).status).toBe(200);
});

describe('the Host header', () => {
  test.each([
    ['127.0.0.1', 200],
    ['localhost:8080', 200],
    ['[::1]:8080', 200],
    ['LOCALHOST', 200],
    ['box.example', 200],
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost.evil.example', 421],
    ['192.168.1.5', 421],
    ['localhost@evil.example', 421],
  ])('%s on a loopback address answers %i', async (host, status) => {
    const box = await httpBox({ allowedHosts: ['box.example'] });
    const answer = await box.ask('GET', '/api/v1/health', { headers: { Host: host } });
    expect(answer.status).toBe(status);
  });
});

test('every answer carries the headers that keep strangers out', async () => {
  const box = await httpBox();
  for (const path of ['/api/v1/health', '/api/v1/users', '/nothing.js', '/']) {
    const { headers } = await box.ask('GET', path);
    const policy = headers['content-security-policy'] as string;
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['x-powered-by']).toBeUndefined();
  }
});

test('a fault of ours is answered without its secrets, with a reference to the log', async () => {
  const box = await httpBox();
  const { token } = await box.signIn('admin');
  box.ports.engine.spans = () => Promise.reject(new Error('secret /var/lib/cordboard'));
  const answer = await box.ask('GET', '/api/v1/spans', { token });
  expect([answer.status, codeOf(answer)]).toEqual([500, 'internal']);
  expect(answer.text).not.toContain('secret');
  expect(answer.text).toMatch(/reference [0-9a-f]{8}/);
});
