import { describe, expect, it } from 'vitest';

import {
  formatNameAddr,
  formatParams,
  formatUri,
  formatVia,
  MAX_PARAMS,
  MAX_URI_CHARS,
  parseNameAddr,
  parseParams,
  parseUri,
  parseVia,
  quote,
  sameUri,
  splitList,
  unquote,
  type SipUri,
} from '../../daemon/src/sip/message/index.js';

function uri(text: string): SipUri {
  const parsed = parseUri(text);
  if (parsed === undefined) throw new Error(`no URI: ${text}`);
  return parsed;
}

describe('parseUri', () => {
  it('reads all parts of a SIP URI', () => {
    expect(uri('sips:ali%63e:se%3Acret@Example.COM:5061;Transport=TCP;lr?Subject=a%20b&priority=urgent')).toEqual({
      scheme: 'sips',
      user: 'alice',
      password: 'se:cret',
      host: 'example.com',
      port: 5061,
      params: new Map([
        ['transport', 'TCP'],
        ['lr', null],
      ]),
      headers: new Map([
        ['subject', 'a b'],
        ['priority', 'urgent'],
      ]),
    });
  });

  it.each([
    ['sip:example.com', undefined, 'example.com', undefined],
    ['SIP:2001@10.0.0.1', '2001', '10.0.0.1', undefined],
    ['sip:[2001:DB8::1]', undefined, '2001:db8::1', undefined],
    ['sip:a@[::1]:5070;x', 'a', '::1', 5070],
    ['sip:*98#@pbx', '*98#', 'pbx', undefined],
    ['sip:+1-212;isub=1@gw', '+1-212;isub=1', 'gw', undefined],
    ['sip:a?b@c', 'a?b', 'c', undefined],
    ['sip:%E5%BC%A0@h', '张', 'h', undefined],
    ['sip:张@h', '张', 'h', undefined],
    ['sip:a@my_host.', 'a', 'my_host.', undefined],
  ])('reads %s', (text, user, host, port) => {
    expect(uri(text)).toMatchObject({ user, host, port });
  });

  it.each([
    '',
    'sip',
    'sip:',
    ':a@b',
    'sip:@host',
    'sip:a@',
    'sip:a@b@c',
    'sip:a b@c',
    'sip:a@b c',
    'sip:a@b>',
    'sip:"a"@b',
    'sip:a@b:',
    'sip:a@b:0',
    'sip:a@b:65536',
    'sip:a@b:5060x',
    'sip:a@b:-1',
    'sip:a%4@b',
    'sip:a%zz@b',
    'sip:a@b%41',
    'sip:a@b;',
    'sip:a@b;;lr',
    'sip:a@b;=x',
    'sip:a@b;x=1;X=2',
    'sip:a@b;x=a=b',
    'sip:a@b?',
    'sip:a@b?x',
    'sip:a@b?=x',
    'sip:a@b?x=1&',
    'sip:a@[::1',
    'sip:a@[]',
    'sip:a@[127.0.0.1]',
    'sip:a@::1',
    'sip:a\r\n@b',
    'sip:a@b\0',
    'tel:',
    'tel:abc-xyz',
    'tel:+1;x=1;x=2',
    '1http:x',
    'http:',
    'http:a b',
    '<sip:a@b>',
    ' sip:a@b',
  ])('refuses %j', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });

  it('has limits', () => {
    const rest = MAX_URI_CHARS - 'sip:@h'.length;
    expect(parseUri(`sip:${'a'.repeat(rest)}@h`)).toBeDefined();
    expect(parseUri(`sip:${'a'.repeat(rest + 1)}@h`)).toBeUndefined();
    const params = (count: number) => Array.from({ length: count }, (_, i) => `;p${i}`).join('');
    expect(parseUri(`sip:h${params(MAX_PARAMS)}`)?.params.size).toBe(MAX_PARAMS);
    expect(parseUri(`sip:h${params(MAX_PARAMS + 1)}`)).toBeUndefined();
    expect(parseUri(`sip:h?${'a=b&'.repeat(MAX_PARAMS - 1)}a=b`)).toBeDefined();
    expect(parseUri(`sip:h?${'a=b&'.repeat(MAX_PARAMS)}a=b`)).toBeUndefined();
  });

  it('reads tel URIs, and keeps others as text', () => {
    expect(uri('tel:+1-212-555;phone-context=Example.com;ext=1')).toMatchObject({
      scheme: 'tel',
      user: '+1-212-555',
      host: '',
      params: new Map([
        ['phone-context', 'Example.com'],
        ['ext', '1'],
      ]),
    });
    expect(uri('URN:service:sos')).toMatchObject({ scheme: 'urn', user: 'service:sos', host: '', params: new Map() });
  });
});

