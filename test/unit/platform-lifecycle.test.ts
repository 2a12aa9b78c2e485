import { describe, expect, test } from 'vitest';
import { Lifecycle, LifecycleError } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';

function parts(seen: string[], names: string[]) {
  return names.map((name) => ({
    name,
    start: () => void seen.push(`start ${name}`),
    stop: () => void seen.push(`stop ${name}`),
  }));
}

describe('lifecycle', () => {
  test('starts in order, stops in the opposite one, once', async () => {
    const seen: string[] = [];
    const lifecycle = new Lifecycle();
    for (const part of parts(seen, ['db', 'engine', 'http'])) lifecycle.add(part);
    await lifecycle.start();
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    await lifecycle.stop();
    expect(seen).toEqual(['start db', 'start engine', 'start http', 'stop http', 'stop engine', 'stop db']);
  });

  test('a start that fails names the part and stops what had begun, that part too', async () => {
    const seen: string[] = [];
    const lifecycle = new Lifecycle();
    for (const part of parts(seen, ['db', 'engine'])) lifecycle.add(part);
    lifecycle.add({
      name: 'http',
      start: () => Promise.reject(new Error('port taken')),
      stop: () => void seen.push('stop http'),
    });
    lifecycle.add(parts(seen, ['pages'])[0]!);
    await expect(lifecycle.start()).rejects.toThrow(/http did not start: port taken/);
    await expect(lifecycle.start()).rejects.toBeInstanceOf(LifecycleError);
    expect(seen).toEqual(['start db', 'start engine', 'stop http', 'stop engine', 'stop db']);
    expect(await lifecycle.stop()).toEqual([]);
    expect(seen).toHaveLength(5);
  });

  test('a part that hangs while stopping is named and the others stop all the same', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const lifecycle = new Lifecycle(undefined, clock);
    lifecycle.add(parts(seen, ['db'])[0]!);
    lifecycle.add({ name: 'engine', stop: () => new Promise(() => undefined), stopTimeoutMs: 300 });
    await lifecycle.start();
    const stopped = lifecycle.stop();
    await clock.advance(301);
    expect((await stopped).map(({ name }) => name)).toEqual(['engine']);
    expect(seen).toEqual(['start db', 'stop db']);
  });

  test('a start that takes too long fails', async () => {
    const clock = new FakeClock();
    const lifecycle = new Lifecycle(undefined, clock);
    lifecycle.add({ name: 'engine', start: () => new Promise(() => undefined), startTimeoutMs: 100 });
    const started = lifecycle.start();
    started.catch(() => undefined);
    await clock.advance(101);
    await expect(started).rejects.toThrow(/engine did not start: it took more than 100 ms/);
  });

  test('stop during the start lets the part that starts finish and starts no more', async () => {
    const seen: string[] = [];
    const lifecycle = new Lifecycle();
    let finish: () => void = () => undefined;
    lifecycle.add({
      name: 'db',
      start: () => new Promise<void>((resolve) => (finish = resolve)),
      stop: () => void seen.push('stop db'),
    });
    for (const part of parts(seen, ['engine'])) lifecycle.add(part);
    const started = lifecycle.start();
    started.catch(() => undefined);
    await Promise.resolve();
    const stopped = lifecycle.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    finish();
    await stopped;
    await expect(started).rejects.toThrow(/engine did not start: stop was asked for/);
    expect(seen).toEqual(['stop db']);
  });
});
