import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../daemon/src/db/index.js';
import { migrate } from '../../daemon/src/db/migrate.js';
import { migrations } from '../../daemon/src/db/migrations/index.js';
import { sqliteSequelize } from '../../daemon/src/db/sqlite.js';
import { newUlid, silentLog } from '../../daemon/src/platform/index.js';
import { T0 } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testDatabase } from '../support/test-database.js';

const flow = { id: 'main', name: 'Main', definition: { start: 'a', nodes: {} }, updatedAt: T0 };

describe('the step to routes with conditions', () => {
  test('keeps the routes of an old box, and what the older form can hold when it is taken back', async () => {
    const file = join(temporaryFolder(), 'old.sqlite');
    const before = migrations.slice(
      0,
      migrations.findIndex(({ name }) => name === '0010-routing'),
    );
    const sequelize = sqliteSequelize(file);
    await migrate({ sequelize, file, log: silentLog, migrations: before });
    const queryInterface = sequelize.getQueryInterface();
    await queryInterface.bulkInsert('flows', [{ ...flow, definition: JSON.stringify(flow.definition), version: 1 }]);
    const id = newUlid();
    await queryInterface.bulkInsert('routes', [{ id, calledNumber: '95001', flowId: 'main', language: 'en' }]);
    await sequelize.close();

    const db = await openDatabase({ file, reserveBytes: 0 });
    expect(await db.routes.list()).toEqual([
      {
        ...{ id, name: '', calledNumber: '95001', callingNumber: '', callingList: null, trunk: null, calendar: null },
        ...{ priority: 100, language: 'en', enabled: true, flowId: 'main', target: { kind: 'flow', flowId: 'main' } },
      },
    ]);
    const more = { id: newUlid(), calledNumber: '95001', flowId: 'main', language: 'zh-CN' } as const;
    await expect(db.write((tx) => tx.routes.insert(more))).rejects.toMatchObject({ code: 'route_exists' });
    await db.write((tx) => tx.routes.insert({ ...more, callingNumber: '138.' }));
    await db.close();

    const again = sqliteSequelize(file);
    onTestFinished(() => again.close());
    await migrate({ sequelize: again, file, log: silentLog, downTo: before.at(-1)!.name });
    expect(await again.query('SELECT * FROM routes', { type: QueryTypes.SELECT })).toEqual([
      { id, calledNumber: '95001', flowId: 'main', language: 'en' },
    ]);
  });
});

test('what is used is not removed, and what uses it is named', async () => {
  const db = await testDatabase();
  await db.write(async (tx) => {
    await tx.flows.put(flow);
    await tx.calendars.insert({ id: 'office', name: 'Office', weekly: [], specialDays: [], override: null });
    await tx.numberLists.insert({
      ...{
        id: 'vip',
        name: 'VIP',
        kind: 'vip',
        action: { kind: 'refuse', cause: 21 },
        level: 1,
        priority: 7,
        enabled: true,
      },
    });
    const calendar = { calendarId: 'office', when: 'open' } as const;
    const route = { id: newUlid(), calledNumber: '95001', flowId: 'main', language: 'en', callingList: 'vip' } as const;
    await tx.routes.insert({ ...route, calendar });
  });
  await expect(db.write((tx) => tx.calendars.remove('office'))).rejects.toMatchObject({
    ...{ code: 'calendar_in_use', params: { id: 'office', user: { en: 'the route of 95001' } } },
  });
  await expect(db.write((tx) => tx.numberLists.remove('vip'))).rejects.toMatchObject({ code: 'number_list_in_use' });
});
