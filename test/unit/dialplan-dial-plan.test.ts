import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readCountry } from '../../daemon/src/config/index.js';
import type { NumberClass } from '../../daemon/src/contract/index.js';
import { type Db, type OutboundRouteRow, type TrunkRow } from '../../daemon/src/db/index.js';
import { TableDialPlan } from '../../daemon/src/dialplan/index.js';
import { newUlid, silentLog } from '../../daemon/src/platform/index.js';
import { T0, outboundRouteRow, ringGroupRow, sipStationRow, trunkRow } from '../support/db-rows.js';
import { testDatabase } from '../support/test-database.js';

const COUNTRIES = fileURLToPath(new URL('../../firmware-config/countries', import.meta.url));
const EVERYTHING: NumberClass[] = ['internal', 'emergency', 'local', 'national', 'mobile', 'international', 'premium'];

let db: Db;
let plan: TableDialPlan;
beforeEach(async () => {
  db = await testDatabase();
  plan = await planOf('cn');
});

async function planOf(country: string): Promise<TableDialPlan> {
  const { numbering } = readCountry(country, COUNTRIES);
  const made = new TableDialPlan({ db, numbering, analogStations: () => [1, 2, 12], log: silentLog });
  await made.start();
  onTestFinished(() => made.stop());
  return made;
}

/** The ways out of a box; 1001 may dial what telephones may, 1002 everything, 1003 nothing. */
async function laid(routes: OutboundRouteRow[], trunks: TrunkRow[] = [trunkRow()]): Promise<void> {
  await db.write(async (tx) => {
    await tx.sipStations.insert(sipStationRow({ callingNumber: '01066668888' }));
    await tx.sipStations.insert(sipStationRow({ number: 1002, allowedClasses: EVERYTHING }));
    await tx.sipStations.insert(sipStationRow({ number: 1003, allowedClasses: [] }));
    for (const trunk of trunks) await tx.trunks.insert(trunk);
    for (const route of routes) await tx.outboundRoutes.insert(route);
  });
}

const resolve = (number: string, station: number | null = 1001) => plan.resolve(number, { station });
/** `trunk number` of each attempt, else what became of it. */
async function ways(number: string, station = 1001): Promise<string> {
  const found = await resolve(number, station);
  if (found.kind === 'refused') return `refused ${found.cause}: ${found.reason}`;
  if (found.kind !== 'out') return found.kind;
  return found.attempts.map((attempt) => `${attempt.trunk} ${attempt.number}`).join(', ');
}

