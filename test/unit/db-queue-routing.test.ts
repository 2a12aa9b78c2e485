// Queues, their agents and what agents can do: the step that brings them, and the repositories.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../daemon/src/db/index.js';
import { migrate } from '../../daemon/src/db/migrate.js';
import { sqliteSequelize } from '../../daemon/src/db/sqlite.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { T0, agentRow, callRow, queueRow } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testDatabase } from '../support/test-database.js';

async function migrated(file: string, downTo?: string): Promise<void> {
  const sequelize = sqliteSequelize(file);
  await migrate({ sequelize, file, log: silentLog, downTo });
  await sequelize.close();
}

describe('the step 0008', () => {
  it('keeps queues and who is in them, back and forth', async () => {
    const file = join(temporaryFolder(), 'box.sqlite');
    const db = await openDatabase({ file });
    await db.write(async (tx) => {
      await tx.queues.insert(queueRow({ strategy: 'weighted', wrapUpMs: 7000, maxLength: 3 }));
      await tx.queues.insert(queueRow({ id: 'service' }));
      await tx.agents.insert(agentRow({ queues: ['sales', 'service'] }));
      await tx.agents.insert(agentRow({ id: '2002', name: "O'Brien", queues: [] }));
    });
    await db.close();
    await migrated(file, '0007-trunk-diversion');
    const before = sqliteSequelize(file);
    const [rows] = await before.query('SELECT "id", "queues" FROM "agents" ORDER BY "id"');
    expect(rows).toEqual([
      { id: '2001', queues: '["sales","service"]' },
      { id: '2002', queues: '[]' },
    ]);
    await before.close();

    const again = await openDatabase({ file });
    expect(again.migrated.steps).toContain('0008-queue-routing');
    const { maxLength, shortAbandonMs, ...rest } = queueRow({ wrapUpMs: 7000 });
    // What the older form could not hold is as it was before there was any of it.
    expect(await again.queues.find('sales')).toEqual({
      ...rest,
      strategy: 'longest_idle',
      maxLength: 0,
      shortAbandonMs: 0,
    });
    expect([maxLength, shortAbandonMs]).toEqual([0, 5000]);
    expect(await again.agents.list()).toMatchObject([
      { id: '2001', queues: ['sales', 'service'] },
      { id: '2002', name: "O'Brien", queues: [] },
    ]);
    await again.close();
  });
});

describe("agents' places in queues", () => {
  it('are made with the agent, and stay as they are while he stays in the queue', async () => {
    const db = await testDatabase();
    await db.write(async (tx) => {
      await tx.agents.insert(agentRow({ queues: ['a', 'b'] }));
      await tx.queueMembers.replaceOfQueue('a', [{ agentId: '2001', position: 3, penalty: 2, weight: 9 }]);
      await tx.agents.update('2001', { queues: ['a', 'c'] });
    });
    expect(await db.queueMembers.listByAgent('2001')).toEqual([
      { agentId: '2001', queueId: 'a', position: 3, penalty: 2, weight: 9 },
      { agentId: '2001', queueId: 'c', position: 0, penalty: 0, weight: 1 },
    ]);
    expect((await db.agents.find('2001'))?.queues).toEqual(['a', 'c']);
    await db.write((tx) => tx.agents.remove('2001'));
    expect(await db.queueMembers.list()).toEqual([]);
  });

  it('keep a queue from being removed, as do queues that lead to it', async () => {
    const db = await testDatabase();
    await db.write(async (tx) => {
      await tx.queues.insert(queueRow({ id: 'a' }));
      await tx.queues.insert(queueRow({ id: 'b', overflow: { to: 'queue', queueId: 'a' } }));
      await tx.agents.insert(agentRow({ queues: ['b'] }));
    });
    const remove = (id: string) => db.write((tx) => tx.queues.remove(id));
    await expect(remove('a')).rejects.toMatchObject({ code: 'queue_in_use', params: { id: 'a', user: 'b' } });
    await expect(remove('b')).rejects.toMatchObject({ code: 'queue_in_use', params: { id: 'b', user: '2001' } });
  });
});

describe('what agents can do', () => {
  it('is replaced whole', async () => {
    const db = await testDatabase();
    const abilities = {
      skills: [
        { skill: 'english', level: 7 },
        { skill: 'tax', level: 2 },
      ],
      regions: ['华东'],
      customerLevels: ['gold', 'vip'],
    };
    await db.write(async (tx) => {
      await tx.agents.insert(agentRow());
      await tx.abilities.replace('2001', { ...abilities, regions: ['north', 'south'] });
      await tx.abilities.replace('2001', abilities);
    });
    expect(await db.abilities.find('2001')).toEqual(abilities);
    await expect(db.write((tx) => tx.abilities.replace('99', abilities))).rejects.toMatchObject({
      code: 'reference_missing',
    });
  });
});

describe('the agent whom a caller had last', () => {
  it('is that of the latest call that had one, not longer ago than is asked', async () => {
    const db = await testDatabase();
    const call = (agentId: string | null, ago: number, callingNumber = '13800138000') =>
      callRow({ state: 'ended', agentId, callingNumber, startedAt: T0 - ago, endedAt: T0 });
    await db.write(async (tx) => {
      for (const row of [call('2001', 9000), call('2002', 5000), call(null, 1000), call('2003', 1, '110')]) {
        await tx.calls.insert(row);
      }
    });
    expect(await db.calls.lastAgentOf('13800138000', 0)).toBe('2002');
    expect(await db.calls.lastAgentOf('13800138000', T0 - 4000)).toBeNull();
    expect(await db.calls.lastAgentOf('1', 0)).toBeNull();
  });
});
