// Answering challenges of others: which, how, how often, and with what counts.
import { describe, expect, it } from 'vitest';
import {
  DigestClient,
  digestHash,
  parseCredentials,
  requestDigest,
  type DigestCredentials,
} from '../../daemon/src/sip/auth/index.js';
import { newRequest, newResponse, type SipRequest, type SipResponse } from '../../daemon/src/sip/message/index.js';

const USER = { username: 'trunk7', password: 'pw-of-the-trunk' };

function invite(): SipRequest {
  return newRequest({
    method: 'INVITE',
    uri: 'sip:+8613800000000@carrier.example;user=phone',
    headers: [
      ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
      ['From', '<sip:trunk7@carrier.example>;tag=1'],
      ['To', '<sip:+8613800000000@carrier.example>'],
      ['Call-ID', 'c1'],
      ['CSeq', '1 INVITE'],
    ],
  });
}

function refusal(...challenges: readonly [header: 'WWW' | 'Proxy', text: string][]): SipResponse {
  const response = newResponse(invite(), challenges.some(([header]) => header === 'WWW') ? 401 : 407);
  for (const [header, text] of challenges) response.headers.add(`${header}-Authenticate`, `Digest ${text}`);
  return response;
}

function given(request: SipRequest, header = 'Authorization'): DigestCredentials[] {
  return request.headers.lines(header).map((line) => {
    const parsed = parseCredentials(line);
    if (parsed === undefined || parsed === 'other') throw new Error(`not readable: ${line}`);
    return parsed;
  });
}

function isRight(request: SipRequest, credentials: DigestCredentials): boolean {
  const { algorithm = 'MD5', realm, nonce, uri, protection, response, session } = credentials;
  let ha1 = digestHash(algorithm, `${USER.username}:${realm}:${USER.password}`);
  if (session) ha1 = digestHash(algorithm, `${ha1}:${nonce}:${protection!.cnonce}`);
  return requestDigest(algorithm, { ha1, method: request.method, uri, nonce, protection }) === response;
}

const MD5 = 'realm="carrier", nonce="n1", opaque="o\\"1", qop="auth,auth-int", algorithm=MD5';

