import { onScopeDispose, watch, type Ref } from 'vue';
import { BELL_EVERY_MS, strike } from './bell';
import { wokenContext } from './contexts';

/** Rings as long as it is true, once somebody has pressed anything on the page. */
export function useRinging(ringing: Ref<boolean>): void {
  let timer = 0;

  function ring(): void {
    const context = wokenContext();
    if (context) strike(context, context.destination);
    timer = window.setTimeout(ring, BELL_EVERY_MS);
  }

  watch(
    ringing,
    (now) => {
      window.clearTimeout(timer);
      if (now) ring();
    },
    { immediate: true },
  );
  onScopeDispose(() => window.clearTimeout(timer));
}
