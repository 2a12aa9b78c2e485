import type WaveSurfer from 'wavesurfer.js';
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue';

/** A stretch that has no sound on purpose. */
export interface WaveMark {
  fromMs: number;
  toMs: number;
  text: string;
}

export interface WaveSound {
  url: string;
  /** a list of peaks, 0 to 1, for each side */
  waves: number[][];
  durationMs: number;
  marks: readonly WaveMark[];
}

/** The box puts it into each page it gives out: the picture brings a style element along, which the policy lets in by it. */
const styleNonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';

/** Draws a sound into an element, both sides one above the other, and plays it. The library is fetched with the first sound. */
export function useWaveform(element: Ref<HTMLElement | null>, sound: () => WaveSound | null) {
  const playing = ref(false);
  const positionMs = ref(0);
  const wave = shallowRef<WaveSurfer | null>(null);
  const speed = ref(1);
  /** 0: all of it in view; else times as wide */
  const zoom = ref(0);
  let turn = 0;

  async function draw(from: WaveSound | null): Promise<void> {
    const mine = ++turn;
    clear();
    if (!from || !element.value) return;
    const [{ default: Wave }, { default: Regions }] = await Promise.all([
      import('wavesurfer.js'),
      import('wavesurfer.js/plugins/regions'),
    ]);
    if (mine !== turn || !element.value) return;
    const media = document.createElement('audio');
    media.preload = 'auto';
    media.src = from.url;
    const regions = Regions.create();
    const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const drawn = Wave.create({
      container: element.value,
      media,
      peaks: from.waves,
      duration: from.durationMs / 1000,
      height: 44,
      splitChannels: from.waves.map((_, side) => {
        const played = colour(side === 0 ? '--accent' : '--mute');
        // what has not been played yet: the same, half as strong
        return { waveColor: `${played}80`, progressColor: played };
      }),
      cursorColor: colour('--ink'),
      cursorWidth: 2,
      normalize: true,
      plugins: [regions],
      cspNonce: styleNonce,
    });
    drawn.on('play', () => (playing.value = true));
    drawn.on('pause', () => (playing.value = false));
    drawn.on('timeupdate', (seconds) => (positionMs.value = seconds * 1000));
    drawn.on('ready', () => {
      for (const { fromMs, toMs, text } of from.marks) {
        regions.addRegion({
          start: fromMs / 1000,
          end: toMs / 1000,
          content: text,
          drag: false,
          resize: false,
          color: colour('--ring-soft'),
        });
      }
    });
    drawn.setPlaybackRate(speed.value, true);
    wave.value = drawn;
  }

  function clear(): void {
    wave.value?.destroy();
    wave.value = null;
    playing.value = false;
    positionMs.value = 0;
    zoom.value = 0;
  }

  watch([element, sound], () => void draw(sound()), { immediate: true, flush: 'post' });
  watch(speed, (rate) => wave.value?.setPlaybackRate(rate, true));
  watch(zoom, (times) => {
    const width = element.value?.clientWidth ?? 0;
    const seconds = (sound()?.durationMs ?? 0) / 1000;
    if (wave.value && seconds > 0) wave.value.zoom(times === 0 ? 0 : (width / seconds) * (1 + times));
  });
  onScopeDispose(() => {
    turn += 1;
    clear();
  });

  return {
    /** drawn, and may be played */
    ready: computed(() => wave.value !== null),
    playing,
    positionMs,
    speed,
    zoom,
    toggle: () => void wave.value?.playPause(),
    seek: (ms: number) => wave.value?.setTime(Math.max(0, ms) / 1000),
  };
}
