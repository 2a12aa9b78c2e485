import type { Call } from '@cordboard/daemon/contract';
import { defineStore } from 'pinia';
import { shallowReactive } from 'vue';
import { box } from '@/api/box';
import { timesOf } from '@/call-axis/axis';

export interface CallTimes {
  waitMs: number | null;
  talkMs: number | null;
}

/** requests under way at once */
const atOnce = 4;

/**
 * Wait and talk of calls that are over, by id. They are sums over a call's pieces, which a list of calls does not carry, so
 * each call shown is read once; it never changes afterwards.
 */
export const useCallTimes = defineStore('callTimes', () => {
  const times = shallowReactive(new Map<string, CallTimes>());
  let wanted: string[] = [];
  let busy = 0;

  /** Of these calls the page shows figures now; what was asked for before and not yet read is forgotten. */
  function want(calls: readonly Call[]): void {
    wanted = calls.filter((call) => call.state !== 'live' && !times.has(call.id)).map((call) => call.id);
    while (busy < atOnce && wanted.length > 0) void work();
  }

  async function work(): Promise<void> {
    busy++;
    for (let id = wanted.shift(); id !== undefined; id = wanted.shift()) {
      try {
        const call = await box.call(id);
        times.set(id, timesOf(call, call.endedAt ?? call.startedAt));
      } catch {
        // the two cells stay empty; the next look at the page tries again
      }
    }
    busy--;
  }

  return { times, want };
});
