// Nothing that arrives takes away what is being written: the card that somebody writes on stays until he lets it go.
import { computed, ref, watch, type Ref } from 'vue';

/** So long after the last letter it counts as being written. */
const WRITING_MS = 60_000;

/** undefined: no card is kept */
export type Kept = string | null | undefined;

/**
 * `natural`: the call whose card would be shown, null for none. `keeps`: told just before another is, with the call that stays.
 */
export function useKeptCard(natural: Ref<string | null>, keeps: (id: string | null) => void) {
  const kept = ref<Kept>(undefined);
  /** a record is being filled in */
  const filling = ref(false);
  let lastLetter = -Infinity;
  let inText: () => boolean = () => false;

  const writing = (): boolean => filling.value || (inText() && performance.now() - lastLetter < WRITING_MS);

  // at once: what is shown must not have changed in between
  watch(
    natural,
    (now, before) => {
      if (kept.value === undefined) {
        if (!writing()) return;
        keeps(before);
        kept.value = before;
      } else if (now === kept.value) kept.value = undefined;
    },
    { flush: 'sync' },
  );

  return {
    kept,
    filling,
    /** Shows what would be shown if nobody had written. */
    release(): void {
      filling.value = false;
      lastLetter = -Infinity;
      kept.value = undefined;
    },
    /** Shows this one until it is let go. */
    keep(id: string | null): void {
      kept.value = id === natural.value ? undefined : id;
    },
    /** `focused`: whether the one who writes is in the text still */
    wrote(focused: () => boolean): void {
      inText = focused;
      lastLetter = performance.now();
    },
    shown: computed(() => (kept.value === undefined ? natural.value : kept.value)),
  };
}
