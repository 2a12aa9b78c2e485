// Which flow is in force, and for whom.
import { describe, expect, it } from 'vitest';
import type { FlowDefinition } from '../../daemon/src/contract/index.js';
import { FlowBook, PromptLibrary } from '../../daemon/src/ivr/index.js';
import { silentLog, systemClock } from '../../daemon/src/platform/index.js';
import { testDatabase } from '../support/test-database.js';
import { Caller } from '../support/caller.js';
import { T0, queueRow } from '../support/db-rows.js';
import { until } from '../support/turns.js';

const toQueue = (queue: string, next = 'bye'): FlowDefinition => ({
  start: 'queue',
  nodes: { queue: { type: 'queue', queue, overflow: next }, bye: { type: 'hangup', cause: 16 } },
});

async function book() {
  const db = await testDatabase();
  const put = (definition: FlowDefinition) =>
    db.write((tx) => tx.flows.put({ id: 'main', name: 'Main', definition, updatedAt: T0 }));
  await put(toQueue('sales'));
  const flows = new FlowBook({ db, prompts: new PromptLibrary([]), clock: systemClock, log: silentLog });
  await flows.start();
  return { db, put, flows };
}

describe('the flows in force', () => {
  it('are replaced without touching who is inside', async () => {
    const { put, flows } = await book();
    const before = flows.prepare('main')!;
    const inside = new Caller();
    const run = before.run(inside).catch(() => undefined);
    await put(toQueue('service'));
    await until(() => flows.prepare('main')?.version === 2, 'the new version is in force');
    const next = new Caller();
    const run2 = flows
      .prepare('main')!
      .run(next)
      .catch(() => undefined);
    await until(() => inside.log.length === 1 && next.log.length === 1, 'both wait');
    expect([inside.log, next.log]).toEqual([['queue sales'], ['queue service']]);
    inside.overflow();
    await run;
    expect(inside.released).toBe(16);
    next.hangUp();
    await run2;
  });

  it('stay when a stored one does not hold together', async () => {
    const { put, flows } = await book();
    await put(toQueue('service', 'nowhere'));
    await put(toQueue('vip'));
    await until(() => flows.prepare('main')?.version === 3, 'the good one is in force');
  });

  it('go when they are removed', async () => {
    const { db, flows } = await book();
    await db.write((tx) => tx.flows.remove('main'));
    await until(() => flows.prepare('main') === undefined, 'it has gone');
  });

  it('are checked against the queues and prompts there are', async () => {
    const { db, flows } = await book();
    const check = await flows.validate(toQueue('sales'), 'en');
    expect(check).toMatchObject({ ok: false, problems: [{ path: 'nodes.queue.queue' }] });
    await db.write((tx) => tx.queues.insert(queueRow({ id: 'sales' })));
    expect(await flows.validate(toQueue('sales'), 'en')).toMatchObject({ ok: true });
  });
});