describe('formatUri', () => {
  it.each([
    'sip:example.com',
    'sips:alice:pw@example.com:5061;transport=tcp;lr?subject=a%20b&x=y',
    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@h",
    'sip:a%20b%40c@[2001:db8::1]:5060;maddr=[::1]',
    'sip:%00%FF@h',
    'tel:+12125551212;phone-context=x.com',
    'urn:service:sos',
  ])('writes %s as it was', (text) => {
    expect(formatUri(uri(text))).toBe(text);
  });

  it('escapes what would end the URI', () => {
    const hostile = 'x>;tag=1\r\nTo: <sip:y@z';
    expect(formatUri({ ...uri('sip:a@b'), user: hostile })).toBe('sip:x%3E;tag=1%0D%0ATo%3A%20%3Csip%3Ay%40z@b');
    expect(formatUri({ ...uri('tel:1'), user: hostile })).toBe('tel:x%3E;tag=1%0D%0ATo:%20%3Csip:y@z');
    expect(uri(formatUri({ ...uri('sip:b'), params: new Map([['a;b', 'c?>']]) })).params).toEqual(
      new Map([['a;b', 'c?>']]),
    );
  });
});

describe('sameUri', () => {
  // RFC 3261 19.1.4 has these.
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;newparam=5'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['tel:+1-212-555', 'tel:+1(212)555'],
    ['tel:+1;ext=A', 'tel:+1;EXT=a'],
    ['urn:x', 'urn:x'],
  ])('%s is %s', (a, b) => {
    expect([sameUri(uri(a), uri(b)), sameUri(uri(b), uri(a))]).toEqual([true, true]);
  });

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:carol@chicago.com;x', 'sip:carol@chicago.com;x=1'],
    ['sip:a:p@b', 'sip:a@b'],
    ['sip:a@b', 'sips:a@b'],
    ['sip:a@b;user=phone', 'sip:a@b'],
    ['sip:a@b;maddr=1.1.1.1', 'sip:a@b'],
    ['sip:a@b;ttl=1', 'sip:a@b'],
    ['sip:a@b;method=INVITE', 'sip:a@b'],
    ['sip:a?x=1', 'sip:a?x=2'],
    ['tel:+1', 'tel:1'],
    ['tel:1;phone-context=a', 'tel:1'],
    ['urn:x', 'urn:X'],
  ])('%s is not %s', (a, b) => {
    expect([sameUri(uri(a), uri(b)), sameUri(uri(b), uri(a))]).toEqual([false, false]);
  });
});

describe('parseNameAddr', () => {
  it.each([
    ['sip:a@b;tag=1', '', 'a', [['tag', '1']]],
    ['<sip:a@b;lr>;tag=1', '', 'a', [['tag', '1']]],
    [
      'Ann B. <sip:a@b> ; tag = 1;x',
      'Ann B.',
      'a',
      [
        ['tag', '1'],
        ['x', null],
      ],
    ],
    ['"A \\"q\\" \\\\ <sip:c@d>;" <sip:a@b>', 'A "q" \\ <sip:c@d>;', 'a', []],
    ['"x"<sip:a@b>;q="a;b\\"c"', 'x', 'a', [['q', 'a;b"c']]],
    [
      '\t<sip:a@b>;received=[2001:db8::1];+sip.instance="<urn:uuid:1>"',
      '',
      'a',
      [
        ['received', '[2001:db8::1]'],
        ['+sip.instance', '<urn:uuid:1>'],
      ],
    ],
  ] as const)('reads %s', (text, displayName, user, params) => {
    const nameAddr = parseNameAddr(text)!;
    expect(nameAddr).toMatchObject({ displayName, uri: { user } });
    expect([...nameAddr.params]).toEqual(params);
    expect(parseNameAddr(formatNameAddr(nameAddr))).toEqual(nameAddr);
  });

  it.each([
    '',
    'a',
    '<sip:a@b',
    '"x <sip:a@b>',
    '"x\\" <sip:a@b>',
    '"x" sip:a@b',
    '"x" y <sip:a@b>',
    'x" <sip:a@b>',
    'x; <sip:a@b>',
    '< sip:a@b>',
    '<sip:a@b >',
    '<>',
    '<sip:a@b>x',
    '<sip:a@b>;',
    '<sip:a@b>;;x',
    '<sip:a@b>;x=',
    '<sip:a@b>;x="',
    '<sip:a@b>;x="a"b',
    '<sip:a@b>;x=a b',
    '<sip:a@b>;x;X',
    '<sip:a@b>,<sip:c@d>',
    'sip:a@b?x=y',
    'sip:a,b@c',
  ])('refuses %j', (text) => {
    expect(parseNameAddr(text)).toBeUndefined();
  });

  it('is written so that a name is nothing but a name', () => {
    const nameAddr = {
      displayName: 'a" <sip:x@y>;tag=1\r\nX: y\0',
      uri: uri('sip:a@b'),
      params: new Map([['t', 'a b']]),
    };
    expect(formatNameAddr(nameAddr)).toBe('"a\\" <sip:x@y>;tag=1  X: y " <sip:a@b>;t="a b"');
  });
});

