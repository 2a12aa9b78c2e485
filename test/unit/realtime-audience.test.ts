import { describe, expect, test } from 'vitest';
import {
  BUILT_IN_PERMISSIONS,
  type ConferenceStatus,
  type LineQuality,
  type LiveSnapshot,
  type Permission,
} from '../../daemon/src/contract/index.js';
import {
  Audience,
  colleagueOf,
  kindsOf,
  mayHear,
  snapshotFor,
  type Delivery,
  type Listener,
} from '../../daemon/src/realtime/audience.js';
import { Coalescer, type LiveEvent } from '../../daemon/src/realtime/coalescer.js';
import { originAllowed } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0, segmentRow } from '../support/db-rows.js';
import { liveAgent, liveCall, liveStation, queueStatus } from '../support/http-ports.js';

const user = (role: keyof typeof BUILT_IN_PERMISSIONS, agentId: string | null = null): Listener => ({
  user: { ...{ id: '01JD7Q4Y5ZK8M3N9P2R6S7T8VW', username: 'x', language: 'en', createdAt: T0 }, role, agentId },
  permissions: new Set(BUILT_IN_PERMISSIONS[role]),
  scope: { kind: role === 'agent' ? 'own' : 'all' },
});

const conference = (...moderators: string[]): ConferenceStatus => ({
  ...{ id: 'room', name: 'Room', number: '8000', moderators, since: null, locked: false, recording: false },
  ...{ waitsForModerator: false, parties: [], invitations: [] },
});

