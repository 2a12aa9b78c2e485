// What callers are asked after a talk, when they are asked, and what they have answered.
import { z } from 'zod';
import { AgentNumber, ClipName, DisplayName, DurationMs, Language, Slug, TimeMs, Ulid } from './primitives.js';

const Text = z.string().min(1).max(500);
/** Prompts first, then the text of the caller's language by a voice. */
export const SurveyWords = z
  .strictObject({
    prompts: z.array(ClipName).max(5).default([]),
    texts: z.strictObject({ 'zh-CN': Text.optional(), en: Text.optional() }).default({}),
  })
  .meta({ id: 'SurveyWords', description: 'Recorded prompts, and a text that a voice speaks after them' });
export type SurveyWords = z.infer<typeof SurveyWords>;

const question = {
  id: Slug,
  say: SurveyWords,
  required: z.boolean().default(false).meta({ description: 'Without an answer to it the survey ends' }),
};
const Key = z.enum(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
export const SurveyQuestion = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('score'),
      ...question,
      least: z.int().min(0).max(9).default(1),
      most: z.int().min(1).max(10).default(5),
    }),
    z.strictObject({ kind: z.literal('yesNo'), ...question, yes: Key.default('1'), no: Key.default('2') }),
    z.strictObject({
      kind: z.literal('choice'),
      ...question,
      choices: z
        .array(z.strictObject({ key: Key, name: DisplayName }))
        .min(2)
        .max(10),
    }),
    z.strictObject({
      kind: z.literal('comment'),
      ...question,
      maxMs: z.int().min(3000).max(300_000).default(60_000),
      silenceMs: z.int().min(1000).max(30_000).default(4000),
    }),
  ])
  .meta({ id: 'SurveyQuestion' });
export type SurveyQuestion = z.infer<typeof SurveyQuestion>;
export type SurveyQuestionKind = SurveyQuestion['kind'];

const survey = {
  name: DisplayName,
  invitation: SurveyWords.nullable().meta({
    description: 'He takes part by pressing 1; any other key, or none, is no. null: he is asked at once',
  }),
  questions: z.array(SurveyQuestion).min(1).max(20),
  retries: z.int().min(0).max(5).meta({ description: 'How often a question is asked again' }),
  timeoutMs: z.int().min(1000).max(30_000).meta({ description: 'For a key, after the question' }),
  invalid: SurveyWords.nullable().meta({ description: 'Heard after a key that is no answer' }),
  thanks: SurveyWords.nullable(),
  shownToAgents: z.boolean().meta({ description: 'Agents see what was said of them' }),
  enabled: z.boolean(),
};
export const Survey = z
  .strictObject({ id: Slug, ...survey, updatedAt: TimeMs, updatedBy: z.string() })
  .meta({ id: 'Survey' });
export type Survey = z.infer<typeof Survey>;
export const SurveyCreate = z
  .strictObject({
    id: Slug,
    ...survey,
    invitation: survey.invitation.default(null),
    retries: survey.retries.default(2),
    timeoutMs: survey.timeoutMs.default(7000),
    invalid: survey.invalid.default({ prompts: ['survey-invalid'], texts: {} }),
    thanks: survey.thanks.default({ prompts: ['survey-thanks'], texts: {} }),
    shownToAgents: survey.shownToAgents.default(true),
    enabled: survey.enabled.default(true),
  })
  .meta({ id: 'SurveyCreate' });
export type SurveyCreate = z.infer<typeof SurveyCreate>;
export const SurveyPatch = z.strictObject(survey).partial().meta({ id: 'SurveyPatch' });
export type SurveyPatch = z.infer<typeof SurveyPatch>;

const rule = {
  name: DisplayName,
  surveyId: Slug,
  queueId: Slug.nullable().meta({ description: 'null: of any queue, and of none' }),
  direction: z.enum(['in', 'out']).nullable().meta({ description: 'null: both' }),
  percentage: z.number().min(0).max(100).meta({ description: 'Of the calls that fit' }),
  notAgainDays: z.int().min(0).max(365).meta({ description: 'The same number is not asked again by a rule; 0: it is' }),
  minTalkMs: DurationMs.max(3_600_000).meta({ description: 'After shorter talks nobody is asked' }),
  position: z.int().min(0).max(100_000),
  enabled: z.boolean(),
};
export const SurveyRule = z.strictObject({ id: Ulid, ...rule }).meta({
  id: 'SurveyRule',
  description: 'The first rule that fits says whether a caller is asked when his agent has hung up',
});
export type SurveyRule = z.infer<typeof SurveyRule>;
export const SurveyRuleCreate = z
  .strictObject({
    ...rule,
    queueId: rule.queueId.default(null),
    direction: rule.direction.default(null),
    percentage: rule.percentage.default(100),
    notAgainDays: rule.notAgainDays.default(0),
    minTalkMs: rule.minTalkMs.default(0),
    position: rule.position.default(100),
    enabled: rule.enabled.default(true),
  })
  .meta({ id: 'SurveyRuleCreate' });
export type SurveyRuleCreate = z.infer<typeof SurveyRuleCreate>;
export const SurveyRulePatch = z.strictObject(rule).partial().meta({ id: 'SurveyRulePatch' });
export type SurveyRulePatch = z.infer<typeof SurveyRulePatch>;

