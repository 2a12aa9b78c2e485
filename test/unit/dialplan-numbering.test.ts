import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { knownCountries, readCountry } from '../../daemon/src/config/index.js';
import { NumberingPlan } from '../../daemon/src/dialplan/index.js';

const FOLDER = fileURLToPath(new URL('../../firmware-config/countries', import.meta.url));
const planOf = (country: string) => new NumberingPlan(readCountry(country, FOLDER).numbering);

describe('China', () => {
  const cn = planOf('cn');

  test.each([
    ['110', 'emergency'],
    ['119', 'emergency'],
    ['120', 'emergency'],
    ['122', 'emergency'],
    ['12395', 'emergency'],
    ['66668888', 'local'],
    ['5551234', 'local'],
    ['10086', 'local'],
    ['12345', 'local'],
    ['114', 'local'],
    ['95588', 'national'],
    ['4008001234', 'national'],
    ['01066668888', 'national'],
    ['02087654321', 'national'],
    ['03112345678', 'national'],
    ['075588887777', 'national'],
    ['075512345', 'national'],
    ['13800138000', 'mobile'],
    ['013800138000', 'mobile'],
    ['19912345678', 'mobile'],
    ['0085212345678', 'international'],
    ['00', 'unknown'],
    ['0012', 'international'],
    ['1790900441234567', 'international'],
    ['1790901066668888', 'national'],
    ['17909', 'unknown'],
    ['179091791100441234', 'unknown'],
    ['17909110', 'unknown'],
    ['16885858', 'premium'],
    ['160123', 'premium'],
    ['016885858010', 'premium'],
    ['12590123', 'premium'],
    ['13491234567', 'premium'],
    ['17400512345', 'premium'],
    ['16612345678', 'mobile'],
    ['1661234567', 'unknown'],
    ['138001380001', 'unknown'],
    ['85212345678', 'unknown'],
    ['8613800138000', 'unknown'],
    ['', 'unknown'],
    ['1'.repeat(24), 'unknown'],
  ])('%s is %s', (digits, expected) => {
    expect(cn.classify(digits)).toBe(expected);
  });

  test.each([
    ['861066668888', '01066668888'],
    ['8613800138000', '13800138000'],
    ['864008001234', '4008001234'],
    ['86110', '110'],
    ['85212345678', '0085212345678'],
    ['14155550100', '0014155550100'],
  ])('+%s is dialled %s', (e164, dialled) => {
    expect(cn.fromE164(e164)).toBe(dialled);
    if (dialled !== '110') expect(cn.toE164(dialled)).toBe(e164);
  });

  test.each([
    ['+8613800138000', '13800138000'],
    ['008613800138000', '13800138000'],
    ['8613800138000', '13800138000'],
    ['+861066668888', '01066668888'],
    ['00861066668888', '01066668888'],
    ['861066668888', '01066668888'],
    ['864008001234', '4008001234'],
    ['13800138000', '13800138000'],
    ['013800138000', '013800138000'],
    ['01066668888', '01066668888'],
    ['66668888', '66668888'],
    ['10086', '10086'],
    ['+442071838750', '00442071838750'],
    ['00442071838750', '00442071838750'],
    // Nobody knows what that is.
    ['442071838750', '442071838750'],
    ['00869', '00869'],
    ['', ''],
  ])('who calls as %s is called back as %s', (number, dialled) => {
    expect(cn.asDialled(number, false)).toBe(dialled);
  });

  test.each([
    ['8613800138000', '13800138000'],
    ['442071838750', '00442071838750'],
    ['13800138000', '13800138000'],
    ['10086', '10086'],
    ['9999', '9999'],
  ])('of a carrier that writes country codes %s is called back as %s', (number, dialled) => {
    expect(cn.asDialled(number, true)).toBe(dialled);
  });

  test('a number without its area, of a carrier or of the emergency services has no country code', () => {
    for (const digits of ['66668888', '110', '1790900441234567', '138']) expect(cn.toE164(digits)).toBeUndefined();
    expect(cn.toE164('013800138000')).toBe('8613800138000');
  });

  test('tells when a number is whole', () => {
    for (const whole of ['13800138000', '01066668888', '4008001234', '110'])
      expect([whole, cn.mayGrow(whole)]).toEqual([whole, false]);
    // Seven digits are a number where eight are another, and where abroad a number ends nobody knows.
    for (const open of ['', '1', '0', '5551234', '0031', '17909', '1790900', '0311234567'])
      expect([open, cn.mayGrow(open)]).toEqual([open, true]);
    expect(cn.mayGrow('0'.repeat(24))).toBe(false);
  });
});

