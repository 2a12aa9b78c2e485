import type { FloorMoment, QueueThresholds } from '@cordboard/daemon/contract';
import { useLocalStorage } from '@vueuse/core';
import { computed, onScopeDispose, ref, shallowRef, watch, type InjectionKey } from 'vue';
import { api, told } from '@/api/client';
import { usePolling } from '@/composables/polling';
import { useLive } from '@/stores/live';
import { queueFigures, type QueueFigures } from './queues';
import { fits, ordered, pastSeatOf, SeatBook, STATES, type SeatFilter, type SeatOrder, type SeatState } from './seats';

/** Whatever happens within this time is drawn at once, ms. */
const FRAME_MS = 80;
/** thresholds are changed by people, on another page perhaps */
const THRESHOLDS_EVERY_MS = 60_000;
/** a pointer that is dragged passes many moments */
const SETTLE_MS = 120;

/** What the floor shows: now, or a moment of the last hour. */
export function useFloor() {
  const live = useLive();
  const order = useLocalStorage<SeatOrder>('cordboard.seatOrder', 'attention');
  const grouped = useLocalStorage<boolean>('cordboard.seatsGrouped', false);
  const filter = ref<SeatFilter>({ state: null, queueId: null, text: '' });

  const { value: thresholds, refresh: readThresholds } = usePolling(
    (signal) => told(api.GET('/api/v1/queue-thresholds', { signal })),
    THRESHOLDS_EVERY_MS,
  );
  const thresholdsOf = computed(
    () => new Map<string, QueueThresholds>((thresholds.value ?? []).map((one) => [one.queueId, one])),
  );

  // now
  const book = new SeatBook();
  const seatsNow = shallowRef(book.seats(live.agents, live.calls, live.lineQualities));
  const queuesNow = shallowRef(queueFigures(live.queues.values()));
  let timer: number | undefined;
  function soon(): void {
    timer ??= window.setTimeout(() => {
      timer = undefined;
      seatsNow.value = book.seats(live.agents, live.calls, live.lineQualities);
      queuesNow.value = queueFigures(live.queues.values());
    }, FRAME_MS);
  }
  const shown = [live.agents, live.calls, live.queues, live.lineQualities].map((map) => () => [...map.values()]);
  watch(shown, soon, { flush: 'sync' });
  onScopeDispose(() => window.clearTimeout(timer));

  // then
  const at = ref<number | null>(null);
  const moment = shallowRef<FloorMoment | null>(null);
  const momentProblem = ref<unknown>(null);
  let asking = new AbortController();
  let settle: number | undefined;
  async function readMoment(): Promise<void> {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    if (at.value === null) return;
    try {
      const found = await told(api.GET('/api/v1/floor/moment', { params: { query: { at: at.value } }, signal }));
      if (signal.aborted) return;
      moment.value = found;
      momentProblem.value = null;
    } catch (error) {
      if (!signal.aborted) momentProblem.value = error;
    }
  }
  watch(at, (wanted) => {
    window.clearTimeout(settle);
    if (wanted === null) {
      asking.abort();
      moment.value = null;
      momentProblem.value = null;
    } else settle = window.setTimeout(() => void readMoment(), SETTLE_MS);
  });
  onScopeDispose(() => {
    window.clearTimeout(settle);
    asking.abort();
  });

  const past = computed(() => (at.value === null ? null : moment.value));
  const all = computed(() => (past.value ? past.value.agents.map(pastSeatOf) : seatsNow.value));
  const queues = computed<QueueFigures[]>(() => (past.value ? queueFigures(past.value.queues) : queuesNow.value));

  const counts = computed(() => {
    const found = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<SeatState, number>;
    for (const seat of all.value) if (fits(seat, { ...filter.value, state: null })) found[seat.state] += 1;
    return found;
  });
  const seats = computed(() =>
    ordered(
      all.value.filter((seat) => fits(seat, filter.value)),
      order.value,
    ),
  );

  return {
    ...{ order, grouped, filter, at, moment, momentProblem, readMoment, past, all, seats, counts, queues },
    ...{ thresholdsOf, readThresholds },
  };
}

export type Floor = ReturnType<typeof useFloor>;
export const floorKey: InjectionKey<Floor> = Symbol('floor');
