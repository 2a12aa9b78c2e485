// Values as people say them, in both languages.
import { describe, expect, it } from 'vitest';
import type { Value } from '../../daemon/src/ivr/expressions/index.js';
import { sayable, type SayAs } from '../../daemon/src/ivr/speech/say.js';

const value = (as: SayAs, raw: string | number): Value =>
  as === 'date' || as === 'time' ? { type: as, value: raw } : { type: typeof raw as 'string' | 'number', value: raw };
const zh = (as: SayAs, raw: string | number): string => sayable(as, value(as, raw), 'zh-CN', 'CNY').text;
const en = (as: SayAs, raw: string | number, currency: 'USD' | 'CNY' | 'GBP' = 'USD'): string =>
  sayable(as, value(as, raw), 'en', currency).text;

describe('Chinese', () => {
  it.each<[number, string]>([
    [0, '零'],
    [2, '二'],
    [10, '十'],
    [12, '十二'],
    [20, '二十'],
    [22, '二十二'],
    [100, '一百'],
    [105, '一百零五'],
    [110, '一百一十'],
    [200, '两百'],
    [202, '两百零二'],
    [1000, '一千'],
    [1005, '一千零五'],
    [1050, '一千零五十'],
    [1015, '一千零一十五'],
    [2222, '两千二百二十二'],
    [10_000, '一万'],
    [10_500, '一万零五百'],
    [15_000, '一万五千'],
    [20_002, '两万零二'],
    [100_005, '十万零五'],
    [120_000, '十二万'],
    [1_100_000, '一百一十万'],
    [10_010_000, '一千零一万'],
    [20_020_000, '两千零二万'],
    [100_000_000, '一亿'],
    [100_000_001, '一亿零一'],
    [200_000_000, '两亿'],
    [1_234_567_890, '十二亿三千四百五十六万七千八百九十'],
    [1_000_000_000_000, '一万亿'],
    [1_000_050_000_000, '一万亿五千万'],
    [3.14, '三点一四'],
    [-2.5, '负二点五'],
    [0.05, '零点零五'],
  ])('%d is %s', (number, said) => {
    expect(zh('number', number)).toBe(said);
  });

  it.each<[number, string]>([
    [0, '零元'],
    [2, '两元'],
    [12, '十二元'],
    [12.5, '十二元五角'],
    [12.05, '十二元零五分'],
    [1234.56, '一千二百三十四元五角六分'],
    [0.5, '五角'],
    [0.05, '五分'],
    [100, '一百元'],
    [-8.2, '负八元二角'],
    [1.005, '一元零一分'],
    [19.999, '二十元'],
  ])('%d yuan are %s', (number, said) => {
    expect(zh('money', number)).toBe(said);
  });

  it('says dates, times, digits and ids', () => {
    expect(zh('date', '2026-11-22')).toBe('二零二六年十一月二十二日');
    expect(zh('date', '2000-02-02')).toBe('二零零零年二月二日');
    expect(zh('time', '18:30:00')).toBe('十八点三十分');
    expect(zh('time', '02:05:00')).toBe('两点零五分');
    expect(zh('time', '08:00:00')).toBe('八点整');
    expect(zh('digits', '110-2')).toBe('幺 幺 零 二');
    expect(zh('id', 'a1')).toBe('A 幺');
  });
});

describe('English', () => {
  it.each<[number, string]>([
    [0, 'zero'],
    [13, 'thirteen'],
    [21, 'twenty one'],
    [100, 'one hundred'],
    [105, 'one hundred and five'],
    [1000, 'one thousand'],
    [1005, 'one thousand and five'],
    [1205, 'one thousand two hundred and five'],
    [2_000_017, 'two million and seventeen'],
    [123_456, 'one hundred and twenty three thousand four hundred and fifty six'],
    [3.14, 'three point one four'],
    [-7, 'minus seven'],
  ])('%d is %s', (number, said) => {
    expect(en('number', number)).toBe(said);
  });

  it('says money', () => {
    expect(en('money', 1)).toBe('one dollar');
    expect(en('money', 12.05)).toBe('twelve dollars and five cents');
    expect(en('money', 0.01)).toBe('one cent');
    expect(en('money', -3.1)).toBe('minus three dollars and ten cents');
    expect(en('money', 2.01, 'GBP')).toBe('two pounds and one penny');
    expect(en('money', 1.5, 'CNY')).toBe('one yuan and fifty fen');
  });

  it('says dates with ordinals, and years in halves', () => {
    expect(en('date', '2026-11-22')).toBe('Sunday November twenty second twenty twenty six');
    expect(en('date', '2005-03-01')).toBe('Tuesday March first two thousand and five');
    expect(en('date', '1905-01-20')).toBe('Friday January twentieth nineteen oh five');
    expect(en('date', '1900-12-12')).toBe('Wednesday December twelfth nineteen hundred');
    expect(en('date', '2000-05-31')).toBe('Wednesday May thirty first two thousand');
  });

  it('says times, digits and ids', () => {
    expect(en('time', '18:05:00')).toBe('six oh five p.m.');
    expect(en('time', '00:30:00')).toBe('twelve thirty a.m.');
    expect(en('time', '12:00:00')).toBe('twelve p.m.');
    expect(en('digits', '1 02')).toBe('one zero two');
    expect(en('id', 'b-7')).toBe('B seven');
  });
});

it('has nothing to say of nothing, nor of what is too large or no number', () => {
  for (const [as, raw] of [
    ['date', ''],
    ['digits', 'abc'],
    ['number', 'x'],
    ['number', 1e13],
  ] as const)
    expect(() => zh(as, raw), `${as} ${raw}`).toThrow();
});
