// Short things that people say, none like another.
import { join } from 'node:path';
import { samplesOf } from './audio-match.js';
import { secondsHeard, type Speech } from './speech.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
export type Sentence =
  'tt-weasels' | 'tt-monkeysintro' | 'vm-theperson' | 'vm-sorry' | 'vm-advopts' | 'tt-somethingwrong';

export function sentence(name: Sentence): Speech {
  const path = join(SOUNDS, `${name}.wav`);
  return { path, samples: samplesOf(path) };
}

/** Whether enough of it is there to be understood; its first syllables may be under the tone. */
export function understood(file: string, name: Sentence, channel = 1): boolean {
  const said = sentence(name);
  return secondsHeard(samplesOf(file, channel), said, 0.8) >= Math.min(1.2, said.samples.length / 8000 / 2);
}
