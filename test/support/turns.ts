// Waiting in tests, for events and for real work; never for time.
import { setTimeout as sleep } from 'node:timers/promises';

const LOOKS_AT_ONCE = 200;
const LOOK_AGAIN_MS = 3;

/** Lets promises and immediates that are ready run. */
export async function turn(times = 5): Promise<void> {
  for (let i = 0; i < times; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Resolves when the condition holds; what it waits for is real work such as writing to disk. */
export async function until(condition: () => boolean, what: string, limitMs = 45_000): Promise<void> {
  const end = performance.now() + limitMs;
  for (let looks = 0; !condition(); looks += 1) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    // What takes longer is not looked at all the time: that would keep others from doing it.
    if (looks < LOOKS_AT_ONCE) await turn(1);
    else await sleep(LOOK_AGAIN_MS);
  }
}
