// `cordboard queue …`, as it is typed, against the API.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentRow } from '../support/db-rows.js';
import { httpBox } from '../support/http-box.js';
import { typed } from '../support/typed.js';

test('queues are made, changed, filled with agents who can something, and removed', async () => {
  const box = await httpBox();
  const run = typed(box, 'queue');
  await box.db.write(async (tx) => {
    for (const id of ['2001', '2002']) await tx.agents.insert(agentRow({ id }));
  });
  const settings = join(box.home, 'queue.json');
  writeFileSync(settings, JSON.stringify({ routing: { ageingPerS: 0.2 }, overflow: { to: 'hangUp' } }));

  expect(await run(`add vip --strategy weighted --wrap-up manual --max-length 7 --settings ${settings}`)).toEqual([
    0,
    'Queue vip is made.',
  ]);
  expect(await box.db.queues.find('vip')).toMatchObject({
    ...{ name: 'vip', strategy: 'weighted', wrapUpMode: 'manual', maxLength: 7, overflow: { to: 'hangUp' } },
    routing: { ageingPerS: 0.2, weight: 1 },
  });
  expect((await run('set vip --max-wait 90 --wrap-up 5'))[0]).toBe(0);
  expect(await box.db.queues.find('vip')).toMatchObject({ maxWaitMs: 90_000, wrapUpMode: 'timed', wrapUpMs: 5000 });
  expect((await run('members vip 2002,2001:3:10'))[0]).toBe(0);
  expect(await box.db.queueMembers.listByQueue('vip')).toEqual([
    { agentId: '2002', queueId: 'vip', position: 0, penalty: 0, weight: 1 },
    { agentId: '2001', queueId: 'vip', position: 1, penalty: 3, weight: 10 },
  ]);
  expect((await run('skills 2001 english:7,tax'))[0]).toBe(0);
  expect((await box.db.abilities.find('2001')).skills).toEqual([
    { skill: 'english', level: 7 },
    { skill: 'tax', level: 5 },
  ]);
  expect((await run('remove vip'))[1]).toContain('is used by');
  expect((await run('set vip --strategy fastest'))[0]).toBe(1);
  expect((await run('set vip'))[0]).toBe(2);
});
