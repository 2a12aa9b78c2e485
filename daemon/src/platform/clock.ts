// Time as the daemon reads it: the wall for what is written down, the monotonic clock for how long things took. Nothing
// else in the daemon calls Date.now or setTimeout, so that tests decide what time it is.

/** A timer that was set; cancelling one that has fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

/** One moment on both clocks. */
export interface Moment {
  /** ms since 1970, UTC; jumps when somebody sets the clock */
  readonly wallMs: number;
  /** ms since some start, never jumps; fractions of a ms are kept */
  readonly monotonicMs: number;
}

export interface Clock {
  /** ms since 1970, UTC, integer. */
  wallMs(): number;
  /** ms since some start; never goes back. */
  monotonicMs(): number;
  moment(): Moment;
  /** Runs `work` once after `delayMs` (monotonic). */
  after(delayMs: number, work: () => void): Timer;
  /** Runs `work` again and again, first after `periodMs`. */
  every(periodMs: number, work: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** How long since `start`, ms, integer; a clock set back or forward does not matter. */
export function elapsedMs(clock: Clock, start: Moment): number {
  return Math.max(0, Math.round(clock.monotonicMs() - start.monotonicMs));
}

/**
 * The wall time of now, counted from `start` on the monotonic clock: an end written with it is never before its start
 * and differs from it by the true duration, even when the wall clock was set in between.
 */
export function wallSinceMs(clock: Clock, start: Moment): number {
  return start.wallMs + elapsedMs(clock, start);
}

/** setTimeout takes 2^31-1 ms at most and fires at once beyond. */
const LONGEST_TIMER_MS = 2_147_483_647;

class SystemClock implements Clock {
  wallMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  moment(): Moment {
    return { wallMs: Date.now(), monotonicMs: performance.now() };
  }

  after(delayMs: number, work: () => void): Timer {
    // Node takes whole milliseconds and may be early by a part of one: what is due at a time would find that it is not due yet.
    const wholeMs = Math.min(Math.max(0, Math.ceil(delayMs)), LONGEST_TIMER_MS);
    const dueMs = performance.now() + Math.min(delayMs, LONGEST_TIMER_MS);
    const fire = (): void => {
      if (performance.now() < dueMs) handle = setTimeout(fire, 1);
      else work();
    };
    let handle = setTimeout(fire, wholeMs);
    return { cancel: () => clearTimeout(handle) };
  }

  every(periodMs: number, work: () => void): Timer {
    const handle = setInterval(work, Math.min(Math.max(1, periodMs), LONGEST_TIMER_MS));
    return { cancel: () => clearInterval(handle) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }
}

/** For implementations of Clock. */
export function sleepOn(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export const systemClock: Clock = new SystemClock();