describe('others', () => {
  test.each([
    ['us', '911', 'emergency'],
    ['us', '12125550100', 'national'],
    ['us', '2125550100', 'national'],
    ['us', '5550100', 'local'],
    ['us', '011442071234567', 'international'],
    ['us', '18765550100', 'international'],
    ['us', '8765550100', 'international'],
    ['us', '8765550', 'local'],
    ['us', '19005550100', 'premium'],
    ['us', '101028801144207', 'international'],
    ['gb', '02071234567', 'national'],
    ['gb', '0044', 'international'],
    ['gb', '09061234567', 'premium'],
    ['gb', '07912345678', 'mobile'],
    ['de', '112', 'emergency'],
    ['de', '0103300331', 'international'],
    ['de', '03012345', 'national'],
    ['de', '12345', 'local'],
    ['de', '12345678901234567', 'unknown'],
    ['hk', '21234567', 'local'],
    ['hk', '61234567', 'mobile'],
    ['hk', '0018613800138000', 'international'],
    ['hk', '123', 'unknown'],
    ['ru', '81044', 'international'],
    ['ru', '87012345678', 'international'],
    ['ru', '84951234567', 'national'],
    ['jp', '010441234', 'international'],
    ['jp', '09012345678', 'mobile'],
    ['au', '000', 'emergency'],
    ['au', '001144', 'international'],
  ])('%s: %s is %s', (country, digits, expected) => {
    expect(planOf(country).classify(digits)).toBe(expected);
  });

  test.each([
    ['us', '+12125550100', false, '12125550100'],
    ['us', '12125550100', true, '12125550100'],
    ['us', '+442071234567', false, '011442071234567'],
    ['hk', '+85221234567', false, '21234567'],
    ['hk', '85221234567', false, '21234567'],
    ['hk', '85212345', true, '85212345'],
    ['gb', '+442071234567', false, '02071234567'],
    ['gb', '442071234567', true, '02071234567'],
    ['gb', '00442071234567', false, '02071234567'],
  ])('%s: who calls as %s (%s) is called back as %s', (country, number, e164, dialled) => {
    expect(planOf(country).asDialled(number, e164)).toBe(dialled);
  });

  test('a country code that is the prefix of a dearer one does not make it cheap', () => {
    expect(planOf('us').classifyE164('18765550100')).toBe('international');
    expect(planOf('us').classifyE164('12125550100')).toBe('national');
    expect(planOf('us').toE164('2125550100')).toBe('12125550100');
    expect(planOf('gb').classifyE164('442071234567')).toBe('national');
    expect(planOf('gb').toE164('02071234567')).toBe('442071234567');
    expect(planOf('it').toE164('0612345678')).toBe('390612345678');
    expect(planOf('hk').toE164('61234567')).toBe('85261234567');
  });

  test.each(knownCountries(FOLDER))('%s: what begins with the international prefix is never cheap', (country) => {
    const plan = planOf(country);
    const { internationalPrefix, emergency } = readCountry(country, FOLDER).numbering;
    for (const rest of ['1', '44', '8801234567', '112', '0', '999999999999999']) {
      expect(plan.classify(internationalPrefix + rest)).toBe('international');
    }
    for (const number of emergency) expect(plan.classify(number)).toBe('emergency');
  });
});
