import { expect, it, onTestFinished } from 'vitest';
import { readCountry } from '../../daemon/src/config/index.js';
import { TableDialPlan } from '../../daemon/src/dialplan/index.js';
import { validateFlow } from '../../daemon/src/ivr/validate-flow.js';
import { seed } from '../../daemon/src/main/seed.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { readFileSync } from 'node:fs';
import { testDatabase } from '../support/test-database.js';
import { FakeClock } from '../support/clock-fake.js';

const clock = new FakeClock();

it('a new box has a number, a menu, two queues and an agent for every station', async () => {
  const db = await testDatabase();
  expect(await seed(db, { language: 'zh-CN', stations: 3, spans: [1, 2], clock })).toBe(true);
  expect(await db.routes.list()).toMatchObject([{ calledNumber: '95001', flowId: 'main', language: 'zh-CN' }]);
  expect((await db.queues.list()).map(({ id, name }) => [id, name])).toEqual([
    ['sales', '销售'],
    ['service', '服务'],
  ]);
  expect((await db.agents.list()).map(({ id, queues }) => [id, ...queues])).toEqual(
    ['2001', '2002', '2003'].map((id) => [id, 'sales', 'service']),
  );
});

it('a new box dials out over its E1: the police at once, others after a 0', async () => {
  const db = await testDatabase();
  await seed(db, { language: 'zh-CN', stations: 3, spans: [1, 2], clock });
  const { numbering } = readCountry('cn', 'firmware-config/countries');
  const plan = new TableDialPlan({ db, numbering, analogStations: () => [1, 2, 3], log: silentLog });
  await plan.start();
  onTestFinished(() => plan.stop());
  expect(plan.spansOf('e1')).toEqual([1, 2]);
  const dialled = async (number: string): Promise<unknown> => plan.resolve(number, { station: 1 });
  expect(await dialled('110')).toMatchObject({ kind: 'out', attempts: [{ trunk: 'e1', number: '110' }] });
  expect(await dialled('013800138000')).toMatchObject({ attempts: [{ trunk: 'e1', number: '13800138000' }] });
  expect(await dialled('2')).toEqual({ kind: 'station', station: 2 });
  // Abroad: not before an administrator allows it.
  expect(await dialled('000852123456789')).toMatchObject({ kind: 'refused', cause: 21 });
  expect(await plan.resolve('013800138000', { station: null, trunk: 'e1' })).toMatchObject({ kind: 'refused' });
});

it.each(['en', 'zh-CN'])('the first menu holds together, and its prompts are spoken in %s', async (language) => {
  const db = await testDatabase();
  await seed(db, { language: 'en', stations: 1, spans: [1, 2], clock });
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
  const db = await testDatabase();
  await seed(db, { language: 'en', stations: 1, spans: [1, 2], clock });
  const [route] = await db.routes.list();
  await db.write((tx) => tx.routes.remove(route!.id));
  expect(await seed(db, { language: 'en', stations: 1, spans: [1, 2], clock })).toBe(false);
  expect(await db.routes.list()).toEqual([]);
});
