/** How many there are. */
const SLOTS = 15;

/** Suites that run side by side are told the slots from which on they are alone. */
const first = Number(process.env['CORDBOARD_TEST_SLOT'] ?? process.ppid * 5);

/** Of this process of tests, below 15; the workers of a run follow one another in theirs, and two runs at once may be apart. */
export const SLOT = (first + Number(process.env['VITEST_POOL_ID'] ?? process.pid)) % SLOTS;
