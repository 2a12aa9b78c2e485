/** a bell of two tones, one second on, four off, as telephones ring in China and much of the world, s */
const BELL = { every: 5, on: 1, tones: [660, 830], trill: 0.06, gain: 0.12 };

export interface Ringer {
  ring(): void;
  quiet(): void;
  /** '': the one that the system has */
  at(device: string): Promise<void>;
}

/**
 * Rings at a device of its own, so that somebody who has put the headset down hears it. An element plays what is made, because not every
 * browser lets a context choose where it is heard.
 */
export function makeRinger(): Ringer {
  const element = document.createElement('audio');
  element.dataset['ringer'] = '';
  let context: AudioContext | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  function bell(to: AudioContext, out: AudioNode): void {
    const at = to.currentTime;
    const gain = new GainNode(to, { gain: BELL.gain });
    const tone = new OscillatorNode(to, { type: 'triangle' });
    for (let i = 0; i * BELL.trill < BELL.on; i += 1)
      tone.frequency.setValueAtTime(BELL.tones[i % BELL.tones.length] ?? 0, at + i * BELL.trill);
    gain.gain.setTargetAtTime(0, at + BELL.on - 0.05, 0.02);
    tone.connect(gain).connect(out);
    tone.start(at);
    tone.stop(at + BELL.on + 0.1);
  }

  function quiet(): void {
    clearInterval(timer);
    element.srcObject = null;
    void context?.close();
    context = undefined;
  }

  return {
    ring() {
      quiet();
      const made = (context = new AudioContext());
      const out = new MediaStreamAudioDestinationNode(made);
      element.srcObject = out.stream;
      bell(made, out);
      timer = setInterval(() => bell(made, out), BELL.every * 1000);
      // A browser that lets nothing sound before somebody has pressed anything shows the call all the same.
      element.play().catch(() => undefined);
    },
    quiet,
    at: (device) => element.setSinkId(device),
  };
}