export const SurveyPush = z
  .strictObject({
    surveyId: Slug.optional().meta({
      description: 'Left out: that of the first rule that fits, else the first survey',
    }),
    station: z.int().min(1).optional().meta({ description: "Whose part in the call; left out: one's own" }),
  })
  .meta({ id: 'SurveyPush' });

export const SurveyAnswer = z
  .strictObject({
    id: Ulid,
    runId: Ulid,
    questionId: Slug,
    kind: z.enum(['score', 'yesNo', 'choice', 'comment']),
    at: TimeMs,
    value: z.int().nullable().meta({ description: 'A score; of yes and no 1 and 0; else null' }),
    least: z.int().nullable().meta({ description: 'Of a score, as it was asked' }),
    most: z.int().nullable(),
    choice: z.string().nullable().meta({ description: 'Name of what was chosen' }),
    file: z.string().nullable().meta({ description: 'Of a comment: where it was recorded' }),
    durationMs: DurationMs.nullable(),
  })
  .meta({ id: 'SurveyAnswer' });
export type SurveyAnswer = z.infer<typeof SurveyAnswer>;

export const SurveyRunState = z.enum(['running', 'complete', 'partial', 'unanswered', 'refused']).meta({
  id: 'SurveyRunState',
  description: 'partial: he hung up or left out a question; refused: he did not take part',
});
export const SurveyRun = z
  .strictObject({
    id: Ulid,
    surveyId: Slug,
    callId: Ulid,
    segmentId: Ulid.nullable().meta({
      description: "The agent's leg: the call's segment of the talk; null: there was none",
    }),
    agentId: AgentNumber.nullable(),
    queueId: Slug.nullable(),
    direction: z.enum(['in', 'out', 'internal']),
    number: z.string().meta({ description: 'Of the one who was asked; empty: withheld' }),
    trigger: z.enum(['rule', 'agent', 'flow']),
    language: Language,
    state: SurveyRunState,
    startedAt: TimeMs,
    endedAt: TimeMs.nullable(),
  })
  .meta({ id: 'SurveyRun', description: 'One caller who was asked' });
export type SurveyRun = z.infer<typeof SurveyRun>;
export const SurveyResult = SurveyRun.extend({ answers: z.array(SurveyAnswer) }).meta({ id: 'SurveyResult' });
export type SurveyResult = z.infer<typeof SurveyResult>;

const filter = {
  surveyId: Slug.optional(),
  agentId: AgentNumber.optional(),
  queueId: Slug.optional(),
  from: z.coerce.number().int().min(0).optional(),
  to: z.coerce.number().int().min(0).optional(),
};
export const SurveyResultQuery = z.strictObject({
  ...filter,
  callId: Ulid.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: Ulid.optional(),
});
export type SurveyResultQuery = z.infer<typeof SurveyResultQuery>;
export const SurveyResultList = z
  .strictObject({
    results: z.array(SurveyResult),
    before: Ulid.nullable().meta({ description: 'Pass as before to get the next page; null: no more' }),
  })
  .meta({ id: 'SurveyResultList' });
export type SurveyResultList = z.infer<typeof SurveyResultList>;

export const SurveyFiguresQuery = z.strictObject({
  ...filter,
  by: z.enum(['survey', 'agent', 'queue', 'day']).default('survey'),
});
export type SurveyFiguresQuery = z.infer<typeof SurveyFiguresQuery>;

const Share = z.number().min(0).max(1).nullable();
export const SurveyQuestionFigures = z
  .strictObject({
    surveyId: Slug,
    questionId: Slug,
    kind: z.enum(['score', 'yesNo', 'choice', 'comment']),
    least: z.int().nullable(),
    most: z.int().nullable(),
    answers: z.int().min(0),
    mean: z.number().nullable().meta({ description: 'Of the scores; of yes and no: share of yes' }),
    topTwo: Share.meta({ description: 'Share of the two best scores' }),
    choices: z.record(z.string(), z.int().min(0)),
  })
  .meta({ id: 'SurveyQuestionFigures' });
export type SurveyQuestionFigures = z.infer<typeof SurveyQuestionFigures>;
export const SurveyFigures = z
  .strictObject({
    key: z
      .string()
      .nullable()
      .meta({ description: 'Survey, agent, queue or day (2026-11-22, of the box); null: none' }),
    offered: z.int().min(0).meta({ description: 'Callers who were asked' }),
    answered: z.int().min(0).meta({ description: 'Who have answered one question at least' }),
    complete: z.int().min(0),
    refused: z.int().min(0),
    responseRate: Share.meta({ description: 'answered / offered' }),
    scores: z.int().min(0),
    mean: z.number().nullable().meta({ description: 'Of all scores; null: none, or of different ranges' }),
    topTwo: Share,
    questions: z.array(SurveyQuestionFigures),
  })
  .meta({
    id: 'SurveyFigures',
    description: 'Satisfaction: mean score and share of top-two scores, with response rate',
  });
export type SurveyFigures = z.infer<typeof SurveyFigures>;

/** Told when an answer is on the disk. */
export const SurveyAnswered = z.strictObject({
  run: SurveyRun,
  answer: SurveyAnswer,
  shownToAgents: z.boolean(),
});
export type SurveyAnswered = z.infer<typeof SurveyAnswered>;
