// A caller leaves a message:
//
//   greeting → tone → he speaks until #, silence, the limit, or hangs up → listen, again, send
//
// Whoever hangs up under way has sent what he said. * during the greeting is for the owner: it leads to the menu of the box.
import { rm } from 'node:fs/promises';
import type { FlowSession } from '../calls/index.js';
import type { JsonObject } from '../contract/index.js';
import { isAppError, type Clock } from '../platform/index.js';
import type { Talking } from './telephone.js';
import type { VoicemailService } from './voicemail-service.js';

export interface MessageTakerOptions {
  voicemail: VoicemailService;
  talk: Talking;
  /** the owner wants to listen */
  listen: (session: FlowSession, boxId: string) => Promise<void>;
  ids: () => ReadonlySet<string>;
  clock: Clock;
}

interface Leaving {
  id: string;
  path: string;
  maxMs: number;
  /** something was said that is not sent yet */
  spoken: boolean;
}

const SILENCE_MS = 5000;
const TONE_MS = 400;
const SHORTEST_MS = 1000;
/** how often he is asked who has said nothing */
const ROUNDS = 3;
const KEY_MS = 6000;

export class MessageTaker {
  readonly #options: MessageTakerOptions;

  constructor(options: MessageTakerOptions) {
    this.#options = options;
  }

  ids(): ReadonlySet<string> {
    return this.#options.ids();
  }

  /** Rejects with the signal's reason when the call has ended; what was said is kept. */
  async run(
    session: FlowSession,
    boxId: string,
  ): Promise<{ outcome: 'done' | 'refused' | 'full' | 'failed'; values?: JsonObject }> {
    const { voicemail, talk, clock } = this.#options;
    const { callId, callingNumber } = session;
    let left: Leaving;
    let greeting: string | undefined;
    try {
      greeting = voicemail.greeting(await voicemail.box(boxId), clock.wallMs());
      left = { ...(await voicemail.begin(boxId, { callId, callingNumber })), spoken: false };
    } catch (error) {
      if (!isAppError(error, 'voicemail_box_full')) {
        if (isAppError(error, 'voicemail_box_not_found')) return { outcome: 'failed' };
        throw error;
      }
      await talk.say(session, ['vm-full'], { bargeIn: false });
      return { outcome: 'full' };
    }
    try {
      await talk.say(session, [greeting ?? 'vm-greeting', 'vm-after-tone']);
      if (session.digits.length > 0 && session.digits.take() === '*') {
        await voicemail.discard(left.id);
        await this.#options.listen(session, boxId);
        return { outcome: 'done' };
      }
      if (!(await this.#speak(session, left))) {
        await voicemail.discard(left.id);
        return { outcome: 'refused' };
      }
    } catch (error) {
      // Whatever came between: what he has said is kept.
      if (left.spoken) await voicemail.finish(left.id);
      else await voicemail.discard(left.id);
      throw error;
    }
    const message = await voicemail.finish(left.id);
    if (message === undefined) return { outcome: 'refused' };
    await talk.say(session, ['vm-sent'], { bargeIn: false });
    return { outcome: 'done', values: { messageId: message.id, durationMs: message.durationMs } };
  }

  /** False: he did not say anything, however often he was asked. */
  async #speak(session: FlowSession, left: Leaving): Promise<boolean> {
    const { path, maxMs } = left;
    const { talk } = this.#options;
    for (let round = 0; round < ROUNDS; round += 1) {
      await rm(path, { force: true });
      left.spoken = false;
      await session.tone('dial', TONE_MS);
      const { spoke, durationMs } = await session.capture(path, { maxMs, silenceMs: SILENCE_MS, terminator: '#' });
      left.spoken = spoke && durationMs >= SHORTEST_MS;
      session.signal.throwIfAborted();
      if (!left.spoken) {
        await talk.say(session, ['vm-nothing-said']);
        continue;
      }
      if ((await this.#review(session, path)) === 'send') return true;
      round = -1;
    }
    return false;
  }

  async #review(session: FlowSession, path: string): Promise<'send' | 'again'> {
    const { talk } = this.#options;
    for (;;) {
      await talk.say(session, ['vm-review']);
      const key = await talk.key(session, KEY_MS);
      if (key === '1') await talk.say(session, [{ file: path }]);
      else if (key === '2') return 'again';
      else if (key === undefined || key === '#' || key === '3') return 'send';
    }
  }
}
