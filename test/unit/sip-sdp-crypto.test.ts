import { describe, expect, it } from 'vitest';

import {
  ALL_SUITES,
  cryptoLines,
  formatCrypto,
  parseCrypto,
  parseSdp,
  SUITE_KEY_BYTES,
  type SdpMedia,
} from '../../daemon/src/sip/sdp/index.js';

const KEY = Buffer.from(Array.from({ length: 30 }, (_, i) => i * 7 + 1));
const INLINE = `inline:${KEY.toString('base64')}`;

function media(...crypto: string[]): SdpMedia {
  const lines = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 'c=IN IP4 192.0.2.1', 'm=audio 4000 RTP/SAVP 8'];
  const session = parseSdp(Buffer.from([...lines, ...crypto.map((value) => `a=crypto:${value}`), ''].join('\r\n')));
  if (session.kind === 'failure') throw new Error(session.reason);
  return session.media[0]!;
}

describe('parseCrypto', () => {
  it('reads tag, suite, key, lifetime, MKI and session parameters', () => {
    expect(parseCrypto(`1 AES_CM_128_HMAC_SHA1_80 ${INLINE}`)).toEqual({
      tag: 1,
      suite: 'AES_CM_128_HMAC_SHA1_80',
      key: KEY,
      lifetime: undefined,
      mki: undefined,
      sessionParameters: [],
    });
    expect(parseCrypto(`12 AES_CM_128_HMAC_SHA1_32 ${INLINE}|2^20|1:4 WSH=64 KDR=1`)).toMatchObject({
      tag: 12,
      lifetime: 1_048_576n,
      mki: { value: 1n, bytes: 4 },
      sessionParameters: ['WSH=64', 'KDR=1'],
    });
    expect(parseCrypto(`1 AES_CM_128_HMAC_SHA1_80 ${INLINE}|1000`)).toMatchObject({ lifetime: 1000n, mki: undefined });
    expect(parseCrypto(`1 AES_CM_128_HMAC_SHA1_80 ${INLINE}|7:128`)).toMatchObject({ mki: { value: 7n, bytes: 128 } });
  });

  it.each(ALL_SUITES)('%s: writes and reads keys of its length, and no others', (suite) => {
    const key = Buffer.alloc(SUITE_KEY_BYTES[suite], 0xa5);
    expect(parseCrypto(formatCrypto(3, suite, key))).toMatchObject({ tag: 3, suite, key });
    expect(parseCrypto(formatCrypto(3, suite, key).replace(/=+$/, ''))).toMatchObject({ key });
    expect(parseCrypto(formatCrypto(3, suite, Buffer.alloc(key.length + 3)))).toBeUndefined();
    expect(parseCrypto(formatCrypto(3, suite, Buffer.alloc(key.length - 3)))).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['no key', '1 AES_CM_128_HMAC_SHA1_80'],
    ['no tag', `AES_CM_128_HMAC_SHA1_80 ${INLINE}`],
    ['a tag of ten digits', `1234567890 AES_CM_128_HMAC_SHA1_80 ${INLINE}`],
    ['an unknown suite', `1 F8_128_HMAC_SHA1_80 ${INLINE}`],
    ['a suite that objects have', `1 constructor ${INLINE}`],
    ['another method', `1 AES_CM_128_HMAC_SHA1_80 ${INLINE.replace('inline', 'url')}`],
    ['no base64', `1 AES_CM_128_HMAC_SHA1_80 inline:${'!'.repeat(40)}`],
    ['padding within', `1 AES_CM_128_HMAC_SHA1_80 inline:${'A'.repeat(20)}=${'A'.repeat(19)}`],
    ['two keys', `1 AES_CM_128_HMAC_SHA1_80 ${INLINE}|1:4;${INLINE}|2:4`],
    ['an MKI of 129 bytes', `1 AES_CM_128_HMAC_SHA1_80 ${INLINE}|1:129`],
    ['MKI before lifetime', `1 AES_CM_128_HMAC_SHA1_80 ${INLINE}|1:4|2^20`],
    ['three extras', `1 AES_CM_128_HMAC_SHA1_80 ${INLINE}|2^20|1:4|1:4`],
    ['an empty extra', `1 AES_CM_128_HMAC_SHA1_80 ${INLINE}|`],
  ])('refuses %s', (_what, value) => {
    expect(parseCrypto(value)).toBeUndefined();
  });
});

describe('cryptoLines', () => {
  it('gives those that can be read, of two with one tag the first', () => {
    const other = Buffer.alloc(30, 9);
    const lines = cryptoLines(
      media(
        '1 UNKNOWN inline:x',
        `2 AES_CM_128_HMAC_SHA1_80 ${INLINE}`,
        formatCrypto(2, 'AES_CM_128_HMAC_SHA1_32', other),
        formatCrypto(3, 'AES_CM_128_HMAC_SHA1_32', other),
      ),
    );
    expect(lines.map(({ tag, key }) => [tag, key])).toEqual([
      [2, KEY],
      [3, other],
    ]);
  });

  it('looks at sixteen lines only', () => {
    const many = Array.from({ length: 40 }, (_, i) => formatCrypto(i + 1, 'AES_CM_128_HMAC_SHA1_80', KEY));
    expect(cryptoLines(media(...many))).toHaveLength(16);
  });
});
