// How late the event loop of this thread is, and how much it has to do.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #used = performance.eventLoopUtilization();

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** The longest since the last time, ms. */
  take(): number {
    const longestMs = this.#histogram.max / 1e6 - RESOLUTION_MS;
    this.#histogram.reset();
    return Math.max(0, longestMs);
  }

  /** The share of the time since the last time in which there was something to do, 0 to 1. */
  busy(): number {
    const used = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(used, this.#used);
    this.#used = used;
    return utilization;
  }
}
