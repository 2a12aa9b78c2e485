// Waiting in tests, for events and for real work; never for time.
import { setTimeout as sleep } from 'node:timers/promises';

const LOOKS_AT_ONCE = 200;
const LOOK_AGAIN_MS = 3;
/** What has taken long is looked at less often. */
const SELDOM = 0.1;

/** Lets promises and immediates that are ready run. */
export async function turn(times = 5): Promise<void> {
  for (let i = 0; i < times; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * Between two looks at what has no event: a tenth of the time that it has taken, so that whoever waits for long does not keep
 * others from doing it.
 * @param began of performance.now()
 */
export async function lookAgain(
  began: number,
  { leastMs, mostMs }: { leastMs: number; mostMs: number },
): Promise<void> {
  await sleep(Math.min(mostMs, Math.max(leastMs, (performance.now() - began) * SELDOM)));
}

/** Resolves when the condition holds; what it waits for is real work such as writing to disk. */
export async function until(condition: () => boolean, what: string, limitMs = 45_000): Promise<void> {
  const began = performance.now();
  const end = began + limitMs;
  for (let looks = 0; !condition(); looks += 1) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    // What takes longer is not looked at all the time: that would keep others from doing it.
    if (looks < LOOKS_AT_ONCE) await turn(1);
    else await lookAgain(began, { leastMs: LOOK_AGAIN_MS, mostMs: 20 });
  }
}
