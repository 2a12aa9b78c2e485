import type { Recording } from '@cordboard/daemon/contract';
import { onScopeDispose, reactive, watch } from 'vue';
import { box } from '@/api/box';
import { useProblem } from '@/composables/problem';
import { peaks, readWav, UnreadableSoundError, writePcmWav } from './wav';

/** pieces of the wave picture: fine enough for the widest axis, few enough to draw at once */
const pieces = 600;

export interface LoadedRecording {
  state: 'none' | 'loading' | 'ready' | 'unreadable' | 'failed';
  /** for the player */
  url: string;
  /** as it lies on the disk of the box, for the download */
  originalUrl: string;
  /** a list of peaks for each side, caller first */
  waves: number[][];
  problem: string;
}

/** Fetches and decodes a recording once it is finished. The audio needs the token, so it cannot be a plain address. */
export function useRecording(recording: () => Recording | null | undefined): LoadedRecording {
  const problem = useProblem();
  const loaded = reactive<LoadedRecording>({ state: 'none', url: '', originalUrl: '', waves: [], problem: '' });
  let leaving = new AbortController();

  function clear(): void {
    leaving.abort();
    leaving = new AbortController();
    for (const url of [loaded.url, loaded.originalUrl]) if (url) URL.revokeObjectURL(url);
    Object.assign(loaded, { state: 'none', url: '', originalUrl: '', waves: [], problem: '' });
  }

  async function load(id: string): Promise<void> {
    const { signal } = leaving;
    loaded.state = 'loading';
    try {
      const original = await box.recordingAudio(id, signal);
      const bytes = await original.arrayBuffer();
      if (signal.aborted) return;
      loaded.originalUrl = URL.createObjectURL(original);
      const sound = readWav(bytes);
      loaded.waves = sound.channels.map((channel) => peaks(channel, pieces));
      loaded.url = URL.createObjectURL(writePcmWav(sound));
      loaded.state = 'ready';
    } catch (error) {
      if (signal.aborted) return;
      loaded.state = error instanceof UnreadableSoundError ? 'unreadable' : 'failed';
      if (loaded.state === 'failed') loaded.problem = problem(error);
    }
  }

  watch(
    () => {
      const found = recording();
      return found && (found.state === 'complete' || found.state === 'broken') ? found.id : null;
    },
    (id) => {
      clear();
      if (id) void load(id);
    },
    { immediate: true },
  );
  onScopeDispose(clear);

  return loaded;
}
