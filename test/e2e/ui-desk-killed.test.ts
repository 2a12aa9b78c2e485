// The box is killed while an agent talks and types: his desk says so, keeps what he types, and goes on by itself when the box is back.
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Agent, Call, CallDetail, CallList, ExchangeCall, Span } from '../../daemon/src/contract/index.js';
import { DaemonProcess, eventually } from '../support/daemon-process.js';
import { freePort } from '../support/free-ports.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { PASSWORD, SCREENS } from './ui-box.js';
import { openBrowser } from './ui-browser.js';

it('a desk whose box was killed in a call goes on when it is back, with what was typed', async () => {
  const origin = `http://127.0.0.1:${await freePort()}`;
  const daemon = new DaemonProcess(temporaryFolder(), {
    ...{ CORDBOARD_LANGUAGE: 'en', CORDBOARD_LOG_LEVEL: 'warn', CORDBOARD_VIRTUAL_STATIONS: '2' },
    CORDBOARD_HTTP_PORT: new URL(origin).port,
  });
  await daemon.start();
  const { api } = daemon;
  const user = { password: PASSWORD, language: 'en' };
  await api.request('POST', '/users', { ...user, username: 'boss', role: 'admin' });
  await api.request('POST', '/users', { ...user, username: 'a2001', role: 'agent', agentId: '2001' });
  await eventually(
    () => daemon.api.request<Span[]>('GET', '/spans'),
    ([span]) => span?.dchannelUp === true,
  );
  await api.request('POST', '/agents/2001/sign-in', { station: 1 });
  await api.request('POST', '/agents/2001/state', { state: 'ready' });
  const answers = { answer: true, answerAfterMs: 0, play: 'demo-agent' };
  await api.request('PUT', '/exchange/phones/1/behaviour', answers);
  const session = await fetch(`${origin}/api/v1/session`, {
    ...{ method: 'POST', headers: { 'Content-Type': 'application/json' } },
    body: JSON.stringify({ username: 'a2001', password: PASSWORD }),
  });
  const { token } = (await session.json()) as { token: string };

  const browser = await openBrowser(origin, 'en');
  onTestFinished(() => browser.close());
  const { page } = browser;
  await page.addInitScript(`localStorage.setItem('cordboard.token', ${JSON.stringify(token)})`);
  await page.goto(`${origin}/desk`);
  await page.locator('[data-state][data-is="ready"]').waitFor();
  await api.request<ExchangeCall>('POST', '/exchange/calls', {
    ...{ calledNumber: '95001', callingNumber: '13800138000', play: 'demo-caller', digits: '1' },
  });
  await page.locator('[data-state][data-is="talking"]').waitFor();
  const [call] = await eventually(
    () => api.request<CallList>('GET', '/calls?state=live').then(({ calls }): Call[] => calls),
    ([one]) => one?.phase === 'talking',
  );
  const note = page.locator('textarea[data-note]');
  await note.fill('He wants ');
  await page.locator('[data-note-state=saved]').waitFor();

  expect(await daemon.end('SIGKILL')).toBe('SIGKILL');
  await page.locator('.banner[role=alert]').waitFor();
  await note.pressSequentially('a price.');
  await page.locator('[data-note-state=kept]').waitFor();
  await page.screenshot({ path: join(SCREENS, 'desk-offline.en.png') });
  await daemon.start();

  // Nobody reloads, signs in or presses anything.
  await page.locator('.banner[role=alert]').waitFor({ state: 'detached' });
  await page.locator('[data-state][data-is="ready"]').waitFor();
  const kept = await eventually(
    () => daemon.api.request<CallDetail>('GET', `/calls/${call!.id}`),
    ({ notes }) => notes.some((one) => one.note === 'He wants a price.'),
  );
  expect(kept.state).toBe('broken');
  expect(await daemon.api.request<Agent>('GET', '/agents/2001')).toMatchObject({ state: 'ready', station: 1 });

  // and the next caller is his
  await eventually(
    () => daemon.api.request<Span[]>('GET', '/spans'),
    ([span]) => span?.dchannelUp === true,
  );
  await daemon.api.request('PUT', '/exchange/phones/1/behaviour', answers);
  await daemon.api.request('POST', '/exchange/calls', {
    ...{ calledNumber: '95001', callingNumber: '13912345678', play: 'demo-caller', digits: '1' },
  });
  await page.locator('[data-call][data-phase=talking]', { hasText: '139 1234 5678' }).waitFor();
  expect(await daemon.end('SIGTERM'), daemon.output).toBe(0);
}, 120_000);
