// The first call: audio kept octet for octet, calls at once, calls in a row, and a service killed in the middle of them.
import { audio } from '../first-call/audio.mjs';
import { atOnce } from '../first-call/at-once.mjs';
import { inARow } from '../first-call/in-a-row.mjs';
import { killed } from '../first-call/killed.mjs';
import { demo } from '../first-call/demo.mjs';
import { hostileFrames } from '../first-call/hostile-frames.mjs';

export const parts = { audio, atOnce, inARow, killed, demo, hostileFrames };
