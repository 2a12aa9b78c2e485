// Surveys without calls: a book on a real database, whose prompts are names alone.
import type { Language } from '../../daemon/src/contract/index.js';
import type { Db } from '../../daemon/src/db/index.js';
import type { Ports } from '../../daemon/src/http/index.js';
import type { LiveEvents } from '../../daemon/src/contract/index.js';
import { surveysPort } from '../../daemon/src/main/survey-parts.js';
import { silentLog, type TypedEmitter } from '../../daemon/src/platform/index.js';
import { SurveyBook, SurveyService, type CommentRecorder } from '../../daemon/src/surveys/index.js';
import type { FakeClock } from './clock-fake.js';

export interface SurveyDesk {
  book: SurveyBook;
  surveys: SurveyService;
  port: Ports['surveys'];
}

export interface SurveyDeskOptions {
  db: Db;
  clock: FakeClock;
  live: TypedEmitter<LiveEvents>;
  recorder?: CommentRecorder;
}

const PROMPTS = ['survey-invitation', 'survey-score', 'survey-solved', 'survey-invalid', 'survey-thanks'];

export async function surveyDesk({ recorder, ...options }: SurveyDeskOptions): Promise<SurveyDesk> {
  const book = new SurveyBook({
    ...options,
    promptNames: () => Promise.resolve(new Set(PROMPTS)),
    records: () => recorder !== undefined,
    flowsWith: () => [],
  });
  const surveys = new SurveyService({
    ...options,
    book,
    voices: {
      prompts: (names) => Promise.resolve(names.map((name) => `/prompts/${name}.wav`)),
      speak: (text: string, language: Language) => Promise.resolve(`/spoken/${language} ${text}.wav`),
    },
    recorder: () => recorder,
    agentAt: () => null,
    dayOf: (at) => new Date(at).toISOString().slice(0, 10),
    log: silentLog,
  });
  await book.start('en');
  return { book, surveys, port: surveysPort(surveys) };
}