describe('inside', () => {
  beforeEach(async () => {
    await laid([outboundRouteRow()]);
    await db.write(async (tx) => {
      await tx.ringGroups.insert(ringGroupRow({ stations: [1001, 12, 1002, 1004, 99] }));
      await tx.sipStations.insert(sipStationRow({ number: 1004, enabled: false }));
      await tx.flows.put({ id: 'main', name: 'Main', definition: { start: 'a', nodes: {} }, updatedAt: T0 });
      await tx.routes.insert({ id: newUlid(), calledNumber: '95001', flowId: 'main', language: 'en' });
    });
  });

  test('calls are picked up at a telephone, in a group, and in the groups of one who names none', async () => {
    const at = (number: string, station = 1001) => plan.pickUp(number, station);
    expect(await at('1002')).toEqual({ stations: [1002], mayGrow: false });
    expect(await at('12')).toEqual({ stations: [12], mayGrow: false });
    expect(await at('1')).toEqual({ stations: [1], mayGrow: true });
    const members = [1001, 12, 1002, 1004, 99];
    expect(await at(String(ringGroupRow().number))).toEqual({ stations: members, mayGrow: false });
    expect(await at('')).toEqual({ stations: members, mayGrow: true });
    expect(await at('', 12)).toEqual({ stations: members, mayGrow: true });
    // Who is in no group, and numbers that are nobody's telephone.
    expect(await at('', 1003)).toEqual({ stations: [], mayGrow: true });
    for (const number of ['95001', '1009', '110', 'a']) expect((await at(number)).stations).toBeUndefined();
    // Two groups, each telephone once.
    await db.write((tx) => tx.ringGroups.insert(ringGroupRow({ number: 2999, stations: [1003, 1001] })));
    expect(new Set((await at('')).stations)).toEqual(new Set([...members, 1003]));
    expect((await at('')).stations).toHaveLength(6);
  });

  test('numbers lead to telephones, groups and flows, from a telephone and from outside alike', async () => {
    for (const station of [1, 1001, null]) {
      expect(await resolve('1002', station)).toEqual({ kind: 'station', station: 1002 });
      expect(await resolve('12', station)).toEqual({ kind: 'station', station: 12 });
      expect(await resolve('95001', station)).toEqual({ kind: 'flow', flowId: 'main', language: 'en' });
    }
    // Not himself, not the one that is switched off, not the port that is not there.
    expect(await resolve('7000')).toEqual({
      kind: 'group',
      stations: [12, 1002],
      strategy: 'all',
      ringTimeoutMs: 20_000,
    });
    expect(await resolve('1004')).toMatchObject({ kind: 'refused', cause: 20 });
  });

  test('a telephone may be kept from calling inside, and never from calling for help', async () => {
    expect(await resolve('1002', 1003)).toMatchObject({ kind: 'refused', cause: 21 });
    expect(await ways('110', 1003)).toBe('carrier 110');
  });

  test('digits that come one by one are waited for as long as they can lead somewhere', async () => {
    expect(await resolve('100')).toEqual({ kind: 'incomplete' });
    expect(await resolve('950', null)).toEqual({ kind: 'incomplete' });
    expect(await resolve('960', null)).toMatchObject({ kind: 'refused', cause: 1 });
    expect(await plan.mayContinue('100', { station: null })).toBe(true);
    expect(await plan.mayContinue('1002', { station: null })).toBe(false);
    expect(await plan.mayContinue('13800138000', { station: 1001 })).toBe(false);
    expect(await plan.mayContinue('1380013800', { station: 1001 })).toBe(true);
    // 10020 would be a number outside.
    expect(await plan.mayContinue('1002', { station: 1001 })).toBe(true);
    expect(await plan.mayContinue('7000', { station: 1001 })).toBe(true);
    await db.write(async (tx) => {
      for (const { id } of await tx.outboundRoutes.list())
        await tx.outboundRoutes.update(id, { pattern: '9.', strip: 1 });
    });
    expect(await plan.mayContinue('1002', { station: 1001 })).toBe(false);
    expect(await plan.mayContinue('913800138000', { station: 1001 })).toBe(false);
    expect(await plan.mayContinue('91380013800', { station: 1001 })).toBe(true);
    // Telephone 1, or the beginning of 12, 110, 1001 and much else.
    expect(await resolve('1')).toEqual({ kind: 'station', station: 1 });
    expect(await plan.mayContinue('1', { station: 1001 })).toBe(true);
    expect(await plan.mayContinue('13800138000', { station: null })).toBe(false);
    expect(await plan.mayContinue('', { station: 1 })).toBe(true);
    expect(await plan.mayContinue('*', { station: 1 })).toBe(false);
  });

  test('what was changed holds for the next number, and what was not committed never does', async () => {
    await db
      .write(async (tx) => {
        await tx.sipStations.remove(1003);
        throw new Error('no');
      })
      .catch(() => undefined);
    expect(await resolve('1003')).toEqual({ kind: 'station', station: 1003 });
    await db.write((tx) => tx.sipStations.update(1003, { enabled: false }));
    expect(await resolve('1003')).toMatchObject({ kind: 'refused', cause: 20 });
    await db.write((tx) => tx.sipStations.remove(1003));
    expect(await ways('1003')).toBe('incomplete');
  });

  test('is not lost when the database cannot be read any more', async () => {
    expect(await resolve('1002')).toEqual({ kind: 'station', station: 1002 });
    const list = db.trunks.list;
    db.trunks.list = () => Promise.reject(new Error('disk I/O error'));
    await db.write((tx) => tx.sipStations.update(1002, { enabled: false }));
    expect(await resolve('1002')).toEqual({ kind: 'station', station: 1002 });
    expect(await ways('110')).toBe('carrier 110');
    db.trunks.list = list;
    expect(await resolve('1002')).toMatchObject({ kind: 'refused', cause: 20 });
  });
});

