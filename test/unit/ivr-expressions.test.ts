// Expressions of flows: what they come to, what is refused beforehand, and that nothing takes long.
import { describe, expect, it } from 'vitest';
import type { VariableType } from '../../daemon/src/contract/index.js';
import {
  ExpressionError,
  ValueError,
  checkExpression,
  evaluate,
  fill,
  parseExpression,
  templateParts,
  typed,
  type Scope,
  type Value,
} from '../../daemon/src/ivr/expressions/index.js';

const values: Record<string, Value> = {
  name: typed('李雷'),
  amount: typed(12.5),
  open: typed(true),
  empty: typed(''),
  'call.callingNumber': typed('13800138000'),
  data: typed({ items: [{ price: 3 }, { price: '4' }], none: null, constructor_: 1 }),
  day: { type: 'date', value: '2026-02-28' },
  at: { type: 'time', value: '18:30:00' },
  list: { type: 'list', value: ['a', 'b'] },
};
const scope: Scope = {
  get: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
  now: () => ({ date: '2026-11-22', time: '09:05:00', atMs: 1 }),
};
const result = (source: string): unknown => evaluate(parseExpression(source), scope).value;
const typeOf = (name: string): VariableType | undefined =>
  Object.hasOwn(values, name) ? values[name]?.type : undefined;

describe('an expression', () => {
  it.each<[string, unknown]>([
    ['1 + 2 * 3 - -4', 11],
    ['(1 + 2) * 3', 9],
    ['7 % 4 / 2', 1.5],
    ['10 - 4 - 3', 3],
    ['0.1 + 0.2 < 0.31', true],
    ['amount >= 12.5 and not (amount > 13)', true],
    ['not open or amount == 12.5', true],
    ['not open == true', false],
    ['true && !false', true],
    ['"a" + 1', 'a1'],
    [`'it''s' == 'x'`.replace("''", "\\'"), false],
    ['"12" == 12', true],
    ['"abc" == 12', false],
    ['"b" > "a"', true],
    ['len(name)', 2],
    ['len(list)', 2],
    ['substr(call.callingNumber, 1, 3)', '138'],
    ['substr("abc", 2)', 'bc'],
    ['substr("abc", 9, 1)', ''],
    ['matches(call.callingNumber, "1[3-9][0-9]{9}")', true],
    ['matches("12", "1")', false],
    ['round(1.005, 2)', 1.01],
    ['round(-2.5)', -3],
    ['round(2.4)', 2],
    ['min(3, amount, 2)', 2],
    ['data.items[1].price - 1', 3],
    ['data.items[data.items[0].price - 3].price', 3],
    ['data.missing == ""', true],
    ['data.items[9].price == ""', true],
    ['isEmpty(data.none)', true],
    ['today()', '2026-11-22'],
    ['hour(now()) * 60 + minute(now())', 545],
    ['addDays(day, 1)', '2026-03-01'],
    ['daysBetween(day, "2026-03-02")', 2],
    ['weekday(today())', 7],
    ['day < "2026-03-01"', true],
    ['at > "08:00"', true],
    ['if(open, 1, 1 / 0)', 1],
    ['includes(list, "b")', true],
    ['list[1]', 'b'],
    ['number("007") + 1', 8],
    ['join(split("1-2-3", "-"), "+")', '1+2+3'],
    ['has(data, "items")', true],
    ['has(data, "toString")', false],
    ['false and 1 / 0 > 1', false],
    ['true or 1 / 0 > 1', true],
  ])('%s is %j', (source, wanted) => {
    expect(result(source)).toEqual(wanted);
    expect(checkExpression(source, typeOf).problems).toEqual([]);
  });

  it.each([
    '1 / 0',
    'number("x")',
    'date("2026-02-30")',
    '9999999999999999 * 1' + '0'.repeat(19) + ' * nothing',
    'missing',
    'year("")',
  ])('%s fails while it runs, with a ValueError', (source) => {
    expect(() => result(source)).toThrow(ValueError);
  });

  it.each([
    '',
    '1 +',
    '(1',
    '1 2',
    'a..b',
    '"open',
    '@',
    '1 = = 2',
    'len(',
    '1 < 2 < 3',
    'x;y',
    'a => b',
    '`x`',
    '12abc',
  ])('%j is refused', (source) => {
    expect(() => parseExpression(source)).toThrow(ExpressionError);
    expect(checkExpression(source, typeOf).problems[0]).toMatchObject({ code: 'syntax' });
  });

  it('reaches nothing of JavaScript', () => {
    for (const source of ['data.constructor', 'data.__proto__', 'data["constructor"]', 'list.length'])
      expect([null, ''], source).toContain(result(source));
    expect(checkExpression('process', typeOf).problems).toEqual([{ code: 'noVariable', name: 'process' }]);
    expect(checkExpression('constructor("x")', typeOf).problems[0]).toMatchObject({ code: 'noFunction' });
    expect(checkExpression('toString', typeOf).problems[0]).toMatchObject({ code: 'noVariable' });
  });

  it.each<[string, string]>([
    ['open + 1', 'type'],
    ['day * 2', 'type'],
    ['amount and open', 'type'],
    ['day > amount', 'type'],
    ['len()', 'argumentCount'],
    ['len("a", "b")', 'argumentCount'],
    ['if(open, 1)', 'argumentCount'],
    ['addDays(amount, 1)', 'type'],
    ['matches(name, name)', 'pattern'],
    ['matches(name, "(a)\\\\1")', 'pattern'],
    ['matches(name, "(?=a)b")', 'pattern'],
    ['matches(name, "a{1000}")', 'pattern'],
  ])('%s is refused beforehand: %s', (source, code) => {
    expect(checkExpression(source, typeOf).problems[0]).toMatchObject({ code });
  });

  it('must come to what is wanted', () => {
    expect(checkExpression('amount', typeOf, 'boolean').problems).toEqual([
      { code: 'type', wanted: 'boolean', got: 'number' },
    ]);
    expect(checkExpression('data.x', typeOf, 'boolean').problems).toEqual([]);
  });

  it('is bounded in length and depth, and a pattern in time', () => {
    expect(checkExpression('1+'.repeat(1500) + '1', typeOf).problems[0]).toMatchObject({ why: 'tooLong' });
    for (const deep of ['('.repeat(500) + '1' + ')'.repeat(500), '-'.repeat(900) + '1', 'not '.repeat(450) + 'open'])
      expect(checkExpression(deep, typeOf).problems[0]).toMatchObject({ why: 'tooDeep' });
    values['long'] = typed('a'.repeat(4000));
    const begun = process.cpuUsage();
    expect(result('matches(long, "(a*)*b")')).toBe(false);
    expect(result('matches(long, "(a|aa)+$") and not matches(long, "(x+x+)+y")')).toBe(true);
    // A backtracking engine would not be done before the sun is.
    expect(process.cpuUsage(begun).user).toBeLessThan(5_000_000);
    expect(() => result('long + long')).toThrow(ValueError);
    expect(() => result('replace(long, "a", long)')).toThrow(ValueError);
  });
});

describe('a text with values', () => {
  it('is filled in', () => {
    expect(fill('{name}: {round(amount)} {{x}} {"}"}', scope, 100)).toBe('李雷: 13 {x} }');
    expect(fill('{name}'.repeat(50), scope, 10)).toHaveLength(10);
  });

  it.each(['{', 'a}', '{name', '{"}'])('%j is refused', (source) => {
    expect(() => templateParts(source)).toThrow(ExpressionError);
  });
});
