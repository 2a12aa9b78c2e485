// Waiting in tests, for events and for real work; never for time.

/** Lets promises and immediates that are ready run. */
export async function turn(times = 5): Promise<void> {
  for (let i = 0; i < times; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Resolves when the condition holds; what it waits for is real work such as writing to disk. */
export async function until(condition: () => boolean, what: string, limitMs = 45_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
