import { onScopeDispose, watch, type Ref } from 'vue';
import { wokenContext } from './contexts';

/** a bell of two tones, one second on, four off, as telephones ring in China and much of the world, s */
const BELL = { every: 5, on: 1, tones: [660, 830], trill: 0.06 };

/** Rings as long as it is true, once somebody has pressed anything on the page. */
export function useRinging(ringing: Ref<boolean>): void {
  let timer = 0;

  function ring(): void {
    const context = wokenContext();
    if (context) {
      const at = context.currentTime;
      const bell = new GainNode(context, { gain: 0.12 });
      const tone = new OscillatorNode(context, { type: 'triangle' });
      for (let i = 0; i * BELL.trill < BELL.on; i += 1) {
        tone.frequency.setValueAtTime(BELL.tones[i % BELL.tones.length], at + i * BELL.trill);
      }
      bell.gain.setTargetAtTime(0, at + BELL.on - 0.05, 0.02);
      tone.connect(bell).connect(context.destination);
      tone.start(at);
      tone.stop(at + BELL.on + 0.1);
    }
    timer = window.setTimeout(ring, BELL.every * 1000);
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
