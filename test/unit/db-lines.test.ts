import { statSync } from 'node:fs';
import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase, type Db, type DbEvents, type SipBanRow } from '../../daemon/src/db/index.js';
import { migrate } from '../../daemon/src/db/migrate.js';
import { migrations } from '../../daemon/src/db/migrations/index.js';
import { sqliteSequelize } from '../../daemon/src/db/sqlite.js';
import { newUlid, silentLog } from '../../daemon/src/platform/index.js';
import {
  T0,
  callRow,
  outboundRouteRow,
  recordingRow,
  ringGroupRow,
  segmentRow,
  sipBinding,
  sipStationRow,
  trunkRow,
} from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testDatabaseFile } from '../support/test-database.js';

let db: Db;
let file: string;
beforeEach(async () => {
  file = await testDatabaseFile();
  db = await openDatabase({ file, reserveBytes: 0 });
  onTestFinished(() => db.close());
});

const flow = { id: 'main', name: 'Main', definition: { start: 'a', nodes: {} }, updatedAt: T0 };
const routeIn = (calledNumber: string) => ({ id: newUlid(), calledNumber, flowId: 'main', language: 'en' as const });
const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

describe('rows', () => {
  test('come back as they went in, lists, flags and text in every script', async () => {
    const station = sipStationRow({ name: '李娜 😀', enabled: false, allowedClasses: [] });
    const trunk = trunkRow({
      secret: '\'; DROP TABLE trunks; -- " \\',
      sources: ['203.0.113.0/24'],
      numberRulesOut: [{ match: '00.', strip: 2, prepend: '+' }],
    });
    const route = outboundRouteRow({ trunks: ['carrier', 'other'], emergency: true });
    const group = ringGroupRow({ stations: [1, 1001] });
    const ban: SipBanRow = { address: '2001:db8::/64', reason: 'scanner', since: T0, until: T0 + 1, count: 2 };
    await db.write(async (tx) => {
      await tx.sipStations.insert(station);
      await tx.trunks.insert(trunk);
      await tx.outboundRoutes.insert(route);
      await tx.ringGroups.insert(group);
      await tx.sipBans.put({ ...ban, count: 1 });
      await tx.sipBans.put(ban);
    });
    expect(await db.sipStations.find(1001)).toEqual(station);
    expect(await db.trunks.list()).toEqual([trunk]);
    expect(await db.outboundRoutes.find(route.id)).toEqual(route);
    expect(await db.ringGroups.find(7000)).toEqual(group);
    expect(await db.sipBans.list()).toEqual([ban]);
  });

  test('of a file that nobody else can read: it holds the secrets of carriers', async () => {
    await db.write((tx) => tx.trunks.insert(trunkRow({ secret: 'very secret' })));
    for (const name of [file, `${file}-wal`, `${file}-shm`])
      expect([name, statSync(name).mode & 0o777]).toEqual([name, 0o600]);
  });

  test.each([
    ['a number of three digits', () => db.write((tx) => tx.sipStations.insert(sipStationRow({ number: 999 })))],
    [
      'a secret in place of its digest',
      () => db.write((tx) => tx.sipStations.insert(sipStationRow({ ha1Md5: 'secret' }))),
    ],
    [
      'TLS without SRTP',
      () => db.write((tx) => tx.sipStations.insert(sipStationRow({ security: 'tls', srtp: 'offered' }))),
    ],
    [
      'an end before its beginning',
      () => db.write((tx) => tx.sipBans.put({ address: '192.0.2.1', reason: 'x', since: T0, until: T0 - 1, count: 1 })),
    ],
    ['a direction that is none', () => db.write((tx) => tx.calls.insert(callRow({ direction: 'up' as 'in' })))],
  ])('are refused: %s', async (_what, work) => {
    await expect(work()).rejects.toThrow(/CHECK constraint failed/);
  });
});

