// Callers in flows over the virtual card: what they hear is looked for in the recording of what was said to them, by correlation.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import type { FlowDefinitionInput, FlowTrace, JsonObject } from '../../daemon/src/contract/index.js';
import type { Box } from '../../daemon/src/main.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { findSound, samplesOf } from '../support/audio-match.js';
import { until } from '../support/turns.js';
import { callIn, nothingLeaks, phase, recordingOf, startTestBox, storedCall } from '../support/box.js';

const ALLISON = '/usr/share/asterisk/sounds/en_US_f_Allison';
const HEARD = 0.8;

/** A home with a customer database, and leave to ask this machine over HTTP. */
async function home(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-flows-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const flows = { allowedNetworks: ['127.0.0.1'], dataSources: { crm: { kind: 'sqlite', file: 'crm.sqlite' } } };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ version: 3, flows }));
  const crm = new sqlite3.Database(join(folder, 'crm.sqlite'));
  await new Promise<void>((resolve, reject) =>
    crm.exec(
      "CREATE TABLE customers (number TEXT, pin TEXT, name TEXT, level TEXT); INSERT INTO customers VALUES ('4711', '99', 'Li', 'gold')",
      (error) => (error === null ? crm.close(() => resolve()) : reject(error)),
    ),
  );
  return folder;
}

