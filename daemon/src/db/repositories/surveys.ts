// Surveys, their rules, and what callers have answered; figures are counted where the rows are.
import { Op, QueryTypes, type WhereOptions } from 'sequelize';
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import {
  SURVEY_BUCKET_MS,
  type SurveyAnswerCount,
  type SurveyAnswerRow,
  type SurveyFilter,
  type SurveyGroup,
  type SurveyRow,
  type SurveyRuleRow,
  type SurveyRunCount,
  type SurveyRunRow,
  type SurveysWrite,
} from '../survey-rows.js';
import { Table, type Scope } from './table.js';

const GROUPS: Record<SurveyGroup, string> = {
  survey: '"surveyRuns"."surveyId"',
  agent: '"surveyRuns"."agentId"',
  queue: '"surveyRuns"."queueId"',
  day: `("surveyRuns"."startedAt" / ${SURVEY_BUCKET_MS})`,
};

export function surveysRepository(models: Models, scope: Scope): SurveysWrite {
  const surveys = new Table<SurveyRow>(models.surveys, scope, {
    json: ['invitation', 'questions', 'invalid', 'thanks'],
    flags: ['shownToAgents', 'enabled'],
    wide: ['updatedAt'],
    duplicate: (row) => new AppError('survey_exists', { id: row.id ?? '' }),
  });
  const rules = new Table<SurveyRuleRow>(models.surveyRules, scope, { flags: ['enabled'] });
  const runs = new Table<SurveyRunRow>(models.surveyRuns, scope, { wide: ['startedAt', 'endedAt'] });
  const answers = new Table<SurveyAnswerRow>(models.surveyAnswers, scope, { wide: ['at', 'durationMs'] });

  async function count<Row extends { key: string | number | null }>(sql: string, replacements: object) {
    const { sequelize } = models.surveyRuns;
    if (sequelize === undefined) throw new Error('surveys belong to no database');
    const transaction = scope.transaction ?? null;
    const type = QueryTypes.SELECT as const;
    return sequelize.query<Row>(sql, { type, replacements: replacements as Record<string, unknown>, transaction });
  }

  return {
    find: (id) => surveys.find(id),
    list: () => surveys.all({ order: ['id'] }),
    rule: (id) => rules.find(id),
    rules: () => rules.all({ order: ['position', 'id'] }),
    run: (id) => runs.find(id),
    runs: (filter, limit, before) =>
      runs.all({
        where: { ...whereOf(filter), ...(before === undefined ? {} : { id: { [Op.lt]: before } }) },
        order: [['id', 'DESC']],
        limit,
      }),
    running: () => runs.all({ where: { state: 'running' } }),
    answers: (runIds) => answers.all({ where: { runId: [...runIds] }, order: ['id'] }),
    async lastAsked(number) {
      const [last] = await runs.all({ where: { number }, order: [['startedAt', 'DESC']], limit: 1 });
      return last?.startedAt ?? null;
    },
    countRuns(filter, by) {
      const { sql, values } = conditions(filter);
      return count<SurveyRunCount>(
        `SELECT ${GROUPS[by]} AS "key", "state", COUNT(*) AS "runs",
          SUM(CASE WHEN EXISTS (SELECT 1 FROM "surveyAnswers" WHERE "runId" = "surveyRuns"."id") THEN 1 ELSE 0 END)
            AS "answered"
        FROM "surveyRuns" ${sql} GROUP BY 1, 2`,
        values,
      ).then((rows) => rows.map((row) => ({ ...row, runs: Number(row.runs), answered: Number(row.answered) })));
    },
    countAnswers(filter, by) {
      const { sql, values } = conditions(filter);
      return count<SurveyAnswerCount>(
        `SELECT ${GROUPS[by]} AS "key", "surveyRuns"."surveyId" AS "surveyId", "questionId", "kind", "value", "least",
          "most", "choice", COUNT(*) AS "count"
        FROM "surveyAnswers" JOIN "surveyRuns" ON "surveyRuns"."id" = "surveyAnswers"."runId" ${sql}
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8`,
        values,
      ).then((rows) => rows.map((row) => ({ ...row, count: Number(row.count) })));
    },
    insert: (row) => surveys.insert(row),
    update: (id, patch) => surveys.update(id, patch),
    remove: (id) => surveys.remove(id),
    insertRule: (row) => rules.insert(row),
    updateRule: (id, patch) => rules.update(id, patch),
    removeRule: (id) => rules.remove(id),
    insertRun: (row) => runs.insert(row),
    updateRun: (id, patch) => runs.update(id, patch),
    insertAnswer: (row) => answers.insert(row),
  };
}

function whereOf({ surveyId, surveyIds, agentId, queueId, callId, from, to }: SurveyFilter): WhereOptions {
  const surveys = [...(surveyId === undefined ? [] : [{ surveyId }])];
  return {
    [Op.and]: [...surveys, ...(surveyIds === undefined ? [] : [{ surveyId: [...surveyIds] }])],
    ...(agentId === undefined ? {} : { agentId }),
    ...(queueId === undefined ? {} : { queueId }),
    ...(callId === undefined ? {} : { callId }),
    ...(from === undefined && to === undefined
      ? {}
      : { startedAt: { [Op.gte]: from ?? 0, [Op.lt]: to ?? Number.MAX_SAFE_INTEGER } }),
  };
}

function conditions(filter: SurveyFilter): { sql: string; values: object } {
  const { surveyIds, from, to, ...equal } = filter;
  const terms = Object.entries(equal)
    .filter(([, value]) => value !== undefined)
    .map(([column]) => `"surveyRuns"."${column}" = :${column}`);
  if (surveyIds !== undefined) terms.push(surveyIds.length === 0 ? '1 = 0' : '"surveyRuns"."surveyId" IN (:surveyIds)');
  if (from !== undefined) terms.push('"surveyRuns"."startedAt" >= :from');
  if (to !== undefined) terms.push('"surveyRuns"."startedAt" < :to');
  return { sql: terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`, values: filter };
}
