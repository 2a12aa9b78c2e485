import workletUrl from './line-worklet?worker&url';

/*
 * One context at the rate of the lines for all that is heard and for files; the microphone has one at its own rate, because
 * not every browser takes a microphone at another.
 */

let lines: AudioContext | undefined;
let linesReady: Promise<void> | undefined;

export async function lineContext(): Promise<AudioContext> {
  lines ??= new AudioContext({ sampleRate: 8000, latencyHint: 'interactive' });
  linesReady ??= lines.audioWorklet.addModule(workletUrl);
  await linesReady;
  return lines;
}

/** To be called where a person has pressed something: browsers are silent before that. */
export function wakeSound(): void {
  lines ??= new AudioContext({ sampleRate: 8000, latencyHint: 'interactive' });
  void lines.resume();
}

/** The context of sounds of the page itself; undefined as long as nobody has pressed anything. */
export function wokenContext(): AudioContext | undefined {
  return lines?.state === 'running' ? lines : undefined;
}

export async function microphoneContext(): Promise<AudioContext> {
  const context = new AudioContext({ latencyHint: 'interactive' });
  await context.audioWorklet.addModule(workletUrl);
  return context;
}
