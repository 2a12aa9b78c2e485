// Somebody is called for a new message: at the box's number, while its calendar is open, again after a pause, so many times. What
// is to be done is a row, and a try is counted before the number is dialled: a crash neither forgets a message nor calls
// without end.
import type { FlowSession } from '../calls/index.js';
import type { Language, VoicemailNotice } from '../contract/index.js';
import type { Db, VoicemailBoxRow } from '../db/index.js';
import { errorText, type Clock, type Log, type Timer } from '../platform/index.js';
import type { Mailbox } from './mailbox.js';
import type { Talking } from './telephone.js';

export interface CalledOut {
  answered: boolean;
  /** Q.850 */
  cause: number;
}

export interface NotifierOptions {
  db: Db;
  mailbox: Mailbox;
  talk: Talking;
  /** Calls a number and has somebody who lifts led by `lead`; resolves when the call is over. Rejects when it cannot begin. */
  callOut: (number: string, language: Language, lead: (session: FlowSession) => Promise<void>) => Promise<CalledOut>;
  /** undefined: there is no such calendar */
  isOpen: (calendarId: string, at: number) => boolean | undefined;
  clock: Clock;
  log: Log;
}

const LOOK_EVERY_MS = 10_000;
/** how often what it is about is said, until somebody presses 1 */
const ROUNDS = 3;

export class Notifier {
  readonly #options: NotifierOptions;
  /** boxes whose number is being called */
  readonly #calling = new Set<string>();
  #timer: Timer | undefined;
  #looking = false;
  #again = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.every(LOOK_EVERY_MS, () => this.look());
    this.look();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** There may be something to be done. */
  look(): void {
    if (this.#timer === undefined) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    this.#due()
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, `nobody is called for messages: ${errorText(error)}`),
      )
      .finally(() => {
        this.#looking = false;
        if (this.#again) {
          this.#again = false;
          this.look();
        }
      });
  }

  async #due(): Promise<void> {
    const { db, clock } = this.#options;
    for (const notice of await db.voice.waitingNotices()) {
      // What comes of it is written when the call is over.
      if (this.#calling.has(notice.boxId)) continue;
      const [message, box] = [await db.voicemail.message(notice.id), await db.voicemail.box(notice.boxId)];
      if (message?.state !== 'new' || box === null || box.notifyNumber === null) {
        await this.#set(notice, { state: 'heard' });
        continue;
      }
      const now = clock.wallMs();
      // A clock that was set back does not keep it waiting for longer than a pause.
      const waits = now < notice.nextAt && notice.nextAt - now <= box.notifyPauseMs;
      if (waits || !this.#mayCall(box, now)) continue;
      this.#calling.add(box.id);
      void this.#call(notice, box, box.notifyNumber).finally(() => {
        this.#calling.delete(box.id);
        this.look();
      });
    }
  }

  /** A calendar that is not there is closed: nobody is woken by mistake. */
  #mayCall({ notifyCalendarId }: VoicemailBoxRow, at: number): boolean {
    return notifyCalendarId === null || (this.#options.isOpen(notifyCalendarId, at) ?? false);
  }

  /** Never rejects. */
  async #call(notice: VoicemailNotice, box: VoicemailBoxRow, number: string): Promise<void> {
    const { db, clock, callOut, log } = this.#options;
    const tries = notice.tries + 1;
    let reached = false;
    let lastResult: string;
    try {
      await this.#set(notice, { tries, nextAt: clock.wallMs() + box.notifyPauseMs });
      const { answered, cause } = await callOut(number, box.language, async (session) => {
        // He may hang up while he listens.
        await this.#tell(session, box, notice.id, () => (reached = true));
      });
      lastResult = reached ? 'reached' : answered ? 'answered' : `cause ${cause}`;
    } catch (error) {
      lastResult = errorText(error);
    }
    log.info({ box: box.id, message: notice.id, tries, result: lastResult }, 'somebody was called for a voice message');
    try {
      if (!reached) {
        const nextAt = clock.wallMs() + box.notifyPauseMs;
        const state = tries >= box.notifyTries ? 'givenUp' : 'waiting';
        return await this.#set(notice, { state, nextAt, lastResult });
      }
      // Who listens to one is told of the others.
      for (const other of await db.voice.waitingNotices())
        if (other.boxId === box.id) await this.#set(other, { state: 'reached', lastResult });
    } catch (error) {
      log.error({ err: error, message: notice.id }, `what came of a call is not written: ${errorText(error)}`);
    }
  }

  /** `entered`: somebody is there, and knows the PIN. */
  async #tell(
    session: FlowSession,
    { id, pinHash }: VoicemailBoxRow,
    first: string,
    entered: () => void,
  ): Promise<void> {
    const { talk, mailbox } = this.#options;
    for (let round = 0; round < ROUNDS; round += 1) {
      await talk.say(session, ['vm-notice']);
      const key = await talk.key(session);
      if (key !== '1') continue;
      if (pinHash !== null) return void (await mailbox.withPin(session, id, { first, entered }));
      entered();
      return mailbox.listen(session, id, first);
    }
  }

  async #set({ id }: VoicemailNotice, patch: Partial<VoicemailNotice>): Promise<void> {
    await this.#options.db.write((tx) => tx.voice.updateNotice(id, patch));
  }
}
