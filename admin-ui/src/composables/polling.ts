import { useDocumentVisibility, useTimeoutFn } from '@vueuse/core';
import { onScopeDispose, ref, type Ref } from 'vue';

/** Asks again and again while the page is seen: for what the box does not tell by itself. Never two at once. */
export function usePolling<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
): { value: Ref<T | null>; problem: Ref<unknown>; refresh: () => Promise<void> } {
  const value = ref(null) as Ref<T | null>;
  const problem = ref<unknown>(null);
  const visibility = useDocumentVisibility();
  const leaving = new AbortController();
  let turn = 0;

  const { start } = useTimeoutFn(() => void again(), everyMs, { immediate: false });

  async function again(): Promise<void> {
    if (visibility.value === 'visible') await refresh();
    else start();
  }

  async function refresh(): Promise<void> {
    const mine = ++turn;
    try {
      const answer = await ask(leaving.signal);
      // an answer to a question asked earlier must not overwrite a later one
      if (mine === turn) {
        value.value = answer;
        problem.value = null;
      }
    } catch (error) {
      if (mine === turn && !leaving.signal.aborted) problem.value = error;
    }
    if (!leaving.signal.aborted) start();
  }

  onScopeDispose(() => leaving.abort());
  void refresh();
  return { value, problem, refresh };
}
