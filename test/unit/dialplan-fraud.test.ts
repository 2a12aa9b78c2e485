// Toll fraud: whatever is dialled, and however routes and trunks rewrite it, a telephone reaches nothing abroad and nothing premium
// that it was not allowed. The carrier of these tests reads what it is sent by rules of its own, written apart from the plan's.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readCountry } from '../../daemon/src/config/index.js';
import {
  DEFAULT_ALLOWED_CLASSES,
  NumberRule,
  OutboundRouteCreate,
  type NumberClass,
} from '../../daemon/src/contract/index.js';
import type { Db, DbEvents, OutboundRouteRow, TrunkRow } from '../../daemon/src/db/index.js';
import { TableDialPlan } from '../../daemon/src/dialplan/index.js';
import { TypedEmitter, silentLog } from '../../daemon/src/platform/index.js';
import { outboundRouteRow, sipStationRow, trunkRow } from '../support/db-rows.js';

const { numbering } = readCountry('cn', fileURLToPath(new URL('../../firmware-config/countries', import.meta.url)));
const EVERYTHING: NumberClass[] = [...DEFAULT_ALLOWED_CLASSES, 'international', 'premium'];

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Every carrier knows these as they are. */
const EMERGENCY = ['110', '119', '120', '122', '12119', '12395'];

/** What a Chinese carrier makes of a number that a subscriber's telephone sends. */
function costsAsDialled(number: string): 'abroad' | 'premium' | 'cheap' {
  if (number.startsWith('+')) return costsAsE164(number.slice(1));
  const proper = number.replace(/^(?:179[0-9]{2}|11808|12593|10193)+(?=.)/, '');
  if (proper.startsWith('00')) return 'abroad';
  if (/^0?1[3-9][0-9]{9}$/.test(proper) && !/^0?(?:1349|1740[0-5]|16[013489])/.test(proper)) return 'cheap';
  return /^0?(?:16[013489]|1349|1740[0-5])[0-9]|^12590/.test(proper) ? 'premium' : 'cheap';
}

/** The same of one who takes numbers with their country code. */
function costsAsE164(number: string): 'abroad' | 'premium' | 'cheap' {
  return number.startsWith('86') ? costsAsDialled(number.slice(2).replace(/^0+/, '0')) : 'abroad';
}

const PATTERNS = [
  '.',
  'X.',
  '9.',
  '0.',
  '00.',
  '00X.',
  '0ZX.',
  '1[3-9]XXXXXXXXX',
  'NXXXXXXX',
  '852.',
  '86.',
  '179XX.',
  'X',
  '1XX.',
  '[0-3]X.',
];
const PREPENDS = ['', '', '', '0', '00', '000', '9', '86', '852', '0085', '17909', '1790900', '16', '1', '010'];
const PIECES = [
  '00',
  '0',
  '00',
  '+',
  '852',
  '86',
  '1',
  '44',
  '17909',
  '9',
  '99',
  '16885858',
  '13800138000',
  '66668888',
  '010',
  '1349',
  '12590',
  '-',
  '(',
  '.',
  '5',
  '7',
  '1234567',
];

class Dice {
  readonly #next: () => number;
  constructor(seed: number) {
    this.#next = random(seed);
  }
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  dialled(): string {
    if (this.below(3) === 0) return this.of(['13800138000', '66668888', '01066668888', '95588', '9010']);
    return Array.from({ length: 1 + this.below(4) }, () => this.of(PIECES)).join('');
  }
  route(): OutboundRouteRow {
    for (;;) {
      const made = OutboundRouteCreate.safeParse({
        pattern: this.of(PATTERNS),
        trunks: [this.of(['a', 'b']), 'c'],
        strip: this.below(4),
        prepend: this.of(PREPENDS),
        priority: this.below(3),
      });
      if (made.success) return outboundRouteRow(made.data as Partial<OutboundRouteRow>);
    }
  }
  rules(): NumberRule[] {
    return Array.from({ length: this.below(3) }, () => ({
      match: this.of(PATTERNS),
      strip: this.below(4),
      prepend: this.of([...PREPENDS, '+', '+86', '+8', '+00']),
    })).filter((rule) => NumberRule.safeParse(rule).success);
  }
  trunk(id: string): TrunkRow {
    return trunkRow({
      id,
      numberRulesOut: this.rules(),
      numberFormat: this.of(['dialled', 'dialled', 'dialled', 'e164', 'plus']),
    });
  }
}

async function planOf(routes: OutboundRouteRow[], trunks: TrunkRow[]): Promise<TableDialPlan> {
  const stations = [sipStationRow(), sipStationRow({ number: 1002, allowedClasses: EVERYTHING })];
  const table = (rows: unknown[]) => ({ list: () => Promise.resolve(rows) });
  const db = {
    sipStations: table(stations),
    ringGroups: table([]),
    routes: table([]),
    outboundRoutes: table(routes),
    dialRights: table([]),
    trunks: table(trunks),
    conferences: { rooms: () => Promise.resolve([]) },
    voicemail: { boxes: () => Promise.resolve([]) },
    events: new TypedEmitter<DbEvents>(),
  } as unknown as Db;
  const plan = new TableDialPlan({ db, numbering, analogStations: () => [1], log: silentLog });
  await plan.start();
  return plan;
}

