/**
 * A number below 90 that no other process of tests beside this one has: the workers of a run follow one another in theirs, two runs at once
 * begin apart.
 */
export const SLOT = (process.ppid * 8 + Number(process.env['VITEST_POOL_ID'] ?? process.pid)) % 90;
