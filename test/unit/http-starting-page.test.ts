// While the database is being changed a browser is told so, in both languages, and the port is free for the box afterwards.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startingPage } from '../../daemon/src/http/index.js';
import { Lifecycle, silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('tells how far it is, to people and to programs, and lets go of the port', async () => {
  const port = await freePort();
  const page = startingPage({ host: '127.0.0.1', port, log: silentLog });
  page.show({ step: 0, steps: 2, lastedMs: 0 });
  page.show({ step: 1, steps: 2, lastedMs: 65_000 });
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  await expect
    .poll(() =>
      ask('/').then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(503);
  const shown = await ask('/calls');
  expect(shown.headers.get('content-security-policy')).toContain("default-src 'self'");
  const text = await shown.text();
  expect(text).toContain('第 1 步，共 2 步。已用 1 分 5 秒');
  expect(text).toContain('step 1 of 2');
  const refused = await ask('/api/v1/health');
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(await refused.json()).toMatchObject({ error: { code: 'starting' } });
  await page.end();
  await expect(ask('/')).rejects.toThrow();
  await page.end();
});

it('a part that may take as long as it takes is waited for', async () => {
  const clock = new FakeClock();
  let done = (): void => undefined;
  const lifecycle = new Lifecycle(silentLog, clock).add({
    ...{ name: 'database', startTimeoutMs: Number.POSITIVE_INFINITY },
    start: () => new Promise<void>((resolve) => (done = resolve)),
  });
  const started = lifecycle.start();
  await clock.advance(3_600_000);
  done();
  await started;
});
