// The owner listens by telephone. From his own telephone he is let in; from any other he names the box and its PIN.
//
//   messages, new ones first: 1 again  2 next  3 delete  4 hand on  5 call back  6 number and time  7 handled  * back  # end
//   0 greetings: 1 record one  2 choose one
//
// The recording of the call is stopped before the PIN: what a box holds does not come into the recordings.
import type { FlowSession } from '../calls/index.js';
import type { VoiceMessage } from '../contract/index.js';
import type { VoicemailBoxRow } from '../db/index.js';
import { isAppError, type Clock, type Log } from '../platform/index.js';
import type { BoxBook } from './box-book.js';
import { GreetingMenu } from './greeting-menu.js';
import type { HeardFiles } from './heard-files.js';
import { callerKey, type Greetings, type LocalTime, type Spoken, type Talking } from './telephone.js';
import type { VoicemailService } from './voicemail-service.js';

export interface MailboxOptions {
  voicemail: VoicemailService;
  boxes: BoxBook;
  talk: Talking;
  heard: HeardFiles;
  greetings: Greetings;
  localTime: (at: number) => LocalTime;
  /** rings the telephone when it is free, and calls the number when it is lifted */
  callBack: (station: number, number: string) => void;
  clock: Clock;
  log: Log;
}

/** Wrong numbers and PINs in one call, whatever the boxes. */
const ROUNDS = 5;
/** prompts that nobody answers, until he is taken to have gone */
const MOST_SILENCE = 3;
const PIN_DIGITS = 10;
const NUMBER_DIGITS = 24;

export interface Entering {
  /** the message that he was called for */
  first?: string | undefined;
  /** he has known the PIN, and is let in */
  entered?: (() => void) | undefined;
}

/** What a key asks for after a message. */
type Step = 'again' | 'next' | 'back' | 'end' | 'stay';