describe('from outside', () => {
  test('nobody gets out again, not with a route for everything and not to the police', async () => {
    await laid([outboundRouteRow({ pattern: '.', emergency: true })]);
    for (const number of ['110', '13800138000', '0085212345678', '+8613800138000', '9110'])
      expect(await resolve(number, null)).toMatchObject({ kind: 'refused', cause: 1 });
  });

  test('the rules of the trunk say which number of ours was called', async () => {
    await laid(
      [],
      [
        trunkRow({
          numberRulesIn: [
            { match: '0106666XXXX', strip: 7, prepend: '' },
            { match: '.', strip: 0, prepend: '+9' },
          ],
        }),
      ],
    );
    const called = (number: string) => plan.resolve(number, { station: null, trunk: 'carrier' });
    expect(await called('01066661002')).toEqual({ kind: 'station', station: 1002 });
    expect(await called('1002')).toMatchObject({ kind: 'refused' });
    expect(await plan.resolve('1002', { station: null, trunk: 'other' })).toEqual({ kind: 'station', station: 1002 });
    expect(await plan.resolve('+1002', { station: null, trunk: null })).toEqual({ kind: 'station', station: 1002 });
  });
});

describe('who calls in', () => {
  test.each(['+8613800138000', '008613800138000', '8613800138000', '13800138000'])(
    '%s can be called back over the trunk, whatever it wants numbers like',
    async (sent) => {
      const trunks = [
        trunkRow(),
        trunkRow({ id: 'plus', numberFormat: 'plus' }),
        trunkRow({ id: 'e164', numberFormat: 'e164' }),
      ];
      await laid([outboundRouteRow({ pattern: '.', trunks: trunks.map(({ id }) => id) })], trunks);
      for (const trunk of [...trunks.map(({ id }) => id), 'unknown', null])
        expect([trunk, plan.callerFrom(sent, trunk)]).toEqual([trunk, '13800138000']);
      expect(await ways('13800138000')).toBe('carrier 13800138000, plus +8613800138000, e164 8613800138000');
    },
  );

  test('is written as the rules of his trunk have it', async () => {
    const callerRulesIn = [
      // A company line without its area, those of the city, and whoever is abroad.
      { match: '6666XXXX', strip: 0, prepend: '010' },
      { match: '86.', strip: 2, prepend: '+86' },
      { match: '44.', strip: 0, prepend: '+' },
      { match: '999.', strip: 0, prepend: '1'.repeat(24) },
    ];
    await laid([], [trunkRow({ callerRulesIn }), trunkRow({ id: 'other' })]);
    // Those who call get what was read last: it is read when a number is asked for.
    await resolve('1');
    expect(plan.callerFrom('66661234', 'carrier')).toBe('01066661234');
    expect(plan.callerFrom('66661234', 'other')).toBe('66661234');
    expect(plan.callerFrom('+861066668888', 'carrier')).toBe('01066668888');
    expect(plan.callerFrom('442071838750', 'carrier')).toBe('00442071838750');
    expect(plan.callerFrom('442071838750', 'other')).toBe('442071838750');
    // What no column holds is left as it was sent.
    expect(plan.callerFrom('+9991', 'carrier')).toBe('9991');
    expect(plan.callerFrom('', 'carrier')).toBe('');
  });
});

