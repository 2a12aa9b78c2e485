// Keys as tones (Q.23), made and found: a test's own ear, apart from the engine's.
import { fromAlaw, toAlaw } from './wav.js';

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
const KEYS = ['123A', '456B', '789C', '*0#D'];
const BLOCK = 160;

/** A-law, so many ms of a key and as many of silence. */
export function keyTone(key: string, ms = 100): Uint8Array {
  const row = KEYS.findIndex((keys) => keys.includes(key));
  const low = ROWS[row]!;
  const high = COLUMNS[KEYS[row]!.indexOf(key)]!;
  const wave = (i: number): number =>
    6000 * (Math.sin((2 * Math.PI * low * i) / 8000) + Math.sin((2 * Math.PI * high * i) / 8000));
  return Uint8Array.from({ length: ms * 16 }, (_, i) => toAlaw(i < ms * 8 ? Math.round(wave(i)) : 0));
}

/** Goertzel: how strong one frequency is, as a share of all there is. */
export function share(octets: Uint8Array, hertz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hertz) / 8000);
  let [one, two, all] = [0, 0, 0];
  for (const octet of octets) {
    const sample = fromAlaw(octet);
    [one, two] = [sample + factor * one - two, one];
    all += sample * sample;
  }
  const power = one * one + two * two - factor * one * two;
  return all < octets.length * 100 * 100 ? 0 : (2 * power) / (all * octets.length);
}

function keyOf(block: Uint8Array): string {
  const rows = ROWS.map((hertz) => share(block, hertz));
  const columns = COLUMNS.map((hertz) => share(block, hertz));
  const row = rows.indexOf(Math.max(...rows));
  const column = columns.indexOf(Math.max(...columns));
  return rows[row]! > 0.25 && columns[column]! > 0.25 ? KEYS[row]![column]! : '';
}

/** The keys in A-law audio that are heard for 40 ms at least. */
export function keysIn(octets: Uint8Array): string {
  let [keys, last, blocks] = ['', '', 0];
  for (let at = 0; at + BLOCK <= octets.length; at += BLOCK) {
    const key = keyOf(octets.subarray(at, at + BLOCK));
    blocks = key !== '' && key === last ? blocks + 1 : 1;
    if (key !== '' && blocks === 2) keys += key;
    last = key;
  }
  return keys;
}
