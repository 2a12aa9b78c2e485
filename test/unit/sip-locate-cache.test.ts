// What is remembered of names and of targets.
import { describe, expect, it } from 'vitest';
import {
  DnsCache,
  TargetHealth,
  noRecords,
  type DnsAnswer,
  type DnsKind,
  type DnsResolver,
  type LocateLimits,
  type Target,
} from '../../daemon/src/sip/locate/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { turn } from '../support/turns.js';

interface Question {
  key: string;
  answer: (records: string[], ttlS?: number) => void;
  fail: () => void;
}

/** A resolver whose answers the test gives when it likes. */
function desk(limits: Partial<LocateLimits> = {}) {
  const questions: Question[] = [];
  const resolver: DnsResolver = {
    lookup: <Kind extends DnsKind>(kind: Kind, name: string) =>
      new Promise<DnsAnswer<Kind>>((resolve, reject) => {
        questions.push({
          key: `${kind} ${name}`,
          answer: (records, ttlS) => resolve({ records: records as never, ttlS }),
          fail: () => reject(new Error('ETIMEOUT')),
        });
      }),
  };
  const clock = new FakeClock();
  const cache = new DnsCache({ resolver, clock, limits });
  const answered = async (name: string, records: string[], ttlS?: number): Promise<readonly string[]> => {
    const found = cache.lookup('a', name);
    await turn(1);
    questions.at(-1)?.answer(records, ttlS);
    return found;
  };
  return { questions, clock, cache, answered };
}

describe('the cache of names', () => {
  it('asks once however many wait', async () => {
    const { cache, questions } = desk();
    const waiting = Array.from({ length: 1000 }, () => cache.lookup('a', 'x.example'));
    await turn(1);
    expect(questions).toHaveLength(1);
    questions[0]?.answer(['192.0.2.1']);
    for (const found of await Promise.all(waiting)) expect(found).toEqual(['192.0.2.1']);
    await cache.lookup('a', 'x.example');
    expect(questions).toHaveLength(1);
  });

  it('tells kinds apart', async () => {
    const { cache, questions } = desk();
    void cache.lookup('a', 'x.example');
    void cache.lookup('aaaa', 'x.example');
    await turn(1);
    expect(questions.map((one) => one.key)).toEqual(['a x.example', 'aaaa x.example']);
  });

  it('believes an answer for its time, then gives it once more while it asks anew', async () => {
    const { cache, questions, clock, answered } = desk();
    await answered('x.example', ['192.0.2.1'], 60);
    await clock.advance(59_999);
    await cache.lookup('a', 'x.example');
    expect(questions).toHaveLength(1);
    await clock.advance(1);
    expect(await cache.lookup('a', 'x.example')).toEqual(['192.0.2.1']);
    expect(await cache.lookup('a', 'x.example')).toEqual(['192.0.2.1']);
    expect(questions).toHaveLength(2);
    questions[1]?.answer(['192.0.2.2'], 60);
    await turn();
    expect(await cache.lookup('a', 'x.example')).toEqual(['192.0.2.2']);
    expect(questions).toHaveLength(2);
  });

  it('keeps to the old answer while name servers are away, asks every 5 s, and forgets it after a day', async () => {
    const { cache, questions, clock, answered } = desk();
    await answered('x.example', ['192.0.2.1'], 60);
    await clock.advance(60_000);
    for (const seen of [2, 3]) {
      expect(await cache.lookup('a', 'x.example')).toEqual(['192.0.2.1']);
      expect(questions).toHaveLength(seen);
      questions.at(-1)?.fail();
      await turn();
      expect(await cache.lookup('a', 'x.example')).toEqual(['192.0.2.1']);
      expect(questions).toHaveLength(seen);
      await clock.advance(5000);
    }
    await clock.advance(86_400_000);
    const failed = expect(cache.lookup('a', 'x.example')).rejects.toMatchObject({ code: 'no_answer' });
    await turn();
    questions.at(-1)?.fail();
    await failed;
  });

  it('believes nobody for less than 5 s or more than an hour', async () => {
    const { cache, questions, clock, answered } = desk();
    await answered('short.example', ['192.0.2.1'], 0);
    await clock.advance(4999);
    await cache.lookup('a', 'short.example');
    expect(questions).toHaveLength(1);
    await answered('long.example', ['192.0.2.1'], 1_000_000);
    await clock.advance(3_600_000);
    await cache.lookup('a', 'long.example');
    expect(questions).toHaveLength(3);
  });

  it('remembers for 30 s that a name does not exist, and no longer', async () => {
    const { cache, questions, clock, answered } = desk();
    expect(await answered('none.example', [])).toEqual([]);
    await clock.advance(29_999);
    expect(await cache.lookup('a', 'none.example')).toEqual([]);
    expect(questions).toHaveLength(1);
    await clock.advance(1);
    expect(await answered('none.example', ['192.0.2.1'])).toEqual(['192.0.2.1']);
  });

  it('asks nobody again for 5 s after an error', async () => {
    const { cache, questions, clock } = desk();
    const first = expect(cache.lookup('a', 'x.example')).rejects.toMatchObject({ code: 'no_answer' });
    await turn(1);
    questions[0]?.fail();
    await first;
    await expect(cache.lookup('a', 'x.example')).rejects.toMatchObject({ code: 'no_answer' });
    expect(questions).toHaveLength(1);
    await clock.advance(5000);
    void cache.lookup('a', 'x.example').catch(() => undefined);
    await turn(1);
    expect(questions).toHaveLength(2);
  });

  it('gives up a resolver that never answers', async () => {
    const { cache, clock } = desk();
    const failed = expect(cache.lookup('a', 'x.example')).rejects.toMatchObject({ code: 'no_answer' });
    await clock.advance(8000);
    await failed;
    expect(clock.timers).toBe(0);
  });

  it('forgets the name not used for longest', async () => {
    const { cache, questions, answered } = desk({ cacheEntries: 3 });
    for (const name of ['a', 'b', 'c']) await answered(name, ['192.0.2.1']);
    await cache.lookup('a', 'a');
    await answered('d', ['192.0.2.1']);
    expect(cache.size).toBe(3);
    const before = questions.length;
    await cache.lookup('a', 'a');
    expect(questions).toHaveLength(before);
    await answered('b', ['192.0.2.1']);
    expect(questions).toHaveLength(before + 1);
  });

  it('asks for a limited number of names at once', async () => {
    const { cache, questions } = desk({ lookupsAtOnce: 2 });
    const found = [cache.lookup('a', '1.example'), cache.lookup('a', '2.example')];
    await expect(cache.lookup('a', '3.example')).rejects.toMatchObject({ code: 'busy' });
    await turn(1);
    for (const question of questions) question.answer(['192.0.2.1']);
    await Promise.all(found);
    void cache.lookup('a', '3.example');
    await turn(1);
    expect(questions).toHaveLength(3);
  });

  it('keeps a limited part of an answer', async () => {
    const { answered } = desk({ recordsOfAnswer: 2 });
    expect(await answered('x.example', ['192.0.2.1', '192.0.2.2', '192.0.2.3'])).toHaveLength(2);
    expect(noRecords()).toEqual({ records: [], ttlS: undefined });
  });
});

