/*
 * Runs in the browser's audio thread.
 *
 *   line-ear    blocks from the box → jitter buffer → loudspeaker
 *   line-mouth  microphone or file → 8 kHz A-law → blocks of 20 ms for the box
 */
import { BLOCK, RATE_HZ, fromAlaw, toAlaw } from './alaw';

declare const sampleRate: number;
declare function registerProcessor(name: string, made: new () => AudioWorkletProcessor): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** what is laid by before anything is heard, and the most: who lags behind skips */
const TARGET = 0.08 * RATE_HZ;
const MOST = 0.3 * RATE_HZ;
/** a level is told so often */
const LEVEL_SAMPLES = RATE_HZ / 10;

class Level {
  #sum = 0;
  #count = 0;
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  take(sample: number): void {
    this.#sum += sample * sample;
    this.#count += 1;
    if (this.#count < LEVEL_SAMPLES) return;
    this.#port.postMessage({ level: Math.sqrt(this.#sum / this.#count) });
    this.#sum = this.#count = 0;
  }
}

class LineEar extends AudioWorkletProcessor {
  readonly #ring = new Float32Array(RATE_HZ);
  readonly #level = new Level(this.port);
  #read = 0;
  #filled = 0;
  #waits = true;
  /** of a sample of the line, when the loudspeaker's rate is another one */
  #part = 0;
  #last = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<Uint8Array>) => this.#take(data);
  }

  #take(octets: Uint8Array): void {
    for (const octet of octets) {
      if (this.#filled === this.#ring.length) break;
      this.#ring[(this.#read + this.#filled) % this.#ring.length] = fromAlaw(octet);
      this.#filled += 1;
    }
    if (this.#filled > MOST) {
      this.#read = (this.#read + this.#filled - TARGET) % this.#ring.length;
      this.#filled = TARGET;
    }
    if (this.#filled >= TARGET) this.#waits = false;
  }

  #next(): number {
    if (this.#filled === 0) this.#waits = true;
    if (this.#waits) return 0;
    const sample = this.#ring[this.#read];
    this.#read = (this.#read + 1) % this.#ring.length;
    this.#filled -= 1;
    return sample;
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [channel] = outputs[0];
    const step = RATE_HZ / sampleRate;
    for (let i = 0; i < channel.length; i += 1) {
      this.#part += step;
      while (this.#part >= 1) {
        this.#part -= 1;
        this.#last = this.#next();
        this.#level.take(this.#last);
      }
      channel[i] = this.#last;
    }
    return true;
  }
}

class LineMouth extends AudioWorkletProcessor {
  readonly #level = new Level(this.port);
  #block = new Uint8Array(BLOCK);
  #count = 0;
  #part = 0;
  #before = 0;

  /** Between the two samples on its sides; what lies above the line's band was filtered away before. */
  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (!channel) return true;
    const step = RATE_HZ / sampleRate;
    for (const sample of channel) {
      this.#part += step;
      if (this.#part >= 1) {
        this.#part -= 1;
        const share = this.#part / step;
        this.#put(share * this.#before + (1 - share) * sample);
      }
      this.#before = sample;
    }
    return true;
  }

  #put(sample: number): void {
    this.#level.take(sample);
    this.#block[this.#count] = toAlaw(sample);
    this.#count += 1;
    if (this.#count < BLOCK) return;
    this.port.postMessage({ octets: this.#block }, [this.#block.buffer]);
    this.#block = new Uint8Array(BLOCK);
    this.#count = 0;
  }
}

registerProcessor('line-ear', LineEar);
registerProcessor('line-mouth', LineMouth);
