import { expect, it } from 'vitest';
import { validateFlow } from '../../daemon/src/ivr/validate-flow.js';
import { seed } from '../../daemon/src/main/seed.js';
import { readFileSync } from 'node:fs';
import { openTestDatabase } from '../support/call-desk.js';
import { FakeClock } from '../support/clock-fake.js';

const clock = new FakeClock();

it('a new box has a number, a menu, two queues and an agent for every station', async () => {
  const db = await openTestDatabase();
  expect(await seed(db, { language: 'zh-CN', stations: 3, clock })).toBe(true);
  expect(await db.routes.list()).toMatchObject([{ calledNumber: '95001', flowId: 'main', language: 'zh-CN' }]);
  expect((await db.queues.list()).map(({ id, name }) => [id, name])).toEqual([
    ['sales', '销售'],
    ['service', '服务'],
  ]);
  expect((await db.agents.list()).map(({ id, queues }) => [id, ...queues])).toEqual(
    ['2001', '2002', '2003'].map((id) => [id, 'sales', 'service']),
  );
});

it.each(['en', 'zh-CN'])('the first menu holds together, and its prompts are spoken in %s', async (language) => {
  const db = await openTestDatabase();
  await seed(db, { language: 'en', stations: 1, clock });
  const texts = JSON.parse(readFileSync(`firmware-config/prompts/${language}.json`, 'utf8')) as Record<string, string>;
  const flow = await db.flows.find('main');
  const check = validateFlow(
    flow?.definition,
    { queues: new Set(['sales', 'service']), prompts: new Set(Object.keys(texts)) },
    'en',
  );
  expect(check).toMatchObject({ ok: true });
});

it('what somebody deletes does not come back', async () => {
  const db = await openTestDatabase();
  await seed(db, { language: 'en', stations: 1, clock });
  const [route] = await db.routes.list();
  await db.write((tx) => tx.routes.remove(route!.id));
  expect(await seed(db, { language: 'en', stations: 1, clock })).toBe(false);
  expect(await db.routes.list()).toEqual([]);
});
