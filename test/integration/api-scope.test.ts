// What a scope keeps from somebody who has every permission there is: two groups, and the leader of one of them asks everything there
// is to ask. Nothing of the other group comes, under whatever name it is asked for, and nothing of it can be changed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { beforeAll, afterAll, expect, test } from 'vitest';
import { startBox, type Box } from '../../daemon/dist/main.js';
import { newUlid } from '../../daemon/dist/platform/index.js';
import {
  PERMISSIONS,
  QueueCreate,
  QueueEntry,
  VoicemailBoxCreate,
  type SignedIn,
} from '../../daemon/src/contract/index.js';
import { startTestBox, whileRunning } from '../support/box.js';
import { callRow, recordingRow, segmentRow } from '../support/db-rows.js';

const PASSWORD = 'correct horse battery';
const HOUR_MS = 3_600_000;
const AT_ONCE = 8;
const INTERNAL = `"code":"internal"`;

/** Each group's queue, agent and caller; the words of one do not occur in what the other is told. */
const NORTH = { queue: 'north', queueName: 'Northern desk', agent: '3901', agentName: 'Nora', number: '13811112222' };
const SOUTH = { queue: 'south', queueName: 'Southern desk', agent: '3902', agentName: 'Sonia', number: '13933334444' };
const WORDS = [SOUTH.queueName, SOUTH.agentName, SOUTH.number, `"${SOUTH.agent}"`, `"${SOUTH.queue}"`];

/** What is everybody's, whatever the scope: lists of names, the settings of the box and the log of its administrators. */
const SHARED = new Set([
  // who can be called, handed a caller, or written down: every desk knows them (docs/desk.md)
  ...['/desk-targets', '/contacts', '/contact-calls'],
  // what the box is made of; each has a permission of its own that has nothing to do with whose calls one sees
  ...['/audit', '/users', '/user-access', '/roles', '/engine/dump', '/reports/definitions', '/settings'],
]);

const ENTRY = QueueEntry.parse({});

const ending = whileRunning();
let box: Box;
let lead: string;
/** ids of what belongs to the other group */
const foreign = { call: '', recording: '', removed: '', flowRecording: '', callback: '', message: '', schedule: '' };

interface Answer {
  status: number;
  text: string;
}

