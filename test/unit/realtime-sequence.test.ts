// Numbers of events: a page that misses one finds out, asks, and has the whole picture again; with a real socket.
import { expect, test, vi } from 'vitest';
import { LiveSequence, type Agent, type LiveSnapshot } from '../../daemon/src/contract/index.js';
import { liveAgent, queueStatus } from '../support/http-ports.js';
import { realtimeBox, type HeardPage, type RealtimeBox } from '../support/realtime-box.js';

/** A page that keeps agents, and loses of what comes whatever `lost` says. */
function keeper(page: HeardPage, lost: () => boolean) {
  const agents = new Map<string, Agent>();
  const sequence = new LiveSequence();
  const numbers: number[] = [];
  page.socket.on('snapshot', (snapshot: LiveSnapshot, seq) => {
    const { apply, sync } = sequence.snapshot(seq);
    if (sync) page.socket.emit('sync');
    if (!apply) return;
    agents.clear();
    for (const agent of snapshot.agents) agents.set(agent.id, agent);
  });
  page.socket.on('agent.updated', (agent, seq) => {
    if (lost()) return;
    numbers.push(seq);
    const { apply, sync } = sequence.event(seq);
    if (apply) agents.set(agent.id, agent);
    if (sync) page.socket.emit('sync');
  });
  // What is not kept here is counted all the same.
  page.socket.on(
    'colleagues.changed',
    (_, seq) => void (lost() || (sequence.event(seq).sync && page.socket.emit('sync'))),
  );
  return { agents, sequence, numbers };
}

async function publish(box: RealtimeBox, agent: Agent): Promise<void> {
  const at = box.ports.world.agents.findIndex(({ id }) => id === agent.id);
  if (at < 0) box.ports.world.agents.push(agent);
  else box.ports.world.agents[at] = agent;
  box.ports.live.emit('agent.updated', agent);
  box.realtime.flush();
  await box.clock.advance(1000);
}

test('every page has numbers of its own, without gaps, whatever others hear', async () => {
  const box = await realtimeBox();
  box.ports.world.agents.push(liveAgent());
  const [staff, agent] = [
    await box.page((await box.signIn('supervisor')).token),
    await box.page((await box.signIn('agent')).token),
  ];
  const [all, own] = [keeper(staff, () => false), keeper(agent, () => false)];
  await box.clock.advance(1000);
  staff.socket.emit('sync');
  agent.socket.emit('sync');
  await vi.waitFor(() => expect([all.agents.size, own.agents.size]).toEqual([1, 1]), 45_000);
  for (let i = 0; i < 20; i++) {
    box.ports.live.emit('queue.updated', queueStatus('help'));
    await publish(box, liveAgent({ id: i % 2 === 0 ? '2001' : '2002', since: i }));
  }
  await vi.waitFor(() => expect(own.numbers).toHaveLength(10), 45_000);
  await vi.waitFor(() => expect(all.numbers).toHaveLength(20), 45_000);
  expect(own.sequence.gaps).toBe(0);
  // Each second all are told once of their colleagues.
  expect(own.numbers.map((seq, i) => seq - 3 * i)).toEqual(Array(10).fill(own.numbers[0]));
  // The queue is between each two of those that staff hears.
  expect(all.numbers.map((seq, i) => seq - 2 * i)).toEqual(Array(20).fill(all.numbers[0]));
});

test('a page that loses events at random shows in the end what is', async () => {
  const box = await realtimeBox();
  const page = await box.page((await box.signIn('supervisor')).token);
  let seed = 7;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  let losing = true;
  let lost = 0;
  const { agents, sequence } = keeper(page, () => losing && random() < 0.3 && ++lost > 0);
  page.socket.emit('sync');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await box.clock.advance(1000);
  for (let i = 0; i < 200; i++)
    await publish(box, liveAgent({ id: String(2000 + Math.floor(random() * 10)), since: i }));
  losing = false;
  await publish(box, liveAgent({ id: '2999' }));
  await publish(box, liveAgent({ id: '2998' }));
  await vi.waitFor(async () => {
    await box.clock.advance(1000);
    expect([...agents.values()].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      [...box.ports.world.agents].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  }, 45_000);
  expect(lost).toBeGreaterThan(30);
  expect(sequence.gaps).toBeGreaterThan(10);
});