export class Mailbox {
  readonly #options: MailboxOptions;
  readonly #greetings: GreetingMenu;

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#greetings = new GreetingMenu(options);
  }

  /** At one's own telephone. */
  async own(session: FlowSession, agentId: string | null): Promise<void> {
    const { boxes, talk } = this.#options;
    const box = session.station === null ? undefined : boxes.own(session.station, agentId);
    if (box === undefined) return talk.say(session, ['vm-no-box'], { bargeIn: false });
    await unrecorded(session);
    await this.listen(session, box.id);
  }

  /** At any telephone; `number` undefined: he is asked which box. Resolves with whether he was let in. */
  async enter(session: FlowSession, number?: string): Promise<boolean> {
    const { boxes, talk } = this.#options;
    await unrecorded(session);
    for (let round = 0; round < ROUNDS; round += 1) {
      let dialled = number;
      if (dialled === undefined) {
        await talk.say(session, ['vm-enter-box']);
        dialled = await talk.digits(session, { maxDigits: NUMBER_DIGITS });
      }
      // A box that is not there is asked for its PIN, too: nobody learns which ones there are.
      const verdict = await this.#tryPin(session, boxes.withNumber(dialled));
      if (verdict === 'right') return true;
      if (verdict === 'locked') return false;
    }
    await talk.say(session, ['goodbye'], { bargeIn: false });
    return false;
  }

  /** Asks for the PIN of a box, and lets him listen. Resolves with whether he was let in. */
  async withPin(session: FlowSession, boxId: string, how: Entering = {}): Promise<boolean> {
    await unrecorded(session);
    for (let round = 0; round < ROUNDS; round += 1) {
      const verdict = await this.#tryPin(session, this.#options.boxes.find(boxId), how);
      if (verdict !== 'wrong') return verdict === 'right';
    }
    return false;
  }

  async #tryPin(
    session: FlowSession,
    box: VoicemailBoxRow | undefined,
    { first, entered }: Entering = {},
  ): Promise<'right' | 'wrong' | 'locked'> {
    const { voicemail, talk, log } = this.#options;
    await talk.say(session, ['enter-pin']);
    const pin = await talk.digits(session, { maxDigits: PIN_DIGITS, secret: true });
    const verdict = box === undefined ? 'wrong' : await voicemail.checkPin(box.id, pin, callerKey(session));
    if (verdict === 'right' && box !== undefined) {
      log.info({ box: box.id, callId: session.callId, from: callerKey(session) }, 'a voicemail box was opened');
      entered?.();
      await this.listen(session, box.id, first);
    } else {
      log.warn({ box: box?.id, callId: session.callId, from: callerKey(session), verdict }, 'a PIN was not right');
      await talk.say(session, [verdict === 'locked' ? 'vm-locked' : 'wrong-number-or-pin'], { bargeIn: false });
    }
    return verdict;
  }

  /** He is known. `first`: the message that he was called for. */
  async listen(session: FlowSession, boxId: string, first?: string): Promise<void> {
    const { voicemail, talk } = this.#options;
    await unrecorded(session);
    const messages = inOrder(await voicemail.messages(boxId), first);
    const fresh = messages.filter(({ state }) => state === 'new').length;
    await talk.say(session, [
      'vm-new-count',
      { as: 'number', value: fresh },
      'vm-old-count',
      { as: 'number', value: messages.length - fresh },
    ]);
    let at = 0;
    let silent = 0;
    while (silent < MOST_SILENCE) {
      const message = messages[at];
      if (message === undefined) {
        await talk.say(session, ['vm-no-more', 'vm-end-menu']);
        const key = await talk.key(session);
        if (key === undefined) silent += 1;
        else if (key === '#') break;
        else if (key === '0') await this.#greetings.run(session, boxId);
        else if ((key === '1' || key === '*') && messages.length > 0) at = key === '1' ? 0 : messages.length - 1;
        continue;
      }
      const step = await this.#message(session, message, messages);
      if (step === 'end') break;
      if (step === 'next') at += 1;
      if (step === 'back') at = Math.max(0, at - 1);
    }
    if (!session.signal.aborted) await talk.say(session, ['goodbye'], { bargeIn: false });
  }

  /** One message: heard, and what becomes of it. */
  async #message(session: FlowSession, message: VoiceMessage, all: VoiceMessage[]): Promise<Step> {
    const { talk } = this.#options;
    await talk.say(session, [message.state === 'new' ? 'vm-new-message' : 'vm-message', ...this.#from(message)]);
    await this.#hear(session, message);
    for (let silent = 0; silent < MOST_SILENCE;) {
      if (session.digits.length === 0) await talk.say(session, ['vm-menu']);
      const key = await talk.key(session);
      if (key === undefined) silent += 1;
      else silent = 0;
      const step = key === undefined ? 'stay' : await this.#press(session, key, message, all);
      if (step !== 'stay') return step;
    }
    return 'end';
  }

  async #press(session: FlowSession, key: string, message: VoiceMessage, all: VoiceMessage[]): Promise<Step> {
    const { voicemail, talk } = this.#options;
    const by = `telephone ${callerKey(session)}`;
    switch (key) {
      case '1':
        await this.#hear(session, message);
        return 'stay';
      case '2':
        await this.#seen(message, by);
        return 'next';
      case '3':
        await gone(voicemail.remove(message.id));
        all.splice(all.indexOf(message), 1);
        await talk.say(session, ['vm-deleted']);
        return 'again';
      case '4':
        await this.#handOn(session, message, by);
        return 'stay';
      case '5':
        return this.#callBack(session, message, by);
      case '6':
        await talk.say(session, [...this.#from(message), ...this.#when(message)]);
        return 'stay';
      case '7':
        await gone(voicemail.setState(message.id, 'handled', by));
        message.state = 'handled';
        await talk.say(session, ['vm-handled']);
        return 'stay';
      case '0':
        await this.#greetings.run(session, message.boxId);
        return 'stay';
      case '*':
        return 'back';
      case '#':
        await this.#seen(message, by);
        return 'end';
      default:
        await talk.say(session, ['invalid-choice']);
        return 'stay';
    }
  }

  /** Heard to its end, it is no new one any more. */
  async #hear(session: FlowSession, message: VoiceMessage): Promise<void> {
    const { voicemail, heard, talk, log } = this.#options;
    try {
      await heard.with(await voicemail.open(message.id), (file) => talk.say(session, [{ file }]));
    } catch (error) {
      session.signal.throwIfAborted();
      log.error({ err: error, message: message.id }, 'a voice message cannot be heard');
      return talk.say(session, ['technical-fault']);
    }
    if (session.digits.length === 0) await this.#seen(message, `telephone ${callerKey(session)}`);
  }

  async #seen(message: VoiceMessage, by: string): Promise<void> {
    if (message.state !== 'new') return;
    message.state = 'read';
    await gone(this.#options.voicemail.setState(message.id, 'read', by));
  }

  async #handOn(session: FlowSession, message: VoiceMessage, by: string): Promise<void> {
    const { voicemail, boxes, talk } = this.#options;
    await talk.say(session, ['vm-hand-on']);
    const to = boxes.withNumber(await talk.digits(session, { maxDigits: NUMBER_DIGITS }));
    if (to === undefined || to.id === message.boxId) return talk.say(session, ['vm-unknown-box']);
    try {
      await voicemail.forward(message.id, to.id, by);
    } catch (error) {
      if (!isAppError(error)) throw error;
      return talk.say(session, [isAppError(error, 'voicemail_box_full') ? 'vm-full' : 'technical-fault']);
    }
    message.state = 'handled';
    await talk.say(session, ['vm-handed-on']);
  }

  /** From a telephone of the box alone: nobody outside calls out at its expense. */
  async #callBack(session: FlowSession, message: VoiceMessage, by: string): Promise<Step> {
    const { talk, callBack } = this.#options;
    const { station } = session;
    if (station === null || message.callingNumber === '') {
      await talk.say(session, ['vm-no-call-back']);
      return 'stay';
    }
    await this.#seen(message, by);
    await talk.say(session, ['vm-calling-back'], { bargeIn: false });
    callBack(station, message.callingNumber);
    return 'end';
  }

  #from({ callingNumber }: VoiceMessage): Spoken[] {
    return callingNumber === '' ? ['vm-withheld'] : ['vm-from', { as: 'digits', value: callingNumber }];
  }

  #when({ receivedAt }: VoiceMessage): Spoken[] {
    const { date, time } = this.#options.localTime(receivedAt);
    return [
      { as: 'date', value: date },
      { as: 'time', value: time },
    ];
  }
}

/** New ones first, of each kind the oldest; the one that he was called for before all. */
function inOrder(newestFirst: readonly VoiceMessage[], first: string | undefined): VoiceMessage[] {
  const rank = ({ id, state }: VoiceMessage): number => (id === first ? 0 : state === 'new' ? 1 : 2);
  return [...newestFirst].reverse().sort((a, b) => rank(a) - rank(b));
}

/** Nothing to be stopped is as good as stopped. */
async function unrecorded(session: FlowSession): Promise<void> {
  await session.record('stop').catch((error: unknown) => {
    if (!isAppError(error, 'recording_wrong_state')) throw error;
  });
}

/** Somebody else may have removed it at this moment. */
async function gone(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isAppError(error, 'voice_message_not_found')) throw error;
  });
}
