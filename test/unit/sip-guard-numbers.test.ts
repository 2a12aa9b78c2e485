// What may be dialled, and how often: numbers of China and of other countries, and calls at a time.
import { describe, expect, it } from 'vitest';
import {
  CHINA,
  CallLimits,
  allowed,
  genericPlan,
  readNumber,
  type CallingPolicy,
  type NumberClass,
} from '../../daemon/src/sip/guard/index.js';
import { FakeClock } from '../support/clock-fake.js';

function classOf(text: string, plan = CHINA, isInternal?: (digits: string) => boolean): string {
  const number = readNumber(text, plan, isInternal);
  return typeof number === 'string' ? number : number.class;
}

function digitsOf(text: string, plan = CHINA): string {
  const number = readNumber(text, plan);
  return typeof number === 'string' ? number : number.digits;
}

describe('numbers in China', () => {
  const classes: Record<NumberClass, readonly string[]> = {
    emergency: ['110', '119', '120', '122'],
    internal: [],
    mobile: [
      '13800138000',
      '19912345678',
      '013800138000',
      '16612345678',
      '17012345678',
      '+8613800138000',
      '008613800138000',
    ],
    national: [
      ...['01088888888', '02188888888', '075588888888', '09318888888', '+86 10 8888 8888', '0086 755 8888-8888'],
      ...[
        '4001234567',
        '8008101234',
        '+864001234567',
        '95588',
        '95013123456',
        '01012345',
        '0755114',
        '0219558800',
        '010110',
      ],
    ],
    local: ['88888888', '6543210', '10086', '10000', '12306', '12345', '114', '96822', '11808'],
    premium: [
      ...['16888888', '1609999', '168123', '01016888888', '0755168888', '+8616888888', '13491234567', '17401234567'],
      ...['00870776123456', '+881612345678', '00882999123456', '+97912345678', '0019005551234', '+19765551234'],
    ],
    international: [
      '00442079460000',
      '+442079460000',
      '0012125551234',
      '+85221234567',
      '+886212345678',
      '00 7 495 1234567',
    ],
    other: [
      ...['1', '12', '0', '00', '000', '9', '99999999', '1380013800', '138001380001', '0138001380001', '+86', '0086'],
      ...['+0442079460000', '00044207946', '+123456', '+1234567890123456', '+86110', '1234567890'],
    ],
  };
  for (const [numberClass, numbers] of Object.entries(classes)) {
    if (numbers.length === 0) continue;
    it(`of class ${numberClass} are known`, () => {
      for (const number of numbers) expect(classOf(number), number).toBe(numberClass);
    });
  }

  it('behind the code of a carrier are what they are without it', () => {
    expect(classOf('1795100442079460000')).toBe('international');
    expect(classOf('179090086 13800138000')).toBe('mobile');
    expect(classOf('1790916888888')).toBe('premium');
    expect(classOf('1259313800138000')).toBe('mobile');
    expect(classOf('1179513800138000')).toBe('other');
    expect(classOf('17951179091380013800')).toBe('other');
    expect(digitsOf('17951+442079460000')).toBe('notDigits');
    expect(digitsOf('1795100442079460000')).toBe('1795100442079460000');
  });

  it('are digits alone: anything else is refused', () => {
    for (const odd of [
      '',
      '+',
      '++86',
      '1380013800a',
      '*72',
      '#31#110',
      '110;ext=1',
      'sip:110',
      '\uff11\uff11\uff10',
      '110\r\n',
      '1\0',
      '\u0661',
    ]) {
      expect(classOf(odd), JSON.stringify(odd)).toBe('notDigits');
    }
    expect(classOf('1'.repeat(25))).toBe('length');
    expect(classOf('-'.repeat(100_000))).toBe('length');
    expect(digitsOf(' (010) 8888-8888 ')).toBe('01088888888');
  });

  it('are dialled as they must be, whatever form they came in', () => {
    expect(digitsOf('+8613800138000')).toBe('13800138000');
    expect(digitsOf('+861088888888')).toBe('01088888888');
    expect(digitsOf('+8675588888888')).toBe('075588888888');
    expect(digitsOf('+864008123456')).toBe('4008123456');
    expect(digitsOf('+442079460000')).toBe('00442079460000');
    expect(readNumber('0044 20 7946 0000', CHINA)).toEqual({
      ...{ class: 'international', digits: '00442079460000', carrier: '', abroad: '442079460000' },
    });
  });

  it('of this exchange go before all but emergency numbers', () => {
    const isInternal = (digits: string): boolean => /^1\d{2,3}$/.test(digits);
    expect(classOf('114', CHINA, isInternal)).toBe('internal');
    expect(classOf('1001', CHINA, isInternal)).toBe('internal');
    expect(classOf('110', CHINA, isInternal)).toBe('emergency');
    expect(classOf('+1001', CHINA, isInternal)).toBe('other');
  });
});

