// What is spoken with a caller who wants to be called back: his number is said, confirmed, or another one keyed in; then he may hang up.
import type { FlowSession, QueuePlaces } from '../calls/index.js';
import type { JsonObject, QueueEntry } from '../contract/index.js';
import { isAppError, type Log } from '../platform/index.js';
import type { CallbackService } from './callback-service.js';

export interface CallbackDeskOptions {
  service: Pick<CallbackService, 'book'>;
  places: Pick<QueuePlaces, 'placeLeft'>;
  /** as it is dialled in the country */
  normalise: (number: string) => string;
  /** files of prompts; those that are missing are left out */
  words: (names: readonly string[], language: FlowSession['language']) => Promise<string[]>;
  log: Log;
}

export type DeskOutcome = { outcome: 'done' | 'refused' | 'full' | 'failed'; values?: JsonObject };

const KEY_MS = 8000;
const NEXT_KEY_MS = 5000;
const TRIES = 3;
const LONGEST_NUMBER = 24;
const NOTHING_ASKED: QueueEntry = {
  ...{ priority: null, vip: false, skills: [], preferredAgent: null, region: null, customerLevel: null },
};

export class CallbackDesk {
  readonly #options: CallbackDeskOptions;

  constructor(options: CallbackDeskOptions) {
    this.#options = options;
  }

  /** The queues that take callbacks. */
  ids(): ReadonlySet<string> {
    const { book } = this.#options.service;
    return new Set(book.queues());
  }

  /** Rejects with the signal's reason when he hangs up before it is settled. */
  async run(session: FlowSession, queueId: string): Promise<DeskOutcome> {
    const rule = this.#options.service.book.rule(queueId);
    if (rule?.enabled !== true) return { outcome: 'refused' };
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const own = attempt === 0 ? session.callingNumber : '';
      const number = own === '' ? await this.#keyedIn(session, rule.otherNumber) : this.#options.normalise(own);
      if (number === undefined) return this.#refused(session);
      const answer = rule.confirm ? await this.#confirmed(session, number, rule.otherNumber) : 'yes';
      if (answer === 'no') return this.#refused(session);
      if (answer === 'other') continue;
      const taken = await this.#take(session, queueId, number);
      if (taken !== undefined) return taken;
    }
    return this.#refused(session);
  }

  /** undefined: this number is not to be; he may key in another */
  async #take(session: FlowSession, queueId: string, number: string): Promise<DeskOutcome | undefined> {
    const { service, places, log } = this.#options;
    const place = places.placeLeft(session.callId);
    const kept = place?.queueId === queueId ? place : undefined;
    try {
      const { id } = await service.book.take({
        ...{ queueId, number, language: session.language, at: null, originalCallId: session.callId },
        ...{ source: kept === undefined ? 'flow' : 'queue', enteredAt: kept?.enteredAt ?? null },
        entry: kept?.entry ?? NOTHING_ASKED,
      });
      session.segment('callback', { callbackId: id, queueId, number, outcome: 'taken' }).end();
      await this.#say(session, ['callback-taken']);
      return { outcome: 'done', values: { callbackId: id, number } };
    } catch (error) {
      session.signal.throwIfAborted();
      if (isAppError(error, 'callback_exists')) {
        session.segment('callback', { queueId, number, outcome: 'exists' }).end();
        await this.#say(session, ['callback-exists']);
        return { outcome: 'done', values: { number, existed: true } };
      }
      if (isAppError(error, 'callback_queue_full')) {
        await this.#say(session, ['callback-refused']);
        return { outcome: 'full' };
      }
      if (!isAppError(error, 'callback_number_refused')) throw error;
      log.info({ callId: session.callId, number }, 'a number is not called back');
      await this.#say(session, ['callback-number-refused']);
      return undefined;
    }
  }

  async #refused(session: FlowSession): Promise<DeskOutcome> {
    await this.#say(session, ['callback-refused']);
    return { outcome: 'refused' };
  }

  /** 1: it is right; 2: another one */
  async #confirmed(session: FlowSession, number: string, other: boolean): Promise<'yes' | 'other' | 'no'> {
    const digits = [...number].map((digit) => `digit-${digit}`);
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const ask = other ? ['callback-confirm', 'callback-confirm-other'] : ['callback-confirm'];
      const key = await this.#ask(session, ['callback-your-number', ...digits, ...ask]);
      if (key === '1') return 'yes';
      if (key === '2' && other) return 'other';
      if (key === '*') return 'no';
    }
    return 'no';
  }

  async #keyedIn(session: FlowSession, allowed: boolean): Promise<string | undefined> {
    if (!allowed) return undefined;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      let digits = '';
      let key = await this.#ask(session, ['callback-enter-number']);
      while (key !== undefined && key !== '#' && key !== '*' && digits.length < LONGEST_NUMBER) {
        digits += key;
        key = await session.digits.next(NEXT_KEY_MS, session.signal);
      }
      const number = this.#options.normalise(digits);
      if (/^[0-9]{3,24}$/.test(number)) return number;
    }
    return undefined;
  }

  /** The first key that he presses while it is said, or soon after. */
  async #ask(session: FlowSession, names: readonly string[]): Promise<string | undefined> {
    const files = await this.#options.words(names, session.language);
    const playback = files.length === 0 ? undefined : await session.play(files);
    const wait = session.digits.wait(session.signal);
    const heard = playback === undefined ? Promise.resolve() : playback.ended.then(() => undefined);
    await Promise.race([wait.pressed.then(() => undefined), heard]).finally(() => playback?.stop());
    wait.stop();
    return session.digits.next(KEY_MS, session.signal);
  }

  async #say(session: FlowSession, names: readonly string[]): Promise<void> {
    const files = await this.#options.words(names, session.language);
    if (files.length > 0) await (await session.play(files)).ended;
    session.signal.throwIfAborted();
  }
}
