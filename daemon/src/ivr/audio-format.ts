// What kind of sound file it is, by its first bytes: the converter is told, and whatever is not here never gets to it.

/** ffmpeg's name of the reader; undefined: no format that is taken. */
export function audioFormat(bytes: Buffer): string | undefined {
  if (bytes.length < 64) return undefined;
  const text = (from: number, to: number): string => bytes.toString('latin1', from, to);
  const head = text(0, 4);
  if (head === 'RIFF' && text(8, 12) === 'WAVE') return 'wav';
  if (head === 'RF64' && text(8, 12) === 'WAVE') return 'wav';
  if (head === 'OggS') return 'ogg';
  if (head === 'fLaC') return 'flac';
  if (head === 'FORM' && /^AIF[FC]$/.test(text(8, 12))) return 'aiff';
  if (head === '.snd') return 'au';
  if (text(0, 5) === '#!AMR') return 'amr';
  if (text(4, 8) === 'ftyp') return 'mov';
  if (bytes.readUInt32BE(0) === 0x1a45dfa3) return 'matroska';
  if (text(0, 3) === 'ID3') return 'mp3';
  // Frame headers: 11 bits of sync, then the layer; 0 is AAC in ADTS (ISO 13818-7).
  const [sync, second = 0] = bytes;
  if (sync === 0xff && (second & 0xe0) === 0xe0) return (second & 0x06) === 0 ? 'aac' : 'mp3';
  return undefined;
}
