// A daemon that is killed keeps those who are to be called back, each at his place; one whose call was under way is called again, alone.
import { expect, it } from 'vitest';
import type {
  Agent,
  Callback,
  CallbackList,
  Call,
  CallList,
  ExchangeCall,
  Span,
} from '../../daemon/src/contract/index.js';
import { DaemonProcess, eventually } from '../support/daemon-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ENV = { CORDBOARD_LANGUAGE: 'en', CORDBOARD_LOG_LEVEL: 'warn', CORDBOARD_VIRTUAL_STATIONS: '2' };

it('callbacks survive kill -9 with their places, and what was under way is taken up again', async () => {
  const daemon = new DaemonProcess(temporaryFolder(), ENV);
  const ask = <T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> =>
    daemon.api.request<T>(method, path, body);
  const open = async (): Promise<Callback[]> =>
    (await ask<CallbackList>('GET', '/callbacks?open=true')).callbacks.reverse();
  const live = async (): Promise<Call[]> => (await ask<CallList>('GET', '/calls?state=live')).calls;
  const takesCalls = (): Promise<unknown> =>
    eventually(
      () => ask<Span[]>('GET', '/spans'),
      ([span]) => span?.dchannelUp === true,
    );
  await daemon.start();
  await takesCalls();
  const exits = [{ key: '7', target: { to: 'callback' } }];
  // The telephone is told again how to behave when the daemon is back; it may ring before.
  const noAnswer = { action: 'stayReady', restMs: 500 };
  await ask('POST', '/queues', { id: 'back', name: 'back', wrapUpMs: 0, ringTimeoutMs: 3000, noAnswer, exits });
  await ask('PUT', '/queues/back/members', [{ agentId: '2001' }]);
  await ask('PUT', '/queues/back/callback-rule', { confirm: false });
  await ask('POST', '/routes', { calledNumber: '97000', language: 'en', target: { kind: 'queue', queueId: 'back' } });
  for (const callingNumber of ['13800138000', '13900139000']) {
    const placed = await ask<ExchangeCall>('POST', '/exchange/calls', { calledNumber: '97000', callingNumber });
    await eventually(live, (calls) =>
      calls.some((call) => call.callingNumber === callingNumber && call.phase === 'queued'),
    );
    await ask('POST', `/exchange/calls/${placed.id}/digits`, { digits: '7' });
    await eventually(open, (all) => all.some(({ number }) => number === callingNumber));
    await ask('DELETE', `/exchange/calls/${placed.id}`).catch(() => undefined);
  }
  const before = await open();
  expect(before.map(({ number, state }) => [number, state])).toEqual([
    ['13800138000', 'waiting'],
    ['13900139000', 'waiting'],
  ]);

  // The first one's agent is rung when the daemon dies.
  await ask('PUT', '/exchange/phones/1/behaviour', { answer: false, answerAfterMs: 0, play: null });
  await ask('POST', '/exchange/phones/1/lift');
  await ask('POST', '/exchange/phones/1/dial', { digits: '*112001#' });
  await eventually(
    () => ask<Agent>('GET', '/agents/2001'),
    ({ state }) => state === 'ready',
  );
  await ask('POST', '/exchange/phones/1/hangUp');
  await eventually(open, ([first]) => first?.state === 'ringingAgent');
  expect(await daemon.end('SIGKILL')).toBe('SIGKILL');

  await daemon.start();
  const kept = await open();
  expect(kept.map(({ id, enteredAt }) => [id, enteredAt])).toEqual(before.map(({ id, enteredAt }) => [id, enteredAt]));
  await takesCalls();
  // Now he lifts: both are called one after the other, each once, the first one first.
  await ask('PUT', '/exchange/phones/1/behaviour', {
    answer: true,
    answerAfterMs: 20,
    hangUpAfterMs: 6000,
    play: null,
  });
  const talked: string[] = [];
  await eventually(
    open,
    (all) => {
      for (const { number, state } of all) if (state === 'talking' && !talked.includes(number)) talked.push(number);
      expect(all.filter(({ state }) => state === 'dialling').length).toBeLessThan(2);
      return all.length === 0;
    },
    60_000,
  );
  expect([...talked].sort()).toEqual(['13800138000', '13900139000']);
  const { callbacks } = await ask<CallbackList>('GET', '/callbacks');
  expect(callbacks.map(({ state, tries, lastResult }) => [state, tries, lastResult])).toEqual([
    ['done', 1, 'talked'],
    ['done', 1, 'talked'],
  ]);
  expect(await daemon.end('SIGTERM'), daemon.output).toBe(0);
}, 180_000);
