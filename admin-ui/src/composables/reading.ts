import { onScopeDispose, ref, shallowRef, watch, type Ref, type WatchSource } from 'vue';

/** What the box is asked for when the page opens and whenever `on` changes; an answer to an older question is dropped. */
export function useReading<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  on: WatchSource[] = [],
): { value: Ref<T | null>; problem: Ref<unknown>; reading: Ref<boolean>; again: () => Promise<void> } {
  const value = shallowRef<T | null>(null);
  const problem = ref<unknown>(null);
  const reading = ref(false);
  let leaving = new AbortController();

  async function again(): Promise<void> {
    leaving.abort();
    leaving = new AbortController();
    const { signal } = leaving;
    reading.value = true;
    try {
      const answer = await ask(signal);
      if (signal.aborted) return;
      value.value = answer;
      problem.value = null;
    } catch (error) {
      if (!signal.aborted) problem.value = error;
    } finally {
      if (!signal.aborted) reading.value = false;
    }
  }

  watch(on, () => void again());
  onScopeDispose(() => leaving.abort());
  void again();
  return { value: value as Ref<T | null>, problem, reading, again };
}
