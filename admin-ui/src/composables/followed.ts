import { onScopeDispose, ref, watch, type Ref, type WatchSource } from 'vue';
import type { LiveEvents } from '@cordboard/daemon/contract';
import { useLive } from '@/stores/live';

/** between two readings, however much is told meanwhile */
const PERIOD_MS = 1000;
/** after it what was told is in what the box answers */
const SOON_MS = 150;
/** what could not be read is asked for again */
const AGAIN_MS = 5000;

interface Options<T> {
  /** events that carry all that is shown: nothing need be read then; undefined: it was of something else */
  told?: { [E in keyof LiveEvents]?: (data: LiveEvents[E], now: T | null) => T | undefined };
  /** what the live store has, of which what is read follows, too */
  also?: WatchSource[];
}

/**
 * Reads once, and again when the box tells of one of these events or is back after a loss. Many events at once are one reading, never
 * more than one a second.
 */
export function useFollowed<T>(
  events: readonly (keyof LiveEvents)[],
  ask: (signal: AbortSignal) => Promise<T>,
  { told = {}, also = [] }: Options<T> = {},
): { value: Ref<T | null>; problem: Ref<unknown>; refresh: () => Promise<void> } {
  const live = useLive();
  const value = ref(null) as Ref<T | null>;
  const problem = ref<unknown>(null);
  const leaving = new AbortController();
  let turn = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  let timer = 0;

  function plan(waitMs: number): void {
    if (timer !== 0 || leaving.signal.aborted) return;
    timer = window.setTimeout(() => {
      timer = 0;
      void refresh();
    }, waitMs);
  }
  const soon = (): void => plan(Math.max(SOON_MS, readAt + PERIOD_MS - performance.now()));

  async function refresh(): Promise<void> {
    const mine = ++turn;
    readAt = performance.now();
    try {
      const answer = await ask(leaving.signal);
      // an answer to a question asked earlier must not overwrite a later one, nor what was told since
      if (mine !== turn) return;
      value.value = answer;
      problem.value = null;
    } catch (error) {
      if (mine !== turn || leaving.signal.aborted) return;
      problem.value = error;
      plan(AGAIN_MS);
    }
  }

  const offs = events.map((event) =>
    live.onEvent(event, (data) => {
      const whole = (told[event] as ((data: unknown, now: T | null) => T | undefined) | undefined)?.(data, value.value);
      if (told[event] === undefined) return soon();
      if (whole === undefined) return;
      turn += 1;
      value.value = whole;
      problem.value = null;
    }),
  );
  watch(
    () => live.connected,
    (now, before) => now && !before && soon(),
  );
  watch(also, soon);
  onScopeDispose(() => {
    leaving.abort();
    window.clearTimeout(timer);
    offs.forEach((off) => off());
  });
  void refresh();
  return { value, problem, refresh };
}
