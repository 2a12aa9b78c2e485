// The owner's own greetings: recorded by telephone, kept as prompts, and chosen among them and that of the calendar.
import { rm } from 'node:fs/promises';
import type { FlowSession } from '../calls/index.js';
import { OWN_GREETINGS } from '../contract/index.js';
import { isAppError } from '../platform/index.js';
import type { MailboxOptions } from './mailbox.js';
import { callerKey } from './telephone.js';
import { ownGreeting } from './voicemail-service.js';

type Options = Pick<MailboxOptions, 'voicemail' | 'talk' | 'heard' | 'greetings'>;

const LONGEST_MS = 120_000;

export class GreetingMenu {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Until he goes back. */
  async run(session: FlowSession, boxId: string): Promise<void> {
    const { talk } = this.#options;
    await talk.say(session, ['vm-greeting-menu']);
    const key = await talk.key(session);
    if (key === '1') await this.#record(session, boxId);
    else if (key === '2') await this.#choose(session, boxId);
  }

  async #record(session: FlowSession, boxId: string): Promise<void> {
    const { voicemail, talk, heard, greetings } = this.#options;
    const which = await this.#which(session, 1);
    if (which === undefined) return;
    const path = heard.fresh();
    try {
      const lengthMs = await talk.dictate(session, path, LONGEST_MS);
      if (lengthMs === undefined) return;
      const { language } = await voicemail.box(boxId);
      await greetings.adopt(ownGreeting(boxId, which), language, path, callerKey(session), lengthMs);
      await voicemail.change(boxId, { chosenGreeting: which });
      await talk.say(session, ['vm-greeting-kept']);
    } catch (error) {
      session.signal.throwIfAborted();
      if (!isAppError(error)) throw error;
      await talk.say(session, ['technical-fault']);
    } finally {
      await rm(path, { force: true });
    }
  }

  async #choose(session: FlowSession, boxId: string): Promise<void> {
    const { voicemail, talk, greetings } = this.#options;
    const which = await this.#which(session, 0);
    if (which === undefined) return;
    if (which > 0 && !(await greetings.has(ownGreeting(boxId, which))))
      return talk.say(session, ['vm-no-such-greeting']);
    await voicemail.change(boxId, { chosenGreeting: which });
    await talk.say(session, ['vm-greeting-kept']);
  }

  /** 0: that of the calendar */
  async #which(session: FlowSession, least: number): Promise<number | undefined> {
    const { talk } = this.#options;
    await talk.say(session, [least === 0 ? 'vm-choose-greeting' : 'vm-which-greeting']);
    const which = Number((await talk.key(session)) ?? 'none');
    return Number.isInteger(which) && which >= least && which <= OWN_GREETINGS ? which : undefined;
  }
}
