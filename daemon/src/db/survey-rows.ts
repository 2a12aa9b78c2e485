import type { Survey, SurveyAnswer, SurveyRule, SurveyRun } from '../contract/index.js';

export type SurveyRow = Survey;
export type SurveyRuleRow = SurveyRule;
export type SurveyRunRow = SurveyRun;
export type SurveyAnswerRow = SurveyAnswer;

type Patch<Row> = { [K in Exclude<keyof Row, 'id'>]?: Row[K] | undefined };

/** What is counted, and of whom; ids of surveys: of these alone. */
export interface SurveyFilter {
  surveyId?: string | undefined;
  surveyIds?: readonly string[] | undefined;
  agentId?: string | undefined;
  queueId?: string | undefined;
  callId?: string | undefined;
  /** of the run's beginning, ms; `to` is no part of it */
  from?: number | undefined;
  to?: number | undefined;
}

export type SurveyGroup = 'survey' | 'agent' | 'queue' | 'day';
/** `day` groups by quarters of an hour, which every time zone's days are made of. */
export const SURVEY_BUCKET_MS = 900_000;

export interface SurveyRunCount {
  key: string | number | null;
  state: SurveyRun['state'];
  /** whether any question was answered */
  runs: number;
  answered: number;
}

export interface SurveyAnswerCount {
  key: string | number | null;
  surveyId: string;
  questionId: string;
  kind: SurveyAnswer['kind'];
  value: number | null;
  least: number | null;
  most: number | null;
  choice: string | null;
  count: number;
}

export interface SurveysRead {
  find(id: string): Promise<SurveyRow | null>;
  list(): Promise<SurveyRow[]>;
  rule(id: string): Promise<SurveyRuleRow | null>;
  /** in the order in which they are asked */
  rules(): Promise<SurveyRuleRow[]>;
  run(id: string): Promise<SurveyRunRow | null>;
  /** newest first */
  runs(filter: SurveyFilter, limit: number, before?: string): Promise<SurveyRunRow[]>;
  running(): Promise<SurveyRunRow[]>;
  answers(runIds: readonly string[]): Promise<SurveyAnswerRow[]>;
  /** When somebody with this number was asked last, ms; null: never. */
  lastAsked(number: string): Promise<number | null>;
  countRuns(filter: SurveyFilter, by: SurveyGroup): Promise<SurveyRunCount[]>;
  countAnswers(filter: SurveyFilter, by: SurveyGroup): Promise<SurveyAnswerCount[]>;
}
export interface SurveysWrite extends SurveysRead {
  /** survey_exists */
  insert(row: SurveyRow): Promise<void>;
  update(id: string, patch: Patch<SurveyRow>): Promise<boolean>;
  remove(id: string): Promise<boolean>;
  insertRule(row: SurveyRuleRow): Promise<void>;
  updateRule(id: string, patch: Patch<SurveyRuleRow>): Promise<boolean>;
  removeRule(id: string): Promise<boolean>;
  insertRun(row: SurveyRunRow): Promise<void>;
  updateRun(id: string, patch: Patch<SurveyRunRow>): Promise<boolean>;
  insertAnswer(row: SurveyAnswerRow): Promise<void>;
}
