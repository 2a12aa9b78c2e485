// A page that a stranger serves, open in the browser of somebody who has signed in: it gets no socket, and changes nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { expect, test } from 'vitest';
import { LINE_NAMESPACE } from '../../daemon/src/contract/index.js';
import { startBox } from '../../daemon/dist/main.js';
import { startTestBox } from '../support/box.js';

const EVIL = 'http://evil.example';

test('a foreign page opens no socket, in no namespace and by no transport, and changes nothing', async () => {
  const box = await startTestBox({ start: startBox });
  const token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const { origin } = new URL(box.url);

  const opened = async (namespace: string, transport: 'websocket' | 'polling', from: string | undefined) => {
    const socket = io(origin + namespace, {
      ...{ auth: { token }, transports: [transport], reconnection: false, forceNew: true },
      extraHeaders: from === undefined ? {} : { Origin: from },
    });
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('connect_error', () => resolve(false));
    });
    socket.disconnect();
    return connected;
  };
  for (const namespace of ['/', LINE_NAMESPACE])
    for (const transport of ['websocket', 'polling'] as const) {
      const at = `${namespace} ${transport}`;
      expect([at, await opened(namespace, transport, EVIL)]).toEqual([at, false]);
      expect([at, await opened(namespace, transport, 'null')]).toEqual([at, false]);
      expect([at, await opened(namespace, transport, `${origin}.evil.example`)]).toEqual([at, false]);
      expect([at, await opened(namespace, transport, origin)]).toEqual([at, true]);
    }
  expect(await opened('/', 'websocket', undefined)).toBe(true);

  const send = async (method: string, headers: Record<string, string>) =>
    fetch(`${origin}/api/v1/agent-reasons${method === 'POST' ? '' : '/77'}`, {
      ...{ method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers } },
      ...(method === 'DELETE' ? {} : { body: JSON.stringify({ code: '77', nameEn: 'x', nameZh: 'x' }) }),
    });
  for (const method of ['POST', 'PATCH', 'DELETE'])
    for (const from of [EVIL, 'null', `${origin}.evil.example`, 'file://', 'https://127.0.0.1@evil.example']) {
      const answer = await send(method, { origin: from });
      const { error } = (await answer.json()) as { error: { code: string } };
      expect([method, from, answer.status, error.code]).toEqual([method, from, 403, 'origin_refused']);
      // and no other page may read what is answered
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  // a form needs nobody's leave to be sent
  const form = await fetch(`${origin}/api/v1/session`, {
    ...{
      method: 'POST',
      headers: { origin: EVIL, 'content-type': 'text/plain' },
      body: '{"username":"a","password":"b"}',
    },
  });
  expect(form.status).toBe(403);
  const asked = await fetch(`${origin}/api/v1/agent-reasons`, {
    ...{ method: 'OPTIONS', headers: { origin: EVIL, 'access-control-request-method': 'POST' } },
  });
  expect(asked.headers.get('access-control-allow-origin')).toBeNull();
  const reasons = async (): Promise<string> =>
    (await fetch(`${origin}/api/v1/agent-reasons`, { headers: { authorization: `Bearer ${token}` } })).text();
  expect(await reasons()).not.toContain('"77"');

  // of the box's own pages, also behind a proxy that calls itself otherwise; and of programs
  expect((await send('POST', { origin })).status).toBeLessThan(300);
  expect(await reasons()).toContain('"77"');
  expect((await send('DELETE', { origin: 'https://pbx.example', 'sec-fetch-site': 'same-origin' })).status).toBe(204);
  expect((await send('POST', {})).status).toBeLessThan(300);
});
