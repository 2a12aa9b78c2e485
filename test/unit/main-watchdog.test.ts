// systemd gets a sign of life only from a daemon whose tick moves and whose engine answers.
import { expect, it } from 'vitest';
import { startWatchdog } from '../../daemon/src/main/watchdog.js';
import { silentLog, type SdNotify } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { ScriptedEngine } from '../support/scripted-engine.js';

function watched(periodMs: number | undefined) {
  const clock = new FakeClock();
  const engine = new ScriptedEngine();
  let signs = 0;
  const nothing = (): void => undefined;
  const notify: SdNotify = {
    wanted: true,
    watchdogPeriodMs: periodMs,
    ready: nothing,
    extend: nothing,
    stopping: nothing,
    status: nothing,
    watchdog: () => void (signs += 1),
  };
  const timer = startWatchdog({ engine: engine.client, notify, clock, log: silentLog });
  return { clock, engine, timer, signs: () => signs };
}

it('a box that works gives a sign every period', async () => {
  const { clock, engine, signs } = watched(1000);
  for (let i = 0; i < 3; i += 1) {
    engine.ticks += 50;
    await clock.advance(1000);
  }
  expect(signs()).toBe(3);
});

it('a tick that stands still is no sign of life', async () => {
  const { clock, signs } = watched(1000);
  await clock.advance(5000);
  expect(signs()).toBe(1);
});

it('an engine that does not answer is no sign of life, and is asked only once', async () => {
  const { clock, engine, signs } = watched(1000);
  engine.hold('engine.snapshot');
  await clock.advance(5000);
  expect(signs()).toBe(0);
  expect(engine.sent('engine.snapshot')).toHaveLength(1);
  engine.answer('engine.snapshot');
  await clock.advance(1000);
  expect(signs()).toBeGreaterThan(0);
});

it('nobody is told who does not want to know', () => {
  expect(watched(undefined).timer).toBeUndefined();
});
