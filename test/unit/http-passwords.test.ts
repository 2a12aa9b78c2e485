import { describe, expect, test } from 'vitest';
import { passwordHashing } from '../../daemon/src/http/auth/passwords.js';

describe('passwords', () => {
  test('are kept as Argon2id with a salt of their own', async () => {
    const passwords = passwordHashing();
    const [one, two] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await passwords.verify(one, 'correct horse')).toBe(true);
    expect(await passwords.verify(one, 'wrong horse')).toBe(false);
  });

  test('of nobody take the work of somebody, and are never right', async () => {
    const passwords = passwordHashing();
    expect(await passwords.verify(undefined, 'no password is this one')).toBe(false);
    expect(await passwords.verify('damaged', 'x')).toBe(false);
  });

  test('of nobody take no less time than those of somebody', async () => {
    const passwords = passwordHashing();
    const stored = await passwords.hash('correct horse');
    await passwords.verify(undefined, 'x');
    // The least of several: whatever else the machine does only adds to it.
    const leastMs = { somebody: Infinity, nobody: Infinity };
    const ratio = (): number => leastMs.nobody / leastMs.somebody;
    for (let i = 0; i < 6 || (i < 40 && Math.abs(Math.log(ratio())) > 0.3); i++) {
      for (const who of ['somebody', 'nobody'] as const) {
        const startMs = performance.now();
        await passwords.verify(who === 'somebody' ? stored : undefined, 'wrong');
        leastMs[who] = Math.min(leastMs[who], performance.now() - startMs);
      }
    }
    expect(ratio()).toBeGreaterThan(0.7);
    expect(ratio()).toBeLessThan(1.4);
  });

  test('are turned away when too many wait', async () => {
    const passwords = passwordHashing();
    const stored = await passwords.hash('correct horse');
    await passwords.verify(undefined, 'x');
    const results = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.verify(stored, 'x')));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(60 - 52);
    expect(refused[0]).toMatchObject({ reason: { code: 'unavailable', status: 503 } });
  }, 60_000);
});
