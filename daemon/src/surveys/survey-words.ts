// Says a survey's words to a caller, and reads his keys: one who knows the question may answer before its end.
import type { FlowSession } from '../calls/index.js';
import type { Language, SurveyWords } from '../contract/index.js';
import { errorText, type Log } from '../platform/index.js';

/** Where sounds come from. */
export interface SurveyVoices {
  /** Files of the prompts that there are. */
  prompts(names: readonly string[], language: Language): Promise<string[]>;
  /** A file with the text spoken. Rejects when it cannot be. */
  speak(text: string, language: Language): Promise<string>;
}

const otherLanguage = (language: Language): Language => (language === 'en' ? 'zh-CN' : 'en');

export class SurveySpeaker {
  readonly #session: FlowSession;
  readonly #voices: SurveyVoices;
  readonly #log: Log;

  constructor(session: FlowSession, voices: SurveyVoices, log: Log) {
    this.#session = session;
    this.#voices = voices;
    this.#log = log;
  }

  /**
   * Resolves when it was heard, or a key is there to be read; what cannot be played is left out. Rejects with the signal's reason when the
   * call ends. `question`: for the record.
   */
  async say(words: SurveyWords | null, question: string, bargeIn = true): Promise<void> {
    const { signal, digits, language } = this.#session;
    signal.throwIfAborted();
    if (words === null || (bargeIn && digits.length > 0)) return;
    const files = await this.#files(words);
    signal.throwIfAborted();
    if (files.length === 0)
      return this.#log.warn({ question }, 'there is nothing to be heard of this part of a survey');
    const segment = this.#session.segment('prompt', { survey: question, prompts: [...words.prompts], language });
    try {
      const { ended, stop } = await this.#session.play(files);
      const finished = bargeIn ? await this.#untilKey(ended) : await ended;
      signal.throwIfAborted();
      if (!finished) stop();
      segment.end({ finished });
    } catch (error) {
      signal.throwIfAborted();
      segment.end({ finished: false, error: errorText(error) });
      this.#log.warn({ err: error, question }, 'a part of a survey could not be played');
    }
  }

  /** undefined: none within the time */
  key(timeoutMs: number): Promise<string | undefined> {
    return this.#session.digits.next(timeoutMs, this.#session.signal);
  }

  async #files({ prompts, texts }: SurveyWords): Promise<string[]> {
    const { language } = this.#session;
    const files = await this.#voices.prompts(prompts, language);
    const spoken = [language, otherLanguage(language)].find((one) => texts[one] !== undefined);
    const text = spoken === undefined ? undefined : texts[spoken];
    if (spoken === undefined || text === undefined) return files;
    try {
      return [...files, await this.#voices.speak(text, spoken)];
    } catch (error) {
      this.#log.warn({ err: error }, `a survey's text could not be spoken: ${errorText(error)}`);
      return files;
    }
  }

  async #untilKey(ended: Promise<boolean>): Promise<boolean> {
    const key = this.#session.digits.wait(this.#session.signal);
    const pressed = key.pressed.then(
      () => false,
      () => false,
    );
    const finished = await Promise.race([ended, pressed]);
    key.stop();
    return finished;
  }
}
