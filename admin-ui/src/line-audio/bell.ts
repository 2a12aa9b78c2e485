/** Two tones in turn, one second on, four off, as telephones ring in China and much of the world; s. */
const BELL = { every: 5, on: 1, tones: [660, 830], trill: 0.06, gain: 0.12 };

/** From the beginning of one ring to that of the next. */
export const BELL_EVERY_MS = BELL.every * 1000;

/** One ring, from now on. */
export function strike(context: AudioContext, out: AudioNode): void {
  const at = context.currentTime;
  const bell = new GainNode(context, { gain: BELL.gain });
  const tone = new OscillatorNode(context, { type: 'triangle' });
  for (let i = 0; i * BELL.trill < BELL.on; i += 1) {
    tone.frequency.setValueAtTime(BELL.tones[i % BELL.tones.length], at + i * BELL.trill);
  }
  bell.gain.setTargetAtTime(0, at + BELL.on - 0.05, 0.02);
  tone.connect(bell).connect(out);
  tone.start(at);
  tone.stop(at + BELL.on + 0.1);
}
