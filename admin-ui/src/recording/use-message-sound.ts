import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { WaveSound } from './use-waveform';
import { peaks, readWav, UnreadableSoundError, writePcmWav } from './wav';

const PIECES = 600;

/** A short sound of the box (a message, a prompt), fetched and decoded when it is chosen; its left side alone. */
export function useMessageSound(fetchIt: () => ((signal: AbortSignal) => Promise<Blob>) | null) {
  const sound = shallowRef<WaveSound | null>(null);
  const problem = ref<unknown>(null);
  const unreadable = ref(false);
  const loading = ref(false);
  let leaving = new AbortController();

  async function load(): Promise<void> {
    leaving.abort();
    leaving = new AbortController();
    const { signal } = leaving;
    drop();
    const ask = fetchIt();
    if (!ask) return;
    loading.value = true;
    try {
      const bytes = await (await ask(signal)).arrayBuffer();
      if (signal.aborted) return;
      const { sampleRate, channels } = readWav(bytes);
      const left = channels.slice(0, 1);
      sound.value = {
        url: URL.createObjectURL(writePcmWav({ sampleRate, channels: left })),
        waves: left.map((side) => peaks(side, PIECES)),
        durationMs: ((left[0]?.length ?? 0) / sampleRate) * 1000,
        marks: [],
      };
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof UnreadableSoundError) unreadable.value = true;
      else problem.value = error;
    } finally {
      if (!signal.aborted) loading.value = false;
    }
  }

  function drop(): void {
    if (sound.value) URL.revokeObjectURL(sound.value.url);
    sound.value = null;
    problem.value = null;
    unreadable.value = false;
    loading.value = false;
  }

  watch(fetchIt, () => void load(), { immediate: true });
  onScopeDispose(() => {
    leaving.abort();
    drop();
  });
  return { sound, problem, unreadable, loading, again: load };
}
