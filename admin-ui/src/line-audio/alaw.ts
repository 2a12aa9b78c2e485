/* G.711 A-law, as it is on the lines of the box: 8,000 octets a second. */

export const RATE_HZ = 8000;
/** samples of 20 ms */
export const BLOCK = 160;

const linear = Float32Array.from({ length: 256 }, (_, octet) => {
  const value = octet ^ 0x55;
  const segment = (value >> 4) & 7;
  const step = ((value & 15) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1);
  return (value & 0x80 ? magnitude : -magnitude) / 32_768;
});

/** -1 to 1 */
export const fromAlaw = (octet: number): number => linear[octet & 255];

export function toAlaw(sample: number): number {
  const whole = Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
  const positive = whole >= 0;
  const magnitude = (positive ? whole : -whole - 1) >> 3;
  let segment = 0;
  while (segment < 7 && magnitude >= 32 << segment) segment += 1;
  const step = segment < 2 ? (magnitude >> 1) & 15 : (magnitude >> segment) & 15;
  return ((positive ? 0x80 : 0) | (segment << 4) | step) ^ 0x55;
}
