import { describe, expect, it } from 'vitest';

import { answerOffer, attributeValues, cryptoLines, makeOffer, readAnswer } from '../../daemon/src/sip/sdp/index.js';
import { audioOf, answered, PHONE, sdp, sent, why, wishes } from '../support/sip-sdp-ends.js';

describe('SRTP', () => {
  const key = Buffer.alloc(30, 0x55);
  const crypto = `a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:${key.toString('base64')}`;
  const open = PHONE;
  const secure = [...PHONE.map((line) => line.replace('RTP/AVP', 'RTP/SAVP')), crypto];

  it.each([
    ['none', open, 'open'],
    ['none', [...open, crypto], 'open'],
    ['none', secure, 'encryption is not wanted'],
    ['offered', open, 'open'],
    ['offered', [...open, crypto], 'encrypted'],
    ['offered', secure, 'encrypted'],
    ['required', open, 'encryption is required'],
    ['required', [...open, crypto], 'encrypted'],
    ['required', secure, 'encrypted'],
  ] as const)('policy %s, offer %#: %s', (srtp, offer, outcome) => {
    const result = answerOffer(sdp(...offer), wishes({ srtp }));
    if (outcome !== 'open' && outcome !== 'encrypted') {
      expect(why(result)).toBe(outcome);
      return;
    }
    const { answer, audio } = answered(result);
    const localKey = Buffer.alloc(30, 1);
    expect(audio.srtp).toEqual(
      outcome === 'open' ? undefined : { suite: 'AES_CM_128_HMAC_SHA1_80', localKey, remoteKey: key },
    );
    expect(attributeValues(answer.media[0]!, 'crypto')).toEqual(
      outcome === 'open' ? [] : [`4 AES_CM_128_HMAC_SHA1_80 inline:${localKey.toString('base64')}`],
    );
    expect(answer.media[0]?.protocol).toBe(offer === secure ? 'RTP/SAVP' : 'RTP/AVP');
  });

  it('takes the first suite that it may, and none that takes the protection away', () => {
    const offer = sdp(
      'm=audio 5004 RTP/SAVP 8',
      `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key.toString('base64')} UNENCRYPTED_SRTP`,
      `a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:${key.toString('base64')}|2^31|1:1`,
      `a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:${key.toString('base64')}`,
      `a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:${key.toString('base64')}|2^31 WSH=128`,
    );
    const suites = ['AES_CM_128_HMAC_SHA1_80'] as const;
    const { answer } = answered(answerOffer(offer, wishes({ srtp: 'required', cryptoSuites: suites })));
    expect(cryptoLines(answer.media[0]!).map(({ tag, suite }) => [tag, suite])).toEqual([
      [4, 'AES_CM_128_HMAC_SHA1_80'],
    ]);
    const gcm = wishes({ srtp: 'required', cryptoSuites: ['AEAD_AES_256_GCM'] });
    expect(why(answerOffer(offer, gcm))).toBe('no suite of SRTP is in common');
  });

  it('takes an encrypted stream before one in the open', () => {
    const offer = sdp(...open, ...secure);
    expect(answered(answerOffer(offer, wishes({ srtp: 'offered' }))).audio).toMatchObject({ index: 1 });
    expect(answered(answerOffer(offer, wishes({ srtp: 'none' }))).audio).toMatchObject({ index: 0 });
  });

  it('keeps our key when the other end changes the session', () => {
    const preferences = wishes({ srtp: 'offered' });
    const remote = sdp(...secure);
    const first = answered(answerOffer(remote, preferences));
    const again = answered(answerOffer(sdp(...secure, 'a=sendonly'), preferences, { local: first.answer, remote }));
    expect(again.audio.srtp?.localKey).toEqual(first.audio.srtp?.localKey);
  });

  it('is agreed on by offer and answer of ours', () => {
    for (const [offered, taken, encrypted] of [
      ['required', 'offered', true],
      ['offered', 'required', true],
      ['offered', 'none', false],
      ['none', 'offered', false],
    ] as const) {
      const offer = makeOffer(wishes({ srtp: offered }));
      expect(offer.media[0]?.protocol).toBe(offered === 'required' ? 'RTP/SAVP' : 'RTP/AVP');
      const there = answered(answerOffer(sent(offer), wishes({ address: '192.0.2.20', srtp: taken })));
      const here = audioOf(readAnswer(offer, sent(there.answer)));
      expect(here.srtp !== undefined).toBe(encrypted);
      expect(here.srtp?.localKey).toEqual(there.audio.srtp?.remoteKey);
      expect(here.srtp?.remoteKey).toEqual(there.audio.srtp?.localKey);
    }
    const strict = makeOffer(wishes({ srtp: 'required' }));
    expect(why(answerOffer(sent(strict), wishes({ srtp: 'none' })))).toBe('encryption is not wanted');
  });

  it('does not take a key that belongs to none of its own for no key', () => {
    const offer = makeOffer(wishes({ srtp: 'offered' }));
    const reply = (...more: string[]) => readAnswer(offer, sdp('m=audio 5004 RTP/AVP 8', ...more));
    expect(audioOf(reply()).srtp).toBeUndefined();
    expect(why(reply(crypto.replace(':4', ':99')))).toBe('the answer has no key for SRTP');
    expect(why(reply('a=crypto:1 UNKNOWN inline:x'))).toBe('the answer has no key for SRTP');
  });

  it('does not go on without a key for its key', () => {
    const offer = makeOffer(wishes({ srtp: 'required' }));
    const [first] = cryptoLines(offer.media[0]!);
    const reply = (protocol: string, ...more: string[]) =>
      readAnswer(offer, sdp(`m=audio 5004 ${protocol} 8`, ...more));
    expect(why(reply('RTP/SAVP'))).toBe('the answer has no key for SRTP');
    expect(why(reply('RTP/AVP'))).toBe('the answer has no key for SRTP');
    const wrongTag = `a=crypto:9 ${first!.suite} inline:${key.toString('base64')}`;
    expect(why(reply('RTP/SAVP', wrongTag))).toBe('the answer has no key for SRTP');
    const wrongSuite = `a=crypto:${first!.tag} AES_CM_128_HMAC_SHA1_32 inline:${key.toString('base64')}`;
    expect(why(reply('RTP/SAVP', wrongSuite))).toBe('the answer has no key for SRTP');
    const right = `a=crypto:${first!.tag} ${first!.suite} inline:${key.toString('base64')}`;
    expect(audioOf(reply('RTP/SAVP', right)).srtp).toEqual({
      suite: first!.suite,
      localKey: first!.key,
      remoteKey: key,
    });
    expect(audioOf(reply('RTP/AVP', right)).srtp?.remoteKey).toEqual(key);
    expect(why(readAnswer(makeOffer(wishes()), sdp('m=audio 5004 RTP/SAVP 8', right)))).toBe(
      'the answer has no key for SRTP',
    );
  });
});