describe('parseVia', () => {
  it.each([
    ['SIP/2.0/UDP a.b', { transport: 'UDP', host: 'a.b', port: undefined }],
    ['SIP/2.0/tls [2001:DB8::1]:5061;branch=z9hG4bK1;rport', { transport: 'TLS', host: '2001:db8::1', port: 5061 }],
    [' sip / 2.0 / ws  A.b : 80 ; branch = z', { transport: 'WS', host: 'a.b', port: 80 }],
  ])('reads %s', (text, parts) => {
    const via = parseVia(text)!;
    expect(via).toMatchObject(parts);
    expect(parseVia(formatVia(via))).toEqual(via);
  });

  it('writes it', () => {
    const params = new Map([
      ['branch', 'z9hG4bK1'],
      ['rport', null],
      ['received', '2001:db8::1'],
    ]);
    expect(formatVia({ transport: 'TCP', host: '2001:db8::9', port: 5060, params })).toBe(
      'SIP/2.0/TCP [2001:db8::9]:5060;branch=z9hG4bK1;rport;received=2001:db8::1',
    );
  });

  it.each([
    '',
    'SIP/2.0',
    'SIP/2.0/',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ',
    'SIP/2.0/UDPa.b',
    'SIP/2.0/UDP[::1]',
    'SIP/2.0/UDP a.b:',
    'SIP/2.0/UDP a.b:x',
    'SIP/2.0/UDP a.b c',
    'SIP/2.0/UDP a.b;',
    'SIP/2.0/UDP ;branch=x',
    'SIP/2.0/UDP [::1',
    'SIP/1.0/UDP a.b',
    'HTTP/2.0/UDP a.b',
    'SIP/2.0/ UDP',
  ])('refuses %j', (text) => {
    expect(parseVia(text)).toBeUndefined();
  });
});

describe('lists, parameters and quotes', () => {
  it('splits at commas outside of quotes and brackets', () => {
    expect(splitList('a')).toEqual(['a']);
    expect(splitList('a, b ,c')).toEqual(['a', 'b', 'c']);
    expect(splitList('"a,\\"b" <sip:a,b>, c,,')).toEqual(['"a,\\"b" <sip:a,b>', 'c']);
    expect(splitList('"a, b')).toEqual(['"a, b']);
    expect(splitList('<a, b')).toEqual(['<a, b']);
    expect([splitList(''), splitList(',')]).toEqual([[], []]);
  });

  it('reads parameters up to the first fault', () => {
    expect([...parseParams(';a=1;B="x;y";c')]).toEqual([
      ['a', '1'],
      ['b', 'x;y'],
      ['c', null],
    ]);
    expect([...parseParams(' a = 1')]).toEqual([['a', '1']]);
    expect([...parseParams('a=1;;b=2')]).toEqual([['a', '1']]);
    expect(parseParams('').size).toBe(0);
    const many = Array.from({ length: MAX_PARAMS + 5 }, (_, i) => `p${i}`).join(';');
    expect(parseParams(many).size).toBe(MAX_PARAMS);
  });

  it('writes parameters, quoted where they must be', () => {
    const params = new Map([
      ['a', '1'],
      ['b', null],
      ['c', 'x y'],
      ['d', ''],
      ['e', '2001:db8::1'],
    ]);
    expect(formatParams(params)).toBe(';a=1;b;c="x y";d="";e=2001:db8::1');
    expect(parseParams(formatParams(params))).toEqual(params);
  });

  it('quotes and unquotes', () => {
    expect(quote('a"b\\c')).toBe('"a\\"b\\\\c"');
    expect(unquote(quote('a"b\\c\u5f20'))).toBe('a"b\\c\u5f20');
    expect([unquote('abc'), unquote('"'), unquote('""'), unquote('"\\a"')]).toEqual(['abc', '"', '', 'a']);
  });
});
