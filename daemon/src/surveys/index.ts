export * from './survey-book.js';
export * from './survey-service.js';
export type { CommentRecorder } from './survey-run.js';
export type { SurveyVoices } from './survey-words.js';
