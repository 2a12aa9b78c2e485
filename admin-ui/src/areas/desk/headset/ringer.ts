import { BELL_EVERY_MS, strike } from '@/line-audio/bell';

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
      strike(made, out);
      timer = setInterval(() => strike(made, out), BELL_EVERY_MS);
      // A browser that lets nothing sound before somebody has pressed anything shows the call all the same.
      element.play().catch(() => undefined);
    },
    quiet,
    at: (device) => element.setSinkId(device),
  };
}