describe('the digest client', () => {
  it('answers a challenge with what the challenger needs', () => {
    const client = new DigestClient(USER);
    const first = invite();
    const attempt = client.begin(first);
    expect(first.headers.has('Authorization')).toBe(false);
    const next = invite();
    expect(attempt.challenged(refusal(['WWW', MD5]), next)).toEqual({ kind: 'retry' });
    const [credentials, ...more] = given(next);
    expect(more).toEqual([]);
    expect(credentials).toMatchObject({
      ...{ username: 'trunk7', realm: 'carrier', nonce: 'n1', opaque: 'o"1', algorithm: 'MD5' },
      uri: 'sip:+8613800000000@carrier.example;user=phone',
      protection: { qop: 'auth', nonceCount: '00000001' },
    });
    expect(isRight(next, credentials!)).toBe(true);
    expect(next.headers.has('Proxy-Authorization')).toBe(false);
  });

  it('takes the strongest algorithm that it knows and may use, wherever it stands', () => {
    const challenges = refusal(
      ['WWW', MD5],
      ['WWW', 'realm="carrier", nonce="n2", qop="auth", algorithm=SHA-3'],
      ['WWW', 'realm="carrier", nonce="n3", qop="auth", algorithm=SHA-256'],
      ['WWW', 'realm="carrier", nonce="n4", qop="auth-int", algorithm=SHA-512-256'],
    );
    const chosen = (algorithms?: ('MD5' | 'SHA-256')[]): string | undefined => {
      const next = invite();
      new DigestClient({ ...USER, algorithms }).begin(invite()).challenged(challenges, next);
      const [credentials] = given(next);
      expect(isRight(next, credentials!)).toBe(true);
      return credentials?.nonce;
    };
    expect(chosen()).toBe('n3');
    expect(chosen(['MD5'])).toBe('n1');
    const strongest = refusal(['WWW', MD5], ['WWW', 'realm="carrier", nonce="n5", qop="auth", algorithm=SHA-512-256']);
    const next = invite();
    new DigestClient(USER).begin(invite()).challenged(strongest, next);
    expect(given(next)).toMatchObject([{ nonce: 'n5', algorithm: 'SHA-512-256' }]);
  });

  it('does without qop, and with the session variant', () => {
    const old = invite();
    new DigestClient(USER).begin(invite()).challenged(refusal(['WWW', 'realm="r", nonce="n"']), old);
    expect(given(old)).toMatchObject([{ protection: undefined, algorithm: 'MD5' }]);
    expect(isRight(old, given(old)[0]!)).toBe(true);

    const client = new DigestClient(USER);
    const session = invite();
    const text = 'realm="r", nonce="n", qop="auth", algorithm=SHA-256-sess';
    client.begin(invite()).challenged(refusal(['WWW', text]), session);
    expect(given(session)).toMatchObject([{ session: true, algorithm: 'SHA-256' }]);
    expect(isRight(session, given(session)[0]!)).toBe(true);
    const later = invite();
    client.begin(later);
    expect(given(later)[0]!.protection).toEqual({
      ...given(session)[0]!.protection!,
      nonceCount: '00000002',
      count: 2,
    });
    expect(isRight(later, given(later)[0]!)).toBe(true);
  });

  it('answers a proxy and the server behind it, each with its own', () => {
    const attempt = new DigestClient(USER).begin(invite());
    const second = invite();
    expect(attempt.challenged(refusal(['Proxy', 'realm="p", nonce="1", qop="auth"']), second).kind).toBe('retry');
    expect(given(second, 'Proxy-Authorization')).toMatchObject([{ realm: 'p' }]);
    const third = invite();
    expect(attempt.challenged(refusal(['WWW', MD5]), third).kind).toBe('retry');
    expect(given(third)).toMatchObject([{ realm: 'carrier' }]);
    expect(given(third, 'Proxy-Authorization')).toMatchObject([{ realm: 'p', protection: { nonceCount: '00000002' } }]);
    const forked = invite();
    const both = refusal(
      ['Proxy', 'realm="a", nonce="1"'],
      ['Proxy', 'realm="b", nonce="1"'],
      ['WWW', 'realm="a", nonce="1"'],
    );
    expect(new DigestClient(USER).begin(invite()).challenged(both, forked).kind).toBe('retry');
    expect(given(forked, 'Proxy-Authorization').map(({ realm }) => realm)).toEqual(['a', 'b']);
    expect(given(forked).map(({ realm }) => realm)).toEqual(['a']);
  });

  it('uses a nonce again with the next count, without waiting to be asked', () => {
    const client = new DigestClient(USER);
    client.begin(invite()).challenged(refusal(['WWW', MD5]), invite());
    const counts = Array.from({ length: 20 }, () => {
      const request = invite();
      client.begin(request);
      expect(isRight(request, given(request)[0]!)).toBe(true);
      return given(request)[0]!.protection!.nonceCount;
    });
    expect(counts.slice(0, 3)).toEqual(['00000002', '00000003', '00000004']);
    expect(counts[14]).toBe('00000010');
  });

  it('takes a second refusal of what it answered as final, unless the nonce was stale', () => {
    const attempt = new DigestClient(USER).begin(invite());
    expect(attempt.challenged(refusal(['WWW', MD5]), invite()).kind).toBe('retry');
    const stale = invite();
    expect(attempt.challenged(refusal(['WWW', 'realm="carrier", nonce="n2", stale=true']), stale).kind).toBe('retry');
    expect(given(stale)).toMatchObject([{ nonce: 'n2' }]);
    expect(attempt.challenged(refusal(['WWW', 'realm="carrier", nonce="n3"']), invite())).toEqual({
      kind: 'failed',
      why: 'rejected',
    });
  });

  it('does not take a refusal of remembered credentials as final', () => {
    const client = new DigestClient(USER);
    client.begin(invite()).challenged(refusal(['WWW', MD5]), invite());
    // The peer has been started anew and does not know its nonce any more.
    const attempt = client.begin(invite());
    const next = invite();
    expect(attempt.challenged(refusal(['WWW', 'realm="carrier", nonce="n9", qop="auth"']), next).kind).toBe('retry');
    expect(given(next)).toMatchObject([{ nonce: 'n9', protection: { nonceCount: '00000001' } }]);
    expect(attempt.challenged(refusal(['WWW', MD5]), invite())).toEqual({ kind: 'failed', why: 'rejected' });
  });

  it('ends with a peer that challenges for ever', () => {
    const stale = new DigestClient(USER).begin(invite());
    const rounds: string[] = [];
    for (let n = 0; n < 10; n++) {
      rounds.push(stale.challenged(refusal(['WWW', `realm="r", nonce="${n}", stale=true`]), invite()).kind);
    }
    expect(rounds).toEqual([...Array<string>(4).fill('retry'), ...Array<string>(6).fill('failed')]);
    const realms = new DigestClient(USER).begin(invite());
    for (let n = 0; n < 4; n++) realms.challenged(refusal(['WWW', `realm="r${n}", nonce="1"`]), invite());
    expect(realms.challenged(refusal(['WWW', 'realm="r9", nonce="1"']), invite())).toEqual({
      kind: 'failed',
      why: 'tooMany',
    });
  });

  it('does not answer realms, algorithms and forms that it may not or cannot', () => {
    const fails = (client: DigestClient, response: SipResponse): void => {
      const next = invite();
      expect(client.begin(invite()).challenged(response, next)).toEqual({ kind: 'failed', why: 'unsupported' });
      expect(next.headers.has('Authorization')).toBe(false);
    };
    fails(new DigestClient({ ...USER, realms: ['carrier'] }), refusal(['WWW', 'realm="thief", nonce="1"']));
    fails(new DigestClient({ ...USER, algorithms: ['SHA-256'] }), refusal(['WWW', MD5]));
    fails(new DigestClient(USER), refusal(['WWW', 'realm="r", nonce="1", qop="auth-int"']));
    fails(new DigestClient(USER), refusal(['WWW', 'realm="r", nonce="1", algorithm=MD5-sess']));
    fails(new DigestClient(USER), newResponse(invite(), 401));
    const basic = newResponse(invite(), 401);
    basic.headers.add('WWW-Authenticate', 'Basic realm="r"');
    fails(new DigestClient(USER), basic);
  });

  it('remembers eight realms at most', () => {
    const client = new DigestClient(USER);
    for (let n = 0; n < 20; n++)
      client.begin(invite()).challenged(refusal(['WWW', `realm="r${n}", nonce="1"`]), invite());
    const request = invite();
    client.begin(request);
    expect(given(request).map(({ realm }) => realm)).toEqual([12, 13, 14, 15, 16, 17, 18, 19].map((n) => `r${n}`));
    const flood = Array.from({ length: 100 }, (_, n) => ['WWW', `realm="f${n}", nonce="1"`] as ['WWW', string]);
    const next = invite();
    new DigestClient(USER).begin(invite()).challenged(refusal(...flood), next);
    expect(given(next)).toHaveLength(8);
  });

  it('writes what the peer named so that it cannot break out of its quotes', () => {
    const next = invite();
    const hostile = 'realm="a\\", response=\\"x", nonce="n\\\\", opaque="\\""';
    new DigestClient(USER).begin(invite()).challenged(refusal(['WWW', hostile]), next);
    expect(given(next)).toMatchObject([{ realm: 'a", response="x', nonce: 'n\\', opaque: '"' }]);
  });
});