describe('who hears what', () => {
  const rooms = (audience: Audience, ...event: Parameters<Audience['deliveries']>) =>
    audience.deliveries(...event).map((one) => [one.event, one.rooms]);

  test('a call is heard by staff, and by the agent while it is his', () => {
    const audience = new Audience();
    const call = liveCall();
    expect(rooms(audience, 'call.updated', call)).toEqual([['call.updated', ['staff', 'watch:sales']]]);
    expect(rooms(audience, 'call.updated', { ...call, agentId: '2001' })).toEqual([
      ['call.updated', ['staff', 'agent:2001', 'watch:sales']],
    ]);
    expect(rooms(audience, 'call.segment', segmentRow(call.id))).toEqual([
      ['call.segment', ['staff', 'agent:2001', 'watch:sales']],
    ]);
    expect(rooms(audience, 'call.updated', { ...call, agentId: '2002' })).toEqual([
      ['call.updated', ['staff', 'agent:2002', 'watch:sales']],
      ['call.removed', ['agent:2001']],
    ]);
    expect(rooms(audience, 'call.removed', { id: call.id })).toEqual([
      ['call.removed', ['staff', 'agent:2002', 'watch:sales']],
    ]);
    expect(rooms(audience, 'call.segment', segmentRow(call.id))).toEqual([['call.segment', ['staff']]]);
  });

  test('a call is told to the agent for whom it rings, whichever comes first, and to the one at whose telephone it is', () => {
    const audience = new Audience();
    const call = liveCall({ parties: [] });
    audience.deliveries('call.updated', call);
    const ringing = liveAgent({ state: 'ringing', callId: call.id });
    expect(rooms(audience, 'agent.updated', ringing)).toEqual([
      ['call.updated', ['agent:2001']],
      ['agent.updated', ['staff', 'agent:2001']],
    ]);
    expect(rooms(audience, 'call.updated', call)).toEqual([['call.updated', ['staff', 'agent:2001', 'watch:sales']]]);
    expect(rooms(audience, 'agent.updated', liveAgent())).toEqual([
      ['call.removed', ['agent:2001']],
      ['agent.updated', ['staff', 'agent:2001']],
    ]);
    const party = { role: 'callee' as const, place: '', agentId: null, state: 'talking' as const };
    const consulted = { ...call, parties: [{ ...party, station: 1, holds: false, muted: false }] };
    expect(rooms(audience, 'call.updated', consulted)).toEqual([
      ['call.updated', ['staff', 'agent:2001', 'watch:sales']],
    ]);
    expect(rooms(audience, 'call.updated', call)).toEqual([
      ['call.updated', ['staff', 'watch:sales']],
      ['call.removed', ['agent:2001']],
    ]);
  });

  test('where a caller is in a flow is heard by staff, and by the agent who has lent him', () => {
    const audience = new Audience();
    const call = { ...liveCall(), agentId: '2001' };
    const step = {
      ...{ callId: call.id, flowId: 'verify', version: 1, node: 'ask', type: 'collect', from: null, why: '', at: T0 },
    };
    expect(rooms(audience, 'flow.step', step)).toEqual([['flow.step', ['staff']]]);
    audience.deliveries('call.updated', call);
    expect(rooms(audience, 'flow.step', step)).toEqual([['flow.step', ['staff', 'agent:2001', 'watch:sales']]]);
  });

  test('of the steps of a caller within a flow the last goes out, of others theirs', async () => {
    const clock = new FakeClock();
    const sent: LiveEvent[] = [];
    const coalescer = new Coalescer(clock, 50, (events) => void sent.push(...events));
    const step = (callId: string, flowId: string, node: string | null): LiveEvent => ({
      event: 'flow.step',
      data: { callId, flowId, version: 1, node, type: null, from: null, why: '', at: T0 },
    });
    for (const one of [step('A', 'main', 'a'), step('B', 'main', 'a'), step('A', 'sub', 'x'), step('A', 'main', 'b')])
      coalescer.add(one);
    await clock.advance(50);
    expect(sent).toEqual([step('A', 'main', 'b'), step('B', 'main', 'a'), step('A', 'sub', 'x')]);
  });

  test('agents, queues and hardware', () => {
    const audience = new Audience();
    const station = liveStation({ agentId: '2001' });
    expect(rooms(audience, 'agent.updated', liveAgent())).toEqual([['agent.updated', ['staff', 'agent:2001']]]);
    expect(rooms(audience, 'queue.updated', queueStatus('sales'))).toEqual([
      ['queue.updated', ['staff', 'queue:sales']],
    ]);
    expect(rooms(audience, 'conference.updated', conference('2001'))).toEqual([
      ['conference.updated', ['staff', 'agent:2001']],
    ]);
    expect(rooms(audience, 'station.updated', station)).toEqual([['station.updated', ['staff', 'agent:2001']]]);
  });

  test('voice messages are heard by those who may listen to the box, and what is beyond the floor with its permission', () => {
    const audience = new Audience();
    const counts = { boxId: 'box', fresh: 1, old: 0, agents: ['2001'], queueId: 'sales' };
    expect(rooms(audience, 'voicemail.updated', counts)).toEqual([
      ['voicemail.updated', ['staff', 'agent:2001', 'queue:sales']],
    ]);
    const [delivery] = audience.deliveries('conference.updated', conference('2001')) as [Delivery];
    const watcher = (agentId: string | null, ...more: Permission[]): Listener => ({
      ...{
        ...user('agent', agentId),
        permissions: new Set<Permission>(['floor.view', ...more]),
        scope: { kind: 'all' },
      },
    });
    expect(mayHear(watcher(null), delivery)).toBe(false);
    expect(mayHear(watcher('2001'), delivery)).toBe(true);
    expect(mayHear(watcher(null, 'conferences.view'), delivery)).toBe(true);
    // lines are nobody's, calls are somebody's
    const narrow: Listener = { ...watcher(null, 'trunks.view', 'calls.view'), scope: { kind: 'own' } };
    expect(kindsOf(narrow)).toEqual(['trunks.view']);
  });

  test('what is said to an agent is heard by himself, and that he has read it by who wrote it', () => {
    const audience = new Audience();
    const [author, other] = [user('supervisor'), user('supervisor', '2002')];
    other.user.id = '01JD7Q4Y5ZK8M3N9P2R6S7T8VX';
    const message = {
      id: author.user.id,
      agentId: '2001',
      fromUserId: author.user.id,
      from: 'x',
      text: 'Come',
      at: T0,
    };
    const heard = (...event: Parameters<Audience['deliveries']>): boolean[] => {
      const [delivery] = audience.deliveries(...event) as [Delivery];
      return [user('agent', '2001'), author, other].map((one) => mayHear(one, delivery));
    };
    expect(heard('agent.message', { ...message, readAt: null })).toEqual([true, false, false]);
    expect(heard('agent.messageRead', { ...message, readAt: T0 })).toEqual([true, true, false]);
    const missed = { agentId: '2001', callId: liveCall().id, done: true };
    expect(heard('missed.updated', missed)).toEqual([true, false, false]);
  });

  test('a snapshot has for an agent what is his, and nothing for one without a number', () => {
    const station = liveStation({ agentId: '2001' });
    const own = liveCall({ agentId: '2001' });
    const whole: LiveSnapshot = {
      at: T0,
      calls: [own, liveCall(), liveCall({ agentId: '2002' })],
      agents: [liveAgent(), liveAgent({ id: '2002', queues: ['help'] })],
      colleagues: [],
      queues: [queueStatus('sales'), queueStatus('help')],
      spans: [],
      stations: [station],
      conferences: [conference('2001'), conference('2002')],
      lineQualities: [lineQuality('2001'), lineQuality('2002')],
    };
    expect(snapshotFor(user('supervisor'), whole)).toBe(whole);
    expect(snapshotFor(user('agent', '2001'), whole)).toEqual({
      at: T0,
      calls: [own],
      agents: [liveAgent()],
      colleagues: [colleagueOf(liveAgent()), colleagueOf(liveAgent({ id: '2002', queues: ['help'] }))],
      queues: [queueStatus('sales')],
      spans: [],
      stations: [station],
      conferences: [conference('2001')],
      lineQualities: [lineQuality('2001')],
    });
    const clerk = { ...user('agent', '2001'), permissions: new Set<Permission>(['calls.view']) };
    expect(snapshotFor(clerk, whole).colleagues, 'without a desk').toEqual([]);
    expect(snapshotFor(user('agent'), whole)).toEqual({
      at: T0,
      calls: [],
      agents: [],
      colleagues: [],
      queues: [],
      spans: [],
      stations: [],
      conferences: [],
      lineQualities: [],
    });
  });
});

