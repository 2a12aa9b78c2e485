// A whole box notices what is wrong and tells a receiver: mail for lack of a server, by webhook; through the API, audit and all.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type { AlertDelivery, AlertList, AlertRule, AlertWay, AlertWayList } from '../../daemon/src/contract/index.js';
import { startTestBox } from '../support/box.js';
import { writeFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

it('tells who is to know, over a restart of the box', async () => {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-alerts-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, flows: { allowedNetworks: ['127.0.0.1'] } }));
  const heard: { what: string; kind: string }[] = [];
  let status = 503;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      heard.push(JSON.parse(body) as { what: string; kind: string });
      response.statusCode = status;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const box = await startTestBox({ home });
  const api = new LocalApi(box.config.home);
  const way = await api.request<AlertWay>('POST', '/alert-ways', {
    ...{ name: 'hook', settings: { kind: 'webhook', url, secret: 'hidden-word' } },
  });
  expect(JSON.stringify(way)).not.toContain('hidden-word');
  expect(await api.request<AlertDelivery>('POST', `/alert-ways/${way.id}/test`)).toMatchObject({ state: 'waiting' });
  const rule = { name: 'all', ways: [way.id], concerns: ['mail'], delayMs: 0 };
  await api.request<AlertRule>('POST', '/alert-rules', rule);
  await vi.waitFor(() => expect(heard.some(({ kind }) => kind === 'mail')).toBe(true), 30_000);
  const { ways, snmpEngineId } = await api.request<AlertWayList>('GET', '/alert-ways');
  expect(ways).toMatchObject([{ lastError: expect.stringContaining('503') as string, hasSecrets: true }]);
  await box.stop();

  status = 200;
  const again = await startTestBox({ home });
  const later = new LocalApi(again.config.home);
  await vi.waitFor(async () => {
    const { alerts, others } = await later.request<AlertList>('GET', '/alerts');
    expect(alerts.find(({ kind }) => kind === 'mail')!.deliveries).toMatchObject([{ what: 'began', state: 'sent' }]);
    expect(others).toMatchObject([{ what: 'test', state: 'sent' }]);
  }, 40_000);
  expect((await later.request<AlertWayList>('GET', '/alert-ways')).snmpEngineId).toBe(snmpEngineId);
  expect(heard.filter(({ kind, what }) => kind === 'mail' && what === 'began').length).toBeGreaterThanOrEqual(2);
});
