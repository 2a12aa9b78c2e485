// Flows that are wrong, and callers who do what nobody thought of: everybody is told something, every call ends, and nothing is asked of
// whom it must not be asked.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callIn, nothingLeaks, phase, whileRunning } from '../support/box.js';
import { TONE, startFlowBox, type FlowBox } from '../support/flow-box.js';

const running = whileRunning();
let on: FlowBox;
let port = 0;
const asked: string[] = [];

beforeAll(async () => {
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.onEnd(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  ({ port } = server.address() as AddressInfo);
  on = await startFlowBox(running, { dataSources: { crm: { kind: 'sqlite', file: 'crm.sqlite' } } });
  const crm = new sqlite3.Database(join(on.box.config.home, 'crm.sqlite'));
  await new Promise<void>((resolve, reject) =>
    crm.exec('CREATE TABLE customers (number TEXT)', (error) =>
      error === null ? crm.close(() => resolve()) : reject(error),
    ),
  );
});
afterAll(() => running.end());

const bye = { type: 'hangup', cause: 17 };
const play = (prompt: string) => ({ type: 'play', prompts: [prompt], next: 'bye' });

it('a circle that takes no time ends after 1,000 steps with an apology and cause 41', async () => {
  // As it stands there it is refused; a number that leads nowhere makes one of a way that was let live.
  await expect(
    on.flow('5201', {
      start: 'a',
      nodes: {
        a: { type: 'set', assign: [{ variable: 'x', value: '1' }], next: 'b' },
        b: { type: 'branch', cases: [{ when: 'x == 1', next: 'a' }], otherwise: 'a' },
      },
    }),
  ).rejects.toThrow(/circle/);
  await on.flow('5202', {
    start: 'a',
    nodes: { a: { type: 'transfer', to: { kind: 'number', number: '7777777' }, failed: 'a' } },
  });
  const { cause, tones, traces, segments } = await on.whole('5202');
  expect(cause).toBe(41);
  expect(tones).toEqual([TONE.fault]);
  expect(traces[0]).toMatchObject({ dropped: 800 });
  expect(segments.length).toBeLessThan(50);
});

it('flows that call one another are refused, and the node is named', async () => {
  const calls = (flow: string) => ({
    start: 'call',
    nodes: { call: { type: 'subflow', flow, next: 'back' }, back: { type: 'return' } },
  });
  await on.flow('5203', { start: 'back', nodes: { back: { type: 'return' } } });
  await on.flow('5204', calls('flow-5203'));
  await expect(on.flow('5203', calls('flow-5204'))).rejects.toThrow(
    /Node "call".*flow-5203.*flow-5204|Node "call".*flow-5204.*flow-5203/,
  );
  await expect(on.flow('5204', calls('flow-5204'))).rejects.toThrow(/Node "call"/);
  expect(on.box.flows.live('flow-5203')?.version).toBe(1);
});

it('SQL that changes something is refused; what is wrong in the database leads on by the way for errors', async () => {
  for (const sql of ['DELETE FROM customers', 'SELECT 1; DROP TABLE customers', 'PRAGMA writable_schema = 1'])
    await expect(
      on.flow('5205', { start: 'a', nodes: { a: { type: 'sql', source: 'crm', sql, next: 'bye' }, bye } }),
    ).rejects.toThrow(/Node "a"/);
  await on.flow('5206', {
    start: 'a',
    nodes: {
      a: { type: 'sql', source: 'crm', sql: 'SELECT balance FROM nowhere', next: 'bye', error: 'sorry' },
      sorry: play('no-agent'),
      bye,
    },
  });
  const { tones, traces, cause } = await on.whole('5206');
  expect([tones, cause]).toEqual([[TONE.noAgent], 17]);
  expect(traces[0]?.steps[0]).toMatchObject({ why: 'error', detail: expect.stringContaining('nowhere') });
});

it('the box itself and networks that are not public are not asked, however they are written', async () => {
  const hosts = [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `[::1]:${port}`,
    `2130706433:${port}`,
    '10.1.2.3',
    '169.254.169.254',
  ];
  await on.flow('5207', {
    start: 'a0',
    nodes: {
      ...Object.fromEntries(
        hosts.map((host, i) => [
          `a${i}`,
          { type: 'http', url: `http://${host}/secrets`, timeoutMs: 2000, next: 'reached', error: `a${i + 1}` },
        ]),
      ),
      [`a${hosts.length}`]: play('goodbye'),
      reached: play('welcome'),
      bye,
    },
  });
  const { tones, way, traces } = await on.whole('5207');
  expect(tones).toEqual([TONE.goodbye]);
  expect(way.slice(0, hosts.length)).toEqual(hosts.map((_, i) => `a${i}:error`));
  expect(asked).toEqual([]);
  expect(traces[0]?.steps[0]?.detail).toMatch(/127\.0\.0\.1|public|allowed/);
});

it('who presses keys without end is led on, and is not written down without end', async () => {
  await on.flow('5208', {
    start: 'ask',
    nodes: {
      ask: {
        ...{ type: 'collect', prompts: ['main-menu'], variable: 'number', minDigits: 4, maxDigits: 8, retries: 0 },
        ...{ next: 'say', timeout: 'say' },
      },
      say: { type: 'play', prompts: ['welcome'], bargeIn: false, next: 'menu' },
      menu: {
        type: 'menu',
        prompts: ['main-menu'],
        choices: { '1': 'one' },
        retries: 1,
        timeout: 'bye',
        invalid: 'wrong',
      },
      one: play('goodbye'),
      wrong: play('invalid-choice'),
      bye,
    },
  });
  const { callId, exchangeId } = await callIn(on.box, { calledNumber: '5208' });
  await phase(on.box, callId, 'inFlow');
  void on.box.exchange.callers.sendDigits(exchangeId, '9'.repeat(64)).catch(() => undefined);
  const { cause, tones, segments, traces } = await on.story(callId);
  expect(cause).toBe(17);
  expect(traces[0]?.steps[0]?.changed).toEqual({ number: '99999999' });
  // What may not be cut short is heard in the middle of it.
  expect(tones).toContain(TONE.welcome);
  expect(tones.at(-1)).toBe(TONE.invalid);
  expect(segments.length).toBeLessThan(120);
});

it('a prompt that is there in another language only is heard in that one, and the trace tells it', async () => {
  await on.flow('5209', {
    start: 'chinese',
    nodes: { chinese: { type: 'language', language: 'zh-CN', next: 'say' }, say: play('welcome'), bye },
  });
  const { tones, traces, segments } = await on.whole('5209');
  expect(tones).toEqual([TONE.welcome]);
  expect(traces[0]?.steps[1]?.warnings).toEqual(['prompt welcome is missing in zh-CN']);
  expect(segments.find(({ kind }) => kind === 'prompt')?.data).toMatchObject({ language: 'zh-CN', finished: true });
  await nothingLeaks(on.box);
});