async function ask(method: string, path: string, token: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(new URL(`/api/v1${path}`, box.url), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

async function signedIn(username: string, role: string, scope: unknown, agentId?: string): Promise<string> {
  const local = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const made = { id: role, name: role, permissions: PERMISSIONS, scope };
  expect((await ask('POST', '/roles', local, made)).status).toBe(201);
  const user = { username, password: PASSWORD, role, ...(agentId === undefined ? {} : { agentId }) };
  expect((await ask('POST', '/users', local, user)).status).toBe(201);
  const answer = await fetch(new URL('/api/v1/session', box.url), {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  return ((await answer.json()) as SignedIn).token;
}

beforeAll(async () => {
  box = await startTestBox({ start: startBox }, ending);
  const now = Date.now();
  for (const group of [NORTH, SOUTH]) {
    const { queue: queueId, agent: agentId, number } = group;
    const startedAt = now - HOUR_MS;
    const ended = { state: 'ended' as const, startedAt, endedAt: startedAt + 60_000, answeredAt: startedAt + 1 };
    const call = callRow({ ...ended, id: newUlid(), callingNumber: number, queueId, agentId });
    const recording = recordingRow(call.id, { state: 'complete', startedAt, endedAt: startedAt + 9000 });
    const removed = newUlid();
    const flowRecording = newUlid();
    const message = newUlid();
    const callback = newUlid();
    await box.db.write(async (tx) => {
      await tx.queues.insert(QueueCreate.parse({ id: queueId, name: group.queueName }));
      await tx.agents.insert({ id: agentId, name: group.agentName, queues: [queueId], language: 'en' });
      await tx.abilities.replace(agentId, { skills: [{ skill: 'tea', level: 3 }], regions: [], customerLevels: [] });
      await tx.calls.insert(call);
      const during = { startedAt, endedAt: startedAt + 60_000 };
      await tx.segments.insert(segmentRow(call.id, { ...during, kind: 'queued', data: { queueId } }));
      await tx.segments.insert(
        segmentRow(call.id, { ...during, kind: 'talk', data: { queueId, agentId, station: 1 } }),
      );
      await tx.agentSegments.insert({
        ...{ id: newUlid(), agentId, state: 'ready', reason: null, station: 1, changedBy: null, forced: false },
        ...during,
      });
      await tx.recordings.insert(recording);
      const stamp = { at: now, by: 'x' };
      await tx.recordingArchive.addAccess({
        ...{ id: newUlid(), recordingId: recording.id, from: '', what: 'listened', detail: number, ...stamp },
      });
      await tx.recordingArchive.addDeletion({
        ...{ id: newUlid(), recordingId: removed, callId: call.id, startedAt, durationMs: 1, bytes: 1, ...stamp },
        reason: group.agentName,
      });
      const told = {
        id: newUlid(),
        recordingId: removed,
        from: '',
        what: 'removed',
        detail: number,
        ...stamp,
      } as const;
      await tx.recordingArchive.addAccess(told);
      const heard = { id: flowRecording, callId: call.id, flowId: 'main', node: 'say', callingNumber: number };
      await tx.voice.insertFlowRecording({ ...heard, startedAt, durationMs: 1, state: 'kept' });
      await tx.callbacks.insert({
        ...{ id: callback, queueId, number, language: 'en', source: 'request', state: 'waiting', entry: ENTRY },
        ...{ takenAt: now, enteredAt: now, dueAt: now + HOUR_MS, expiresAt: now + 9 * HOUR_MS, tries: 0, nextAt: null },
        ...{ lastResult: null, agentId: null, originalCallId: null, callId: null, createdBy: null, note: '' },
      });
      await tx.floor.putThresholds({
        ...{ queueId, waitingAmber: 1, waitingRed: 2, longestAmberMs: 1, longestRedMs: 2 },
        ...{ serviceLevelAmber: null, serviceLevelRed: null },
      });
      await tx.desk.putNote({
        ...{
          id: `${call.id}/${agentId}`,
          callId: call.id,
          agentId,
          queueId,
          disposition: null,
          followUp: false,
          at: now,
        },
        note: group.agentName,
      } as never);
    });
    const local = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
    const made = async (path: string, body: unknown): Promise<{ id: string }> => {
      const answer = await ask('POST', path, local, body);
      expect([path, answer]).toEqual([path, { status: 201, text: expect.any(String) as string }]);
      return JSON.parse(answer.text) as { id: string };
    };
    const voiceBox = VoicemailBoxCreate.parse({
      id: `box-${queueId}`,
      kind: 'queue',
      name: group.queueName,
      agents: [agentId],
      queueId,
    });
    await made('/voicemail/boxes', voiceBox);
    await box.db.write((tx) =>
      tx.voicemail.insertMessage({
        ...{ id: message, boxId: voiceBox.id, callId: call.id, callingNumber: number, receivedAt: now, durationMs: 1 },
        state: 'new',
      } as never),
    );
    expect((await ask('PUT', `/queues/${queueId}/callback-rule`, local, {})).status).toBe(200);
    await made('/conferences', { id: `room-${queueId}`, name: group.queueName, moderators: [agentId] });
    const schedule = await made('/report-schedules', {
      ...{ name: group.queueName, report: 'agents', period: 'yesterday', by: 'none', filters: {}, format: 'csv' },
      ...{ language: 'en', recipients: ['a@example.com'], time: '08:00', days: [1] },
    });
    if (group === SOUTH)
      Object.assign(foreign, {
        ...{ call: call.id, recording: recording.id, removed, flowRecording, callback, message, schedule: schedule.id },
      });
  }
  lead = await signedIn('lead', 'lead', { kind: 'groups', queues: [NORTH.queue], agents: [] });
}, 60_000);
afterAll(() => ending.end());

/** What stands in the path, of the other group. */
function filled(path: string): string[] {
  const of: [RegExp, string][] = [
    [/^\/(queues)\/\{id\}/, SOUTH.queue],
    [/^\/agents\/\{id\}/, SOUTH.agent],
    [/^\/calls\/\{id\}/, foreign.call],
    [/^\/callbacks\/\{id\}/, foreign.callback],
    [/^\/flow-recordings\/\{id\}/, foreign.flowRecording],
    [/^\/voicemail\/boxes\/\{id\}/, `box-${SOUTH.queue}`],
    [/^\/voicemail\/messages\/\{id\}/, foreign.message],
    [/^\/conferences\/\{id\}/, `room-${SOUTH.queue}`],
    [/^\/report-schedules\/\{id\}/, foreign.schedule],
    [/^\/flows\/\{id\}/, 'main'],
  ];
  const recordings = /^\/recordings\/\{id\}/.test(path) ? [foreign.recording, foreign.removed] : undefined;
  const kinds = ['agents', 'queue-members', 'number-list', 'sip-stations', 'speed-dials'];
  const values =
    recordings ??
    (path.includes('{kind}')
      ? kinds
      : path.includes('{report}')
        ? ['queues', 'intervals', 'agents', 'reasons', 'satisfaction']
        : [of.find(([pattern]) => pattern.test(path))?.[1] ?? '1']);
  return values.map((value) => path.replace(/\{[a-zA-Z]+\}/, value).replaceAll(/\{[a-zA-Z]+\}/g, '1'));
}

/** Of routes that are asked with more than their path, each in every way that could name the other group. */
function asked(path: string): string[] {
  const now = Date.now();
  const day = `from=${now - 24 * HOUR_MS}&to=${now}`;
  if (path.startsWith('/reports/') && path !== '/reports/definitions') {
    const ways = [
      '',
      `&queues=${SOUTH.queue}`,
      `&agents=${SOUTH.agent}`,
      `&queues=${NORTH.queue}&agents=${SOUTH.agent}`,
    ];
    return ways.map((way) => `${path}?${day}${way}${path.endsWith('/file') ? '&format=csv' : ''}`);
  }
  if (path === '/floor/moment') return [`${path}?at=${now - HOUR_MS + 30_000}`];
  if (path === '/calls/file') return [`${path}?format=csv`, `${path}?format=csv&queue=${SOUTH.queue}`];
  if (path.startsWith('/exports/')) return [`${path}?format=csv`, `${path}?format=csv&of=${SOUTH.queue}`];
  if (['/survey-results', '/survey-figures', '/recordings', '/call-notes', '/callbacks'].includes(path))
    return ['', `?queueId=${SOUTH.queue}`, `?agentId=${SOUTH.agent}`].map((way) => path + way);
  if (path === '/recordings/{id}/export') return [`${path}?format=wav`];
  if (path === '/contact-calls') return [`${path}?number=${SOUTH.number}`];
  return [path];
}

async function crawl(token: string): Promise<{ leaks: string[]; told: number }> {
  const document = (await (await fetch(new URL('/api/v1/openapi.json', box.url))).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const paths = Object.entries(document.paths)
    .filter(([, methods]) => 'get' in methods)
    .map(([path]) => path.replace('/api/v1', ''))
    .filter((path) => !SHARED.has(path));
  const urls = paths.flatMap((path) => filled(path).flatMap(asked));
  const leaks: string[] = [];
  let told = 0;
  for (let from = 0; from < urls.length; from += AT_ONCE)
    await Promise.all(
      urls.slice(from, from + AT_ONCE).map(async (url) => {
        const { status, text } = await ask('GET', url, token);
        // a refusal names what was asked for, and nothing else
        const words = status === 404 ? WORDS.slice(0, 3) : WORDS;
        if (status < 300) told += 1;
        expect([url, text]).not.toEqual([url, expect.stringContaining(INTERNAL)]);
        for (const word of words) if (text.includes(word)) leaks.push(`${url}: ${word}`);
      }),
    );
  return { leaks, told };
}

test('the leader of a group, who may everything, is told nothing of another', async () => {
  const { leaks, told } = await crawl(lead);
  expect(leaks).toEqual([]);
  expect(told).toBeGreaterThan(80);
  // the same questions are answered to one who reaches everything
  const local = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const routes = new Set((await crawl(local)).leaks.map((leak) => leak.replace(/[?:].*/, '')));
  expect(routes.size).toBeGreaterThan(30);
  // and is told of his own
  const own: [string, string][] = [
    ['/queues', NORTH.queueName],
    [`/queues/${NORTH.queue}/members`, NORTH.agent],
    [`/queues/${NORTH.queue}/callback-rule`, NORTH.queue],
    ['/agent-abilities', NORTH.agent],
    ['/queue-thresholds', NORTH.queue],
    ['/recording-deletions', NORTH.agentName],
    ['/flow-recordings', NORTH.number],
    ['/callback-rules', NORTH.queue],
    ['/callbacks', NORTH.number],
    ['/voicemail/boxes', NORTH.queueName],
    ['/exports/agents?format=csv', NORTH.agentName],
    [`/exports/queue-members?format=csv&of=${NORTH.queue}`, NORTH.agent],
    [`/floor/moment?at=${Date.now() - HOUR_MS + 30_000}`, NORTH.number],
    [`/reports/agents?from=${Date.now() - 24 * HOUR_MS}&to=${Date.now()}`, NORTH.agent],
    [`/reports/queues?from=${Date.now() - 24 * HOUR_MS}&to=${Date.now()}`, NORTH.queue],
  ];
  for (const [path, word] of own)
    expect([path, (await ask('GET', path, lead)).text]).toEqual([path, expect.stringContaining(word)]);
});

test('an agent with the scope of his own is told nothing of others', async () => {
  const nora = await signedIn('nora', 'own', { kind: 'own' }, NORTH.agent);
  expect((await crawl(nora)).leaks).toEqual([]);
});

test('how many there were earlier is counted in the groups that one watches over', async () => {
  const minutes = async (token: string): Promise<{ waiting: number; ready: number }> => {
    const at = Date.now() - HOUR_MS + 20_000;
    const { text } = await ask('GET', `/floor/history?from=${at - 60_000}&to=${at + 60_000}`, token);
    const all = (JSON.parse(text) as { minutes: { waiting: number; ready: number }[] }).minutes;
    return { waiting: Math.max(...all.map((one) => one.waiting)), ready: Math.max(...all.map((one) => one.ready)) };
  };
  const local = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  expect((await minutes(local)).waiting).toBe(2);
  expect((await minutes(lead)).waiting).toBe(1);
});

test('what another group has is changed by nobody else, and nobody makes himself one of it', async () => {
  const { queue, agent } = SOUTH;
  const member = { position: 1, penalty: 0, weight: 1 };
  const nothing: [method: string, path: string, body?: unknown][] = [
    ['PATCH', `/queues/${queue}`, { name: 'x' }],
    ['DELETE', `/queues/${queue}`],
    ['PUT', `/queues/${queue}/members`, []],
    ['PUT', `/queues/${queue}/callback-rule`, {}],
    ['DELETE', `/queues/${queue}/callback-rule`],
    ['DELETE', `/queues/${queue}/thresholds`],
    ['PATCH', `/agents/${agent}`, { name: 'x' }],
    ['DELETE', `/agents/${agent}`],
    ['PUT', `/agents/${agent}/abilities`, { skills: [], regions: [], customerLevels: [] }],
    ['PATCH', '/agent-abilities', { cells: [{ agentId: agent, skill: 'tea', level: 9 }] }],
    ['PUT', `/agents/${agent}/pin`, { pin: '123456' }],
    ['POST', `/agents/${agent}/messages`, { text: 'x' }],
    ['POST', `/recordings/${foreign.recording}/removal`, { reason: 'none' }],
    ['PUT', `/recordings/${foreign.recording}/hold`, { held: true, reason: 'none' }],
    ['DELETE', `/flow-recordings/${foreign.flowRecording}`],
    ['PATCH', `/voicemail/boxes/box-${queue}`, { name: 'x' }],
    ['DELETE', `/voicemail/boxes/box-${queue}`],
    ['DELETE', `/voicemail/messages/${foreign.message}`],
    ['DELETE', `/callbacks/${foreign.callback}`],
    ['PATCH', `/conferences/room-${queue}`, { name: 'x' }],
    ['DELETE', `/conferences/room-${queue}`],
    ['DELETE', `/report-schedules/${foreign.schedule}`],
    ['POST', `/report-schedules/${foreign.schedule}/run`],
  ];
  for (const [method, path, body] of nothing)
    expect([method, path, (await ask(method, path, lead, body)).status]).toEqual([method, path, 404]);
  // by which he would come to see more: agents into his queue, or his agents into a queue of others
  const grasping: [method: string, path: string, body: unknown][] = [
    ['PUT', `/queues/${NORTH.queue}/members`, [{ agentId: agent, ...member }]],
    ['PATCH', `/agents/${NORTH.agent}`, { queues: [NORTH.queue, queue] }],
    ['POST', '/agents', { id: '3950', name: 'x', queues: [queue], language: 'en' }],
    ['POST', '/agents/bulk', { agents: [{ id: '3951', name: 'x', queues: [queue], language: 'en' }] }],
  ];
  for (const [method, path, body] of grasping)
    expect([method, path, (await ask(method, path, lead, body)).status]).toEqual([method, path, 400]);
  for (const [path, body] of [
    ['/recording-retention', { dryRun: true }],
    ['/recording-verification', undefined],
  ] as const)
    expect([path, (await ask('POST', path, lead, body)).status]).toEqual([path, 403]);
  // his own he may
  expect((await ask('PATCH', `/queues/${NORTH.queue}`, lead, { name: NORTH.queueName })).status).toBe(200);
  expect((await ask('PUT', `/queues/${NORTH.queue}/members`, lead, [{ agentId: NORTH.agent, ...member }])).status).toBe(
    200,
  );
  expect((await ask('PATCH', `/agents/${NORTH.agent}`, lead, { queues: [NORTH.queue] })).status).toBe(200);
  const report = {
    ...{ name: 'Mine', report: 'agents', period: 'yesterday', by: 'none', filters: { agents: [agent] }, format: 'csv' },
    ...{ language: 'en', recipients: ['a@example.com'], time: '08:00', days: [1] },
  };
  const { text } = await ask('POST', '/report-schedules', lead, report);
  expect(JSON.parse(text)).toMatchObject({ filters: { agents: [], queues: [NORTH.queue] } });
  expect(JSON.parse((await ask('GET', '/report-schedules', lead)).text)).toHaveLength(1);
});

test('the socket tells of boxes to those who may listen to them', async () => {
  const heard: string[] = [];
  const socket = io(new URL(box.url).origin, { auth: { token: lead }, transports: ['websocket'], reconnection: false });
  ending.onEnd(() => void socket.disconnect());
  await new Promise<void>((resolve, reject) => {
    socket.once('snapshot', () => resolve());
    socket.once('connect_error', reject);
  });
  const came = new Promise<void>((resolve) =>
    socket.on('voicemail.updated', ({ boxId }: { boxId: string }) => {
      heard.push(boxId);
      if (boxId === 'box-north') resolve();
    }),
  );
  const counts = { fresh: 1, old: 0 };
  for (const { queue: queueId, agent } of [SOUTH, NORTH])
    box.live.emit('voicemail.updated', { boxId: `box-${queueId}`, ...counts, agents: [agent], queueId });
  await came;
  expect(heard).toEqual(['box-north']);
});