describe('ways out', () => {
  test('are those of the most specific pattern, by priority, each trunk in its turn', async () => {
    await laid(
      [
        outboundRouteRow({ pattern: '.', trunks: ['carrier'] }),
        outboundRouteRow({ pattern: '1[3-9]X.', priority: 20, trunks: ['third'] }),
        outboundRouteRow({ pattern: '1[3-9]X.', priority: 10, trunks: ['second', 'carrier', 'off'] }),
        outboundRouteRow({ pattern: '138X.', priority: 1, trunks: ['off'], enabled: false }),
      ],
      [
        trunkRow(),
        trunkRow({ id: 'second' }),
        trunkRow({ id: 'third' }),
        trunkRow({ id: 'off', enabled: false }),
        trunkRow({ id: 'e1', kind: 'e1', spans: [1, 2] }),
      ],
    );
    expect(await ways('13800138000')).toBe('second 13800138000, carrier 13800138000, third 13800138000');
    expect(await ways('01066668888')).toBe('carrier 01066668888');
    expect([plan.spansOf('e1'), plan.spansOf('carrier'), plan.trunkOf(2), plan.trunkOf(3)]).toEqual([
      [1, 2],
      undefined,
      'e1',
      null,
    ]);
    await db.write((tx) => tx.trunks.update('carrier', { enabled: false }));
    expect(await ways('01066668888')).toBe('refused 34: no trunk is switched on for it');
  });

  test('rewrite the number twice: the route, then the first rule of the trunk that fits', async () => {
    await laid(
      [outboundRouteRow({ pattern: '9.', strip: 1 }), outboundRouteRow({ pattern: 'NXXXXXXX', prepend: '010' })],
      [
        trunkRow({
          numberRulesOut: [
            { match: '1[3-9]XXXXXXXXX', strip: 0, prepend: '0' },
            { match: '1.', strip: 1, prepend: '' },
          ],
        }),
      ],
    );
    expect(await ways('913800138000')).toBe('carrier 013800138000');
    expect(await ways('66668888')).toBe('carrier 01066668888');
    expect(await ways('9')).toBe('incomplete');
    expect(await ways('0')).toBe('refused 3: no route takes it');
  });

  test('have the form that the carrier wants, and are left alone where a number has none', async () => {
    await laid(
      [outboundRouteRow({ trunks: ['e164', 'plus'] })],
      [trunkRow({ id: 'e164', numberFormat: 'e164' }), trunkRow({ id: 'plus', numberFormat: 'plus' })],
    );
    expect(await ways('13800138000')).toBe('e164 8613800138000, plus +8613800138000');
    expect(await ways('0085212345678', 1002)).toBe('e164 85212345678, plus +85212345678');
    expect(await ways('+85212345678', 1002)).toBe('e164 85212345678, plus +85212345678');
    expect(await ways('+86-10-6666-8888')).toBe('e164 861066668888, plus +861066668888');
    expect(await ways('66668888')).toBe('refused 28: it has no country code, which the trunk wants');
    await db.write((tx) =>
      tx.trunks.update('plus', { numberRulesOut: [{ match: 'NXXXXXXX', strip: 0, prepend: '010' }] }),
    );
    expect(await ways('66668888')).toBe('plus +861066668888');
  });

  test.each([
    '',
    '*112001#',
    '110;phone-context=x',
    '１１０',
    '1 2',
    '+',
    '++861',
    '1+1',
    '110\r\n',
    'a',
    '0'.repeat(25),
    '-'.repeat(60),
  ])('are for numbers alone: %j', async (number) => {
    await laid([outboundRouteRow({ pattern: '.' })]);
    expect(await resolve(number, 1002)).toMatchObject({ kind: 'refused', cause: 28 });
  });

  test('are refused for what a telephone may not dial, as soon as that is plain', async () => {
    await laid([outboundRouteRow({ pattern: '.' })]);
    expect(await ways('0085212345678')).toBe('refused 21: the telephone may not dial international numbers');
    expect(await ways('001')).toBe('refused 21: the telephone may not dial international numbers');
    expect(await ways('16885858')).toBe('refused 21: the telephone may not dial premium numbers');
    expect(await ways('138001380001')).toBe('refused 1: the country has no such number');
    expect(await ways('1380')).toBe('incomplete');
    expect(await ways('0085212345678', 1002)).toBe('carrier 0085212345678');
    expect(await ways('138001380001', 1002)).toBe('carrier 138001380001');
    expect(await ways('13800138000', 1003)).toBe('refused 21: the telephone may not dial mobile numbers');
    expect(await ways('13800138000', 1)).toBe('carrier 13800138000');
    // A telephone whose account was removed in the middle of a call.
    expect(await ways('13800138000', 4711)).toBe('refused 21: the telephone may not dial mobile numbers');
  });
});