const lineQuality = (agentId: string): LineQuality => ({
  ...{ agentId, station: 1001, browser: true, at: T0, word: 'poor', silent: true },
  ...{ says: null, hears: null, roundTripMs: null },
});

describe('coalescing', () => {
  test('sends the last of each thing once a period, segments all, in order', async () => {
    const clock = new FakeClock();
    const batches: LiveEvent[][] = [];
    const coalescer = new Coalescer(clock, 50, (events) => void batches.push(events));
    const call = liveCall();
    const other = liveCall();
    coalescer.add({ event: 'call.updated', data: call });
    coalescer.add({ event: 'call.updated', data: other });
    coalescer.add({ event: 'call.segment', data: segmentRow(call.id, { kind: 'flow' }) });
    coalescer.add({ event: 'call.segment', data: segmentRow(call.id, { kind: 'menu' }) });
    coalescer.add({ event: 'call.updated', data: { ...call, digits: '1' } });
    coalescer.add({ event: 'call.removed', data: { id: other.id } });
    await clock.advance(49);
    expect(batches).toEqual([]);
    await clock.advance(1);
    expect(batches).toHaveLength(1);
    expect(batches[0]!.map(({ event }) => event)).toEqual([
      'call.updated',
      'call.updated',
      'call.segment',
      'call.segment',
      'call.removed',
    ]);
    expect(batches[0]![0]).toMatchObject({ data: { digits: '1' } });
    await clock.advance(200);
    expect(batches).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });
});

test.each([
  [undefined, 'localhost:8080', true],
  ['http://localhost:8080', 'localhost:8080', true],
  ['https://box.example', 'inner:8080', true],
  ['http://localhost:3000', 'localhost:8080', false],
  ['http://evil.example', 'localhost:8080', false],
  ['http://localhost:8080.evil.example', 'localhost:8080', false],
  ['null', 'localhost:8080', false],
  ['file://', 'localhost:8080', false],
  ['', 'localhost:8080', false],
])('a page from %s may open a socket to %s: %s', (origin, host, may) => {
  expect(originAllowed(origin, host, ['box.example'])).toBe(may);
});
