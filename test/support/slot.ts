/** How many there are. */
const SLOTS = 15;

/** Of this process of tests, below 15; the workers of a run follow one another in theirs, and two runs at once may be apart. */
export const SLOT = (process.ppid * 5 + Number(process.env['VITEST_POOL_ID'] ?? process.pid)) % SLOTS;
