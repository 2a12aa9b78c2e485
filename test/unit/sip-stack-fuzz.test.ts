// Mutated datagrams at the running stack; `npm run fuzz -- sip` sends twenty times as many.
import { expect, it } from 'vitest';
import { fuzzStack } from '../support/sip-fuzz.js';

const DATAGRAMS = 5_000;

it('goes on through thousands of mutated messages: nothing thrown, nothing kept, others answered at once', async () => {
  const result = await fuzzStack({ count: DATAGRAMS, seed: 4475 });
  expect(result.faults).toEqual([]);
  expect(result.received).toBeGreaterThan(DATAGRAMS);
  expect(Math.max(...result.optionsCpuMs)).toBeLessThan(500);
  expect(result.left).toEqual({ calls: 0, dialogs: 0, transactions: 0 });
  expect(result.heapAfter - result.heapBefore).toBeLessThan(4 * 1024 * 1024);
}, 120_000);
