// What people say in calls: long pieces of speech, so that nobody falls silent during a test, and none like another.
import { join } from 'node:path';
import { RATE_HZ, findSound, rms, samplesOf } from './audio-match.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
/** each more than twelve seconds */
const PIECES = [
  ...['priv-callee-options', 'demo-congrats', 'basic-pbx-ivr-main', 'demo-echotest', 'conf-adminmenu-18', 'vm-options'],
  ...['conf-usermenu', 'screen-callee-options', 'demo-abouttotry', 'demo-moreinfo', 'vm-msginstruct', 'dir-intro'],
];

export interface Speech {
  path: string;
  samples: Float64Array;
}

export function speech(index: number): Speech {
  const name = PIECES[index];
  if (name === undefined) throw new RangeError(`there are ${PIECES.length} pieces`);
  const path = join(SOUNDS, `${name}.wav`);
  return { path, samples: samplesOf(path) };
}

const PIECE_S = 0.4;
/** root mean square, 16-bit scale */
const AUDIBLE = 300;

/**
 * How well what was said from and to is heard, 0 to 1: the median of its pieces, so that a packet which came too late on a busy
 * machine does not make all of it unheard. A piece in which nothing is said tells nothing.
 */
export function heardWell(heard: Float64Array, said: Speech, fromS = 0.4, toS = 2.4): number {
  const peaks = peaksOf(heard, said, fromS, toS);
  if (peaks.length < 3) throw new RangeError('too little is said there');
  return peaks.sort((a, b) => a - b)[peaks.length >> 1]!;
}

/** How much of what was said is heard at least so well, for one who comes into a talk when it has begun. Pauses do not count. */
export function secondsHeard(heard: Float64Array, said: Speech, well: number): number {
  const peaks = peaksOf(heard, said, 0, said.samples.length / RATE_HZ);
  return peaks.filter((peak) => peak > well).length * PIECE_S;
}

function peaksOf(heard: Float64Array, { samples }: Speech, fromS: number, toS: number): number[] {
  const peaks: number[] = [];
  for (let at = fromS; at + PIECE_S <= toS; at += PIECE_S) {
    const piece = samples.subarray(at * RATE_HZ, (at + PIECE_S) * RATE_HZ);
    if (rms(piece) > AUDIBLE) peaks.push(findSound(heard, piece).peak);
  }
  return peaks;
}
