import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readCountry } from '../../daemon/src/config/index.js';
import { NumberingPlan } from '../../daemon/src/dialplan/index.js';
import { NumberBlocks, NumberBook } from '../../daemon/src/numbers/index.js';

const folder = (name: string): string => fileURLToPath(new URL(`../../firmware-config/${name}`, import.meta.url));
const blocks = new NumberBlocks(folder('numbers/cn.txt'));
const bookOf = (country: string): NumberBook =>
  new NumberBook(country, new NumberingPlan(readCountry(country, folder('countries')).numbering), blocks);

test('region and carrier of Chinese numbers, however they are written', () => {
  const book = bookOf('cn');
  const mobile = book.info('+86 138-0013-8000');
  expect(mobile).toMatchObject({
    ...{ number: '13800138000', e164: '+8613800138000', kind: 'mobile', valid: true },
    origin: {
      ...{ country: 'CN', province: { zh: '北京', en: 'Beijing' }, city: { zh: '北京', en: 'Beijing' } },
      carrier: { zh: '中国移动', en: 'China Mobile' },
    },
  });
  expect(book.info('8613800138000')).toEqual(book.info('13800138000'));
  expect(book.info('075583765566')).toMatchObject({
    ...{ e164: '+8675583765566', kind: 'fixed' },
    origin: { province: { zh: '广东', en: 'Guangdong' }, city: { zh: '深圳', en: 'Shenzhen' }, carrier: null },
  });
  // A block of which only the carrier is known.
  expect(book.info('19912345678').origin).toMatchObject({ province: null, carrier: { en: 'China Telecom' } });
});

test('numbers abroad, short ones, and what is none', () => {
  const book = bookOf('cn');
  expect(book.info('00442071838750')).toMatchObject({
    e164: '+442071838750',
    kind: 'fixed',
    origin: { country: 'GB' },
  });
  expect(book.info('110')).toMatchObject({ kind: 'emergency', e164: null });
  expect(book.info('10086')).toMatchObject({ kind: 'service', e164: null });
  expect(book.info('83765566')).toMatchObject({ kind: 'unknown', e164: null });
  expect(book.info('')).toMatchObject({ number: '', kind: 'unknown' });
  expect(book.info('+'.repeat(500))).toMatchObject({ kind: 'unknown' });
  expect(book.origin('')).toBeNull();
  expect(bookOf('gb').info('02071838750')).toMatchObject({ e164: '+442071838750' });
  expect(bookOf('gb').info('008613800138000').origin.province).toMatchObject({ en: 'Beijing' });
});