async function costs(plan: TableDialPlan, number: string, station: number, trunks: TrunkRow[]): Promise<string[]> {
  const found = await plan.resolve(number, { station });
  if (found.kind !== 'out') return [];
  return found.attempts.map((attempt) => {
    if (EMERGENCY.includes(attempt.number)) return 'cheap';
    const trunk = trunks.find(({ id }) => id === attempt.trunk)!;
    return trunk.numberFormat === 'dialled'
      ? costsAsDialled(attempt.number)
      : costsAsE164(attempt.number.replace('+', ''));
  });
}

describe('a telephone without the class', () => {
  test('reaches nothing dear through routes and rules made at random, which do reach it for one that has it', async () => {
    const seen = { cheap: 0, dear: 0 };
    for (let seed = 1; seed <= 1000; seed += 1) {
      const dice = new Dice(seed);
      const routes = Array.from({ length: 1 + dice.below(4) }, () => dice.route());
      const trunks = ['a', 'b', 'c'].map((id) => dice.trunk(id));
      const plan = await planOf(routes, trunks);
      for (let i = 0; i < 20; i += 1) {
        const number = dice.dialled();
        const reached = await costs(plan, number, 1001, trunks);
        if (reached.some((cost) => cost !== 'cheap')) {
          const rewriting = trunks.map(({ id, numberFormat, numberRulesOut }) => ({
            id,
            numberFormat,
            numberRulesOut,
          }));
          const how = {
            seed,
            number,
            reached,
            found: await plan.resolve(number, { station: 1001 }),
            routes,
            rewriting,
          };
          throw new Error(`a dear number was reached: ${JSON.stringify(how)}`);
        }
        seen.cheap += reached.length;
        const trusted = await costs(plan, number, 1002, trunks);
        seen.dear += trusted.filter((cost) => cost !== 'cheap').length;
      }
    }
    // The search has found something to refuse, and something to let through.
    expect(seen.cheap).toBeGreaterThan(500);
    expect(seen.dear).toBeGreaterThan(3000);
  });

  const rule = (match: string, strip: number, prepend = ''): NumberRule => ({ match, strip, prepend });
  test.each<[what: string, number: string, route: Partial<OutboundRouteRow>, trunk: Partial<TrunkRow>]>([
    ['the plain number', '0085212345678', {}, {}],
    ['with a plus', '+85212345678', {}, {}],
    ['with a plus and separators', '+852-1234.5678', {}, {}],
    ['behind an access digit', '90085212345678', { pattern: '9.', strip: 1 }, {}],
    ['through a route that puts the prefix before it', '85212345678', { prepend: '00' }, {}],
    ['through a route that puts half of it before it', '085212345678', { prepend: '0' }, {}],
    ['through a rule that does', '085212345678', {}, { numberRulesOut: [rule('0.', 0, '0')] }],
    ['through a rule that puts a plus before it', '85212345678', {}, { numberRulesOut: [rule('.', 0, '+')] }],
    ['by a route that takes the prefix away', '0085212345678', { pattern: '00.', strip: 2 }, {}],
    ['by a rule that takes the prefix away', '0085212345678', {}, { numberRulesOut: [rule('00.', 2)] }],
    [
      'bare, where a rule takes the prefix away from others',
      '12345678',
      {},
      { numberRulesOut: [rule('00.', 2), rule('0.', 1, '86')] },
    ],
    ['through another carrier', '179090085212345678', {}, {}],
    ['through two of them', '17909179110085212345678', {}, {}],
    ['through another carrier, put before it', '0085212345678', { prepend: '17909' }, {}],
    ['bare, to one who wants country codes', '66668888', {}, { numberFormat: 'e164' }],
    [
      'where a rule makes it a number of the own country',
      '0085212345678',
      {},
      { numberRulesOut: [rule('0085212345678', 13, '8613800138000')] },
    ],
    ['premium', '16885858', {}, {}],
    ['premium, with a zero before it', '016885858010', {}, {}],
    ['premium, as if with a country code', '+8616885858', {}, {}],
    ['premium, put together', '885858', { prepend: '16' }, {}],
  ])('does not reach it: %s', async (_what, number, route, trunk) => {
    const plan = await planOf([outboundRouteRow(route)], [trunkRow(trunk)]);
    expect(await plan.resolve(number, { station: 1001 })).toMatchObject({ kind: 'refused' });
  });

  test('a bare number is read with its country code where another route loses the prefix', async () => {
    const routes = [outboundRouteRow({ pattern: '00.', strip: 2 }), outboundRouteRow({ pattern: 'X.' })];
    const plan = await planOf(routes, [trunkRow()]);
    for (const number of ['66668888', '8521234', '13800138000'])
      expect(await plan.resolve(number, { station: 1001 })).toMatchObject({ kind: 'refused', cause: 21 });
    expect(await plan.resolve('0085212345678', { station: 1002 })).toMatchObject({
      attempts: [{ trunk: 'carrier', number: '85212345678' }],
    });
  });

  test('a carrier chosen by a rule of the trunk costs what the number behind it costs', async () => {
    const plan = await planOf(
      [outboundRouteRow()],
      [trunkRow({ numberRulesOut: [rule('00.', 0, '17909'), rule('0.', 0, '17909')] })],
    );
    expect(await plan.resolve('01066668888', { station: 1001 })).toMatchObject({
      attempts: [{ number: '1790901066668888' }],
    });
    expect(await plan.resolve('0085212345678', { station: 1001 })).toMatchObject({ kind: 'refused', cause: 21 });
    expect(await plan.resolve('0085212345678', { station: 1002 })).toMatchObject({
      attempts: [{ number: '179090085212345678' }],
    });
  });
});
