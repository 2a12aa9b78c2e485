// Who sent a request: challenges, nonces, replay, and that strangers do not learn which names exist.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_DIGEST_POLICY,
  DigestClient,
  DigestServer,
  digestHash,
  digestHashes,
  digestResponse,
  parseChallenges,
  parseCredentials,
  formatCredentials,
  requestDigest,
  type DigestAlgorithm,
  type DigestPolicy,
  type DigestServerOptions,
  type DigestVerdict,
} from '../../daemon/src/sip/auth/index.js';
import { newRequest, newResponse, type SipRequest } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';

const REALM = 'cordboard';
const PHONE = '192.0.2.7';
const PASSWORD = 'kT7nPqXw4mRc9JdY';

interface Account {
  name: string;
  hashes: ReturnType<typeof digestHashes>;
  policy: DigestPolicy;
}

function account(name: string, policy: Partial<DigestPolicy> = {}): Account {
  return { name, hashes: digestHashes(name, REALM, PASSWORD), policy: { ...DEFAULT_DIGEST_POLICY, ...policy } };
}

function register(user: string, uri = 'sip:pbx.example'): SipRequest {
  return newRequest({
    method: 'REGISTER',
    uri,
    headers: [
      ['Via', 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1'],
      ['From', `<sip:${user}@pbx.example>;tag=1`],
      ['To', `<sip:${user}@pbx.example>`],
      ['Call-ID', 'c1'],
      ['CSeq', '1 REGISTER'],
    ],
  });
}

function office(
  options: Partial<DigestServerOptions<Account>> = {},
  accounts = [
    account('1001'),
    account('old', { algorithms: ['MD5'], withoutQop: true }),
    account('new', { algorithms: ['SHA-256'] }),
  ],
) {
  const clock = new FakeClock();
  const hashes: DigestAlgorithm[] = [];
  const server = new DigestServer<Account>({
    realm: REALM,
    clock,
    account: (username) => accounts.find(({ name }) => name === username),
    hash: (algorithm, text) => {
      hashes.push(algorithm);
      return digestHash(algorithm, text);
    },
    ...options,
  });
  return { clock, server, hashes };
}

function challengesOf(verdict: DigestVerdict<Account>): readonly string[] {
  if (verdict.kind !== 'challenged') throw new Error(`not challenged: ${verdict.kind}`);
  return verdict.challenges;
}

/** A 401 as the phone sees it. */
function unauthorized(request: SipRequest, verdict: DigestVerdict<Account>) {
  if (verdict.kind === 'accepted') throw new Error('accepted');
  return digestResponse(request, verdict, 'tag1');
}

/** A client that has been challenged once, and its next request. */
function answered(server: DigestServer<Account>, user = '1001', password = PASSWORD, source = PHONE) {
  const client = new DigestClient({ username: user, password });
  const first = register(user);
  const attempt = client.begin(first);
  const next = register(user);
  const outcome = attempt.challenged(unauthorized(first, server.check(first, source)), next);
  expect(outcome).toEqual({ kind: 'retry' });
  return { client, next, attempt };
}

/** The same request with one of its credentials' parts changed. */
function altered(request: SipRequest, change: (text: string) => string): SipRequest {
  const copy = register(request.to.uri.user!, request.uriText);
  copy.headers.add('Authorization', change(request.headers.get('Authorization')!));
  return copy;
}

describe('the digest server', () => {
  it('challenges, and accepts who answers with the right secret', () => {
    const { server } = office();
    const verdict = server.check(register('1001'), PHONE);
    expect(verdict).toMatchObject({ kind: 'challenged', why: 'missing', pathProven: false });
    const parsed = challengesOf(verdict).flatMap(parseChallenges);
    expect(parsed).toMatchObject([
      { realm: REALM, algorithm: 'SHA-256', qop: 'auth', stale: false },
      { realm: REALM, algorithm: 'MD5', qop: 'auth', stale: false },
    ]);
    const { next } = answered(server);
    expect(server.check(next, PHONE)).toMatchObject({ kind: 'accepted', username: '1001', account: { name: '1001' } });
  });

  it('answers 401 with a header line for each challenge, and 400 to what is malformed', () => {
    const { server } = office();
    const request = register('1001');
    const response = unauthorized(request, server.check(request, PHONE));
    expect(response.status).toBe(401);
    expect(response.headers.lines('WWW-Authenticate')).toHaveLength(2);
    expect(response.toTag).toBe('tag1');
    request.headers.add('Authorization', 'Digest username="1001", username="1001"');
    const verdict = server.check(request, PHONE);
    expect(verdict).toEqual({ kind: 'malformed' });
    expect(unauthorized(request, verdict).status).toBe(400);
  });

  it('lets an account use the algorithms of its policy alone, in its order', () => {
    const { server } = office();
    const algorithms = (user: string) =>
      challengesOf(server.check(register(user), PHONE)).map((text) => parseChallenges(text)[0]?.algorithm);
    expect(algorithms('old')).toEqual(['MD5']);
    expect(algorithms('new')).toEqual(['SHA-256']);
    // With MD5, which is not allowed there, the right password is of no use.
    const [challenge] = challengesOf(server.check(register('new'), PHONE)).flatMap(parseChallenges);
    const { nonce } = challenge!;
    const given = (algorithm: 'MD5' | 'SHA-256') => {
      const request = register('new');
      const protection = { qop: 'auth', nonceCount: '00000001', count: 1, cnonce: 'c' } as const;
      const uri = request.uriText;
      const ha1 = account('new').hashes[algorithm];
      const response = requestDigest(algorithm, { ha1, method: 'REGISTER', uri, nonce, protection });
      const text = formatCredentials({
        ...{ username: 'new', realm: REALM, nonce, uri, response, algorithm, session: false, opaque: undefined },
        protection,
      });
      request.headers.add('Authorization', text);
      return request;
    };
    expect(server.check(given('MD5'), PHONE)).toMatchObject({ kind: 'challenged', why: 'wrong' });
    expect(server.check(given('SHA-256'), PHONE)).toMatchObject({ kind: 'accepted' });
  });

  it('accepts answers without qop where the account allows it, each nonce once', () => {
    const { server } = office();
    const plain = (user: string) => {
      const first = register(user);
      const [challenge] = challengesOf(server.check(first, PHONE)).flatMap(parseChallenges);
      const { nonce } = challenge!;
      const ha1 = account(user).hashes.MD5;
      const uri = first.uriText;
      const response = requestDigest('MD5', { ha1, method: 'REGISTER', uri, nonce, protection: undefined });
      first.headers.add(
        'Authorization',
        `Digest username="${user}", realm="${REALM}", nonce="${nonce}", uri="${uri}", response="${response}"`,
      );
      return first;
    };
    const old = plain('old');
    expect(server.check(old, PHONE)).toMatchObject({ kind: 'accepted' });
    expect(server.check(old, PHONE)).toMatchObject({ kind: 'challenged', why: 'stale' });
    expect(server.check(plain('1001'), PHONE)).toMatchObject({ kind: 'challenged', why: 'wrong' });
  });

  it('refuses a wrong password, another method, another address and another realm', () => {
    const { server } = office();
    const wrong = answered(server, '1001', 'wrong-password-00').next;
    expect(server.check(wrong, PHONE)).toMatchObject({ kind: 'challenged', why: 'wrong', pathProven: true });

    const { next } = answered(server);
    const invite = newRequest({ method: 'INVITE', uri: next.uriText, headers: next.headers });
    expect(server.check(invite, PHONE)).toMatchObject({ why: 'wrong' });

    const { next: elsewhere } = answered(server);
    elsewhere.uriText = 'sip:premium@pbx.example';
    expect(server.check(elsewhere, PHONE)).toMatchObject({ why: 'wrong' });

    const foreign = altered(answered(server).next, (text) => text.replace(`realm="${REALM}"`, 'realm="other"'));
    expect(server.check(foreign, PHONE)).toMatchObject({ kind: 'challenged', why: 'missing', pathProven: false });
  });

  it('takes credentials whose URI differs from the request in parameters and default port alone', () => {
    const { server } = office();
    const { next } = answered(server);
    next.uriText = 'sip:pbx.example:5060;transport=tcp';
    expect(server.check(next, PHONE)).toMatchObject({ kind: 'accepted' });
    const { next: other } = answered(server);
    other.uriText = 'sip:pbx.example:5070';
    expect(server.check(other, PHONE)).toMatchObject({ why: 'wrong' });
  });

  it('finds the credentials of its realm among others', () => {
    const { server } = office();
    const { next } = answered(server);
    const mine = next.headers.get('Authorization')!;
    next.headers.set('Authorization', 'Basic QWxhZGRpbg==');
    next.headers.add('Authorization', 'Digest broken');
    next.headers.add('Authorization', mine.replace(`realm="${REALM}"`, 'realm="proxy"'));
    next.headers.add('Authorization', mine);
    expect(server.check(next, PHONE)).toMatchObject({ kind: 'accepted' });
  });
});

describe('nonces', () => {
  it('are good once for each count, in any order within the window', () => {
    const { server } = office();
    const { client, next } = answered(server);
    const later = Array.from({ length: 40 }, () => {
      const request = register('1001');
      client.begin(request);
      return request;
    });
    expect(server.check(later[3]!, PHONE)).toMatchObject({ kind: 'accepted' });
    expect(server.check(later[3]!, PHONE)).toMatchObject({ kind: 'challenged', why: 'stale', pathProven: true });
    expect(server.check(next, PHONE)).toMatchObject({ kind: 'accepted' });
    expect(server.check(next, PHONE)).toMatchObject({ why: 'stale' });
    expect(server.check(later[1]!, PHONE)).toMatchObject({ kind: 'accepted' });
    expect(server.check(later[39]!, PHONE)).toMatchObject({ kind: 'accepted' });
    // 41 is the highest: 10 is the lowest that may still come.
    expect(server.check(later[7]!, PHONE)).toMatchObject({ why: 'stale' });
    expect(server.check(later[8]!, PHONE)).toMatchObject({ kind: 'accepted' });
    expect(server.check(later[39]!, PHONE)).toMatchObject({ why: 'stale' });
  });

  it('do not begin with count 0', () => {
    const { server } = office();
    const [challenge] = challengesOf(server.check(register('1001'), PHONE)).flatMap(parseChallenges);
    const request = register('1001');
    const protection = { qop: 'auth', nonceCount: '00000000', count: 0, cnonce: 'c' } as const;
    const { nonce } = challenge!;
    const uri = request.uriText;
    const ha1 = account('1001').hashes.MD5;
    const response = requestDigest('MD5', { ha1, method: 'REGISTER', uri, nonce, protection });
    const text = formatCredentials({
      ...{ username: '1001', realm: REALM, nonce, uri, response, algorithm: 'MD5', session: false, opaque: undefined },
      protection,
    });
    request.headers.add('Authorization', text);
    expect(server.check(request, PHONE)).toMatchObject({ why: 'stale' });
  });

  it('grow old: stale=true with a fresh one, which is then accepted without asking anybody', async () => {
    const { server, clock } = office();
    const { client, next } = answered(server);
    await clock.advance(300_000);
    expect(server.check(next, PHONE)).toMatchObject({ kind: 'accepted' });
    await clock.advance(1);
    const again = register('1001');
    const attempt = client.begin(again);
    const verdict = server.check(again, PHONE);
    expect(verdict).toMatchObject({ kind: 'challenged', why: 'stale' });
    for (const text of challengesOf(verdict)) expect(text).toContain('stale=true');
    const retried = register('1001');
    expect(attempt.challenged(unauthorized(again, verdict), retried)).toEqual({ kind: 'retry' });
    expect(server.check(retried, PHONE)).toMatchObject({ kind: 'accepted' });
  });

  it('that are old say nothing about a wrong password', async () => {
    const { server, clock } = office();
    const { next } = answered(server, '1001', 'wrong-password-00');
    await clock.advance(300_001);
    const verdict = server.check(next, PHONE);
    expect(verdict).toMatchObject({ why: 'wrong', pathProven: true });
    for (const text of challengesOf(verdict)) expect(text).not.toContain('stale');
  });

  it('are of one process and one source; from elsewhere the right secret gets a fresh one', () => {
    const { server } = office();
    const { next } = answered(server);
    expect(server.check(next, '203.0.113.9')).toMatchObject({ kind: 'challenged', why: 'stale', pathProven: false });
    expect(office().server.check(next, PHONE)).toMatchObject({ why: 'stale', pathProven: false });
    expect(server.check(next, PHONE)).toMatchObject({ kind: 'accepted' });
  });

  it('that were tampered with, or made up, are not ours', () => {
    const { server } = office();
    const { next } = answered(server, '1001', 'wrong-password-00');
    const { nonce } = parseCredentials(next.headers.get('Authorization')!) as { nonce: string };
    for (let at = 0; at < nonce.length; at++) {
      const other = nonce[at] === 'A' ? 'B' : 'A';
      const forged = altered(next, (text) => text.replace(nonce, nonce.slice(0, at) + other + nonce.slice(at + 1)));
      expect(server.check(forged, PHONE), `character ${at}`).toMatchObject({ why: 'wrong', pathProven: false });
    }
    for (const made of ['', 'x', 'A'.repeat(40), 'A'.repeat(3000), '\u00e9'.repeat(40), `${nonce}=`]) {
      const forged = altered(next, (text) => text.replace(nonce, made));
      expect(server.check(forged, PHONE)).toMatchObject({ why: 'wrong', pathProven: false });
    }
    expect(server.check(next, PHONE)).toMatchObject({ why: 'wrong', pathProven: true });
  });

  it('are sealed with HMAC-SHA-256 (RFC 2104) over time, number and source', () => {
    for (const source of [PHONE, '2001:db8:1234:5678:9abc:def0:1234:5678', 'x'.repeat(64)]) {
      const { server } = office({ random: (size) => Buffer.alloc(size, 7) });
      const [challenge] = challengesOf(server.check(register('1001'), source)).flatMap(parseChallenges);
      const bytes = Buffer.from(challenge!.nonce, 'base64url');
      const code = createHmac('sha256', Buffer.alloc(32, 7)).update(bytes.subarray(0, 12)).update(source).digest();
      expect(bytes.subarray(12)).toEqual(code.subarray(0, 18));
    }
  });

  it('written in the other alphabet of base64 are the same ones', () => {
    const { server } = office();
    for (let n = 0; n < 200; n++) {
      const { next } = answered(server);
      const { nonce } = parseCredentials(next.headers.get('Authorization')!) as { nonce: string };
      if (!/[-_]/.test(nonce)) continue;
      expect(server.check(next, PHONE)).toMatchObject({ kind: 'accepted' });
      const uri = next.uriText;
      const alias = nonce.replaceAll('-', '+').replaceAll('_', '/');
      const protection = { qop: 'auth', nonceCount: '00000001', count: 1, cnonce: 'c' } as const;
      const ha1 = account('1001').hashes.MD5;
      const response = requestDigest('MD5', { ha1, method: 'REGISTER', uri, nonce: alias, protection });
      const replay = register('1001');
      const rest = { username: '1001', realm: REALM, uri, response, session: false, opaque: undefined } as const;
      const text = formatCredentials({ ...rest, nonce: alias, algorithm: 'MD5', protection });
      replay.headers.add('Authorization', text);
      expect(server.check(replay, PHONE)).toMatchObject({ why: 'stale' });
      return;
    }
    throw new Error('no nonce had such a character');
  });

  it('are remembered in bounded number, and none that was forgotten can be used again', async () => {
    const { server, clock } = office({ maxNonces: 10 });
    const requests: SipRequest[] = [];
    for (let n = 0; n < 30; n++) {
      await clock.advance(1000);
      const { next } = answered(server);
      expect(server.check(next, PHONE)).toMatchObject({ kind: 'accepted' });
      requests.push(next);
    }
    expect(server.size).toBe(10);
    for (const request of requests) expect(server.check(request, PHONE)).toMatchObject({ why: 'stale' });
  });

  it('past their life are forgotten', async () => {
    const { server, clock } = office();
    for (let n = 0; n < 20; n++) server.check(answered(server).next, PHONE);
    expect(server.size).toBe(20);
    await clock.advance(300_001);
    server.check(answered(server).next, PHONE);
    expect(server.size).toBe(1);
  });

  it('of failed attempts take no memory', () => {
    const { server } = office();
    for (let n = 0; n < 20; n++) server.check(answered(server, '1001', 'wrong-password-00').next, PHONE);
    expect(server.size).toBe(0);
  });
});

describe('a stranger', () => {
  const policies: DigestPolicy[] = [
    DEFAULT_DIGEST_POLICY,
    { algorithms: ['MD5'], withoutQop: true },
    { algorithms: ['SHA-256'], withoutQop: false },
  ];

  const equally =
    (...kinds: DigestPolicy[]) =>
    () =>
      kinds.map((policy) => ({ policy, share: 1 }));

  /** Everything that can be seen of an answer, without what differs for everybody. */
  function seen(server: DigestServer<Account>, request: SipRequest): unknown {
    const response = unauthorized(request, server.check(request, PHONE));
    const headers = [...response.headers.entries()].map(([name, value]) => [name, value.replace(/nonce="[^"]*"/, '')]);
    return JSON.stringify([response.status, response.reason, headers]).replaceAll(request.to.uri.user!, 'USER');
  }

  it('gets the same status, headers and number of digests for names that exist and that do not', () => {
    for (const options of [{}, { policies: equally(policies[0]!) }]) {
      const { server, hashes } = office(options);
      const outcome = (user: string, password: string | undefined) => {
        const request = password === undefined ? register(user) : answered(server, user, password).next;
        hashes.length = 0;
        return [seen(server, request), [...hashes]];
      };
      expect(outcome('1001', undefined)).toEqual(outcome('9999', undefined));
      expect(outcome('1001', 'wrong-password-00')).toEqual(outcome('9999', 'wrong-password-00'));
      expect(outcome('1001', 'wrong-password-00')[1]).toEqual(['SHA-256', 'SHA-256']);
    }
  });

  it('computes as much for a name that exists when accounts differ in policy', () => {
    const { server, hashes } = office({ policies: equally(...policies) });
    const count = (user: string): number => {
      hashes.length = 0;
      server.check(register(user), PHONE);
      return hashes.length;
    };
    expect(new Set(['1001', 'old', 'new', '9999', '8888', '7777', ''].map(count))).toEqual(new Set([1]));
  });

  it('finds every kind of challenge among names that do not exist, always the same for one name', () => {
    const decoyKey = Buffer.alloc(32, 7);
    const { server } = office({ policies: equally(...policies), decoyKey });
    const kind = (one: DigestServer<Account>, user: string): string =>
      challengesOf(one.check(register(user), PHONE))
        .map((text) => /algorithm=([^,]*)/.exec(text)?.[1])
        .join();
    const names = Array.from({ length: 60 }, (_, n) => `x${n}`);
    expect(new Set(names.map((name) => kind(server, name)))).toEqual(new Set(['SHA-256,MD5', 'MD5', 'SHA-256']));
    // In another order, as accounts may be read.
    const restarted = office({ policies: equally(...policies.toReversed()), decoyKey }).server;
    for (const name of names) expect(kind(restarted, name)).toBe(kind(server, name));
  });

  it('finds them among those names as often as among accounts', () => {
    const shares = () => [
      { policy: DEFAULT_DIGEST_POLICY, share: 9 },
      { policy: policies[1]!, share: 1 },
      { policy: policies[2]!, share: 0 },
    ];
    const { server } = office({ policies: shares, decoyKey: Buffer.alloc(32, 9) });
    const counts = new Map<number, number>();
    for (let n = 0; n < 1000; n += 1) {
      const { length } = challengesOf(server.check(register(`y${n}`), PHONE));
      counts.set(length, (counts.get(length) ?? 0) + 1);
    }
    expect(counts.get(2)).toBeGreaterThan(850);
    expect(counts.get(1)).toBeGreaterThan(60);
  });

  it('cannot make us believe in an account by answering with an empty or an odd response', () => {
    const { server } = office();
    for (const user of ['9999', '1001']) {
      for (const response of ['0', '00'.repeat(16), '00'.repeat(32), 'f'.repeat(128)]) {
        const request = altered(answered(server, user).next, (text) =>
          text.replace(/response="[^"]*"/, `response="${response}"`),
        );
        expect(server.check(request, PHONE)).toMatchObject({ why: 'wrong' });
      }
    }
  });

  it('gets nothing of a response that was meant for somebody else', () => {
    const { server } = office();
    const { next } = answered(server);
    expect(newResponse(next, 200).headers.get('Authorization')).toBeUndefined();
    const stolen = altered(next, (text) => text.replace('username="1001"', 'username="old"'));
    expect(server.check(stolen, PHONE)).toMatchObject({ why: 'wrong' });
  });
});