/** A web service that knows a balance. */
async function balances(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: [{ balance: 42 }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function live(box: Box, id: string, definition: FlowDefinitionInput): Promise<void> {
  const check = await box.flows.validate(definition, 'en', id);
  if (!check.ok) throw new Error(check.problems.map(({ message }) => message).join('\n'));
  const saved = await box.db.write((tx) => tx.flows.put({ id, name: id, definition: check.definition, updatedAt: 1 }));
  await until(() => box.flows.live(id)?.version === saved.version, `${id} is in force`);
}

const route = (box: Box, calledNumber: string, flowId: string): Promise<void> =>
  box.db.write((tx) => tx.routes.insert({ id: newUlid(), calledNumber, flowId, language: 'en' }));

/** Every file that the caller was played, as the call's record has it. */
async function played(box: Box, home: string, segments: { kind: string; data: JsonObject }[]): Promise<string[]> {
  const speaker = box.flows.ports.speaker!;
  const files: string[] = [];
  for (const { kind, data } of segments) {
    if (kind !== 'prompt') continue;
    if (Array.isArray(data['prompts']))
      files.push(...data['prompts'].map((name) => join(home, 'test-prompts/en', `${String(name)}.wav`)));
    else if (data['text'] !== 'forty two')
      files.push(await speaker.speak(String(data['text']), data['language'] === 'en' ? 'en' : 'zh-CN'));
    else files.push(join(ALLISON, 'digits/40.wav'), join(ALLISON, 'digits/2.wav'));
  }
  return files;
}

/** Without the silence at both ends, which sounds like any other. */
function core(samples: Float64Array): Float64Array {
  const loud = (sample: number): boolean => Math.abs(sample) > 300;
  const from = samples.findIndex(loud);
  return samples.subarray(Math.max(0, from), samples.findLastIndex(loud) + 1).subarray(0, 8000);
}

const way = (trace: FlowTrace | undefined): string[] => trace?.steps.map(({ node, why }) => `${node}:${why}`) ?? [];

it('a caller hears every node that says something, and his answers lead him', async () => {
  const folder = await home();
  const service = await balances();
  const box = await startTestBox({ home: folder });
  await box.db.write((tx) =>
    tx.announcements.put({
      ...{ id: 'outage', name: '', active: true, prompts: ['no-agent'], until: null, updatedAt: 1, updatedBy: '' },
    }),
  );
  await expect.poll(() => box.flows.ports.announcements?.playing('outage')).toEqual(['no-agent']);
  await live(box, 'sub', {
    start: 'speak',
    nodes: {
      speak: { type: 'speak', texts: { en: 'You are a {level} customer, {who}.' }, next: 'done' },
      done: { type: 'set', assign: [{ variable: 'greeted', value: 'true' }], next: 'back' },
      back: { type: 'return' },
    },
    variables: { level: { type: 'string' }, who: { type: 'string' }, greeted: { type: 'boolean' } },
    parameters: ['level', 'who'],
    results: ['greeted'],
  });
  await live(box, 'bill', {
    start: 'welcome',
    variables: { pin: { type: 'string', secret: true }, balance: { type: 'number' } },
    nodes: {
      welcome: { type: 'play', prompts: ['welcome'], bargeIn: false, next: 'outage' },
      outage: { type: 'announce', announcement: 'outage', next: 'menu' },
      menu: { type: 'menu', prompts: ['main-menu'], choices: { '1': 'member' }, timeout: 'bye', invalid: 'bye' },
      member: {
        type: 'member',
        number: { prompts: ['agent-ready'], maxDigits: 4 },
        pin: { prompts: ['agent-not-ready'], maxDigits: 2 },
        check: {
          via: 'sql',
          source: 'crm',
          sql: 'SELECT name, level FROM customers WHERE number = $number AND pin = $pin',
          bind: { number: 'number', pin: 'pin' },
        },
        variable: 'account',
        results: { name: '$.name', level: '$.level' },
        next: 'greet',
        failed: 'bye',
      },
      greet: {
        type: 'subflow',
        flow: 'sub',
        parameters: { level: 'level', who: 'name' },
        results: { greeted: 'greeted' },
        next: 'check',
      },
      check: { type: 'branch', cases: [{ when: 'greeted and level == "gold"', next: 'ask' }], otherwise: 'bye' },
      ask: {
        type: 'http',
        url: `${service.url}/accounts/{account}`,
        query: { name: '{name} & co' },
        results: { balance: '$.data[0].balance' },
        next: 'say',
      },
      say: { type: 'say', as: 'number', value: 'balance', next: 'chinese' },
      chinese: { type: 'language', language: 'zh-CN', next: 'money' },
      money: { type: 'say', as: 'money', value: 'balance / 4', next: 'sorry' },
      sorry: { type: 'play', prompts: ['goodbye'], next: 'bye' },
      bye: { type: 'hangup', cause: 17 },
    },
  });
  await route(box, '4001', 'bill');

  const { callId } = await callIn(box, { calledNumber: '4001' });
  const keys = async (node: string, digits: string): Promise<void> => {
    await expect
      .poll(async () => (await box.flowDesk.traces(callId))[0]?.steps.at(-1)?.node, { timeout: 45_000, interval: 30 })
      .toBe(node);
    await box.exchange.callers.sendDigits(box.exchange.callers.list()[0]!.id, digits);
  };
  await keys('menu', ',,1');
  await keys('member', ',,4711#');
  await keys('member', ',,,,99');
  const { row, segments } = await storedCall(box, callId);
  const [trace] = await box.flowDesk.traces(callId);
  expect(way(trace)).toEqual([
    ...['welcome:next', 'outage:on', 'menu:key', 'member:right', 'greet:returned', 'speak:next', 'done:next'],
    ...['back:returned', 'check:case', 'ask:answered', 'say:next', 'chinese:next', 'money:next', 'sorry:next'],
    'bye:callEnded',
  ]);
  expect(row).toMatchObject({ cause: 17, flowId: 'bill' });
  expect(service.asked).toEqual(['GET /accounts/4711?name=Li+%26+co']);
  // The PIN stands nowhere.
  expect(row.digits).toMatch(/^14711#?•{2,3}$/);
  expect(JSON.stringify([segments, trace])).not.toContain('"99"');

  const heard = samplesOf(await recordingOf(box, callId), 2);
  let at = 0;
  for (const file of await played(box, folder, segments)) {
    const said = core(samplesOf(file));
    const match = findSound(heard.subarray(at), said);
    expect(match.peak, file).toBeGreaterThan(HEARD);
    at += match.at + said.length / 2;
  }
  await nothingLeaks(box);
});

it('a call of the simulator comes into a draft at the node that is asked for, and a change touches nobody inside', async () => {
  const box = await startTestBox();
  const waiting: FlowDefinitionInput = {
    start: 'hello',
    nodes: {
      hello: { type: 'play', prompts: ['welcome'], next: 'wait' },
      wait: { type: 'menu', prompts: ['main-menu'], choices: { '1': 'one' }, timeout: 'wait', invalid: 'wait' },
      one: { type: 'hangup', cause: 21 },
    },
  };
  await box.db.write((tx) =>
    tx.flowDrafts.put({
      ...{ id: 'new', name: 'New', definition: waiting as never, basedOn: 0, updatedAt: 1, updatedBy: '' },
    }),
  );
  const calledNumber = await box.flowDesk.expectCall('new', { source: 'draft', node: 'wait' }, 'en');
  const test = await callIn(box, { calledNumber, digits: '1', digitsAfterMs: 500 });
  expect((await storedCall(box, test.callId)).row).toMatchObject({ cause: 21 });
  expect(way((await box.flowDesk.traces(test.callId))[0])).toEqual(['wait:key', 'one:callEnded']);
  // The number was good for one call.
  const again = await callIn(box, { calledNumber });
  expect((await storedCall(box, again.callId)).row.cause).not.toBe(21);

  await live(box, 'main', waiting);
  const { callId, exchangeId } = await callIn(box, {});
  await phase(box, callId, 'inFlow');
  await live(box, 'main', { ...waiting, nodes: { ...waiting.nodes, one: { type: 'hangup', cause: 22 } } });
  const next = await callIn(box, {});
  await phase(box, next.callId, 'inFlow');
  await box.exchange.callers.sendDigits(exchangeId, ',1');
  await box.exchange.callers.sendDigits(next.exchangeId, ',1');
  expect((await storedCall(box, callId)).row.cause).toBe(21);
  expect((await storedCall(box, next.callId)).row.cause).toBe(22);
  const [before] = await box.flowDesk.traces(callId);
  const [after] = await box.flowDesk.traces(next.callId);
  expect(after!.version - before!.version).toBe(1);
});

it('a node that breaks apologises and goes on at the way for errors, else ends the call with cause 41', async () => {
  const folder = await home();
  const box = await startTestBox({ home: folder });
  const breaks = { type: 'sql', source: 'crm', sql: 'SELECT balance FROM nowhere', next: 'bye' };
  const bye = { type: 'hangup', cause: 18 };
  await live(box, 'main', { start: 'a', nodes: { a: breaks, bye } });
  const first = await callIn(box, {});
  const { row, segments } = await storedCall(box, first.callId);
  expect(row.cause).toBe(41);
  expect(segments.filter(({ kind }) => kind === 'prompt').map(({ data }) => data['prompts'])).toEqual([
    ['technical-fault'],
  ]);
  const heard = samplesOf(await recordingOf(box, first.callId), 2);
  const apology = core(samplesOf(join(folder, 'test-prompts/en/technical-fault.wav')));
  expect(findSound(heard, apology).peak).toBeGreaterThan(HEARD);
  const [trace] = await box.flowDesk.traces(first.callId);
  expect(trace?.steps[0]).toMatchObject({ why: 'error', warnings: [expect.stringContaining('nowhere')] });

  await live(box, 'main', { start: 'a', nodes: { a: { ...breaks, error: 'bye' }, bye } });
  const second = await callIn(box, {});
  expect((await storedCall(box, second.callId)).row.cause).toBe(18);
});

it('who presses keys without end is neither written down without end nor lost', async () => {
  const box = await startTestBox();
  await live(box, 'main', {
    start: 'menu',
    nodes: {
      menu: {
        type: 'menu',
        prompts: ['main-menu'],
        choices: { '1': 'bye' },
        retries: 3,
        timeout: 'bye',
        invalid: 'wrong',
      },
      wrong: { type: 'hangup', cause: 19 },
      bye: { type: 'hangup' },
    },
  });
  const { callId, exchangeId } = await callIn(box, {});
  await phase(box, callId, 'inFlow');
  void box.exchange.callers.sendDigits(exchangeId, '9'.repeat(64)).catch(() => undefined);
  const { row, segments } = await storedCall(box, callId);
  expect(row.cause).toBe(19);
  expect(segments.length).toBeLessThan(100);
});
