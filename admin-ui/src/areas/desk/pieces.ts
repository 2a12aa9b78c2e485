// The pieces of one call: what the box has on its disk, and what has happened since.
import type { CallDetail, RecordingCondition, Segment } from '@cordboard/daemon/contract';
import { ref, shallowRef, watch, type Ref } from 'vue';
import { box } from '@/api/box';
import { useLive } from '@/stores/live';

/** A call that has just begun may not be on the box's disk yet */
const AGAIN_MS = 500;

export interface Pieces {
  detail: Ref<CallDetail | null>;
  segments: Ref<readonly Segment[]>;
  recording: Ref<RecordingCondition['state']>;
  /** Begins with what is known of the call already, so that nothing is empty meanwhile. */
  beginWith(other: Pieces): void;
}

/** `isLive`: it will be on the disk soon; `lost`: it cannot be read, as it was another's. */
export function usePieces(
  id: Ref<string | null>,
  isLive: (id: string) => boolean,
  lost: (id: string) => void = () => undefined,
): Pieces {
  const live = useLive();
  const detail = shallowRef<CallDetail | null>(null);
  const segments = shallowRef<readonly Segment[]>([]);
  const recording = ref<RecordingCondition['state']>('off');
  const again = ref(0);
  /** whose pieces these are */
  let of: string | null = null;
  let reading = new AbortController();

  watch(
    () => [id.value, live.connected, again.value] as const,
    async ([now, connected]) => {
      reading.abort();
      if (now !== of) {
        of = now;
        detail.value = null;
        segments.value = [];
        recording.value = 'off';
      }
      if (!now || !connected) return;
      reading = new AbortController();
      const { signal } = reading;
      try {
        const found = await box.call(now, signal);
        if (signal.aborted) return;
        detail.value = found;
        const fresh = new Map([...found.segments, ...segments.value].map((one) => [one.id, one]));
        segments.value = [...fresh.values()];
        if (found.recording?.state === 'recording' && recording.value === 'off') recording.value = 'recording';
      } catch {
        // it was another's, or the box is away: the card shows what the socket told; a connection anew tries again
        if (signal.aborted) return;
        if (isLive(now)) window.setTimeout(() => (again.value += 1), AGAIN_MS);
        else if (live.connected) lost(now);
      }
    },
    { immediate: true },
  );
  live.onSegment((segment) => {
    if (segment.callId !== id.value) return;
    segments.value = [...segments.value.filter(({ id: known }) => known !== segment.id), segment];
  });
  live.onEvent('recording.updated', (condition) => {
    if (condition.callId === id.value) recording.value = condition.state;
  });

  function beginWith(other: Pieces): void {
    of = other.detail.value?.id ?? null;
    detail.value = other.detail.value;
    segments.value = other.segments.value;
  }

  return { detail, segments, recording, beginWith };
}
