import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { T0, segmentRow } from '../support/db-rows.js';
import { liveAgent, liveCall, liveStation, queueStatus } from '../support/http-ports.js';
import { realtimeBox, type HeardPage, type RealtimeBox } from '../support/realtime-box.js';

const snapshotOf = (page: HeardPage) =>
  vi.waitFor(() => expect(page.snapshots()).toHaveLength(1), 45_000).then(() => page.snapshots()[0]!);

/** Lets what was published go out and arrive: a later event to the same page comes after all before it. */
async function published(box: RealtimeBox, pages: HeardPage[]): Promise<void> {
  box.realtime.flush();
  const before = pages.map((page) => page.snapshots().length);
  await box.clock.advance(1000);
  pages.forEach((page) => page.socket.emit('sync'));
  await vi.waitFor(
    () => pages.forEach((page, index) => expect(page.snapshots().length).toBeGreaterThan(before[index]!)),
    45_000,
  );
}

describe('a page', () => {
  test('gets a snapshot when it connects and when it asks, not more than one a second', async () => {
    const box = await realtimeBox();
    const { token } = await box.signIn('supervisor');
    const page = await box.page(token);
    expect(await snapshotOf(page)).toEqual({
      ...{
        at: T0,
        calls: [],
        agents: [],
        colleagues: [],
        queues: [],
        spans: [],
        stations: [],
        conferences: [],
        lineQualities: [],
      },
    });
    box.ports.world.calls.push(liveCall());
    for (let i = 0; i < 50; i++) page.socket.emit('sync');
    // The server must have read all fifty before its clock moves.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(page.snapshots()).toHaveLength(1);
    await box.clock.advance(1000);
    await vi.waitFor(() => expect(page.snapshots()).toHaveLength(2), 45_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(page.snapshots()).toHaveLength(2);
    expect(page.snapshots()[1]!.calls).toHaveLength(1);
  });

  test.each([
    ['no token', undefined, {}, 'token_missing'],
    ['a wrong token', 'nonsense', {}, 'token_invalid'],
  ])('with %s is refused, with the sentence', async (_what, token, headers, code) => {
    const box = await realtimeBox();
    await expect(box.page(token, headers)).rejects.toMatchObject({ message: code, data: { error: { code } } });
  });

  test('of a stranger is refused, whatever token it has', async () => {
    const box = await realtimeBox();
    const { token } = await box.signIn('admin');
    await expect(box.page(token, { Origin: 'http://evil.example' })).rejects.toThrow();
    await expect(box.page(token, { Host: 'evil.example', Origin: 'http://evil.example' })).rejects.toThrow();
    const own = await box.page(token, { Origin: box.base });
    expect(own.socket.connected).toBe(true);
  });

  test('of the command line comes with the local token', async () => {
    const box = await realtimeBox();
    const page = await box.page(readFileSync(join(box.home, 'local-token'), 'utf8').trim());
    await snapshotOf(page);
  });
});

describe('events', () => {
  test('go to staff all, to an agent only what is his', async () => {
    const box = await realtimeBox();
    const { live, world } = box.ports;
    const [staff, agent] = [
      await box.page((await box.signIn('supervisor')).token),
      await box.page((await box.signIn('agent')).token),
    ];
    world.agents.push(liveAgent());
    world.queues.push(queueStatus('sales'), queueStatus('help'));
    await published(box, [staff, agent]);
    expect(agent.snapshots().at(-1)).toMatchObject({ agents: [{ id: '2001' }], queues: [{ id: 'sales' }] });

    const call = liveCall();
    live.emit('call.updated', call);
    live.emit('queue.updated', queueStatus('sales'));
    live.emit('queue.updated', queueStatus('help'));
    live.emit('agent.updated', liveAgent({ id: '2002' }));
    live.emit('station.updated', liveStation({ offHook: true, agentId: '2001' }));
    live.emit('call.segment', segmentRow(call.id));
    box.realtime.flush();
    live.emit('call.updated', { ...call, agentId: '2001', phase: 'offering' });
    live.emit('call.segment', segmentRow(call.id, { kind: 'offer' }));
    live.emit('agent.updated', liveAgent({ state: 'ringing', callId: call.id }));
    box.realtime.flush();
    live.emit('call.updated', { ...call, agentId: null, phase: 'queued' });
    box.realtime.flush();
    live.emit('call.removed', { id: call.id });
    await published(box, [staff, agent]);
    expect(agent.names()).toEqual([
      ...['queue.updated', 'station.updated', 'call.updated', 'call.segment', 'agent.updated'],
      // it rings for him still
      ...['call.updated', 'call.removed', 'colleagues.changed'],
    ]);
    expect(agent.heard.find(([event]) => event === 'queue.updated')?.[1]).toMatchObject({ id: 'sales' });
    expect(staff.names()).toEqual([
      'call.updated',
      'queue.updated',
      'queue.updated',
      'agent.updated',
      'station.updated',
      'call.segment',
      'call.updated',
      'call.segment',
      'agent.updated',
      'call.updated',
      'call.removed',
    ]);
  });

  test('of a queue reach an agent from the moment he serves it', async () => {
    const box = await realtimeBox();
    const { live, world } = box.ports;
    world.agents.push(liveAgent({ queues: [] }));
    world.queues.push(queueStatus('sales'));
    const page = await box.page((await box.signIn('agent')).token);
    expect((await snapshotOf(page)).queues).toEqual([]);
    live.emit('queue.updated', queueStatus('sales'));
    box.realtime.flush();
    world.agents[0] = liveAgent({ queues: ['sales'] });
    live.emit('agent.updated', world.agents[0]);
    box.realtime.flush();
    live.emit('queue.updated', queueStatus('sales'));
    await published(box, [page]);
    expect(page.names()).toEqual(['agent.updated', 'queue.updated', 'colleagues.changed']);
    expect(page.snapshots().at(-1)!.queues).toHaveLength(1);
  });
});

describe('a socket ends', () => {
  async function ended(page: HeardPage): Promise<unknown> {
    await vi.waitFor(() => expect(page.socket.connected).toBe(false), 45_000);
    return page.heard.find(([event]) => event === 'session.ended')?.[1];
  }

  test('when its session is signed out, and those of others stay', async () => {
    const box = await realtimeBox();
    const [one, other] = [await box.signIn('supervisor'), await box.signIn('supervisor')];
    const [page, stays] = [await box.page(one.token), await box.page(other.token)];
    await box.ask('DELETE', '/api/v1/session', { token: one.token });
    expect(await ended(page)).toEqual({ reason: 'signedOut' });
    expect(stays.socket.connected).toBe(true);
    await expect(box.page(one.token)).rejects.toMatchObject({ message: 'token_invalid' });
  });

  test('when the session expires', async () => {
    const box = await realtimeBox();
    const page = await box.page((await box.signIn('agent')).token);
    await box.clock.advance(3_600_000 + 60_000);
    expect(await ended(page)).toEqual({ reason: 'expired' });
  });

  test('when the user becomes another one', async () => {
    const box = await realtimeBox();
    const admin = await box.signIn('admin');
    const { token, user } = await box.signIn('supervisor');
    const page = await box.page(token);
    await box.ask('PATCH', `/api/v1/users/${user.id}`, { token: admin.token, body: { language: 'zh-CN' } });
    expect(await ended(page)).toEqual({ reason: 'changed' });
    expect((await box.page(token)).socket.connected).toBe(true);
  });

  test('when the daemon stops, and HTTP goes on until its own turn', async () => {
    const box = await realtimeBox();
    const page = await box.page((await box.signIn('supervisor')).token);
    await box.realtime.stop();
    expect(await ended(page)).toEqual({ reason: 'stopping' });
    expect((await box.ask('GET', '/api/v1/health')).status).toBe(200);
  });
});