describe('the number that is shown', () => {
  test.each<[Partial<TrunkRow>, string, string]>([
    [{ callerId: 'pass', fixedNumber: '01088889999' }, '01066668888', '01088889999'],
    [{ callerId: 'pass', fixedNumber: '' }, '01066668888', ''],
    [{ callerId: 'fixed', fixedNumber: '01088889999' }, '01088889999', '01088889999'],
    [{ callerId: 'fixed', fixedNumber: '' }, '01066668888', ''],
    [{ callerId: 'anonymous', fixedNumber: '01088889999' }, '01088889999 withheld', '01088889999 withheld'],
    [{ callerId: 'anonymous', fixedNumber: '' }, '01066668888 withheld', ' withheld'],
    [{ callerId: 'pass', numberFormat: 'plus' }, '+861066668888', ''],
  ])('%j', async (trunk, ofStation, ofAnother) => {
    await laid([outboundRouteRow()], [trunkRow(trunk)]);
    const shown = async (station: number) => {
      const found = await resolve('13800138000', station);
      if (found.kind !== 'out') return found;
      return found.attempts.map(({ callingNumber, privacy }) => callingNumber + (privacy === true ? ' withheld' : ''));
    };
    expect(await shown(1001)).toEqual([ofStation]);
    expect(await shown(1002)).toEqual([ofAnother]);
  });
});

describe('emergency numbers', () => {
  test('go out unchanged over every trunk, those of emergency routes first, and with a number to call back', async () => {
    const spoils = [{ match: '.', strip: 0, prepend: '86' }];
    await laid(
      [
        outboundRouteRow({ pattern: 'X.', trunks: ['carrier'], priority: 1, prepend: '9' }),
        outboundRouteRow({ pattern: '110', trunks: ['e1'], emergency: true, priority: 50 }),
      ],
      [
        trunkRow({ numberRulesOut: spoils, numberFormat: 'plus', callerId: 'anonymous', fixedNumber: '01088889999' }),
        trunkRow({ id: 'e1', kind: 'e1', spans: [1] }),
        trunkRow({ id: 'last' }),
        trunkRow({ id: 'off', enabled: false }),
      ],
    );
    for (const number of ['110', '120']) {
      expect(await resolve(number, 1001)).toEqual({
        kind: 'out',
        attempts: [
          { trunk: 'e1', number, callingNumber: '01066668888' },
          { trunk: 'carrier', number, callingNumber: '01088889999' },
          { trunk: 'last', number, callingNumber: '01066668888' },
        ],
        emergency: true,
      });
    }
    expect(await plan.mayContinue('110', { station: 1 })).toBe(false);
  });

  test('are rewritten by a rule for this number alone', async () => {
    const numberRulesOut = [
      { match: '1XX', strip: 0, prepend: '9' },
      { match: '110', strip: 0, prepend: '010' },
    ];
    await laid([], [trunkRow({ numberRulesOut })]);
    expect(await ways('110')).toBe('carrier 010110');
    expect(await ways('119')).toBe('carrier 119');
  });

  test('come before telephones of the same number, and behind a digit for an outside line, too', async () => {
    const { numbering } = readCountry('cn', COUNTRIES);
    plan = new TableDialPlan({ db, numbering, analogStations: () => [110, 111], log: silentLog });
    await plan.start();
    await laid([outboundRouteRow({ pattern: '9.', strip: 1 })], [trunkRow(), trunkRow({ id: 'zz' })]);
    expect(await ways('110')).toBe('carrier 110, zz 110');
    expect(await resolve('111')).toEqual({ kind: 'station', station: 111 });
    expect(await ways('9110', 1003)).toBe('carrier 110, zz 110');
  });

  test('with no trunk at all are refused as congestion', async () => {
    await laid([], []);
    expect(await ways('110')).toBe('refused 34: no trunk is switched on for it');
  });
});
