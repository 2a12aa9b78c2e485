// *43: whoever begins his shift hears himself as others will. What he says is kept until he has heard it, and no longer.
import { rm } from 'node:fs/promises';
import type { FlowSession } from '../calls/flow-session.js';
import type { Talk } from './talk.js';

export interface EchoTestOptions {
  talk: Talk;
  /** a name for a file that somebody speaks into */
  freshFile: () => string;
}

const LONGEST_MS = 6000;
const SILENCE_MS = 2000;
const TONE_MS = 300;
/** Who forgets to hang up does not keep a line for ever. */
const ROUNDS = 10;
const SILENT_ROUNDS = 3;

/** Until he hangs up, or nothing is heard of him again and again. */
export async function echoTest(session: FlowSession, { talk, freshFile }: EchoTestOptions): Promise<void> {
  let silent = 0;
  for (let round = 0; round < ROUNDS && silent < SILENT_ROUNDS; round += 1) {
    await talk.say(session, [round === 0 ? 'echo-test' : 'echo-test-again'], { bargeIn: false });
    await session.tone('dial', TONE_MS);
    const path = freshFile();
    try {
      const { spoke } = await session.capture(path, { maxMs: LONGEST_MS, silenceMs: SILENCE_MS, terminator: '#' });
      session.signal.throwIfAborted();
      silent = spoke ? 0 : silent + 1;
      await talk.say(session, [spoke ? { file: path } : 'echo-test-nothing'], { bargeIn: false });
    } finally {
      await rm(path, { force: true });
    }
  }
  await talk.say(session, ['goodbye'], { bargeIn: false });
}