describe('the health of targets', () => {
  const target = (host: string, port = 5060): Target => ({ transport: 'udp', remote: { host, port } });

  it('puts those that failed last, and none away', () => {
    const health = new TargetHealth(new FakeClock());
    const [a, b, c] = [target('192.0.2.1'), target('192.0.2.2'), target('192.0.2.2', 5070)];
    expect(health.order([a, b, c])).toEqual([a, b, c]);
    health.failed(a);
    expect(health.order([a, b, c])).toEqual([b, c, a]);
    expect(health.usable(target('192.0.2.1'))).toBe(false);
    health.failed(b);
    health.failed(c);
    expect(health.order([a, b, c])).toEqual([a, b, c]);
    expect(health.size).toBe(3);
  });

  it('is over after 30 s, later each time, or when the target answers', async () => {
    const clock = new FakeClock();
    const health = new TargetHealth(clock);
    const a = target('192.0.2.1');
    for (const heldMs of [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]) {
      health.failed(a);
      await clock.advance(heldMs - 1);
      expect(health.usable(a)).toBe(false);
      await clock.advance(1);
      expect(health.usable(a)).toBe(true);
    }
    health.failed(a);
    health.answered(a);
    expect(health.usable(a)).toBe(true);
    health.failed(a);
    await clock.advance(30_000);
    expect(health.usable(a)).toBe(true);
  });

  it('holds as long as Retry-After says, at most five minutes', async () => {
    const clock = new FakeClock();
    const health = new TargetHealth(clock);
    health.failed(target('192.0.2.1'), 5000);
    health.failed(target('192.0.2.2'), 1e12);
    await clock.advance(5000);
    expect(health.usable(target('192.0.2.1'))).toBe(true);
    expect(health.usable(target('192.0.2.2'))).toBe(false);
    await clock.advance(295_000);
    expect(health.usable(target('192.0.2.2'))).toBe(true);
  });

  it('remembers 2,000 targets', () => {
    const health = new TargetHealth(new FakeClock());
    for (let port = 1; port <= 3000; port += 1) health.failed(target('192.0.2.1', port));
    expect(health.size).toBe(2000);
    expect(health.usable(target('192.0.2.1', 1000))).toBe(true);
    expect(health.usable(target('192.0.2.1', 3000))).toBe(false);
  });
});