describe('a number inside', () => {
  test('leads to one thing, whichever came first', async () => {
    await db.write(async (tx) => {
      await tx.flows.put(flow);
      await tx.sipStations.insert(sipStationRow());
      await tx.ringGroups.insert(ringGroupRow());
      await tx.routes.insert(routeIn('95001'));
      // Another number, with digits of its own.
      await tx.routes.insert(routeIn('01001'));
    });
    expect(
      await Promise.all(
        [
          db.write((tx) => tx.sipStations.insert(sipStationRow())),
          db.write((tx) => tx.sipStations.insert(sipStationRow({ number: 7000 }))),
          db.write((tx) => tx.sipStations.insert(sipStationRow({ number: 95001 }))),
          db.write((tx) => tx.ringGroups.insert(ringGroupRow())),
          db.write((tx) => tx.ringGroups.insert(ringGroupRow({ number: 1001 }))),
          db.write((tx) => tx.ringGroups.insert(ringGroupRow({ number: 95001 }))),
          db.write((tx) => tx.routes.insert(routeIn('1001'))),
          db.write((tx) => tx.routes.insert(routeIn('7000'))),
          db.write(async (tx) =>
            tx.routes.update((await tx.routes.findByCalledNumber('95001'))!.id, { calledNumber: '7000' }),
          ),
          db.write((tx) => tx.routes.insert(routeIn('95001'))),
        ].map(outcome),
      ),
    ).toEqual([...Array<string>(9).fill('number_in_use'), 'route_exists']);
  });

  test('of a telephone that a group rings is not removed; with its account its bindings go', async () => {
    await db.write(async (tx) => {
      await tx.sipStations.insert(sipStationRow());
      await tx.ringGroups.insert(ringGroupRow({ stations: [1, 1001] }));
      await tx.sipBindings.replace(1001, [sipBinding()]);
    });
    expect(await outcome(db.write((tx) => tx.sipStations.remove(1001)))).toBe('station_in_use');
    await db.write((tx) => tx.ringGroups.update(7000, { stations: [1] }));
    expect(await db.write((tx) => tx.sipStations.remove(1001))).toBe(true);
    expect(await db.sipBindings.list()).toEqual([]);
  });
});

test('a trunk is not removed while a route leads to it, and an E1 has one trunk', async () => {
  await db.write(async (tx) => {
    await tx.trunks.insert(trunkRow());
    await tx.trunks.insert(trunkRow({ id: 'e1', kind: 'e1', spans: [1, 2] }));
    await tx.outboundRoutes.insert(outboundRouteRow());
  });
  expect(await outcome(db.write((tx) => tx.trunks.insert(trunkRow())))).toBe('trunk_exists');
  expect(await outcome(db.write((tx) => tx.trunks.remove('carrier')))).toBe('trunk_in_use');
  expect(await outcome(db.write((tx) => tx.trunks.insert(trunkRow({ id: 'x', kind: 'e1', spans: [3, 2] }))))).toBe(
    'trunk_span_taken',
  );
  await db.write((tx) => tx.trunks.insert(trunkRow({ id: 'e2', kind: 'e1', spans: [3] })));
  expect(await outcome(db.write((tx) => tx.trunks.update('e2', { spans: [2] })))).toBe('trunk_span_taken');
  expect(await db.write((tx) => tx.trunks.update('e1', { spans: [2, 1] }))).toBe(true);
});

test('bindings are replaced as a whole, in their order, and those of nobody are left out', async () => {
  await db.write((tx) => tx.sipStations.insert(sipStationRow()));
  const [a, b] = [
    sipBinding({ contact: 'sip:a@192.0.2.1' }),
    sipBinding({ contact: 'sip:b@192.0.2.2', path: ['<sip:p;lr>'], expiresAt: T0 }),
  ];
  await db.write((tx) => tx.sipBindings.replace(1001, [a]));
  await db.write((tx) => tx.sipBindings.replace(1001, [b, a]));
  await db.write((tx) => tx.sipBindings.replace(4711, [a]));
  expect(await db.sipBindings.list()).toEqual([
    { ...b, stationNumber: 1001, position: 0 },
    { ...a, stationNumber: 1001, position: 1 },
  ]);
  expect(await db.write((tx) => tx.sipBindings.removeExpired(T0))).toBe(1);
  expect((await db.sipBindings.list()).map(({ contact }) => contact)).toEqual([a.contact]);
  await db.write((tx) => tx.sipBindings.replace(1001, []));
  expect(await db.sipBindings.list()).toEqual([]);
});

test('changes are told after COMMIT', async () => {
  const heard: [string, unknown][] = [];
  for (const event of [
    'sipStation.changed',
    'trunk.changed',
    'outboundRoute.changed',
    'ringGroup.changed',
    'sipBan.changed',
  ] as (keyof DbEvents)[])
    db.events.on(event, (data) => void heard.push([event, data]));
  const route = outboundRouteRow();
  const ban = { address: '192.0.2.1', reason: 'x', since: T0, until: T0, count: 1 };
  await db.write(async (tx) => {
    await tx.sipStations.insert(sipStationRow());
    await tx.sipStations.update(1001, { enabled: false });
    await tx.trunks.insert(trunkRow());
    await tx.outboundRoutes.insert(route);
    await tx.ringGroups.insert(ringGroupRow());
    await tx.sipBans.put(ban);
  });
  expect(await db.write((tx) => tx.sipStations.update(4711, { enabled: false }))).toBe(false);
  expect(await db.write((tx) => tx.sipBans.removeExpired(T0))).toBe(1);
  await db.write(async (tx) => {
    await tx.outboundRoutes.remove(route.id);
    await tx.ringGroups.remove(7000);
  });
  expect(heard).toEqual([
    ['sipStation.changed', { number: 1001, removed: false }],
    ['sipStation.changed', { number: 1001, removed: false }],
    ['trunk.changed', { id: 'carrier', removed: false }],
    ['outboundRoute.changed', { id: route.id, removed: false }],
    ['ringGroup.changed', { number: 7000, removed: false }],
    ['sipBan.changed', { address: '192.0.2.1', removed: false }],
    ['outboundRoute.changed', { id: route.id, removed: true }],
    ['ringGroup.changed', { number: 7000, removed: true }],
  ]);
});