describe('numbers elsewhere', () => {
  const germany = genericPlan({
    countryCode: '49',
    emergency: ['110', '112'],
    mobile: ['15', '16', '17'],
    premium: ['900', '137'],
  });
  const america = genericPlan({
    countryCode: '1',
    internationalPrefixes: ['011'],
    trunkPrefix: '',
    emergency: ['911'],
    premium: ['900'],
  });

  it('follow E.164', () => {
    const expected: [string, string][] = [
      ['112', 'emergency'],
      ['03012345678', 'national'],
      ['+493012345678', 'national'],
      ['015112345678', 'mobile'],
      ['+4915112345678', 'mobile'],
      ['09001234567', 'premium'],
      ['+499001234567', 'premium'],
      ['12345678', 'local'],
      ['008613800138000', 'international'],
      ['+979123456789', 'premium'],
      ['0', 'other'],
      ['123', 'other'],
    ];
    for (const [number, numberClass] of expected) expect(classOf(number, germany), number).toBe(numberClass);
    expect(digitsOf('+4915112345678', germany)).toBe('015112345678');
    expect(classOf('2125551234', america)).toBe('local');
    expect(classOf('+12125551234', america)).toBe('local');
    expect(classOf('9005551234', america)).toBe('premium');
    expect(classOf('011442079460000', america)).toBe('international');
    expect(classOf('15112345', genericPlan({ countryCode: '49' }))).toBe('local');
  });

  it('have prefixes of digits', () => {
    expect(() => genericPlan({ countryCode: '' })).toThrow(RangeError);
    expect(() => genericPlan({ countryCode: '49', mobile: ['(a+)+'] })).toThrow(RangeError);
    expect(() => genericPlan({ countryCode: '49', trunkPrefix: '.' })).toThrow(RangeError);
  });
});

describe('the calling policy', () => {
  const verdict = (text: string, policy: Partial<CallingPolicy> = {}): string => {
    const answer = allowed(text, { plan: CHINA, ...policy });
    return answer.allowed ? 'allowed' : answer.why;
  };

  it('allows calls within the country, and neither international nor premium ones', () => {
    for (const number of ['88888888', '01088888888', '13800138000', '110']) expect(verdict(number)).toBe('allowed');
    for (const number of [
      '00442079460000',
      '+442079460000',
      '1795100442079460000',
      '16888888',
      '+88161234567',
      '9999',
    ]) {
      expect(verdict(number), number).toBe('class');
    }
    expect(verdict('*72')).toBe('notDigits');
    expect(verdict('1'.repeat(30))).toBe('length');
  });

  it('allows and denies classes, but never denies emergency calls', () => {
    expect(verdict('+442079460000', { classes: { international: true } })).toBe('allowed');
    expect(verdict('+97912345678', { classes: { international: true } })).toBe('class');
    expect(verdict('16888888', { classes: { premium: true } })).toBe('allowed');
    expect(verdict('13800138000', { classes: { mobile: false } })).toBe('class');
    const nothing = { local: false, national: false, mobile: false, internal: false };
    expect(verdict('110', { classes: nothing, denied: ['1'] })).toBe('allowed');
  });

  it('allows some countries and denies beginnings, with whatever in front', () => {
    const policy = { classes: { international: true }, abroad: ['44', '852'], denied: ['447', '139'] };
    expect(verdict('+442079460000', policy)).toBe('allowed');
    expect(verdict('0085221234567', policy)).toBe('allowed');
    expect(verdict('+12125551234', policy)).toBe('denied');
    expect(verdict('+447700900000', policy)).toBe('denied');
    expect(verdict('1795100447700900000', policy)).toBe('denied');
    expect(verdict('13912345678', policy)).toBe('denied');
    expect(verdict('+8613912345678', policy)).toBe('denied');
    expect(verdict('1795113912345678', policy)).toBe('denied');
    expect(verdict('13812345678', { denied: [''] })).toBe('allowed');
  });
});

describe('limits of an account', () => {
  function account(concurrent: number, perHour: number) {
    const clock = new FakeClock();
    const limits = new CallLimits({ clock, allowance: () => ({ concurrent, perHour }) });
    const begin = (name = '1001') => {
      const admission = limits.begin(name);
      return admission.kind === 'taken' ? admission.end : admission.why;
    };
    return { clock, limits, begin };
  }

  it('hold for calls at a time', () => {
    const { begin } = account(2, 100);
    const first = begin();
    expect(begin()).toBeTypeOf('function');
    expect(begin()).toBe('concurrent');
    expect(begin('1002')).toBeTypeOf('function');
    if (typeof first !== 'function') throw new Error(first);
    first();
    first();
    expect(begin()).toBeTypeOf('function');
    expect(begin()).toBe('concurrent');
  });

  it('hold for calls within an hour, to the minute', async () => {
    const { begin, clock } = account(100, 3);
    const call = (): string => {
      const end = begin();
      if (typeof end !== 'function') return end;
      end();
      return 'taken';
    };
    expect(call()).toBe('taken');
    await clock.advance(10 * 60_000);
    expect([call(), call(), call()]).toEqual(['taken', 'taken', 'perHour']);
    await clock.advance(49 * 60_000);
    expect(call()).toBe('perHour');
    await clock.advance(60_000);
    expect([call(), call()]).toEqual(['taken', 'perHour']);
    await clock.advance(300 * 60_000);
    expect([call(), call(), call(), call()]).toEqual(['taken', 'taken', 'taken', 'perHour']);
  });

  it('are kept for accounts that call, and for no others', async () => {
    const { begin, clock, limits } = account(10, 10);
    for (let n = 0; n < 50; n++) {
      const end = begin(`a${n}`);
      if (typeof end === 'function' && n > 0) end();
    }
    expect(limits.size).toBe(50);
    await clock.advance(61 * 60_000);
    begin('b');
    expect(limits.size).toBe(2);
  });
});
