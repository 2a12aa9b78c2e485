// The tables of surveys, as Sequelize knows them.
import { DataTypes, Model, type Sequelize } from 'sequelize';
import { flag, id, integer, integerOrNull, json, jsonOrNull, text, textOrNull, time, timeOrNull } from './columns.js';
import type { SurveyAnswerRow, SurveyRow, SurveyRuleRow, SurveyRunRow } from './survey-rows.js';

const real = () => ({ type: DataTypes.DOUBLE, allowNull: false }) as const;

export function defineSurveyModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const surveys = class extends Model<SurveyRow> {};
  surveys.init(
    {
      ...{ id: id(), name: text(), invitation: jsonOrNull(), questions: json(), retries: integer() },
      ...{ timeoutMs: integer(), invalid: jsonOrNull(), thanks: jsonOrNull(), shownToAgents: flag(), enabled: flag() },
      ...{ updatedAt: time(), updatedBy: text() },
    },
    options('surveys'),
  );
  const surveyRules = class extends Model<SurveyRuleRow> {};
  surveyRules.init(
    {
      ...{ id: id(), name: text(), surveyId: text(), queueId: textOrNull(), direction: textOrNull() },
      ...{ percentage: real(), notAgainDays: integer(), minTalkMs: integer(), position: integer(), enabled: flag() },
    },
    options('surveyRules'),
  );
  const surveyRuns = class extends Model<SurveyRunRow> {};
  surveyRuns.init(
    {
      ...{ id: id(), surveyId: text(), callId: text(), segmentId: textOrNull(), agentId: textOrNull() },
      ...{ queueId: textOrNull(), direction: text(), number: text(), trigger: text(), language: text() },
      ...{ state: text(), startedAt: time(), endedAt: timeOrNull() },
    },
    options('surveyRuns'),
  );
  const surveyAnswers = class extends Model<SurveyAnswerRow> {};
  surveyAnswers.init(
    {
      ...{ id: id(), runId: text(), questionId: text(), kind: text(), at: time(), value: integerOrNull() },
      ...{ least: integerOrNull(), most: integerOrNull(), choice: textOrNull(), file: textOrNull() },
      durationMs: timeOrNull(),
    },
    options('surveyAnswers'),
  );
  return { surveys, surveyRules, surveyRuns, surveyAnswers };
}
