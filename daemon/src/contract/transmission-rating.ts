// What the last seconds of a line sounded like, by the E-model (ITU-T G.107, 06/2015), as the engine has it for whole streams
// (native/src/rtp/quality.cpp): R = 93.2 − Idd(delay) − Ie,eff(codec, loss).

export interface Hearing {
  /** as SDP has it */
  codec: string;
  /** one way, from mouth to ear */
  delayMs: number;
  /** 0 to 1: lost or too late */
  lossShare: number;
}

const DEFAULT_RATING = 93.2;
/** Equipment impairment, and robustness against loss with concealment (G.113 Appendix I). */
const OPUS = { ie: 5, bpl: 20 };
const G711 = { ie: 0, bpl: 25.1 };

function ratingOf({ codec, delayMs, lossShare }: Hearing): number {
  const { ie, bpl } = codec.toLowerCase() === 'opus' ? OPUS : G711;
  const percent = 100 * Math.min(1, Math.max(0, lossShare));
  const rating = DEFAULT_RATING - delayImpairment(delayMs) - ie - ((95 - ie) * percent) / (percent + bpl);
  return Math.min(DEFAULT_RATING, Math.max(0, rating));
}

/** MOS-CQE (Annex B): 1 to 4.5. */
export function mosOf(hearing: Hearing): number {
  const r = ratingOf(hearing);
  if (r <= 0) return 1;
  // The formula of the annex dips below 1 under R = 6.5.
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

/** Clause 7.4, for sT = 1 and mT = 100 ms, the default delay sensitivity class. */
function delayImpairment(delayMs: number): number {
  if (delayMs <= 100) return 0;
  const x = Math.log2(Math.min(delayMs, 10_000) / 100);
  const root = (base: number): number => (1 + base ** 6) ** (1 / 6);
  return 25 * (root(x) - 3 * root(x / 3) + 2);
}
