/*
 * The box records stereo A-law at 8 kHz (left: what the caller says, right: what the caller hears). Not every browser
 * plays A-law, so the page decodes it: bytes → samples → 16-bit PCM WAV for the player, and peaks for the picture.
 */

export interface Sound {
  sampleRate: number;
  /** 16-bit samples, one array a channel, all of the same length */
  channels: Int16Array[];
}

export class UnreadableSoundError extends Error {}

const formatPcm = 1;
const formatALaw = 6;

/** A recording cut short by a power cut may say a length of 0 or of more than there is: what is there counts. */
export function readWav(bytes: ArrayBuffer): Sound {
  const view = new DataView(bytes);
  if (bytes.byteLength < 12 || tag(view, 0) !== 'RIFF' || tag(view, 8) !== 'WAVE') throw new UnreadableSoundError();
  let format = 0;
  let channelCount = 0;
  let sampleRate = 0;
  let bits = 0;
  for (let at = 12; at + 8 <= bytes.byteLength;) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag(view, at) === 'fmt ' && body + 16 <= bytes.byteLength) {
      format = view.getUint16(body, true);
      channelCount = view.getUint16(body + 2, true);
      sampleRate = view.getUint32(body + 4, true);
      bits = view.getUint16(body + 14, true);
    } else if (tag(view, at) === 'data') {
      if (channelCount < 1 || channelCount > 2 || sampleRate === 0) throw new UnreadableSoundError();
      const there = bytes.byteLength - body;
      const length = size === 0 ? there : Math.min(size, there);
      return { sampleRate, channels: samples(view, body, length, channelCount, format, bits) };
    }
    at = body + size + (size % 2);
  }
  throw new UnreadableSoundError();
}

function samples(
  view: DataView,
  at: number,
  length: number,
  count: number,
  format: number,
  bits: number,
): Int16Array[] {
  if (format === formatALaw && bits === 8) {
    const frames = Math.floor(length / count);
    return split(frames, count, (i) => aLaw[view.getUint8(at + i)]);
  }
  if (format === formatPcm && bits === 16) {
    const frames = Math.floor(length / 2 / count);
    return split(frames, count, (i) => view.getInt16(at + 2 * i, true));
  }
  throw new UnreadableSoundError();
}

function split(frames: number, count: number, sample: (index: number) => number): Int16Array[] {
  const channels = Array.from({ length: count }, () => new Int16Array(frames));
  channels.forEach((channel, c) => {
    for (let i = 0; i < frames; i++) channel[i] = sample(i * count + c);
  });
  return channels;
}

/** ITU-T G.711 A-law to 16-bit linear; even bits are inverted on the line (0x55). */
const aLaw = Int16Array.from({ length: 256 }, (_, code) => {
  const value = code ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = value & 15;
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return value & 0x80 ? magnitude : -magnitude;
});

export function writePcmWav({ sampleRate, channels }: Sound): Blob {
  const count = channels.length;
  const frames = channels[0].length;
  const out = new DataView(new ArrayBuffer(44 + frames * count * 2));
  const put = (at: number, text: string) => [...text].forEach((c, i) => out.setUint8(at + i, c.charCodeAt(0)));
  put(0, 'RIFF');
  out.setUint32(4, out.byteLength - 8, true);
  put(8, 'WAVEfmt ');
  out.setUint32(16, 16, true);
  out.setUint16(20, formatPcm, true);
  out.setUint16(22, count, true);
  out.setUint32(24, sampleRate, true);
  out.setUint32(28, sampleRate * count * 2, true);
  out.setUint16(32, count * 2, true);
  out.setUint16(34, 16, true);
  put(36, 'data');
  out.setUint32(40, frames * count * 2, true);
  const pcm = new Int16Array(out.buffer, 44);
  channels.forEach((channel, c) => {
    for (let i = 0; i < frames; i++) pcm[i * count + c] = channel[i];
  });
  return new Blob([out.buffer], { type: 'audio/wav' });
}

/** The loudest sample of each of `count` equal pieces, 0 to 1. */
export function peaks(samples: Int16Array, count: number): number[] {
  const step = samples.length / count;
  return Array.from({ length: count }, (_, piece) => {
    let loudest = 0;
    const end = Math.floor((piece + 1) * step);
    for (let i = Math.floor(piece * step); i < end; i++) loudest = Math.max(loudest, Math.abs(samples[i]));
    return loudest / 32768;
  });
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));
}
