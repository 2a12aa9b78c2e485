import type { LiveEvents } from '@cordboard/daemon/contract';
import { useDebounceFn } from '@vueuse/core';
import { onScopeDispose, watch } from 'vue';
import { useLive } from '@/stores/live';

/** Reads again when the box tells of one of these events, or is back after a loss; many at once are one reading. */
export function useFollowing(events: readonly (keyof LiveEvents)[], again: () => Promise<void>): void {
  const live = useLive();
  const soon = useDebounceFn(() => void again(), 150);
  const offs = events.map((event) => live.onEvent(event, () => void soon()));
  watch(
    () => live.connected,
    (now, before) => now && !before && void soon(),
  );
  onScopeDispose(() => offs.forEach((off) => off()));
}
