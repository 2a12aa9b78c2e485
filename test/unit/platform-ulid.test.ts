import { describe, expect, test } from 'vitest';
import { Ulid } from '../../daemon/src/contract/index.js';
import { ulidFactory, ulidTimeMs } from '../../daemon/src/platform/index.js';

describe('ulid', () => {
  test('carries the time and has the form of the contract', () => {
    const make = ulidFactory({ wallMs: () => 1_732_226_400_123 });
    const id = make();
    expect(Ulid.safeParse(id).success).toBe(true);
    expect(ulidTimeMs(id)).toBe(1_732_226_400_123);
  });

  test('encodes a known value as the specification does', () => {
    const make = ulidFactory({ wallMs: () => 1_469_918_176_385 }, (bytes) => bytes.fill(0));
    expect(make()).toBe('01ARYZ6S410000000000000000');
  });

  test('ascends within a millisecond and when the clock is set back', () => {
    let now = 1000;
    const make = ulidFactory({ wallMs: () => now });
    const ids = Array.from({ length: 1000 }, make);
    now = 500;
    ids.push(make());
    now = 1001;
    ids.push(make());
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('borrows a millisecond when the random part is at its end', () => {
    const make = ulidFactory({ wallMs: () => 7 }, (bytes) => bytes.fill(255));
    const first = make();
    const second = make();
    expect(first.endsWith('ZZZZZZZZZZZZZZZZ')).toBe(true);
    expect(second > first).toBe(true);
    expect(ulidTimeMs(second)).toBe(8);
  });
});