describe('the step from the first tables', () => {
  const [first] = migrations;
  const names = migrations.slice(1).map(({ name }) => name);

  test('keeps every row: calls came in, segments stay with their calls, and new kinds are taken', async () => {
    const old = join(temporaryFolder(), 'old.sqlite');
    const sequelize = sqliteSequelize(old);
    await migrate({ sequelize, file: old, log: silentLog, migrations: [first!] });
    const queryInterface = sequelize.getQueryInterface();
    const { direction: _direction, origin: _origin, treatment: _treatment, ...call } = callRow();
    const segments = [
      segmentRow(call.id, { kind: 'menu', data: { choice: '1' } }),
      segmentRow(call.id, { kind: 'talk', endedAt: null }),
    ];
    const recording = recordingRow(call.id);
    await queryInterface.bulkInsert('calls', [call]);
    await queryInterface.bulkInsert(
      'segments',
      segments.map((row) => ({ ...row, data: JSON.stringify(row.data) })),
    );
    await queryInterface.bulkInsert('recordings', [recording]);
    await sequelize.close();

    const opened = await openDatabase({ file: old });
    onTestFinished(() => opened.close());
    expect(opened.migrated.steps).toEqual(names);
    expect(statSync(opened.migrated.backup!).mode & 0o777).toBe(0o600);
    expect(await opened.calls.find(call.id)).toEqual({ ...call, direction: 'in', origin: null, treatment: null });
    expect(await opened.segments.listByCall(call.id)).toEqual(segments);
    expect(await opened.recordings.findByCall(call.id)).toEqual(recording);
    await opened.write((tx) => tx.segments.insert(segmentRow(call.id, { kind: 'dial' })));
    // What held for the old table holds for the new one.
    expect(await outcome(opened.write((tx) => tx.segments.insert(segmentRow(newUlid()))))).toBe('reference_missing');
    await expect(opened.write((tx) => tx.segments.insert(segmentRow(call.id, { endedAt: T0 - 1 })))).rejects.toThrow(
      /CHECK/,
    );
    await expect(opened.write((tx) => tx.segments.insert(segments[0]!))).rejects.toThrow();
  });

  test('can be taken back: what the older form cannot hold goes, all else stays', async () => {
    file = join(temporaryFolder(), 'second.sqlite');
    const opened = await openDatabase({ file });
    const call = callRow({ direction: 'out' });
    const [kept, lost] = [segmentRow(call.id), segmentRow(call.id, { kind: 'dial' })];
    await opened.write(async (tx) => {
      await tx.calls.insert(call);
      await tx.segments.insert(kept);
      await tx.segments.insert(lost);
      await tx.sipStations.insert(sipStationRow());
    });
    await opened.close();
    const sequelize = sqliteSequelize(file);
    onTestFinished(() => sequelize.close());
    const down = await migrate({ sequelize, file, log: silentLog, downTo: first!.name });
    expect(down.steps).toEqual([...names].reverse());
    const all = (sql: string) => sequelize.query<Record<string, unknown>>(sql, { type: QueryTypes.SELECT });
    expect((await all('SELECT id FROM segments')).map(({ id }) => id)).toEqual([kept.id]);
    expect(Object.keys((await all('SELECT * FROM calls'))[0]!)).not.toContain('direction');
    expect(await sequelize.getQueryInterface().showAllTables()).not.toContain('sipStations');
    const again = await migrate({ sequelize, file, log: silentLog });
    expect(again.steps).toEqual(names);
    expect((await all('SELECT direction FROM calls'))[0]).toEqual({ direction: 'in' });
  });

  test('leaves the same tables and indexes, whether it starts from nothing or from rows', async () => {
    const shape = async (path: string) => {
      const sequelize = sqliteSequelize(path);
      const rows = await sequelize.query<{ name: string; sql: string | null }>(
        "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
        { type: QueryTypes.SELECT },
      );
      await sequelize.close();
      return rows;
    };
    const stepwise = join(temporaryFolder(), 'stepwise.sqlite');
    for (let count = 1; count <= migrations.length; count += 1)
      await (await openDatabase({ file: stepwise, migrations: migrations.slice(0, count) })).close();
    const [fresh, stepped] = [await shape(file), await shape(stepwise)];
    expect(stepped).toEqual(fresh);
    expect(fresh.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['segments', 'segments_callId_startedAt', 'segments_kind_startedAt', 'sipBindings']),
    );
  });
});
