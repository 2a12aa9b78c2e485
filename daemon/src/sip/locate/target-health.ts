// Which targets failed lately (RFC 3263 clause 4.3): they are tried last until their time is over, so that a call does not
// wait 32 s for the same dead server as the call before it.
import type { Clock } from '../../platform/index.js';
import { targetKey } from './addresses.js';
import { locateLimits } from './limits.js';
import type { Target } from './types.js';

interface Failed {
  untilMs: number;
  forMs: number;
}

export class TargetHealth {
  readonly #clock: Clock;
  /** the one that failed longest ago first */
  readonly #failed = new Map<string, Failed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * No answer, a transport error, or 503. `forMs`: what Retry-After said, at most five minutes of it; left out: 30 s, twice
   * as long each time that it fails again, at most five minutes.
   */
  failed(target: Target, forMs?: number): void {
    const key = targetKey(target);
    const before = this.#failed.get(key);
    this.#failed.delete(key);
    const wanted = forMs ?? (before === undefined ? locateLimits.failedMs : before.forMs * 2);
    const heldMs = Math.min(Math.max(wanted, 0), locateLimits.failedMaxMs);
    this.#failed.set(key, { forMs: heldMs, untilMs: this.#clock.monotonicMs() + heldMs });
    if (this.#failed.size <= locateLimits.failedTargets) return;
    for (const oldest of this.#failed.keys()) {
      this.#failed.delete(oldest);
      break;
    }
  }

  /** It answered: whatever was held against it is forgotten. */
  answered(target: Target): void {
    if (this.#failed.size > 0) this.#failed.delete(targetKey(target));
  }

  usable(target: Target): boolean {
    const failed = this.#failed.get(targetKey(target));
    return failed === undefined || failed.untilMs <= this.#clock.monotonicMs();
  }

  /** In the order given, but those that failed lately last; none is left out, for all may have failed. */
  order<T extends Target>(targets: readonly T[]): T[] {
    if (this.#failed.size === 0) return [...targets];
    const usable = targets.filter((target) => this.usable(target));
    return usable.length === targets.length ? usable : [...usable, ...targets.filter((one) => !usable.includes(one))];
  }

  /** Targets that are put last now. */
  get size(): number {
    const nowMs = this.#clock.monotonicMs();
    let size = 0;
    for (const failed of this.#failed.values()) if (failed.untilMs > nowMs) size += 1;
    return size;
  }
}
