import { describe, expect, test } from 'vitest';
import { DialPattern } from '../../daemon/src/contract/index.js';
import { canBecome, compareSpecificity, compilePattern, isWithin, matches } from '../../daemon/src/dialplan/pattern.js';

const p = compilePattern;

describe('patterns', () => {
  test.each([
    ['110', '110', true],
    ['110', '1101', false],
    ['110', '11', false],
    ['0[1-9]X.', '0107', true],
    ['0[1-9]X.', '010', false],
    ['0[1-9]X.', '0017', false],
    ['N', '1', false],
    ['N', '2', true],
    ['Z', '0', false],
    ['Z', '1', true],
    ['[1359-9]X', '91', true],
    ['[2-46]', '5', false],
    ['[2-46]', '6', true],
    ['.', '', false],
    ['.', '0', true],
  ])('%s and %s: %s', (pattern, digits, expected) => {
    expect(matches(p(pattern), digits)).toBe(expected);
  });

  test.each([
    '',
    'x',
    '1.2',
    '.1',
    '[',
    '[]',
    '[12',
    '1]',
    '[5-2]',
    '[1-]',
    '[-2]',
    '+1',
    '1 2',
    '[X]',
    '..',
    'X'.repeat(25),
    '1'.repeat(200),
    '１',
  ])('are refused: %j', (text) => {
    expect(DialPattern.safeParse(text).success).toBe(false);
    expect(() => p(text)).toThrow(TypeError);
  });

  test('tell whether more digits can make a number fit', () => {
    expect(canBecome(p('0[1-9]X.'), '')).toBe(true);
    expect(canBecome(p('0[1-9]X.'), '01')).toBe(true);
    expect(canBecome(p('0[1-9]X.'), '0107')).toBe(true);
    expect(canBecome(p('0[1-9]X.'), '00')).toBe(false);
    expect(canBecome(p('110'), '11')).toBe(true);
    expect(canBecome(p('110'), '110')).toBe(false);
  });

  test('are put in order as prefixes are: the first difference from the left decides', () => {
    const first = (a: string, b: string) => (compareSpecificity(p(a), p(b)) < 0 ? a : b);
    expect(first('00.', '0.')).toBe('00.');
    expect(first('0[12].', '0X.')).toBe('0[12].');
    expect(first('95588', '955.')).toBe('95588');
    expect(first('95.', 'XXXXXXXX')).toBe('95.');
    expect(first('9', '9.')).toBe('9.');
    expect(compareSpecificity(p('[0-9]'), p('X'))).toBe(0);
  });

  test('lie within others when every number that fits the one fits the other', () => {
    const digits = ['', '0', '00', '001', '0011', '01', '011', '1', '12', '9', '99'];
    const all = ['.', 'X', 'X.', '0.', '00.', '0X', '0X.', '00', '1', '1.', '9X', '001.', 'Z', 'Z.', 'XX', 'XXX'];
    const longer = [...digits, '0000', '01234', '12345', '98765', '123', '010', '100', '999'];
    for (const a of all) {
      for (const b of all) {
        if (isWithin(p(a), p(b)))
          for (const one of longer)
            if (matches(p(a), one)) expect([a, b, one, matches(p(b), one)]).toEqual([a, b, one, true]);
      }
    }
    expect(isWithin(p('001.'), p('00.'))).toBe(true);
    expect(isWithin(p('001'), p('00.'))).toBe(true);
    expect(isWithin(p('00.'), p('00.'))).toBe(true);
    expect(isWithin(p('0.'), p('00.'))).toBe(false);
    expect(isWithin(p('00'), p('00.'))).toBe(false);
    expect(isWithin(p('00.'), p('00'))).toBe(false);
  });
});
