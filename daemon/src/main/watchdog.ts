// The sign of life for systemd: given only when the media tick has moved and the signalling thread answers, which the event
// loop (this code) has asked. A daemon of which one of the three stands still is started anew.
import type { EngineClient } from '../engine/index.js';
import type { Clock, Log, SdNotify, Timer } from '../platform/index.js';

export interface WatchdogOptions {
  engine: EngineClient;
  notify: SdNotify;
  clock: Clock;
  log: Log;
}

/** Starts to look; undefined when nobody wants to know. */
export function startWatchdog({ engine, notify, clock, log }: WatchdogOptions): Timer | undefined {
  const periodMs = notify.watchdogPeriodMs;
  if (periodMs === undefined) return undefined;
  let ticksBefore = -1;
  let asking = false;

  async function look(): Promise<void> {
    // The last question is not answered yet: the signalling thread stands.
    if (asking) return log.error('the engine does not answer; systemd gets no sign of life');
    asking = true;
    try {
      const { tick } = await engine.command('engine.snapshot', {});
      if (tick.ticks > ticksBefore) notify.watchdog();
      else log.error({ ticks: tick.ticks }, 'the media tick stands still; systemd gets no sign of life');
      ticksBefore = tick.ticks;
    } finally {
      asking = false;
    }
  }

  return clock.every(periodMs, () => {
    look().catch((error: unknown) => log.error({ err: error }, 'the engine gives no sign of life'));
  });
}
